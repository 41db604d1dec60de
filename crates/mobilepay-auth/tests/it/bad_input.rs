//! What is refused when it is given, and what is never shown.

use std::ffi::OsString;
use std::fmt::Debug;

use auth_core::{BaseUrl, TokenEndpoint};
use mobilepay_auth::{
    BasicEncoding, Claims, ClientCredentials, ClientSystemVersion, CredentialSource, Error, IbmClientId, MerchantVat,
    MobilePayAuth, PRODUCTION, SANDBOX, Secret,
};

use crate::{credentials, cx};

const NOWHERE: &str = "http://127.0.0.1:1/integrator-authentication";

const VARS: [(&str, &str); 3] = [
    ("MOBILEPAY_BASE_URL", NOWHERE),
    ("MOBILEPAY_CLIENT_ID", "invented-client"),
    ("MOBILEPAY_CLIENT_SECRET", "invented-secret"),
];

fn given() -> ClientCredentials {
    credentials("invented-client", "invented-secret")
}

fn endpoint() -> MobilePayAuth {
    MobilePayAuth::new(NOWHERE, given()).expect("endpoint")
}

/// Reads [`VARS`], with `changes` in place of some.
fn from_vars(changes: &[(&str, &str)]) -> Result<MobilePayAuth, Error> {
    let all = [changes, &VARS].concat();
    MobilePayAuth::from_vars(|name| {
        all.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
    })
}

#[track_caller]
fn refused(result: Result<impl Debug, Error>, words: &str) {
    let error = result.expect_err(words);
    assert!(matches!(error, Error::Config(_)) && error.to_string().contains(words), "{error}");
    assert!(!format!("{error} {error:?}").contains("invented"), "{error:?}");
}

#[test]
fn missing_and_empty_variables_are_all_named_at_once_and_optional_ones_are_not() {
    for lookup in [|_: &str| None, |_: &str| Some("".into())] {
        let error = MobilePayAuth::from_vars(lookup).expect_err("an error").to_string();
        let names = "one of MOBILEPAY_BASE_URL or MOBILEPAY_ENVIRONMENT, MOBILEPAY_CLIENT_ID, MOBILEPAY_CLIENT_SECRET";
        assert_eq!(error, format!("configuration: missing variables: {names}"));
    }
}

#[test]
fn variables_are_read_by_their_names() {
    let shown = |name, value| format!("{:?}", from_vars(&[(name, value)]).expect("endpoint"));
    assert!(shown("MOBILEPAY_BASE_URL", NOWHERE).contains(&format!("({NOWHERE}/connect/token)")));
    assert!(shown("MOBILEPAY_MERCHANT_VAT", "FI00000042").contains("FI00000042"));
    assert!(shown("MOBILEPAY_MERCHANT_VAT", "").contains("merchant_vat: None"));
    assert!(shown("MOBILEPAY_IBM_CLIENT_ID", "none").contains("ibm_client_id: None"));
    assert!(shown("MOBILEPAY_IBM_CLIENT_ID", "invented").contains("ibm_client_id: Other("));
    assert!(shown("MOBILEPAY_IBM_CLIENT_ID", "").contains("ibm_client_id: Same"));
    assert!(shown("MOBILEPAY_CLIENT_SYSTEM_VERSION", "1.2.3").contains("1.2.3"));
}

#[test]
fn wrong_variable_is_told_by_its_name_and_not_by_its_value() {
    for (name, value, words) in [
        ("MOBILEPAY_BASE_URL", "http://invented.example", "the URL is plain http"),
        ("MOBILEPAY_CLIENT_ID", " invented", "the client id starts with a blank and is expected"),
        ("MOBILEPAY_CLIENT_ID", "invented-ö", "the client id travels in a header"),
        ("MOBILEPAY_CLIENT_SECRET", "invented-secret\n", "the client secret has a control character"),
        (
            "MOBILEPAY_MERCHANT_VAT",
            "SE00000042",
            "the merchant VAT number is not one; expected DK or FI and eight digits",
        ),
        ("MOBILEPAY_IBM_CLIENT_ID", "invented-ö", "the IBM client id travels in a header"),
        ("MOBILEPAY_IBM_CLIENT_ID", "invented ", "the IBM client id ends with a blank"),
        ("MOBILEPAY_CLIENT_SYSTEM_VERSION", "1.2", "the client system version is not one; expected Major.Minor.Build"),
    ] {
        refused(from_vars(&[(name, value)]), &format!("configuration: {name}: {words}"));
    }
}

