//! No secret, and no whole client id, in anything that the program says about a failure.

use std::time::Duration;

use auth_sim::{Fault, Simulator, Vendor};

use crate::harness::{Done, authctl};

const SECRETS: [&str; 4] =
    ["canary+client/secret", "canary+account/secret", "canary-client-id-4711", "canary-account-id-4711"];

async fn canary_sim(vendor: Vendor) -> Simulator {
    let builder = Simulator::builder(vendor).client_id(SECRETS[2]).client_secret(SECRETS[0]);
    builder.service_account(SECRETS[3], SECRETS[1]).start().await.expect("a free loopback port")
}

fn assert_silent(done: &Done, about: &str) {
    for secret in SECRETS {
        let escaped = secret.replace('+', "%2B").replace('/', "%2F");
        for form in [secret, &escaped] {
            assert!(!done.out.contains(form) && !done.err.contains(form), "{about}: {done:?}");
        }
    }
}

/// Every error answer of `vendor`: the right exit code, and silence.
async fn walk(vendor: Vendor) {
    let sim = canary_sim(vendor).await;
    for fault in Fault::all_for(vendor) {
        let (name, status) = (fault.name(), fault.status());
        sim.faults().lasting(Duration::MAX, fault);
        // What is tried again need not be tried for long.
        let (code, limit) = match status {
            Some(429 | 500..) => (4, "1"),
            _ => (3, "60"),
        };
        let done = authctl(&["token", vendor.short(), "--verbose", "--timeout", limit]).vars_of(&sim).run();
        sim.faults().clear();
        assert_eq!(done.code, Some(code), "{vendor} {name}: {done:?}");
        assert!(done.out.is_empty() && done.err.contains("failed"), "{vendor} {name}: {done:?}");
        assert_silent(&done, &name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_mgplus_are_told_without_a_secret() {
    walk(Vendor::MgPlus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_stonex_are_told_without_a_secret() {
    walk(Vendor::StoneX).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_the_partner_are_told_without_a_secret() {
    walk(Vendor::Partner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_s2s_are_told_without_a_secret() {
    walk(Vendor::S2s).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_mobilepay_are_told_without_a_secret() {
    walk(Vendor::MobilePay).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vendor_that_repeats_what_it_was_sent_is_not_quoted() {
    for vendor in Vendor::ALL {
        let sim = canary_sim(vendor).await;
        let body = format!(r#"{{"error":"invalid_client","error_description":"{}"}}"#, SECRETS.join(" "));
        let answer = Fault::Answer { status: 400, content_type: "application/json".to_owned(), body };
        sim.faults().lasting(Duration::MAX, answer);
        let done = authctl(&["token", vendor.short(), "-v"]).vars_of(&sim).run().expect_code(3);
        for secret in SECRETS {
            // A vendor without a service account was not sent one.
            let sent = vendor == Vendor::S2s || !secret.contains("account");
            assert!(!sent || !done.err.contains(secret), "{vendor}: {done:?}");
        }
    }
}

#[test]
fn secret_that_is_refused_when_given_is_not_repeated() {
    for secret in ["canary+client/secret ", " canary+client/secret", "canary+client/secret\u{7}"] {
        let done = authctl(&["token", "mgplus"])
            .var("MGPLUS_STS_URL", "https://sts.example")
            .var("MGPLUS_CLIENT_ID", "canary-client-id-4711")
            .var("MGPLUS_CLIENT_SECRET", secret)
            .run()
            .expect_code(2);
        assert_silent(&done, "refused when given");
        let done = authctl(&["token", "mgplus", "--client-secret-file", "-"]).stdin(secret).run().expect_code(2);
        assert_silent(&done, "refused from standard input");
    }
}

#[test]
fn secret_in_the_place_of_the_url_is_not_repeated() {
    for secret in ["canary+client/secret", "https://user:canary+client@sts.example"] {
        let done = authctl(&["token", "mgplus"])
            .var("MGPLUS_STS_URL", secret)
            .var("MGPLUS_CLIENT_ID", "invented")
            .var("MGPLUS_CLIENT_SECRET", "invented")
            .run()
            .expect_code(2);
        assert!(!done.err.contains("canary"), "{done:?}");
    }
}
