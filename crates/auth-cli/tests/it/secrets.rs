//! No secret, and no whole client id, in anything that the program says about a failure.

use std::time::Duration;

use auth_sim::{Fault, Simulator, Target, Vendor};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::harness::{Done, authctl};

const SECRETS: [&str; 4] =
    ["canary+client/secret", "canary+account/secret", "canary-client-id-4711", "canary-account-id-4711"];

async fn canary_sim(vendor: Vendor) -> Simulator {
    let builder = Simulator::builder(vendor).client_id(SECRETS[2]).client_secret(SECRETS[0]);
    builder.service_account(SECRETS[3], SECRETS[1]).start().await.expect("a free loopback port")
}

/// As it is, percent-encoded, and in both alphabets of base64.
fn forms(secret: &str) -> [String; 4] {
    let escaped = secret.replace('+', "%2B").replace('/', "%2F");
    [secret.to_owned(), escaped, STANDARD.encode(secret), URL_SAFE_NO_PAD.encode(secret)]
}

/// Every form of every secret, and those of pairs as Basic authentication writes them.
fn all_forms() -> Vec<String> {
    let pairs = [format!("{}:{}", SECRETS[2], SECRETS[0]), format!("{}:{}", SECRETS[3], SECRETS[1])];
    SECRETS.iter().map(|secret| (*secret).to_owned()).chain(pairs).flat_map(|secret| forms(&secret)).collect()
}

fn assert_silent(done: &Done, about: &str) {
    for form in all_forms() {
        assert!(!done.out.contains(&form) && !done.err.contains(&form), "{about}: {form} in {done:?}");
    }
}

/// What the doctor says in that form: the same exit code as `authctl token` has, and silence.
fn assert_doctor_silent(sim: &Simulator, form: &[&str], code: i32, about: &str) {
    let args = [&["doctor", sim.vendor().short(), "--timeout", "1"], form].concat();
    let done = authctl(&args).vars_of(sim).run();
    assert_eq!(done.code, Some(code), "{about}: {done:?}");
    assert_silent(&done, about);
    assert!(done.out.contains("…4711") && done.err.is_empty(), "{about}: {done:?}");
}

/// For people, and for programs.
const FORMS: [&[&str]; 2] = [&[], &["--json"]];

