//! What is refused when it is given, and what is never shown.

use std::ffi::OsString;
use std::fmt::Debug;

use auth_core::BaseUrl;
use partner_oauth::{Claims, ClientCredentials, Error, PartnerOAuth};

use crate::credentials;

const VARS: [(&str, &str); 3] = [
    ("PARTNER_BASE_URL", "http://127.0.0.1:1/api/oauth/token"),
    ("PARTNER_CLIENT_ID", "invented-client"),
    ("PARTNER_CLIENT_SECRET", "invented-secret"),
];

fn given() -> ClientCredentials {
    credentials("invented-client", "invented-secret")
}

/// Reads [`VARS`], with `changes` in place of some.
fn from_vars(changes: &[(&str, &str)]) -> Result<PartnerOAuth, Error> {
    let all = [changes, &VARS].concat();
    PartnerOAuth::from_vars(|name| all.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)))
}

#[track_caller]
fn refused(result: Result<impl Debug, Error>, words: &str) {
    let error = result.expect_err(words);
    assert!(matches!(error, Error::Config(_)) && error.to_string().contains(words), "{error}");
    assert!(!format!("{error} {error:?}").contains("invented"), "{error:?}");
}

#[test]
fn missing_and_empty_variables_are_all_named_at_once() {
    for lookup in [|_: &str| None, |_: &str| Some("".into())] {
        let names = "PARTNER_BASE_URL, PARTNER_CLIENT_ID, PARTNER_CLIENT_SECRET";
        refused(PartnerOAuth::from_vars(lookup), names);
    }
}

#[test]
fn variables_are_read_by_their_names() {
    let shown = format!("{:?}", from_vars(&[]).expect("endpoint"));
    assert!(shown.contains("(http://127.0.0.1:1/api/oauth/token)"), "{shown}");
}

#[test]
fn wrong_variable_is_told_by_its_name_and_not_by_its_value() {
    for (name, value, words) in [
        ("PARTNER_BASE_URL", "http://invented.example", "the URL is plain http"),
        ("PARTNER_BASE_URL", "invented.example", "the URL cannot be read; expected https://"),
        ("PARTNER_CLIENT_ID", "invented-client ", "the client id ends with a blank and is expected"),
        ("PARTNER_CLIENT_SECRET", "invented-secret\n", "the client secret has a control character"),
    ] {
        refused(from_vars(&[(name, value)]), &format!("configuration: {name}: {words}"));
    }
}

#[test]
fn all_that_is_missing_or_wrong_is_told_at_once() {
    let error =
        from_vars(&[("PARTNER_BASE_URL", "partner"), ("PARTNER_CLIENT_ID", ""), ("PARTNER_CLIENT_SECRET", " x")]);
    let error = error.expect_err("three errors").to_string();
    for words in
        ["missing variable: PARTNER_CLIENT_ID; ", "PARTNER_BASE_URL: the URL", "PARTNER_CLIENT_SECRET: the client"]
    {
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn url_that_would_lose_the_secret_is_refused_unless_the_user_says_so() {
    for url in [
        "http://partner.example",
        "https://user@partner.example",
        "https://partner.example/?a=b",
        "partner.example",
        "",
    ] {
        refused(PartnerOAuth::new(url, given()), "expected https://");
    }
    let insecure = BaseUrl::allow_insecure_http("http://partner.example").expect("said so");
    assert!(PartnerOAuth::new(insecure, given()).is_ok());
}

#[test]
fn public_types_are_send_sync_and_debug_and_show_no_secret() {
    fn shown<T: Send + Sync + Debug>(value: &T) -> String {
        format!("{value:?} {value:#?}")
    }
    let endpoint = PartnerOAuth::new("http://127.0.0.1:1", given()).expect("endpoint");
    for shown in [shown(&endpoint), shown(&Claims::default())] {
        assert!(!shown.contains("invented"), "{shown}");
    }
}
