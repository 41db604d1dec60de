//! What is missing or odd before anybody is asked.

use std::ffi::OsStr;

use auth_sim::Vendor;

use super::{doctor, doctor_after};
use crate::harness::{authctl, started};

#[test]
fn missing_variables_are_named_and_nobody_is_asked() {
    let report = doctor(Vendor::S2s, &[], |call| call.var("S2S_CLIENT_ID", "invented-client-4711"));
    report.expect("variables", "failed", "missing variables: S2S_BASE_URL, S2S_SERVICE_ACCOUNT_ID");
    report.expect("variables", "failed", "set: S2S_CLIENT_ID (…4711)");
    report.expect_advice("variables", "authctl providers").expect("url", "skipped", "not set");
    report.expect_failed(&["variables"], 2).expect_nothing_behind("url");
    assert!(report.json["url"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn way_to_the_vendor_is_looked_at_though_a_secret_is_missing() {
    let sim = started(Vendor::StoneX).await;
    let report = doctor(Vendor::StoneX, &[], |call| call.vars_of(&sim).without("STONEX_CLIENT_SECRET"));
    report.expect("variables", "failed", "missing variable: STONEX_CLIENT_SECRET").expect_failed(&["variables"], 2);
    report.expect("tcp", "ok", "accepts").expect("clock", "ok", "within");
    report.expect("request", "skipped", "variables").expect_nothing_behind("clock");
    assert_eq!(sim.counts().token_requests, 0);
}

#[test]
fn variable_that_is_odd_is_told_and_not_repeated() {
    for (name, value, words) in [
        (
            "MGPLUS_CLIENT_SECRET",
            "canary pasted with a blank ",
            "MGPLUS_CLIENT_SECRET: the client secret ends with a blank",
        ),
        ("MGPLUS_CLIENT_ID", " canary-client", "MGPLUS_CLIENT_ID: the client id starts with a blank"),
        ("MGPLUS_CLIENT_ID", "canary-id\u{1b}[2J", "set: --url, MGPLUS_CLIENT_ID, MGPLUS_CLIENT_SECRET"),
    ] {
        let report = doctor(Vendor::MgPlus, &["--url", "https://sts.invalid"], |call| {
            let call = call.var("MGPLUS_CLIENT_ID", "invented").var("MGPLUS_CLIENT_SECRET", "invented");
            call.var(name, value)
        });
        report.expect("variables", "failed", words);
        assert!(!report.done.out.contains("canary"), "{:?}", report.done);
    }
}

#[cfg(unix)]
#[test]
fn variable_that_is_no_text_is_told() {
    use std::os::unix::ffi::OsStrExt as _;

    let report = doctor(Vendor::MgPlus, &["--url", "https://sts.invalid"], |call| {
        call.var("MGPLUS_CLIENT_ID", "invented").var_os("MGPLUS_CLIENT_SECRET", OsStr::from_bytes(b"\xff"))
    });
    report.expect("variables", "failed", "MGPLUS_CLIENT_SECRET is not UTF-8");
}

#[test]
fn url_that_would_lose_a_secret_is_a_cross_of_its_own() {
    for (url, words) in [
        ("https://sts.invalid/?key=canary", "has a query or a fragment"),
        ("http://sts.invalid", "is plain http"),
        ("https://canary:canary@sts.invalid", "has user info"),
        ("canary", "cannot be read"),
    ] {
        let report = doctor(Vendor::MgPlus, &["--url", url], |call| {
            call.var("MGPLUS_CLIENT_ID", "invented-client-4711").var("MGPLUS_CLIENT_SECRET", "canary-secret")
        });
        report.expect("variables", "ok", "set: --url, MGPLUS_CLIENT_ID (…4711), MGPLUS_CLIENT_SECRET");
        report.expect("url", "failed", words).expect("url", "failed", "MGPLUS_STS_URL (given by --url): ");
        report.expect_advice("url", "change the command").expect_failed(&["url"], 2).expect_nothing_behind("url");
    }
}

#[test]
fn environment_is_told_with_its_url_and_beside_a_url_it_is_one_too_many() {
    let with = |name: &str, value: &str| {
        let both = |call: crate::harness::Call| call.var("STONEX_ENVIRONMENT", "sandbox").var(name, value);
        doctor(Vendor::StoneX, &[], |call| both(call).var("HTTPS_PROXY", "http://127.0.0.1:9"))
    };
    let one = with("STONEX_CLIENT_ID", "invented");
    one.expect("url", "ok", "https://api.sandbox.payments.stonex.com, by STONEX_ENVIRONMENT");
    assert_eq!(one.json["url"], "https://api.sandbox.payments.stonex.com");
    with("STONEX_BASE_URL", "https://stonex.invalid").expect("url", "failed", "both set; expected exactly one");
}

#[tokio::test(flavor = "multi_thread")]
async fn optional_variables_that_are_not_set_are_named_as_such() {
    let report = doctor_after(Vendor::MobilePay, |_| ()).await;
    report.expect("variables", "ok", "not set, and need not be: MOBILEPAY_IBM_CLIENT_ID").expect_failed(&[], 0);
}

#[test]
fn option_that_the_provider_does_not_know_is_refused_as_it_is_for_a_token() {
    let done = authctl(&["doctor", "partner", "--scope", "read", "--json"]).run().expect_code(2);
    assert!(done.told().contains("partner-oauth does not know --scope") && done.out.is_empty(), "{done:?}");
}
