//! What is refused when it is given, and what is never shown.

use std::ffi::OsString;
use std::fmt::Debug;

use auth_core::BaseUrl;
use s2s_oauth::{ClientCredentials, Error, HeaderName, HeaderNames, S2sCredentials, S2sOAuth, Scope, ServiceAccount};

use crate::{credentials, invented};

const VARS: [(&str, &str); 6] = [
    ("S2S_BASE_URL", "http://127.0.0.1:1"),
    ("S2S_SERVICE_ACCOUNT_ID", "invented-account"),
    ("S2S_SERVICE_ACCOUNT_SECRET", "invented-account-secret"),
    ("S2S_CLIENT_ID", "invented-client"),
    ("S2S_CLIENT_SECRET", "invented-client-secret"),
    ("S2S_SCOPE", "read:accounts all:eft"),
];

/// Reads [`VARS`], with `changes` in place of some.
fn from_vars(changes: &[(&str, &str)]) -> Result<S2sOAuth, Error> {
    let all = [changes, &VARS].concat();
    S2sOAuth::from_vars(|name| all.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)))
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
        let error = S2sOAuth::from_vars(lookup).expect_err("an error").to_string();
        for (name, _) in VARS {
            assert!(error.starts_with("configuration: missing variables: ") && error.contains(name), "{error}");
        }
    }
}

#[test]
fn variables_are_read_by_their_names_and_each_is_needed() {
    let shown = format!("{:?}", from_vars(&[]).expect("endpoint"));
    assert!(shown.contains("127.0.0.1:1/api/v1/s2s-oauth2/code") && shown.contains("read:accounts all:eft"), "{shown}");
    for (name, _) in VARS {
        refused(from_vars(&[(name, "")]), &format!("configuration: missing variable: {name}"));
    }
}

#[test]
fn wrong_variable_is_told_by_its_name_and_not_by_its_value() {
    for (name, value, words) in [
        ("S2S_BASE_URL", "http://invented.example", "the URL is plain http"),
        ("S2S_SERVICE_ACCOUNT_ID", "invented-ı", "the service account id travels in a header"),
        ("S2S_SERVICE_ACCOUNT_SECRET", "invented\n", "the service account secret has a control character"),
        ("S2S_CLIENT_ID", "invented-ı", "the client id travels in a header"),
        ("S2S_CLIENT_ID", "invented:client", "the client id has a colon"),
        ("S2S_CLIENT_SECRET", "invented\n", "the client secret has a control character"),
        ("S2S_CLIENT_SECRET", "invented-ş", "the client secret travels in a header"),
        ("S2S_SCOPE", "invented ", "the scope has a blank at an end"),
    ] {
        refused(from_vars(&[(name, value)]), &format!("configuration: {name}: {words}"));
    }
}

