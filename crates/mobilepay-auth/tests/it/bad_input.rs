//! What is refused when it is given.

use std::ffi::OsString;
use std::time::Duration;

use auth_core::{RequestContext, TokenEndpoint};
use mobilepay_auth::{
    BasicEncoding, Claims, ClientCredentials, ClientSystemVersion, CredentialSource, Error, IbmClientId, MerchantVat,
    MobilePayAuth, PRODUCTION, SANDBOX, Secret,
};

const NOWHERE: &str = "http://127.0.0.1:1/integrator-authentication";

fn credentials(client_id: &str) -> ClientCredentials {
    ClientCredentials::new(client_id, "invented-secret").expect("credentials")
}

fn endpoint() -> MobilePayAuth {
    MobilePayAuth::new(NOWHERE, credentials("invented-client")).expect("endpoint")
}

fn from_pairs(pairs: &[(&str, &str)]) -> Result<MobilePayAuth, Error> {
    MobilePayAuth::from_vars(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value)))
}

/// What is needed, and `more` in its place or besides.
fn with(more: (&'static str, &'static str)) -> Result<MobilePayAuth, Error> {
    let needed = [
        ("MOBILEPAY_BASE_URL", NOWHERE),
        ("MOBILEPAY_CLIENT_ID", "invented-client"),
        ("MOBILEPAY_CLIENT_SECRET", "invented-secret"),
    ];
    from_pairs(&[&[more][..], &needed].concat())
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, words: &str) {
    let error = result.expect_err("an error");
    assert!(matches!(error, Error::Config(_)) && error.to_string().contains(words), "{error}");
    assert!(!format!("{error} {error:?}").contains("invented"), "{error:?}");
}

#[test]
fn missing_variables_are_all_named_at_once() {
    let error = MobilePayAuth::from_vars(|_| None).expect_err("an error");
    assert!(matches!(error, Error::Config(_)));
    for name in ["MOBILEPAY_BASE_URL or MOBILEPAY_ENVIRONMENT", "MOBILEPAY_CLIENT_ID", "MOBILEPAY_CLIENT_SECRET"] {
        assert!(error.to_string().contains(name), "{error}");
    }
    for optional in ["MERCHANT_VAT", "IBM_CLIENT_ID", "SYSTEM_VERSION"] {
        assert!(!error.to_string().contains(optional), "{error}");
    }
    assert_eq!(from_pairs(&[("MOBILEPAY_CLIENT_ID", "")]).expect_err("an error").to_string(), error.to_string());
}

#[test]
fn variables_are_read_by_their_names() {
    let shown = |more| format!("{:?}", with(more).expect("endpoint"));
    assert!(shown(("MOBILEPAY_MERCHANT_VAT", "FI00000042")).contains("FI00000042"));
    assert!(shown(("MOBILEPAY_MERCHANT_VAT", "")).contains("merchant_vat: None"));
    assert!(shown(("MOBILEPAY_IBM_CLIENT_ID", "none")).contains("ibm_client_id: None"));
    assert!(shown(("MOBILEPAY_IBM_CLIENT_ID", "invented")).contains("ibm_client_id: Other("));
    assert!(shown(("MOBILEPAY_IBM_CLIENT_ID", "")).contains("ibm_client_id: Same"));
    assert!(shown(("MOBILEPAY_CLIENT_SYSTEM_VERSION", "1.2.3")).contains("1.2.3"));
}

#[test]
fn variables_that_are_wrong_are_refused_with_what_was_expected() {
    refused(with(("MOBILEPAY_ENVIRONMENT", "sandbox")), "expected exactly one");
    refused(with(("MOBILEPAY_MERCHANT_VAT", "SE00000042")), "expected DK or FI and eight digits");
    refused(with(("MOBILEPAY_IBM_CLIENT_ID", "erfunden-ö")), "IBM client id travels in a header");
    refused(with(("MOBILEPAY_IBM_CLIENT_ID", "invented ")), "IBM client id ends with a blank");
    refused(with(("MOBILEPAY_CLIENT_SYSTEM_VERSION", "1.2")), "expected Major.Minor.Build");
    refused(with(("MOBILEPAY_CLIENT_SECRET", "invented-secret\n")), "client secret has a control character");
    refused(with(("MOBILEPAY_CLIENT_ID", " invented")), "client id starts with a blank");
    refused(with(("MOBILEPAY_BASE_URL", "http://invented.example")), "plain http");
}

#[test]
fn environment_is_sandbox_or_production_and_nothing_is_guessed() {
    let named = |environment| {
        from_pairs(&[
            ("MOBILEPAY_ENVIRONMENT", environment),
            ("MOBILEPAY_CLIENT_ID", "invented-client"),
            ("MOBILEPAY_CLIENT_SECRET", "invented-secret"),
        ])
    };
    for bad in ["test", "Sandbox", "invented"] {
        refused(named(bad), "expected sandbox or production");
    }
    is_at(named("sandbox"), SANDBOX);
    is_at(named("production"), PRODUCTION);
    is_at(MobilePayAuth::sandbox(credentials("invented-client")), SANDBOX);
    is_at(MobilePayAuth::production(credentials("invented-client")), PRODUCTION);
}

