//! What goes over the wire, byte for byte, and what is read from it.

use auth_core::{TokenEndpoint, TokenResponse};
use httpmock::{HttpMockRequest, MockServer};
use partner_oauth::{Claims, DEFAULT_LIFETIME, Error, HttpClient, PartnerOAuth};

use crate::{credentials, cx};

/// The page's answer with an invented token.
const ANSWER: &str = r#"{"token_type":"Bearer","expires_in":3600,"access_token":"invented.partner.token"}"#;

const BODY: &str =
    r#"{"grant_type":"client_credentials","client_id":"invented client/7","client_secret":"invented\"&\\=é"}"#;

fn endpoint(url: &str) -> PartnerOAuth {
    PartnerOAuth::new(url, credentials("invented client/7", r#"invented"&\=é"#)).expect("endpoint")
}

async fn ask(endpoint: &PartnerOAuth) -> Result<TokenResponse, Error> {
    endpoint.request_token(&cx()).await
}

/// What the endpoint makes of `body`, answered with 200.
async fn answered(body: &str) -> Result<TokenResponse, Error> {
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
                ("user-agent".to_owned(), format!("partner-oauth/{}", env!("CARGO_PKG_VERSION"))),
            ];
            when.method("POST").path("/api/oauth/token").body(BODY).is_true(move |r| headers(r) == expected);
            then.status(200).header("content-type", "application/json; charset=UTF-8").body(ANSWER);
        })
        .await;
    let response = ask(&endpoint(&server.base_url())).await.expect("a token");
    assert_eq!((response.value(), response.lifetime().as_secs()), ("invented.partner.token", 3600));
    assert_eq!((response.scope(), response.headers().count()), (None, 0));
    mock.assert_calls_async(1).await;
}

#[tokio::test]
async fn base_and_full_url_with_or_without_a_slash_reach_the_same_path() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method("POST").path("/tenant/api/oauth/token");
            then.status(200).body(ANSWER);
        })
        .await;
    for end in ["", "/", "/api/oauth/token", "/api/oauth/token/"] {
        ask(&endpoint(&format!("{}/tenant{end}", server.base_url()))).await.expect("a token");
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
    ask(&endpoint(&server.base_url()).http_client(own).expect("a client")).await.expect("a token");
    mock.assert_calls_async(1).await;
}

#[tokio::test]
async fn answer_may_have_members_nobody_knows_and_a_message_beside_the_token() {
    let body = r#"{"access_token":"invented","expires_in":"120","token_type":"bearer","message":"OK","new":{"a":[1]}}"#;
    assert_eq!(answered(body).await.expect("a token").lifetime().as_secs(), 120);
}

#[tokio::test]
async fn refresh_token_is_not_kept_since_the_page_rules_it_out() {
    let body = r#"{"access_token":"invented","token_type":"Bearer","refresh_token":"invented-too"}"#;
    assert!(answered(body).await.expect("a token").refresh_token().is_none());
}

#[tokio::test]
async fn life_that_nothing_tells_is_the_documented_default() {
    let response = answered(r#"{"token_type":"Bearer","access_token":"opaque"}"#).await.expect("a token");
    assert_eq!(response.lifetime(), DEFAULT_LIFETIME);
}

/// The claims of the page's sample token, each with an invented value of the same shape.
const CLAIMS: &str = r#"{
    "aud": "00000000-invented-client-4711", "jti": "00000000invented4712",
    "iat": 1710220031.583112, "nbf": 1710220031.583114, "exp": 1710223631.577478,
    "sub": "", "scopes": ["invented:create", "invented:delete"],
    "user_id": "00000000-invented-user-4713", "partner_id": "00000000-invented-partner-4714", "is_test": false
}"#;

#[test]
fn every_claim_of_the_page_s_sample_is_read() {
    let claims: Claims = serde_json::from_str(CLAIMS).expect("claims");
    assert_eq!(claims.aud, ["00000000-invented-client-4711"]);
    assert_eq!(claims.jti.as_deref(), Some("00000000invented4712"));
    assert_eq!(claims.iat.expect("iat").as_secs_f64(), 1_710_220_031.583_112);
    assert_eq!(claims.nbf.expect("nbf").as_secs_f64(), 1_710_220_031.583_114);
    assert_eq!(claims.exp.expect("exp").as_secs_f64(), 1_710_223_631.577_478);
    assert_eq!(claims.sub.as_deref(), Some(""));
    assert_eq!(claims.scopes, ["invented:create", "invented:delete"]);
    assert_eq!(claims.user_id.as_deref(), Some("00000000-invented-user-4713"));
    assert_eq!(claims.partner_id.as_deref(), Some("00000000-invented-partner-4714"));
    assert_eq!(claims.is_test, Some(false));
}

#[test]
fn debug_of_claims_shows_the_end_of_each_id_alone() {
    let claims: Claims = serde_json::from_str(CLAIMS).expect("claims");
    let shown = format!("{claims:?} {claims:#?}");
    for end in ["…4711", "…4712", "…4713", "…4714"] {
        assert!(shown.contains(end), "{shown}");
    }
    assert!(shown.contains("invented:create") && !shown.contains("00000000"), "{shown}");
}

#[test]
fn dates_are_whole_or_fractional_and_the_audience_one_or_several() {
    let json = r#"{"aud":["invented-a","invented-b"],"exp":1710223631,"iat":1710220031.5,"scopes":[],"new":{}}"#;
    let claims: Claims = serde_json::from_str(json).expect("claims");
    assert_eq!(claims.aud, ["invented-a", "invented-b"]);
    assert_eq!(claims.exp.expect("exp").as_secs_f64(), 1_710_223_631.0);
    assert_eq!(claims.iat.expect("iat").as_secs_f64(), 1_710_220_031.5);
}

#[test]
fn every_claim_may_be_missing_or_null() {
    let nulls = r#"{"aud":null,"jti":null,"iat":null,"nbf":null,"exp":null,"sub":null,"scopes":null,
        "user_id":null,"partner_id":null,"is_test":null}"#;
    for json in ["{}", nulls] {
        assert_eq!(serde_json::from_str::<Claims>(json).expect("claims"), Claims::default());
    }
}
