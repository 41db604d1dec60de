//! What is refused when it is given, and what is never shown.

use std::ffi::OsString;
use std::fmt::Debug;

use auth_core::BaseUrl;
use stonex_auth::{ApiVersion, Claims, ClientCredentials, Error, StoneXAuth};

use crate::credentials;

const VARS: [(&str, &str); 3] = [
    ("STONEX_BASE_URL", "http://127.0.0.1:1"),
    ("STONEX_CLIENT_ID", "invented-client"),
    ("STONEX_CLIENT_SECRET", "invented-secret"),
];

fn given() -> ClientCredentials {
    credentials("invented-client", "invented-secret")
}

/// Reads [`VARS`], with `changes` in place of some.
fn from_vars(changes: &[(&str, &str)]) -> Result<StoneXAuth, Error> {
    let all = [changes, &VARS].concat();
    StoneXAuth::from_vars(|name| all.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)))
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
        let names = "one of STONEX_BASE_URL or STONEX_ENVIRONMENT, STONEX_CLIENT_ID, STONEX_CLIENT_SECRET";
        refused(StoneXAuth::from_vars(lookup), names);
    }
}

#[test]
fn variables_are_read_by_their_names() {
    let shown = format!("{:?}", from_vars(&[]).expect("endpoint"));
    assert!(shown.contains("(http://127.0.0.1:1)"), "{shown}");
}

#[test]
fn wrong_variable_is_told_by_its_name_and_not_by_its_value() {
    for (name, value, words) in [
        ("STONEX_BASE_URL", "http://invented.example", "the URL is plain http"),
        ("STONEX_BASE_URL", "https://invented.example/api/v1/authentication", "the URL ends with /authentication"),
        ("STONEX_CLIENT_ID", "invented-client ", "the client id ends with a blank and is expected"),
        ("STONEX_CLIENT_SECRET", "invented-secret\n", "the client secret has a control character"),
    ] {
        refused(from_vars(&[(name, value)]), &format!("configuration: {name}: {words}"));
    }
}

#[test]
fn all_that_is_missing_or_wrong_is_told_at_once() {
    let error = from_vars(&[("STONEX_BASE_URL", "stonex"), ("STONEX_CLIENT_ID", ""), ("STONEX_CLIENT_SECRET", " x")]);
    let error = error.expect_err("three errors").to_string();
    for words in
        ["missing variable: STONEX_CLIENT_ID; ", "STONEX_BASE_URL: the URL", "STONEX_CLIENT_SECRET: the client"]
    {
        assert!(error.contains(words), "{error}");
    }
}

/// Reads [`VARS`], with the environment's name in place of the URL.
fn named(environment: &str) -> Result<StoneXAuth, Error> {
    from_vars(&[("STONEX_BASE_URL", ""), ("STONEX_ENVIRONMENT", environment)])
}

#[test]
fn environment_is_sandbox_or_production_and_never_beside_a_url() {
    for bad in ["prod", "Sandbox", "sandbox ", "invented"] {
        let words =
            "configuration: STONEX_ENVIRONMENT: the environment has another name; expected sandbox or production";
        refused(named(bad), words);
    }
    refused(from_vars(&[("STONEX_ENVIRONMENT", "sandbox")]), "expected exactly one");
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[test]
fn each_environment_is_its_own_host() {
    use stonex_auth::{PRODUCTION, SANDBOX};
    for (stonex, host) in [
        (named("sandbox").expect("endpoint"), SANDBOX),
        (named("production").expect("endpoint"), PRODUCTION),
        (StoneXAuth::sandbox(given()).expect("endpoint"), SANDBOX),
        (StoneXAuth::production(given()).expect("endpoint"), PRODUCTION),
    ] {
        assert!(format!("{stonex:?}").contains(&format!("BaseUrl({host})")), "{stonex:?}");
    }
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
#[test]
fn https_without_tls_in_the_program_is_refused_and_names_the_feature() {
    let error = StoneXAuth::sandbox(given()).expect_err("no TLS");
    assert!(matches!(error, Error::Config(_)) && error.to_string().contains("`rustls`"), "{error}");
    assert!(StoneXAuth::new("http://127.0.0.1:1", given()).is_ok());
}

#[test]
fn url_that_would_lose_the_secret_is_refused_unless_the_user_says_so() {
    for url in
        ["http://stonex.example", "https://user@stonex.example", "https://stonex.example/?a=b", "stonex.example", ""]
    {
        refused(StoneXAuth::new(url, given()), "expected https://");
    }
    let insecure = BaseUrl::allow_insecure_http("http://stonex.example").expect("said so");
    assert!(StoneXAuth::new(insecure, given()).is_ok());
}

#[test]
fn whole_endpoint_in_place_of_the_host_is_refused_and_says_what_is_expected() {
    for path in ["/api/v1/authentication", "/api/v/authentication/"] {
        let error = StoneXAuth::new(format!("http://127.0.0.1:1{path}"), given()).expect_err(path);
        let shown = error.to_string();
        assert!(matches!(error, Error::Config(_)) && shown.contains(stonex_auth::SANDBOX), "{shown}");
    }
}

#[test]
fn api_version_that_is_none_is_refused_and_says_what_is_expected() {
    let stonex = StoneXAuth::new("http://127.0.0.1:1", given()).expect("endpoint");
    for bad in ["", "v", "vv1", "1/..", "1?a", "1 ", " 1", "1%2f", "one", ".1", "12345678901234567", "1\u{e9}"] {
        let error = stonex.clone().api_version(bad).expect_err(bad);
        assert!(matches!(error, Error::Config(_)) && error.to_string().contains("/api/v1/"), "{error}");
        assert!(ApiVersion::try_from(bad.to_owned()).is_err(), "{bad}");
    }
    let longest = "1234567890123456";
    let good = [("1", "1"), ("v1", "1"), ("2.0", "2.0"), ("2025-01-31", "2025-01-31"), ("3-beta", "3-beta")];
    for (good, same) in good.into_iter().chain([(longest, longest)]) {
        assert_eq!(ApiVersion::try_from(good).expect(good).to_string(), same);
    }
}

#[test]
fn public_types_are_send_sync_and_debug_and_show_no_secret() {
    fn shown<T: Send + Sync + Debug>(value: &T) -> String {
        format!("{value:?} {value:#?}")
    }
    let endpoint = StoneXAuth::new("http://127.0.0.1:1", given()).expect("endpoint");
    for shown in [shown(&endpoint), shown(&ApiVersion::default())] {
        assert!(!shown.contains("invented"), "{shown}");
    }
}

#[test]
fn claims_show_no_more_of_the_client_id_than_its_last_four_characters() {
    let claims =
        r#"{"ver":1,"jti":"AT.invented","cid":"invented-client-4711","sub":"invented-client-4711","scp":["a"]}"#;
    let claims: Claims = serde_json::from_str(claims).expect("claims");
    let shown = format!("{claims:?} {claims:#?}");
    assert!(!shown.contains("-4711") && shown.matches("…4711").count() == 4, "{shown}");
    assert!(shown.contains("AT.invented") && shown.contains("scp"), "{shown}");
}

#[test]
fn every_claim_may_be_missing() {
    assert_eq!(serde_json::from_str::<Claims>(r#"{"new":[]}"#).expect("claims"), Claims::default());
}
