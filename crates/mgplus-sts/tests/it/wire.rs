//! What goes over the wire, byte for byte.

use std::time::Duration;

use auth_core::{RequestContext, TokenEndpoint};
use httpmock::{HttpMockRequest, MockServer};
use mgplus_sts::{ClientCredentials, MgPlusSts};

/// The page's answer with an invented token.
const ANSWER: &str = r#"{"access_token":"invented.mgplus.token","expires_in":3600,"token_type":"Bearer"}"#;

const BODY: &str =
    "grant_type=client_credentials&client_id=invented+agent%2F7&client_secret=invented%26secret%3D%C3%A9";

fn endpoint(url: &str) -> MgPlusSts {
    let credentials = ClientCredentials::new("invented agent/7", "invented&secret=é").expect("credentials");
    MgPlusSts::new(url, credentials).expect("endpoint")
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
    let cx = RequestContext::first(Duration::from_secs(5));
    let response = endpoint(&server.base_url()).request_token(&cx).await.expect("a token");
    assert_eq!((response.value(), response.lifetime().as_secs()), ("invented.mgplus.token", 3600));
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
        let cx = RequestContext::first(Duration::from_secs(5));
        let endpoint = endpoint(&format!("{}/tenant{end}", server.base_url()));
        endpoint.request_token(&cx).await.expect("a token");
    }
    mock.assert_calls_async(4).await;
}

#[tokio::test]
async fn answer_may_have_a_scope_and_members_nobody_knows() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method("POST");
            then.status(200).body(
                r#"{"access_token":"invented","expires_in":"120","token_type":"bearer","scope":"wallet","new":{"a":[1]}}"#,
            );
        })
        .await;
    let cx = RequestContext::first(Duration::from_secs(5));
    let response = endpoint(&server.base_url()).request_token(&cx).await.expect("a token");
    assert_eq!((response.scope(), response.lifetime().as_secs()), (Some("wallet"), 120));
}
