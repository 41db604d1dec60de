//! What is refused when it is given, and what is shown of what was given.

use std::ffi::OsString;
use std::fmt::Debug;

use auth_core::{BaseUrl, TokenSource};
use partner_oauth::{Claims, ClientCredentials, CredentialSource, Error, PartnerOAuth, PartnerUrl};

fn credentials() -> ClientCredentials {
    ClientCredentials::new("invented-client", "invented-secret").expect("credentials")
}

fn variable(name: &str) -> Option<OsString> {
    match name {
        "PARTNER_BASE_URL" => Some("http://127.0.0.1:1/api/oauth/token".into()),
        "PARTNER_CLIENT_ID" => Some("invented-client".into()),
        "PARTNER_CLIENT_SECRET" => Some("invented-secret".into()),
        _ => None,
    }
}

#[test]
fn missing_and_empty_variables_are_all_named_at_once() {
    for empty in [None, Some(OsString::new())] {
        let error = PartnerOAuth::from_vars(|_| empty.clone()).expect_err("an error");
        assert!(matches!(error, Error::Config(_)));
        for name in ["PARTNER_BASE_URL", "PARTNER_CLIENT_ID", "PARTNER_CLIENT_SECRET"] {
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}

#[test]
fn variables_are_read_by_their_names() {
    assert!(PartnerOAuth::from_vars(variable).is_ok());
    for (changed, value, wrong) in [
        ("PARTNER_CLIENT_SECRET", "invented-secret\n", "client secret has a control character"),
        ("PARTNER_CLIENT_ID", "invented-client ", "client id ends with a blank"),
        ("PARTNER_BASE_URL", "partner.example", "URL cannot be read"),
    ] {
        let pasted = |name: &str| if name == changed { Some(value.into()) } else { variable(name) };
        let error = PartnerOAuth::from_vars(pasted).expect_err(changed);
        assert!(matches!(error, Error::Config(_)) && error.to_string().contains(wrong), "{error}");
        assert!(!error.to_string().contains("invented"), "{error}");
    }
}

#[test]
fn url_that_would_lose_the_secret_is_refused() {
    for url in [
        "http://partner.example",
        "https://user@partner.example",
        "https://partner.example/?a=b",
        "https://partner.example/#a",
        "https://partner.example ",
        "partner.example",
        "",
    ] {
        let error = PartnerOAuth::new(url, credentials()).expect_err(url);
        assert!(matches!(error, Error::Config(_)) && error.to_string().contains("expected https://"), "{error}");
    }
}

#[test]
fn url_is_taken_in_every_form_and_plain_http_if_the_user_says_so() {
    let text = String::from("http://127.0.0.1:1");
    assert!(PartnerOAuth::new(&text, credentials()).is_ok());
    assert!(PartnerOAuth::new(text, credentials()).is_ok());
    let url = PartnerUrl::try_from("http://localhost:1").expect("loopback");
    assert!(PartnerOAuth::new(url, credentials()).is_ok());
    let insecure = BaseUrl::allow_insecure_http("http://partner.example").expect("said so");
    assert!(PartnerOAuth::new(insecure, credentials()).is_ok());
}

#[test]
fn credentials_may_come_from_any_source() {
    let source = CredentialSource::from_fn(|| async { ClientCredentials::new("invented-client", "out of a vault") });
    assert!(PartnerOAuth::new("http://127.0.0.1:1", source).is_ok());
}

#[test]
fn public_types_are_send_sync_and_debug_and_show_no_secret() {
    fn check<T: Send + Sync + Debug>(value: &T) -> String {
        format!("{value:?} {value:#?}")
    }
    let endpoint = PartnerOAuth::new("http://127.0.0.1:1", credentials()).expect("endpoint");
    let url = PartnerUrl::try_from("http://127.0.0.1:1").expect("loopback");
    let tokens = TokenSource::new(endpoint.clone());
    for shown in [check(&endpoint), check(&url), check(&Claims::default()), check(&tokens)] {
        assert!(!shown.contains("invented-secret") && !shown.contains("invented-client"), "{shown}");
    }
}
