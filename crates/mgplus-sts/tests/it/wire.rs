//! What goes over the wire, byte for byte.

use auth_core::{TokenEndpoint, TokenResponse};
use httpmock::{HttpMockRequest, MockServer};
use mgplus_sts::{DEFAULT_LIFETIME, HttpClient, MgPlusSts};

use crate::{credentials, cx};

/// The page's answer with an invented token.
const ANSWER: &str = r#"{"access_token":"invented.mgplus.token","expires_in":3600,"token_type":"Bearer"}"#;

const BODY: &str =
    "grant_type=client_credentials&client_id=invented+agent%2F7&client_secret=invented%26secret%3D%C3%A9";

fn endpoint(url: &str) -> MgPlusSts {
    MgPlusSts::new(url, credentials("invented agent/7", "invented&secret=é")).expect("endpoint")
}

async fn ask(endpoint: &MgPlusSts) -> TokenResponse {
    endpoint.request_token(&cx()).await.expect("a token")
}

/// What the endpoint makes of `body`, answered with 200.
async fn answered(body: &str) -> TokenResponse {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method("POST");
            then.status(200).body(body);
        })
        .await;
    ask(&endpoint(&server.base_url())).await
}

/// Every header that is sent, sorted, so that one more or one less is seen.
fn headers(request: &HttpMockRequest) -> Vec<(String, String)> {
    let mut headers = request.headers_vec().clone();
    headers.sort();
    headers
}

#[tokio::test]
async fn request_is_the_page_s_to_the_byte() {
    let server = MockServer::start_async().await;
    let host = server.address().to_string();
    let mock = server
        .mock_async(|when, then| {
            let expected = [
                ("accept".to_owned(), "application/json".to_owned()),
                ("content-length".to_owned(), BODY.len().to_string()),
                ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
                ("host".to_owned(), host),
                ("user-agent".to_owned(), format!("mgplus-sts/{}", env!("CARGO_PKG_VERSION"))),
            ];
            when.method("POST").path("/connect/token").body(BODY).is_true(move |r| headers(r) == expected);
            then.status(200).header("content-type", "application/json; charset=UTF-8").body(ANSWER);
        })
        .await;
    let response = ask(&endpoint(&server.base_url())).await;
    assert_eq!((response.value(), response.lifetime().as_secs()), ("invented.mgplus.token", 3600));
    assert_eq!((response.scope(), response.headers().count()), (None, 0));
    mock.assert_calls_async(1).await;
}

#[tokio::test]
async fn base_and_full_url_with_or_without_a_slash_reach_the_same_path() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method("POST").path("/tenant/connect/token");
            then.status(200).body(ANSWER);
        })
        .await;
    for end in ["", "/", "/connect/token", "/connect/token/"] {
        ask(&endpoint(&format!("{}/tenant{end}", server.base_url()))).await;
    }
    mock.assert_calls_async(4).await;
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
        let header = ("x-invented".parse().expect("a name"), "yes".parse().expect("a value"));
        builder.default_headers([header].into_iter().collect())
    });
    ask(&endpoint(&server.base_url()).http_client(own).expect("a client")).await;
    mock.assert_calls_async(1).await;
}

#[tokio::test]
async fn answer_may_have_a_scope_and_members_nobody_knows() {
    let response = answered(
        r#"{"access_token":"invented","expires_in":"120","token_type":"bearer","scope":"wallet","new":{"a":[1]}}"#,
    )
    .await;
    assert_eq!((response.scope(), response.lifetime().as_secs()), (Some("wallet"), 120));
}

#[tokio::test]
async fn life_that_nothing_tells_is_the_documented_default() {
    assert_eq!(answered(r#"{"access_token":"invented"}"#).await.lifetime(), DEFAULT_LIFETIME);
}
