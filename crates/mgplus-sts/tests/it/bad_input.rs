//! What is refused when it is given.

use mgplus_sts::{ClientCredentials, Error, MgPlusSts};

#[test]
fn missing_variables_are_all_named_at_once() {
    let error = MgPlusSts::from_vars(|_| None).expect_err("an error");
    assert!(matches!(error, Error::Config(_)));
    for name in ["MGPLUS_STS_URL", "MGPLUS_CLIENT_ID", "MGPLUS_CLIENT_SECRET"] {
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn variables_are_read_by_their_names() {
    let lookup = |name: &str| match name {
        "MGPLUS_STS_URL" => Some("http://127.0.0.1:1/connect/token".into()),
        "MGPLUS_CLIENT_ID" => Some("invented-agent".into()),
        "MGPLUS_CLIENT_SECRET" => Some("invented-secret".into()),
        _ => None,
    };
    assert!(MgPlusSts::from_vars(lookup).is_ok());
    let pasted = |name: &str| match name {
        "MGPLUS_CLIENT_SECRET" => Some("invented-secret\n".into()),
        _ => lookup(name),
    };
    let error = MgPlusSts::from_vars(pasted).expect_err("an error");
    assert!(error.to_string().contains("client secret has a control character"), "{error}");
}

#[test]
fn url_that_would_lose_the_secret_is_refused() {
    for url in ["http://sts.example", "https://user@sts.example", "https://sts.example/?a=b", "sts.example"] {
        let credentials = ClientCredentials::new("invented-agent", "invented-secret").expect("credentials");
        let error = MgPlusSts::new(url, credentials).expect_err(url);
        assert!(matches!(error, Error::Config(_)), "{error}");
    }
}

#[test]
fn public_types_are_send_sync_and_debug_and_show_no_secret() {
    fn check<T: Send + Sync + std::fmt::Debug>(value: &T) -> String {
        format!("{value:?} {value:#?}")
    }
    let credentials = ClientCredentials::new("invented-agent", "invented-secret").expect("credentials");
    let endpoint = MgPlusSts::new("http://127.0.0.1:1", credentials).expect("endpoint");
    let shown = check(&endpoint);
    assert!(!shown.contains("invented-secret") && !shown.contains("invented-agent"), "{shown}");
}