#[test]
fn all_that_is_missing_or_wrong_is_told_at_once() {
    let error = from_vars(&[
        ("MOBILEPAY_BASE_URL", "pos"),
        ("MOBILEPAY_CLIENT_ID", ""),
        ("MOBILEPAY_MERCHANT_VAT", "DK1"),
        ("MOBILEPAY_CLIENT_SYSTEM_VERSION", "1"),
    ]);
    let error = error.expect_err("four errors").to_string();
    for words in [
        "missing variable: MOBILEPAY_CLIENT_ID; ",
        "MOBILEPAY_BASE_URL: the URL",
        "MOBILEPAY_MERCHANT_VAT: the merchant",
        "MOBILEPAY_CLIENT_SYSTEM_VERSION: the client system",
    ] {
        assert!(error.contains(words), "{error}");
    }
}

/// Reads [`VARS`], with the environment's name in place of the URL.
fn named(environment: &str) -> Result<MobilePayAuth, Error> {
    from_vars(&[("MOBILEPAY_BASE_URL", ""), ("MOBILEPAY_ENVIRONMENT", environment)])
}

#[test]
fn environment_is_sandbox_or_production_and_never_beside_a_url() {
    for bad in ["prod", "Sandbox", "sandbox ", "invented"] {
        let words = "MOBILEPAY_ENVIRONMENT: the environment has another name; expected sandbox or production";
        refused(named(bad), words);
    }
    refused(from_vars(&[("MOBILEPAY_ENVIRONMENT", "sandbox")]), "expected exactly one");
}

#[test]
fn each_environment_is_its_own_host() {
    is_at(named("sandbox"), SANDBOX);
    is_at(named("production"), PRODUCTION);
    is_at(MobilePayAuth::sandbox(given()), SANDBOX);
    is_at(MobilePayAuth::production(given()), PRODUCTION);
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
        assert_eq!(ClientSystemVersion::try_from(good.to_owned()).expect(good).as_str(), good);
    }
    for bad in ["", "1", "1.2", "1.2.3.4", "1..3", ".2.3", "1.2.", "1.2.x", "+1.2.3", "1.2.3 ", "1.2.4294967296"] {
        refused(endpoint().client_system_version(bad), "expected Major.Minor.Build");
    }
}

#[test]
fn client_id_that_no_header_can_carry_is_refused_at_once() {
    refused(MobilePayAuth::new(NOWHERE, credentials("invented-ö", "invented-secret")), "client id travels in a header");
    let secret = credentials("invented-client", "invented secret: ö");
    assert!(MobilePayAuth::new(NOWHERE, secret).is_ok());
}

#[test]
fn colon_in_the_client_id_is_refused_where_basic_is_raw() {
    let colon =
        || MobilePayAuth::new(NOWHERE, credentials("invented:client", "invented-secret")).expect("form-encoded");
    refused(colon().basic_encoding(BasicEncoding::Raw), "colon");
    assert!(colon().basic_encoding(BasicEncoding::Form).is_ok());
}

#[test]
fn ibm_client_id_that_no_header_can_carry_is_refused_before_credentials_are_known() {
    let later = CredentialSource::from_fn(|| async { Ok(given()) });
    let odd = IbmClientId::Other(Secret::new("invented-ö").expect("a secret"));
    refused(MobilePayAuth::new(NOWHERE, later).expect("endpoint").ibm_client_id(odd), "IBM client id");
}

#[tokio::test]
async fn credentials_that_come_later_are_checked_when_they_come() {
    for (client_id, words) in [("invented-ö", "travels in a header"), ("invented:client", "colon")] {
        let later = CredentialSource::from_fn(move || async move { Ok(credentials(client_id, "invented-secret")) });
        let endpoint = MobilePayAuth::new(NOWHERE, later).expect("endpoint");
        let endpoint = endpoint.basic_encoding(BasicEncoding::Raw).expect("not known yet");
        refused(endpoint.request_token(&cx()).await, words);
    }
}

#[test]
fn url_that_would_lose_the_secret_is_refused_unless_the_user_says_so() {
    for url in ["http://pos.example", "https://user@pos.example", "https://pos.example/?a=b", "pos.example", ""] {
        refused(MobilePayAuth::new(url, given()), "expected https://");
    }
    let insecure = BaseUrl::allow_insecure_http("http://pos.example").expect("said so");
    assert!(MobilePayAuth::new(insecure, given()).is_ok());
}

#[test]
fn public_types_are_send_sync_and_debug_and_show_no_secret() {
    fn shown<T: Send + Sync + Debug>(value: &T) -> String {
        format!("{value:?} {value:#?}")
    }
    let id = IbmClientId::Other(Secret::new("invented-gateway-id").expect("an id"));
    let vat = MerchantVat::try_from("DK00000042").expect("a VAT number");
    let version = ClientSystemVersion::try_from("1.2.3").expect("a version");
    let endpoint = endpoint().ibm_client_id(id.clone()).expect("an id");
    for shown in [shown(&endpoint), shown(&id), shown(&vat), shown(&version), shown(&Claims::default())] {
        assert!(!shown.contains("invented"), "{shown}");
    }
}