/// A program without TLS, or a machine without certificates, says so instead.
#[track_caller]
fn is_at(endpoint: Result<MobilePayAuth, Error>, url: &str) {
    match endpoint.map(|endpoint| format!("{endpoint:?}")).map_err(|error| error.to_string()) {
        Ok(shown) => assert!(shown.contains(&format!("({url}/connect/token)")), "{shown}"),
        Err(told) => assert!(told.contains("TLS") || told.contains("certificates"), "{told}"),
    }
}

#[test]
fn vat_number_is_dk_or_fi_and_eight_digits() {
    for good in ["DK00000042", "FI99999999"] {
        assert_eq!(MerchantVat::try_from(good.to_owned()).expect(good).to_string(), good);
    }
    for bad in [
        "",
        "DK",
        "FI0000042",
        "DK000000042",
        "dk00000042",
        "SE00000042",
        "00000042",
        "DK0000004a",
        " DK00000042",
        "DK00000042\n",
        "DKFI000042",
        "DK٠٠٠٠",
        "DK+0000042",
    ] {
        refused(MerchantVat::try_from(bad), "expected DK or FI and eight digits");
        refused(endpoint().merchant_vat(bad), "expected DK or FI and eight digits");
    }
}

#[test]
fn client_system_version_is_three_numbers() {
    for good in ["0.0.0", "1.2.3", "10.20.4294967295", env!("CARGO_PKG_VERSION")] {
        assert_eq!(ClientSystemVersion::try_from(good.to_owned()).expect(good).to_string(), good);
    }
    for bad in ["", "1", "1.2", "1.2.3.4", "1..3", ".2.3", "1.2.", "1.2.x", "+1.2.3", "1.2.3 ", "1.2.4294967296"] {
        refused(endpoint().client_system_version(bad), "expected Major.Minor.Build");
    }
}

#[test]
fn client_id_that_no_header_can_carry_is_refused_at_once() {
    refused(MobilePayAuth::new(NOWHERE, credentials("erfunden-ö")), "client id travels in a header");
    let secret = ClientCredentials::new("invented-client", "erfundenes Geheimnis: ö").expect("credentials");
    assert!(MobilePayAuth::new(NOWHERE, secret).is_ok());
}

#[test]
fn colon_in_the_client_id_is_refused_where_basic_is_raw() {
    let colon = || MobilePayAuth::new(NOWHERE, credentials("invented:client")).expect("form-encoded");
    refused(colon().basic_encoding(BasicEncoding::Raw), "colon");
    assert!(colon().basic_encoding(BasicEncoding::Form).is_ok());
}

#[test]
fn ibm_client_id_that_no_header_can_carry_is_refused_before_credentials_are_known() {
    let later = CredentialSource::from_fn(|| async { Ok(credentials("invented-client")) });
    let odd = IbmClientId::Other(Secret::new("erfunden-ö").expect("a secret"));
    refused(MobilePayAuth::new(NOWHERE, later).expect("endpoint").ibm_client_id(odd), "IBM client id");
}

#[tokio::test]
async fn credentials_that_come_later_are_checked_when_they_come() {
    for (client_id, words) in [("erfunden-ö", "travels in a header"), ("invented:client", "colon")] {
        let later = CredentialSource::from_fn(move || async move { Ok(credentials(client_id)) });
        let endpoint = MobilePayAuth::new(NOWHERE, later).expect("endpoint");
        let endpoint = endpoint.basic_encoding(BasicEncoding::Raw).expect("not known yet");
        refused(endpoint.request_token(&RequestContext::first(Duration::from_secs(5))).await, words);
    }
}

#[test]
fn url_that_would_lose_the_secret_is_refused() {
    for url in ["http://pos.example", "https://user@pos.example", "https://pos.example/?a=b", "pos.example"] {
        refused(MobilePayAuth::new(url, credentials("invented-client")), "expected https://");
    }
}

#[test]
fn public_types_are_send_sync_and_debug_and_show_no_secret() {
    fn check<T: Send + Sync + std::fmt::Debug>(value: &T) -> String {
        format!("{value:?} {value:#?}")
    }
    fn assert_shareable<T: Send + Sync + std::fmt::Debug>() {}
    assert_shareable::<Claims>();
    assert_shareable::<MerchantVat>();
    assert_shareable::<ClientSystemVersion>();
    let id = IbmClientId::Other(Secret::new("invented-gateway-id").expect("an id"));
    let shown = check(&endpoint().ibm_client_id(id.clone()).expect("an id")) + &check(&id);
    for hidden in ["invented-secret", "invented-client", "invented-gateway-id"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
