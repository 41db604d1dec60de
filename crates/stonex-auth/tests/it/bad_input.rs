//! What is refused when it is given, and what is never shown.

use std::ffi::OsString;

use auth_core::BaseUrl;
use stonex_auth::{ApiVersion, Claims, ClientCredentials, Error, StoneXAuth};

fn credentials() -> ClientCredentials {
    ClientCredentials::new("invented-client-4711", "invented-secret").expect("credentials")
}

/// Looks variables up in `set`.
fn from<'a>(set: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
    |name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into())
}

const ID: (&str, &str) = ("STONEX_CLIENT_ID", "invented-client");
const SECRET: (&str, &str) = ("STONEX_CLIENT_SECRET", "invented-secret");

#[test]
fn missing_variables_are_all_named_at_once_and_empty_ones_are_missing() {
    let empty =
        [("STONEX_BASE_URL", ""), ("STONEX_ENVIRONMENT", ""), ("STONEX_CLIENT_ID", ""), ("STONEX_CLIENT_SECRET", "")];
    for set in [&[][..], &empty[..]] {
        let error = StoneXAuth::from_vars(from(set)).expect_err("an error");
        assert!(matches!(error, Error::Config(_)));
        for (name, _) in empty {
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}

#[test]
fn url_and_environment_are_exactly_one_of_the_two() {
    let both = [("STONEX_BASE_URL", "http://127.0.0.1:1"), ("STONEX_ENVIRONMENT", "sandbox"), ID, SECRET];
    let error = StoneXAuth::from_vars(from(&both)).expect_err("both");
    assert!(error.to_string().contains("STONEX_BASE_URL and STONEX_ENVIRONMENT are both set"), "{error}");
    let error = StoneXAuth::from_vars(from(&both[2..])).expect_err("none");
    assert!(error.to_string().contains("one of STONEX_BASE_URL or STONEX_ENVIRONMENT"), "{error}");
    let stonex = StoneXAuth::from_vars(from(&[both[0], ID, SECRET])).expect("endpoint");
    assert!(format!("{stonex:?}").contains("http://127.0.0.1:1"), "{stonex:?}");
}

#[test]
fn environment_of_another_name_is_refused_without_repeating_it() {
    for name in ["prod", "Sandbox", "sandbox ", "invented-secret"] {
        let error = StoneXAuth::from_vars(from(&[("STONEX_ENVIRONMENT", name), ID, SECRET])).expect_err(name);
        let shown = error.to_string();
        assert!(matches!(error, Error::Config(_)) && shown.contains("expected: sandbox or production"), "{shown}");
        assert!(!shown.contains("prod ") && !shown.contains("invented"), "{shown}");
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[test]
fn each_environment_is_its_own_host() {
    use stonex_auth::{PRODUCTION, SANDBOX};
    let by_name = |name| StoneXAuth::from_vars(from(&[("STONEX_ENVIRONMENT", name), ID, SECRET])).expect("endpoint");
    for (stonex, host) in [
        (by_name("sandbox"), SANDBOX),
        (by_name("production"), PRODUCTION),
        (StoneXAuth::sandbox(credentials()).expect("endpoint"), SANDBOX),
        (StoneXAuth::production(credentials()).expect("endpoint"), PRODUCTION),
    ] {
        assert!(format!("{stonex:?}").contains(&format!("BaseUrl({host})")), "{stonex:?}");
    }
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
#[test]
fn https_without_tls_in_the_program_is_refused_and_names_the_feature() {
    let error = StoneXAuth::sandbox(credentials()).expect_err("no TLS");
    assert!(matches!(error, Error::Config(_)) && error.to_string().contains("`rustls`"), "{error}");
    assert!(StoneXAuth::new("http://127.0.0.1:1", credentials()).is_ok());
}

#[test]
fn credential_pasted_with_a_line_end_a_blank_or_nothing_is_refused() {
    for (bad, wrong) in [("invented\n", "control character"), (" invented", "starts with"), ("invented ", "ends with")]
    {
        for (id, secret, name) in [(bad, "invented", "client id"), ("invented", bad, "client secret")] {
            let set =
                [("STONEX_BASE_URL", "http://127.0.0.1:1"), ("STONEX_CLIENT_ID", id), ("STONEX_CLIENT_SECRET", secret)];
            let shown = StoneXAuth::from_vars(from(&set)).expect_err(bad).to_string();
            assert!(shown.contains(name) && shown.contains(wrong) && shown.contains("expected"), "{shown}");
        }
    }
    assert!(ClientCredentials::new("", "invented").is_err() && ClientCredentials::new("invented", "").is_err());
}

#[test]
fn url_that_would_lose_the_secret_is_refused() {
    for (url, wrong) in [
        ("http://stonex.example", "plain http"),
        ("https://user@stonex.example", "user info"),
        ("https://stonex.example/?a=b", "query"),
        ("https://stonex.example/#a", "fragment"),
        ("stonex.example", "cannot be read"),
        ("", "cannot be read"),
    ] {
        let error = StoneXAuth::new(url, credentials()).expect_err(url);
        assert!(matches!(error, Error::Config(_)) && error.to_string().contains(wrong), "{error}");
    }
    let insecure = BaseUrl::allow_insecure_http("http://stonex.example").expect("a URL");
    assert!(StoneXAuth::new(insecure, credentials()).is_ok());
}

#[test]
fn whole_endpoint_in_place_of_the_host_is_refused_and_says_what_is_expected() {
    for path in ["/api/v1/authentication", "/api/v/authentication/"] {
        let error = StoneXAuth::new(format!("http://127.0.0.1:1{path}"), credentials()).expect_err(path);
        let shown = error.to_string();
        assert!(matches!(error, Error::Config(_)) && shown.contains(stonex_auth::SANDBOX), "{shown}");
    }
}

#[test]
fn api_version_that_is_none_is_refused_and_says_what_is_expected() {
    let stonex = StoneXAuth::new("http://127.0.0.1:1", credentials()).expect("endpoint");
    for bad in ["", "v", "vv1", "1/..", "1?a", "1 ", " 1", "1%2f", "one", ".1", "12345678901234567", "1\u{e9}"] {
        let error = stonex.clone().api_version(bad).expect_err(bad);
        assert!(matches!(error, Error::Config(_)) && error.to_string().contains("/api/v1/"), "{error}");
        assert!(ApiVersion::try_from(bad.to_owned()).is_err(), "{bad}");
    }
    for (good, same) in [("1", "1"), ("v1", "1"), ("2.0", "2.0"), ("2025-01-31", "2025-01-31"), ("3-beta", "3-beta")] {
        assert_eq!(ApiVersion::try_from(good).expect(good).to_string(), same);
    }
}

#[test]
fn public_types_are_send_sync_and_debug_and_show_no_secret() {
    fn shown<T: Send + Sync + std::fmt::Debug>(value: &T) -> String {
        format!("{value:?} {value:#?}")
    }
    let stonex = StoneXAuth::new("http://127.0.0.1:1", credentials()).expect("endpoint");
    let endpoint = shown(&stonex);
    assert!(!endpoint.contains("invented-secret") && !endpoint.contains("invented-client"), "{endpoint}");
    assert!(shown(&ApiVersion::default()).contains('1'));
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
fn claims_are_all_optional() {
    let claims: Claims = serde_json::from_str(r#"{"new":[]}"#).expect("claims");
    assert!(claims.ver.is_none() && claims.jti.is_none() && claims.iss.is_none() && claims.aud.is_none());
    assert!(claims.iat.is_none() && claims.exp.is_none() && claims.cid.is_none() && claims.sub.is_none());
    assert!(claims.scp.is_none());
}
