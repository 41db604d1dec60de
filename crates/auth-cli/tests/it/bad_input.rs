//! What is refused before anything is sent: exit code 2, and what was expected.

use std::net::TcpListener;

use auth_sim::Vendor;

use crate::harness::{authctl, started};

#[test]
fn missing_variables_are_all_named_at_once() {
    for (vendor, names) in [
        ("mgplus", &["MGPLUS_STS_URL", "MGPLUS_CLIENT_ID", "MGPLUS_CLIENT_SECRET"][..]),
        ("stonex", &["STONEX_BASE_URL or STONEX_ENVIRONMENT", "STONEX_CLIENT_ID", "STONEX_CLIENT_SECRET"]),
        ("partner", &["PARTNER_BASE_URL", "PARTNER_CLIENT_ID", "PARTNER_CLIENT_SECRET"]),
        (
            "s2s",
            &[
                "S2S_BASE_URL",
                "S2S_SERVICE_ACCOUNT_ID",
                "S2S_SERVICE_ACCOUNT_SECRET",
                "S2S_CLIENT_ID",
                "S2S_CLIENT_SECRET",
                "S2S_SCOPE",
            ],
        ),
        (
            "mobilepay",
            &["MOBILEPAY_BASE_URL or MOBILEPAY_ENVIRONMENT", "MOBILEPAY_CLIENT_ID", "MOBILEPAY_CLIENT_SECRET"],
        ),
    ] {
        for format in ["token", "headers"] {
            let done = authctl(&["token", vendor, "--format", format]).run().expect_code(2);
            let told = done.told();
            assert!(names.iter().all(|name| told.contains(name)), "{told}");
            assert!(told.contains("authctl providers"), "{told}");
            assert_eq!(done.out, "");
        }
    }
}

#[test]
fn unknown_provider_is_refused_with_the_five_there_are() {
    for args in [["token", "acme"], ["sim", "acme"]] {
        let done = authctl(&args).run().expect_code(2);
        for vendor in Vendor::ALL {
            assert!(done.told().contains(vendor.name()), "{done:?}");
        }
    }
}

#[test]
fn option_that_the_provider_does_not_know_is_refused_with_those_it_knows() {
    let done = authctl(&["token", "stonex", "--scope", "read", "--sim"]).run().expect_code(2);
    let told = done.told();
    assert!(told.contains("stonex-auth does not know --scope"), "{told}");
    assert!(told.contains("--url, --environment, --client-id, --client-secret-file"), "{told}");
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    for args in [
        &["--url", "https://api.example", "--environment", "sandbox"][..],
        &["--sim", "--environment", "sandbox"],
        &["--sim", "--url", "https://api.example"],
        &["--environment", "staging"],
        &["--timeout", "0"],
        &["--timeout", "soon"],
        &["--format", "xml"],
    ] {
        authctl(&[&["token", "stonex"], args].concat()).run().expect_code(2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn option_that_is_given_but_empty_is_refused_and_nothing_is_sent() {
    for (vendor, options) in [
        (Vendor::StoneX, &["--url", "--client-id"][..]),
        (Vendor::S2s, &["--service-account-id", "--scope"]),
        (Vendor::MobilePay, &["--merchant-vat", "--ibm-client-id", "--client-system-version"]),
    ] {
        let sim = started(vendor).await;
        for option in options {
            let done = authctl(&["token", vendor.short(), option, ""]).vars_of(&sim).run().expect_code(2);
            let expected = format!("error: {option} is empty; give a value, or leave the option out");
            assert!(done.told().starts_with(&expected), "{done:?}");
        }
        assert_eq!(sim.counts().requests, 0);
    }
    // What has a form or is a file is the parser's to refuse.
    for option in ["--environment", "--client-secret-file", "--service-account-secret-file"] {
        let done = authctl(&["token", "stonex", option, ""]).run().expect_code(2);
        assert!(done.told().contains("a value is required"), "{done:?}");
    }
}

#[test]
fn secret_files_that_cannot_be_read_are_refused_with_the_option() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let latin1 = folder.path().join("latin1");
    std::fs::write(&latin1, b"caf\xe9").unwrap();
    for path in [&missing, &latin1, &folder.path().to_owned()] {
        let path = path.to_str().unwrap();
        let done = authctl(&["token", "mgplus", "--client-secret-file", path]).run().expect_code(2);
        assert!(done.err.starts_with("error: --client-secret-file"), "{done:?}");
    }
}

#[cfg(unix)]
#[test]
fn secret_that_is_endless_or_far_too_long_is_refused() {
    let told = |path, text: &str| {
        let args = ["token", "mgplus", "--client-secret-file", path];
        authctl(&args).stdin(text).run().expect_code(2).told()
    };
    let long = "x".repeat(64 * 1024 + 1);
    for (path, text) in [("/dev/zero", ""), ("-", long.as_str())] {
        let expected = format!("error: --client-secret-file {path}: more than 64 KiB; expected one secret");
        assert!(told(path, text).starts_with(&expected), "{path}: {}", told(path, text));
    }
    // What is just short enough is read, and the variables are what is missing.
    assert!(told("-", &long[1..]).contains("missing variables"), "{}", told("-", &long[1..]));
}

#[test]
fn both_secrets_from_standard_input_are_refused() {
    let args = ["token", "s2s", "--client-secret-file", "-", "--service-account-secret-file", "-"];
    let done = authctl(&args).stdin("invented").run().expect_code(2);
    assert!(done.told().contains("cannot both"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_refuses_is_told_in_its_words_and_nothing_is_sent() {
    let sim = started(Vendor::MobilePay).await;
    for (name, value, words) in [
        ("MOBILEPAY_BASE_URL", "http://api.example", "http"),
        ("MOBILEPAY_BASE_URL", "not a URL", "URL"),
        ("MOBILEPAY_CLIENT_SECRET", "pasted with a blank ", "ends with a blank"),
        ("MOBILEPAY_MERCHANT_VAT", "SE12345678", "DK"),
        ("MOBILEPAY_ENVIRONMENT", "sandbox", "exactly one"),
    ] {
        let done = authctl(&["token", "mobilepay"]).vars_of(&sim).var(name, value).run().expect_code(2);
        assert!(done.told().contains(words), "{name}: {done:?}");
    }
    assert_eq!(sim.counts().requests, 0);
}

#[test]
fn what_is_wrong_with_an_option_is_told_of_the_option() {
    let done = authctl(&["token", "mgplus", "--url", "not a URL"]).run().expect_code(2);
    assert!(done.told().contains("MGPLUS_STS_URL (given by --url): "), "{done:?}");
    assert!(done.told().contains("missing variables: MGPLUS_CLIENT_ID, MGPLUS_CLIENT_SECRET"), "{done:?}");
    let done = authctl(&["token", "mobilepay", "--sim", "--merchant-vat", "SE12345678"]).run().expect_code(2);
    assert!(done.told().contains("MOBILEPAY_MERCHANT_VAT (given by --merchant-vat): "), "{done:?}");
}

#[test]
fn port_that_is_taken_or_does_not_exist_is_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let done = authctl(&["sim", "mgplus", "--port", &port]).run().expect_code(2);
    assert!(done.told().contains(&port), "{done:?}");
    authctl(&["sim", "mgplus", "--port", "70000"]).run().expect_code(2);
}