/// Every error answer of `vendor`: the right exit code, and silence.
async fn walk(vendor: Vendor) {
    let sim = canary_sim(vendor).await;
    for (fault, form) in Fault::all_for(vendor).into_iter().zip(FORMS.into_iter().cycle()) {
        let (name, status) = (fault.name(), fault.status());
        sim.faults().lasting(Duration::MAX, fault);
        // What is tried again need not be tried for long.
        let (code, limit) = match status {
            Some(429 | 500..) => (4, "1"),
            _ => (3, "60"),
        };
        let done = authctl(&["token", vendor.short(), "--verbose", "--timeout", limit]).vars_of(&sim).run();
        assert_doctor_silent(&sim, form, code, &name);
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
        let body = json!({ "error": "invalid_client", "error_description": all_forms().join(" ") }).to_string();
        let answer = Fault::Answer { status: 400, content_type: "application/json".to_owned(), body };
        sim.faults().lasting(Duration::MAX, answer);
        let done = authctl(&["token", vendor.short(), "-v"]).vars_of(&sim).run().expect_code(3);
        let doctor = authctl(&["doctor", vendor.short()]).vars_of(&sim).run().expect_code(3);
        for secret in all_forms() {
            // A vendor without a service account was not sent one.
            let sent = vendor == Vendor::S2s
                || SECRETS[..3].iter().any(|sent| forms(sent).contains(&secret) && !sent.contains("account"));
            assert!(!sent || !done.err.contains(&secret), "{vendor}: {done:?}");
            assert!(!sent || !doctor.out.contains(&secret), "{vendor}: {doctor:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_that_repeats_what_it_was_sent_in_scope_and_claims_is_not_quoted() {
    for vendor in Vendor::ALL {
        let sim = canary_sim(vendor).await;
        let sent = if vendor == Vendor::S2s { &SECRETS[..] } else { &[SECRETS[0], SECRETS[2]][..] };
        let forms: Vec<_> = sent.iter().flat_map(|secret| forms(secret)).collect();
        let claims = json!({ "iss": forms.join(" "), "aud": forms, "client_id": SECRETS[2], "exp": 1 }).to_string();
        let token = format!("{}.{}.invented", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(claims));
        let scope = forms.join(" ");
        let body =
            json!({ "access_token": token, "expires_in": 3600, "token_type": "Bearer", "scope": scope }).to_string();
        let answer = Fault::Answer { status: 200, content_type: "application/json".to_owned(), body };
        sim.faults().lasting_on(Target::Token, Duration::MAX, answer);
        for form in FORMS {
            let done = authctl(&[&["doctor", vendor.short()], form].concat()).vars_of(&sim).run().expect_code(5);
            assert!(done.out.contains("[redacted]") && !done.out.contains(&token), "{vendor}: {done:?}");
            assert_silent(&done, vendor.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_of_a_healthy_vendor_shows_neither_secret_nor_token() {
    for vendor in Vendor::ALL {
        let sim = canary_sim(vendor).await;
        for form in FORMS {
            assert_doctor_silent(&sim, form, 0, vendor.name());
        }
        // Of the token, which it had, no part is long enough to be one.
        let done = authctl(&["doctor", vendor.short()]).vars_of(&sim).run().expect_code(0);
        assert!(!done.out.split_whitespace().any(|word| word.len() > 80), "{done:?}");
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
        let done = authctl(&["doctor", "mgplus"])
            .var("MGPLUS_STS_URL", "https://sts.invalid")
            .var("MGPLUS_CLIENT_ID", "canary-client-id-4711")
            .var("MGPLUS_CLIENT_SECRET", secret)
            .run()
            .expect_code(2);
        assert_silent(&done, "refused by the doctor");
        let done = authctl(&["token", "mgplus", "--client-secret-file", "-"]).stdin(secret).run().expect_code(2);
        assert_silent(&done, "refused from standard input");
    }
}

#[test]
fn secret_in_the_place_of_the_url_is_not_repeated() {
    for secret in ["canary+client/secret", "https://user:canary+client@sts.example"] {
        for command in ["token", "doctor"] {
            let done = authctl(&[command, "mgplus"])
                .var("MGPLUS_STS_URL", secret)
                .var("MGPLUS_CLIENT_ID", "invented")
                .var("MGPLUS_CLIENT_SECRET", "invented")
                .run()
                .expect_code(2);
            assert!(!done.err.contains("canary") && !done.out.contains("canary"), "{done:?}");
        }
    }
}

#[test]
fn secret_in_the_place_of_its_file_is_not_repeated() {
    for secret in ["canary+client/secret", "canary-client-secret"] {
        for command in ["token", "doctor"] {
            let done = authctl(&[command, "s2s", "--client-secret-file", secret]).run().expect_code(2);
            assert!(!done.err.contains("canary") && !done.out.contains("canary"), "{done:?}");
            assert!(done.told().contains("--client-secret-file: No such file"), "{done:?}");
        }
    }
}

#[test]
fn secret_or_token_that_is_an_argument_too_many_is_not_repeated() {
    for args in [&["token", "mgplus", "canary-secret"][..], &["inspect", "token.txt", "canary-token"]] {
        let done = authctl(args).run().expect_code(2);
        assert!(!done.err.contains("canary") && done.err.starts_with("error: unexpected argument"), "{done:?}");
    }
    let option = authctl(&["token", "mgplus", "--client-secret=canary"]).run().expect_code(2);
    assert!(!option.err.contains("canary") && option.err.contains("'--client-secret-file'"), "{option:?}");
}
