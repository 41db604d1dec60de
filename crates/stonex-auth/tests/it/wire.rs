//! What goes over the wire, byte for byte.

use auth_core::{TokenEndpoint, TokenResponse};
use httpmock::{HttpMockRequest, MockServer};
use stonex_auth::{Claims, DEFAULT_LIFETIME, HttpClient, StoneXAuth};

use crate::{credentials, cx};

/// The page's answer, member by member, with an invented token.
const ANSWER: &str = r#"{
"token_type":"Bearer",
"expires_in":3600,
"access_token":"invented.stonex.token",
"scope":"client_credentials"
}"#;

const BODY: &str = r#"{"client_id":"invented \"client\"/7","client_secret":"invented\\secret&+é"}"#;

fn endpoint(url: &str) -> StoneXAuth {
    StoneXAuth::new(url, credentials(r#"invented "client"/7"#, r"invented\secret&+é")).expect("endpoint")
}

async fn ask(endpoint: &StoneXAuth) -> TokenResponse {
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
                ("content-type".to_owned(), "application/json".to_owned()),
                ("host".to_owned(), host),
                ("user-agent".to_owned(), format!("stonex-auth/{}", env!("CARGO_PKG_VERSION"))),
            ];
            when.method("POST")
                .path("/api/v1/authentication")
                .body(BODY)
                .is_true(move |r| headers(r) == expected && r.query_params().is_empty());
            then.status(200).header("content-type", "application/json; charset=utf-8").body(ANSWER);
        })
        .await;
    let response = ask(&endpoint(&server.base_url())).await;
    assert_eq!((response.value(), response.lifetime().as_secs()), ("invented.stonex.token", 3600));
    assert_eq!(response.scope(), Some("client_credentials"));
    assert_eq!((response.headers().count(), response.refresh_token().is_some()), (0, false));
    mock.assert_calls_async(1).await;
}

#[tokio::test]
async fn version_in_the_path_is_the_one_asked_for() {
    for (version, path) in [("2", "/api/v2/authentication"), ("v2.1-beta", "/api/v2.1-beta/authentication")] {
        let server = MockServer::start_async().await;
        let mock = server
            .mock_async(|when, then| {
                when.method("POST").path(path);
                then.status(200).body(ANSWER);
            })
            .await;
        ask(&endpoint(&server.base_url()).api_version(version).expect("a version")).await;
        mock.assert_calls_async(1).await;
    }
}

#[tokio::test]
async fn path_is_added_to_the_base_s_own_with_or_without_a_slash() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method("POST").path("/gateway/api/v1/authentication");
            then.status(200).body(ANSWER);
        })
        .await;
    for end in ["", "/"] {
        ask(&endpoint(&format!("{}/gateway{end}", server.base_url()))).await;
    }
    mock.assert_calls_async(2).await;
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
async fn answer_may_have_success_said_and_members_that_errors_have_too() {
    let response = answered(
        r#"{"access_token":"invented","expires_in":"120","token_type":"bearer","isSuccess":true,"errorCode":null,
            "message":"fine","title":"Token","detail":"new","traceId":"00-invented","errors":{},"new":{"a":[1]}}"#,
    )
    .await;
    assert_eq!((response.value(), response.lifetime().as_secs()), ("invented", 120));
    let response = answered(r#"{"access_token":"invented","errorCode":"TRD0000","isSuccess":true}"#).await;
    assert_eq!((response.value(), response.scope()), ("invented", None));
}

#[tokio::test]
async fn life_that_nothing_tells_is_the_documented_default() {
    let response = answered(r#"{"access_token":"invented"}"#).await;
    assert_eq!(response.lifetime(), DEFAULT_LIFETIME);
}

/// A signature that is cut, as on the page, takes nothing away: it is never checked.
#[tokio::test]
async fn life_and_claims_are_read_from_a_token_whose_signature_is_cut() {
    let response = answered(&format!(r#"{{"access_token":"{TOKEN}"}}"#)).await;
    assert_eq!(response.lifetime().as_secs(), 1800);
    let claims: Claims = response.claims().expect("claims");
    assert_eq!((claims.ver, claims.aud.as_deref()), (Some(1), Some("api://invented")));
    assert_eq!(
        claims.iat.zip(claims.exp).map(|(iat, exp)| (iat.as_secs_f64(), exp.as_secs_f64())),
        Some((60.0, 1860.0))
    );
    assert_eq!(claims.scp, Some(vec!["client_credentials".to_owned()]));
}

/// The claims `{"ver":1,"aud":"api://invented","iat":60,"exp":1860,"scp":["client_credentials"],"new":0}` between two words.
const TOKEN: &str = concat!(
    "invented.",
    "eyJ2ZXIiOjEsImF1ZCI6ImFwaTovL2ludmVudGVkIiwiaWF0Ijo2MCwiZXhwIjoxODYwLCJzY3AiOlsiY2xpZW50X2NyZWRlbnRpYWxzIl0sIm5ldyI6MH0",
    ".invented-and-cut"
);