#[test]
fn all_that_is_missing_or_wrong_is_told_at_once() {
    let error = from_vars(&[("S2S_BASE_URL", "bank"), ("S2S_CLIENT_ID", ""), ("S2S_SCOPE", " x")]);
    let error = error.expect_err("three errors").to_string();
    for words in ["missing variable: S2S_CLIENT_ID; ", "S2S_BASE_URL: the URL", "S2S_SCOPE: the scope"] {
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn credential_that_no_header_can_carry_is_refused_when_it_is_given() {
    let account = || ServiceAccount::new("invented-account", "invented-secret").expect("service account");
    let client = |id: &str, secret: &str| ClientCredentials::new(id, secret).expect("client");
    refused(ServiceAccount::new("invented-ı", "x"), "the service account id travels in a header");
    refused(ServiceAccount::new("x", "invented-ş"), "the service account secret travels in a header");
    refused(S2sCredentials::new(account(), client("invented-ı", "x")), "the client id travels in a header");
    refused(S2sCredentials::new(account(), client("x", "invented-ş")), "the client secret travels in a header");
    refused(ServiceAccount::new("", "x"), "the service account id is empty and is expected");
    refused(ServiceAccount::new("x", " invented"), "the service account secret starts with a blank");
    refused(ServiceAccount::new("x", "invented "), "the service account secret ends with a blank");
}

#[test]
fn colon_in_the_client_id_is_refused_as_basic_is_raw_and_elsewhere_it_is_legal() {
    let account = || ServiceAccount::new("invented:account", "invented:secret").expect("service account");
    let client = ClientCredentials::new("invented:client", "invented").expect("client");
    refused(S2sCredentials::new(account(), client), "the client id has a colon");
    let client = ClientCredentials::new("invented client", "in:ven ted").expect("client");
    assert!(S2sCredentials::new(account(), client).is_ok());
}

#[test]
fn scope_that_is_no_list_of_scopes_is_refused_with_what_is_expected() {
    for (bad, wrong) in [
        ("", "is empty"),
        (" ", "blank at an end"),
        (" a", "blank at an end"),
        ("a ", "blank at an end"),
        ("a  b", "two in a row"),
        ("a\tb", "character that no scope has"),
        ("a\nb", "character that no scope has"),
        ("a\"b", "character that no scope has"),
        ("a\\b", "character that no scope has"),
        ("hesap-ı", "character that no scope has"),
        ("a\u{7f}", "character that no scope has"),
    ] {
        refused(Scope::try_from(bad), wrong);
        refused(S2sOAuth::new("http://127.0.0.1:1", invented(), bad), "; expected scopes of visible ASCII");
    }
    let every: String = ('!'..='~').filter(|c| !"\"\\".contains(*c)).collect();
    assert_eq!(Scope::try_from(every.as_str()).expect("a scope").to_string(), every);
}

#[test]
fn url_that_would_lose_the_secret_is_refused_unless_the_user_says_so() {
    for url in ["http://bank.example", "https://user@bank.example", "https://bank.example/?a=b", "bank.example", ""] {
        refused(S2sOAuth::new(url, invented(), "read:accounts"), "expected https://");
    }
    let insecure = BaseUrl::allow_insecure_http("http://bank.example").expect("said so");
    assert!(S2sOAuth::new(insecure, invented(), "read:accounts").is_ok());
}

#[test]
fn header_name_that_would_overwrite_another_is_refused() {
    let endpoint = || S2sOAuth::new("http://127.0.0.1:1", invented(), "read:accounts").expect("endpoint");
    for name in [
        "authorization",
        "Accept",
        "connection",
        "content-length",
        "content-type",
        "Cookie",
        "host",
        "transfer-encoding",
        "user-agent",
        "scope",
    ] {
        let mut names = HeaderNames::default();
        names.client_id = name.parse().expect("a name");
        let words = format!("the header name {} is in use already; expected", name.to_lowercase());
        refused(endpoint().header_names(names), &words);
    }
    let mut names = HeaderNames::default();
    names.client_secret = HeaderName::from_static("x-service-account-secret");
    refused(endpoint().header_names(names), "x-service-account-secret");
}

#[test]
fn public_types_are_send_sync_and_debug_and_show_no_secret() {
    fn shown<T: Send + Sync + Debug>(value: &T) -> String {
        format!("{value:?} {value:#?}")
    }
    let given = || credentials("first-of-four", "second-of-four", "third-of-four", "fourth-of-four");
    let account = ServiceAccount::new("first-of-four", "second-of-four").expect("service account");
    let endpoint = S2sOAuth::new("http://127.0.0.1:1", given(), "read:accounts").expect("endpoint");
    let scope = Scope::try_from("read:accounts").expect("a scope");
    let all = [shown(&account), shown(&given()), shown(&endpoint), shown(&HeaderNames::isbank()), shown(&scope)];
    for shown in &all {
        assert!(!["first", "second", "third", "fourth"].iter().any(|hidden| shown.contains(hidden)), "{shown}");
    }
    assert!(all[0].contains("…four") && all[1].matches("…four").count() == 4, "{all:?}");
}
