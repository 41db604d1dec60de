//! Each provider, in each format.

use std::process::Command;

use auth_sim::Vendor;
use serde_json::Value;

use crate::harness::{authctl, ping, started};

#[test]
fn token_of_a_simulated_vendor_needs_no_configuration_and_is_alone_on_standard_output() {
    for vendor in Vendor::ALL {
        let done = authctl(&["token", vendor.short(), "--sim"]).run().expect_code(0);
        assert_eq!(done.token().split('.').count(), if vendor == Vendor::S2s { 1 } else { 3 }, "{vendor}");
        assert_eq!(done.err, "", "{vendor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn token_as_it_is_is_the_one_that_the_vendor_issued() {
    for vendor in Vendor::ALL {
        let sim = started(vendor).await;
        let done = authctl(&["token", vendor.name()]).vars_of(&sim).run().expect_code(0);
        assert!(sim.revoke(done.token()), "{vendor}: the simulator knows it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_what_the_vendor_lets_in() {
    for (vendor, lines) in Vendor::ALL.into_iter().zip([1, 1, 1, 3, 3]) {
        let sim = started(vendor).await;
        let done = authctl(&["token", vendor.short(), "--format", "headers"]).vars_of(&sim).run().expect_code(0);
        assert!(done.out.starts_with("Authorization: Bearer "), "{vendor}: {done:?}");
        assert_eq!(done.out.lines().count(), lines, "{vendor}: {done:?}");
        assert!(done.out.lines().all(|line| line.contains(": ")), "{vendor}: {done:?}");
        assert_eq!(ping(&sim, &done.out).await, 200, "{vendor}");
    }
}

#[test]
fn headers_of_a_simulated_vendor_are_printed_too() {
    for vendor in Vendor::ALL {
        let done = authctl(&["token", vendor.short(), "--sim", "--format", "headers"]).run().expect_code(0);
        assert!(done.out.starts_with("Authorization: Bearer ") && done.err.is_empty(), "{vendor}: {done:?}");
    }
}

#[test]
fn json_has_the_members_of_the_rfc_and_the_moment_of_expiry() {
    let lifetimes = [3600, 3600, 3600, 1095, 3700];
    for (vendor, lifetime) in Vendor::ALL.into_iter().zip(lifetimes) {
        let done = authctl(&["token", vendor.short(), "--sim", "--format", "json"]).run().expect_code(0);
        let json: Value = serde_json::from_str(&done.out).unwrap();
        assert!(json["access_token"].as_str().is_some_and(|token| token.len() > 40), "{vendor}: {json}");
        assert_eq!(json["token_type"], "Bearer");
        assert_eq!(json["expires_in"], lifetime);
        let expires_at = json["expires_at"].as_str().unwrap();
        assert!(expires_at.len() == 20 && expires_at.starts_with("20") && expires_at.ends_with('Z'), "{expires_at}");
        assert_eq!(json["scope"].is_string(), vendor != Vendor::Partner, "{vendor}: {json}");
        assert_eq!(json.as_object().unwrap().len(), 5);
    }
}

#[test]
fn exported_variables_are_what_a_shell_reads() {
    let prefixes = ["MGPLUS", "STONEX", "PARTNER", "S2S", "MOBILEPAY"];
    for (vendor, prefix) in Vendor::ALL.into_iter().zip(prefixes) {
        let done = authctl(&["token", vendor.short(), "--sim", "--format", "env"]).run().expect_code(0);
        let script = format!(
            "set -eu\n{}\nprintf '%s %s' \"${prefix}_ACCESS_TOKEN\" \"${prefix}_ACCESS_TOKEN_EXPIRES_AT\"",
            done.out
        );
        let shell = Command::new("sh").arg("-c").arg(script).output().unwrap();
        let said = String::from_utf8(shell.stdout).unwrap();
        let (token, expires_at) = said.split_once(' ').unwrap_or_else(|| panic!("{done:?}"));
        assert!(done.out.contains(token) && token.len() > 40, "{vendor}: {said}");
        assert!(expires_at.ends_with('Z'), "{vendor}: {said}");
        assert_eq!(done.out.lines().count(), 2, "{vendor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_an_unbound_token_are_refused_before_anything_is_sent() {
    let sim = started(Vendor::MobilePay).await;
    let call = |args: &[&str]| authctl(&[&["token", "mobilepay"], args].concat()).vars_of(&sim);
    let unbound = |args: &[&str]| call(args).without("MOBILEPAY_MERCHANT_VAT").run();
    let done = unbound(&["--format", "headers"]).expect_code(2);
    assert!(done.told().contains("--merchant-vat") && done.told().contains("MOBILEPAY_MERCHANT_VAT"), "{done:?}");
    assert_eq!(sim.counts().requests, 0);
    unbound(&[]).expect_code(0).token();
    let bound = unbound(&["--format", "headers", "--merchant-vat", "FI00000042"]).expect_code(0);
    assert_eq!(ping(&sim, &bound.out).await, 200);
}
