//! What goes over the wire, byte for byte.

use std::sync::atomic::{AtomicUsize, Ordering};

use auth_core::{TokenEndpoint, TokenResponse};
use httpmock::{HttpMockRequest, MockServer};
use mobilepay_auth::{
    BasicEncoding, ClientCredentials, CredentialSource, DEFAULT_LIFETIME, Error, HttpClient, IbmClientId,
    MobilePayAuth, Secret,
};

use crate::{credentials, cx};

/// The page's answer with an invented token.
const ANSWER: &str =
    r#"{"access_token":"invented.mobilepay.token","expires_in":3700,"token_type":"Bearer","scope":"integrator_scope"}"#;

const BOUND: &str = "grant_type=client_credentials&merchant_vat=DK00000042";
const UNBOUND: &str = "grant_type=client_credentials";

const CLIENT_ID: &str = "invented client:7";
const CLIENT_SECRET: &str = "invented&secret=é+1";
/// Base64 of `invented%20client%3A7:invented%26secret%3D%C3%A9%2B1`.
const FORM: &str = "Basic aW52ZW50ZWQlMjBjbGllbnQlM0E3OmludmVudGVkJTI2c2VjcmV0JTNEJUMzJUE5JTJCMQ==";
/// Base64 of `invented client 7:invented&secret=é+1`.
const RAW: &str = "Basic aW52ZW50ZWQgY2xpZW50IDc6aW52ZW50ZWQmc2VjcmV0PcOpKzE=";

fn endpoint(url: &str) -> MobilePayAuth {
    MobilePayAuth::new(url, credentials(CLIENT_ID, CLIENT_SECRET)).expect("endpoint")
}

async fn ask(endpoint: &MobilePayAuth) -> Result<TokenResponse, Error> {
    endpoint.request_token(&cx()).await
}

/// Every header that is sent, sorted, so that one more or one less is seen.
fn headers(request: &HttpMockRequest) -> Vec<(String, String)> {
    let mut headers = request.headers_vec().clone();
    headers.sort();
    headers
}

/// Asks once, and demands exactly this body and these headers besides those of every request.
async fn is_sent(
    basic: &str,
    ibm_client_id: Option<&str>,
    body: &'static str,
    set_up: fn(MobilePayAuth) -> MobilePayAuth,
) {
    let server = MockServer::start_async().await;
    let mut expected = vec![
        ("accept".to_owned(), "application/json".to_owned()),
        ("authorization".to_owned(), basic.to_owned()),
        ("content-length".to_owned(), body.len().to_string()),
        ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
        ("host".to_owned(), server.address().to_string()),
        ("user-agent".to_owned(), format!("mobilepay-auth/{}", env!("CARGO_PKG_VERSION"))),
    ];
    expected.extend(ibm_client_id.map(|id| ("x-ibm-client-id".to_owned(), id.to_owned())));
    let mock = server
        .mock_async(|when, then| {
            let path = "/integrator-authentication/connect/token";
            when.method("POST").path(path).body(body).is_true(move |r| headers(r) == expected);
            then.status(200).header("content-type", "application/json; charset=UTF-8").body(ANSWER);
        })
        .await;
    let endpoint = set_up(endpoint(&format!("{}/integrator-authentication", server.base_url())));
    let response = ask(&endpoint).await.expect("a token");
    assert_eq!((response.value(), response.lifetime().as_secs()), ("invented.mobilepay.token", 3700));
    assert_eq!(response.scope(), Some("integrator_scope"));
    mock.assert_calls_async(1).await;
}

#[tokio::test]
async fn request_for_a_bound_token_is_the_page_s_to_the_byte() {
    is_sent(FORM, Some(CLIENT_ID), BOUND, |it| it.merchant_vat("DK00000042").expect("a VAT number")).await;
}

#[tokio::test]
async fn request_for_an_unbound_token_leaves_the_merchant_out() {
    is_sent(FORM, Some(CLIENT_ID), UNBOUND, |it| it).await;
}

