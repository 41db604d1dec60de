//! What is refused when it is given, and what is never shown.

use std::ffi::OsString;
use std::fmt::Debug;

use auth_core::BaseUrl;
use mgplus_sts::{Claims, ClientCredentials, Error, MgPlusSts};

use crate::credentials;

const VARS: [(&str, &str); 3] = [
    ("MGPLUS_STS_URL", "http://127.0.0.1:1/connect/token"),
    ("MGPLUS_CLIENT_ID", "invented-client"),
    ("MGPLUS_CLIENT_SECRET", "invented-secret"),
];

fn given() -> ClientCredentials {
    credentials("invented-client", "invented-secret")
}

/// Reads [`VARS`], with `changes` in place of some.
fn from_vars(changes: &[(&str, &str)]) -> Result<MgPlusSts, Error> {
    let all = [changes, &VARS].concat();
    MgPlusSts::from_vars(|name| all.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)))
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
        let names = "MGPLUS_STS_URL, MGPLUS_CLIENT_ID, MGPLUS_CLIENT_SECRET";
        refused(MgPlusSts::from_vars(lookup), names);
    }
}

#[test]
fn variables_are_read_by_their_names() {
    let shown = format!("{:?}", from_vars(&[]).expect("endpoint"));
    assert!(shown.contains("(http://127.0.0.1:1/connect/token)"), "{shown}");
}

#[test]
fn wrong_variable_is_told_by_its_name_and_not_by_its_value() {
    for (name, value, words) in [
        ("MGPLUS_STS_URL", "http://invented.example", "the URL is plain http"),
        ("MGPLUS_STS_URL", "invented.example", "the URL cannot be read; expected https://"),
        ("MGPLUS_CLIENT_ID", "invented-client ", "the client id ends with a blank and is expected"),
        ("MGPLUS_CLIENT_SECRET", "invented-secret\n", "the client secret has a control character"),
    ] {
        refused(from_vars(&[(name, value)]), &format!("configuration: {name}: {words}"));
    }
}

#[test]
fn all_that_is_missing_or_wrong_is_told_at_once() {
    let error = from_vars(&[("MGPLUS_STS_URL", "sts"), ("MGPLUS_CLIENT_ID", ""), ("MGPLUS_CLIENT_SECRET", " x")]);
    let error = error.expect_err("three errors").to_string();
    for words in ["missing variable: MGPLUS_CLIENT_ID; ", "MGPLUS_STS_URL: the URL", "MGPLUS_CLIENT_SECRET: the client"]
    {
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn url_that_would_lose_the_secret_is_refused_unless_the_user_says_so() {
    for url in ["http://sts.example", "https://user@sts.example", "https://sts.example/?a=b", "sts.example", ""] {
        refused(MgPlusSts::new(url, given()), "expected https://");
    }
    let insecure = BaseUrl::allow_insecure_http("http://sts.example").expect("said so");
    assert!(MgPlusSts::new(insecure, given()).is_ok());
}

#[test]
fn public_types_are_send_sync_and_debug_and_show_no_secret() {
    fn shown<T: Send + Sync + Debug>(value: &T) -> String {
        format!("{value:?} {value:#?}")
    }
    let endpoint = MgPlusSts::new("http://127.0.0.1:1", given()).expect("endpoint");
    for shown in [shown(&endpoint), shown(&Claims::default())] {
        assert!(!shown.contains("invented"), "{shown}");
    }
}