#[tokio::test]
async fn ibm_client_id_can_be_another_one() {
    fn other() -> IbmClientId {
        IbmClientId::Other(Secret::new("invented-gateway-id").expect("an id"))
    }
    is_sent(FORM, Some("invented-gateway-id"), UNBOUND, |it| it.ibm_client_id(other()).expect("an id")).await;
}

#[tokio::test]
async fn ibm_client_id_can_be_left_out() {
    is_sent(FORM, None, UNBOUND, |it| it.ibm_client_id(IbmClientId::None).expect("none")).await;
}

#[tokio::test]
async fn client_system_version_is_not_sent_to_the_token_endpoint() {
    is_sent(FORM, Some(CLIENT_ID), UNBOUND, |it| it.client_system_version("1.2.3").expect("a version")).await;
}

#[tokio::test]
async fn basic_is_raw_by_option() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method("POST").header("authorization", RAW).header("x-ibm-client-id", "invented client 7");
            then.status(200).body(ANSWER);
        })
        .await;
    let given = credentials("invented client 7", CLIENT_SECRET);
    let endpoint = MobilePayAuth::new(server.base_url(), given).expect("endpoint");
    ask(&endpoint.basic_encoding(BasicEncoding::Raw).expect("no colon")).await.expect("a token");
    mock.assert_calls_async(1).await;
}

#[tokio::test]
async fn http_client_of_the_user_s_own_is_the_one_that_sends() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method("POST").header("x-invented", "yes");
            then.status(200).body(ANSWER);
        })
        .await;
    let own = HttpClient::configured(|builder| {
        builder.default_headers(
            [("x-invented".parse().expect("a name"), "yes".parse().expect("a value"))].into_iter().collect(),
        )
    });
    ask(&endpoint(&server.base_url()).http_client(own).expect("a client")).await.expect("a token");
    mock.assert_calls_async(1).await;
}

#[tokio::test]
async fn base_and_full_url_with_or_without_a_slash_reach_the_same_path() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method("POST").path("/integrator-authentication/connect/token");
            then.status(200).body(ANSWER);
        })
        .await;
    for end in ["", "/", "/connect/token", "/connect/token/"] {
        let url = format!("{}/integrator-authentication{end}", server.base_url());
        ask(&endpoint(&url)).await.expect("a token");
    }
    mock.assert_calls_async(4).await;
}

#[tokio::test]
async fn headers_of_later_calls_are_those_of_the_credentials_just_used() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method("POST");
            then.status(200).body(ANSWER);
        })
        .await;
    let asked = AtomicUsize::new(0);
    let rotating = CredentialSource::from_fn(move || {
        let credentials = ClientCredentials::new(
            format!("invented-client-{}", asked.fetch_add(1, Ordering::Relaxed)),
            "invented-secret",
        );
        async { credentials }
    });
    let endpoint = MobilePayAuth::new(server.base_url(), rotating).expect("endpoint");
    let endpoint = endpoint.client_system_version("1.2.3").expect("a version");
    for expected in ["invented-client-0", "invented-client-1"] {
        let response = ask(&endpoint).await.expect("a token");
        let later: Vec<_> =
            response.headers().map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII"))).collect();
        assert_eq!(later, [("x-ibm-client-id", expected), ("x-mobilepay-client-system-version", "1.2.3")]);
        assert!(response.headers().all(|(_, value)| value.is_sensitive()));
    }
}

#[tokio::test]
async fn life_that_nothing_tells_is_the_documented_default() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method("POST");
            then.status(200).body(r#"{"access_token":"invented","token_type":"bearer","new":{"a":[1]}}"#);
        })
        .await;
    let response = ask(&endpoint(&server.base_url())).await.expect("a token");
    assert_eq!((response.scope(), response.lifetime()), (None, DEFAULT_LIFETIME));
}
