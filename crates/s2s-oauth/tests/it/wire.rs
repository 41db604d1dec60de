//! What goes over the wire, byte for byte.

use auth_core::{TokenEndpoint, TokenResponse};
use http::HeaderValue;
use httpmock::{HttpMockRequest, Mock, MockServer};
use s2s_oauth::{HeaderName, HeaderNames, HttpClient, S2sCredentials, S2sOAuth};

use crate::{credentials, cx};

/// The page's answers, each code and token replaced by an invented one.
const CODE_ANSWER: &str = r#"{"code":"AAL-invented_code~1"}"#;
const TOKEN_ANSWER: &str = r#"{"token_type":"bearer","access_token":"AAI-invented-token","expires_in":1095,
    "consented_on":1565161605,"scope":"read:accounts all:remittance all:eft","refresh_token":"AAJ-invented-refresh",
    "refresh_token_expires_in":2682000}"#;

const CODE_PATH: &str = "/api/v1/s2s-oauth2/code";
const TOKEN_PATH: &str = "/api/v1/s2s-oauth2/token";
const CODE_BODY: &str = "grant_type=authorization_code&code=AAL-invented_code%7E1";
const REFRESH_BODY: &str = "grant_type=refresh_token&refresh_token=AAJ-invented%2B%2Fold";

fn given() -> S2sCredentials {
    credentials("invented account", "account:secret%20+", "invented client", "client:secret%20+/")
}

/// `invented client:client:secret%20+/`, raw.
const BASIC: &str = "Basic aW52ZW50ZWQgY2xpZW50OmNsaWVudDpzZWNyZXQlMjArLw==";

fn endpoint(server: &MockServer) -> S2sOAuth {
    S2sOAuth::new(server.base_url(), given(), "read:accounts all:remittance all:eft").expect("endpoint")
}

/// Every header that is sent, sorted, so that one more or one less is seen.
fn headers(request: &HttpMockRequest) -> Vec<(String, String)> {
    let mut headers = request.headers_vec().clone();
    headers.sort();
    headers
}

/// Those that every call has, and `own`.
fn expected<const N: usize>(server: &MockServer, own: [(&str, &str); N]) -> Vec<(String, String)> {
    let (host, agent) = (server.address().to_string(), format!("s2s-oauth/{}", env!("CARGO_PKG_VERSION")));
    let every = [("accept", "application/json"), ("host", &host), ("user-agent", &agent)];
    let mut all: Vec<_> = every.into_iter().chain(own).map(|(name, value)| (name.into(), value.into())).collect();
    all.sort();
    all
}

async fn code_mock<'a>(server: &'a MockServer, id_name: &str, secret_name: &str) -> Mock<'a> {
    let own = [
        ("x-service-account-id", "invented account"),
        ("x-service-account-secret", "account:secret%20+"),
        (id_name, "invented client"),
        (secret_name, "client:secret%20+/"),
        ("scope", "read:accounts all:remittance all:eft"),
    ];
    let expected = expected(server, own);
    server
        .mock_async(|when, then| {
            let exact = move |r: &HttpMockRequest| headers(r) == expected && r.body_ref().is_empty();
            when.method("GET").path(CODE_PATH).is_true(exact);
            then.status(200).header("content-type", "application/json").body(CODE_ANSWER);
        })
        .await
}

async fn token_mock<'a>(server: &'a MockServer, method: &str, body: &'static str, answer: &str) -> Mock<'a> {
    let own = [
        ("authorization", BASIC),
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-length", &body.len().to_string()),
    ];
    let expected = expected(server, own);
    server
        .mock_async(|when, then| {
            let exact = move |r: &HttpMockRequest| headers(r) == expected && r.body_ref() == body.as_bytes();
            when.method(method).path(TOKEN_PATH).is_true(exact);
            then.status(200).header("content-type", "application/json").body(answer);
        })
        .await
}

#[tokio::test]
async fn both_requests_are_the_page_s_to_the_byte() {
    let server = MockServer::start_async().await;
    let code = code_mock(&server, "x-ibm-client-id", "x-ibm-client-secret").await;
    let token = token_mock(&server, "GET", CODE_BODY, TOKEN_ANSWER).await;
    let response = endpoint(&server).request_token(&cx()).await.expect("a token");
    assert_eq!((response.value(), response.lifetime().as_secs()), ("AAI-invented-token", 1095));
    assert_eq!(response.scope(), Some("read:accounts all:remittance all:eft"));
    code.assert_calls_async(1).await;
    token.assert_calls_async(1).await;
}

#[tokio::test]
async fn later_calls_carry_client_id_and_secret_in_sensitive_headers() {
    let server = MockServer::start_async().await;
    code_mock(&server, "x-ibm-client-id", "x-ibm-client-secret").await;
    token_mock(&server, "GET", CODE_BODY, TOKEN_ANSWER).await;
    let response = endpoint(&server).request_token(&cx()).await.expect("a token");
    assert!(response.headers().all(|(_, value)| value.is_sensitive()));
    let headers: Vec<_> =
        response.headers().map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII"))).collect();
    assert_eq!(headers, [("x-ibm-client-id", "invented client"), ("x-ibm-client-secret", "client:secret%20+/")]);
}

#[tokio::test]
async fn token_call_is_a_post_with_the_same_body_by_option() {
    let server = MockServer::start_async().await;
    let code = code_mock(&server, "x-ibm-client-id", "x-ibm-client-secret").await;
    let token = token_mock(&server, "POST", CODE_BODY, TOKEN_ANSWER).await;
    endpoint(&server).post().request_token(&cx()).await.expect("a token");
    code.assert_calls_async(1).await;
    token.assert_calls_async(1).await;
}

#[tokio::test]
async fn header_names_of_the_newer_gateway_are_used_on_the_code_call_and_on_later_calls() {
    let server = MockServer::start_async().await;
    let code = code_mock(&server, "x-isbank-client-id", "x-isbank-client-secret").await;
    token_mock(&server, "GET", CODE_BODY, TOKEN_ANSWER).await;
    let endpoint = endpoint(&server).header_names(HeaderNames::isbank()).expect("names");
    let response = endpoint.request_token(&cx()).await.expect("a token");
    let names: Vec<_> = response.headers().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x-isbank-client-id", "x-isbank-client-secret"]);
    code.assert_calls_async(1).await;
}

#[tokio::test]
async fn each_header_name_can_be_another() {
    let server = MockServer::start_async().await;
    let code = server
        .mock_async(|when, then| {
            let when = when.path(CODE_PATH).header("a", "invented account").header("b", "account:secret%20+");
            when.header("c", "invented client").header("d", "client:secret%20+/").header("e", "read:accounts");
            then.status(200).body(CODE_ANSWER);
        })
        .await;
    token_mock(&server, "GET", CODE_BODY, TOKEN_ANSWER).await;
    let mut names = HeaderNames::default();
    names.service_account_id = HeaderName::from_static("a");
    names.service_account_secret = HeaderName::from_static("b");
    names.client_id = HeaderName::from_static("c");
    names.client_secret = HeaderName::from_static("d");
    names.scope = HeaderName::from_static("e");
    let endpoint = S2sOAuth::new(server.base_url(), given(), "read:accounts").expect("endpoint");
    endpoint.header_names(names).expect("names").request_token(&cx()).await.expect("a token");
    code.assert_calls_async(1).await;
}

#[tokio::test]
async fn both_calls_go_through_the_client_that_was_given() {
    let server = MockServer::start_async().await;
    let mut mocks = Vec::new();
    for (path, answer) in [(CODE_PATH, CODE_ANSWER), (TOKEN_PATH, TOKEN_ANSWER)] {
        let mock = server.mock_async(|when, then| {
            when.path(path).header("x-of-the-user", "invented");
            then.status(200).body(answer);
        });
        mocks.push(mock.await);
    }
    let client = HttpClient::configured(|builder| {
        let name = HeaderName::from_static("x-of-the-user");
        builder.default_headers([(name, HeaderValue::from_static("invented"))].into_iter().collect())
    });
    endpoint(&server).http_client(client).expect("client").request_token(&cx()).await.expect("a token");
    for mock in mocks {
        mock.assert_calls_async(1).await;
    }
}

#[tokio::test]
async fn refresh_is_the_token_call_alone_with_its_own_grant() {
    let server = MockServer::start_async().await;
    let code = code_mock(&server, "x-ibm-client-id", "x-ibm-client-secret").await;
    let token = token_mock(&server, "GET", REFRESH_BODY, TOKEN_ANSWER).await;
    let old = auth_core::Secret::new("AAJ-invented+/old").expect("secret");
    let endpoint = endpoint(&server).refreshing(true);
    let response = endpoint.request_token(&cx().with_refresh_token(&old)).await.expect("a token");
    assert_eq!(response.refresh_token().map(auth_core::Secret::expose), Some("AAJ-invented-refresh"));
    assert_eq!(response.headers().count(), 2, "later calls carry the client's headers all the same");
    code.assert_calls_async(0).await;
    token.assert_calls_async(1).await;
}

#[tokio::test]
async fn base_and_both_full_urls_with_or_without_a_slash_reach_the_same_paths() {
    let server = MockServer::start_async().await;
    for (path, answer) in [(CODE_PATH, CODE_ANSWER), (TOKEN_PATH, TOKEN_ANSWER)] {
        server
            .mock_async(|when, then| {
                when.path(format!("/sandbox{path}"));
                then.status(200).body(answer);
            })
            .await;
    }
    for end in ["", "/", CODE_PATH, TOKEN_PATH, "/api/v1/s2s-oauth2/token/"] {
        let url = format!("{}/sandbox{end}", server.base_url());
        let endpoint = S2sOAuth::new(url, given(), "read:accounts").expect("endpoint");
        endpoint.request_token(&cx()).await.expect(end);
    }
}

/// What a mocked bank's token answer is read as.
async fn read(token_answer: &str) -> TokenResponse {
    let server = MockServer::start_async().await;
    code_mock(&server, "x-ibm-client-id", "x-ibm-client-secret").await;
    token_mock(&server, "GET", CODE_BODY, token_answer).await;
    endpoint(&server).refreshing(true).request_token(&cx()).await.expect(token_answer)
}

#[tokio::test]
async fn lifetimes_are_read_as_numbers_and_as_strings_and_never_from_consented_on() {
    for (members, seconds) in [
        (r#""expires_in":1095,"consented_on":1565161605"#, 1095),
        (r#""expires_in":"1095","consented_on":"1565161605""#, 1095),
        (r#""expires_in":1095.9,"consented_on":"2019-08-07""#, 1095),
        (r#""consented_on":1565161605"#, 900),
        (r#""expires_in":null,"consented_on":9999999999"#, 900),
    ] {
        let response = read(&format!(r#"{{"access_token":"invented","token_type":"bearer",{members}}}"#)).await;
        assert_eq!(response.lifetime().as_secs(), seconds, "{members}");
    }
}

#[tokio::test]
async fn gateway_s_code_of_success_beside_a_token_is_no_error() {
    for code in [r#""200""#, "200", r#""201""#] {
        let members = format!(r#""httpCode":{code},"httpMessage":"OK","access_token":"invented","expires_in":60"#);
        assert_eq!(read(&format!("{{{members}}}")).await.value(), "invented", "{code}");
    }
}

#[tokio::test]
async fn refresh_token_that_cannot_be_used_does_not_spoil_the_access_token() {
    for (members, kept) in [
        (r#""refresh_token":"invented-refresh","refresh_token_expires_in":2682000"#, true),
        (r#""refresh_token":"invented-refresh","refresh_token_expires_in":"2682000""#, true),
        (r#""refresh_token":"invented-refresh""#, true),
        (r#""refresh_token":"invented-refresh","refresh_token_expires_in":0"#, false),
        (r#""refresh_token":"invented-refresh","refresh_token_expires_in":-1"#, false),
        (r#""refresh_token":"two words","refresh_token_expires_in":2682000"#, false),
        (r#""refresh_token":"","refresh_token_expires_in":2682000"#, false),
        (r#""refresh_token":null"#, false),
        (r#""refresh_token_expires_in":2682000"#, false),
    ] {
        let response = read(&format!(r#"{{"access_token":"invented","token_type":"Bearer",{members}}}"#)).await;
        assert_eq!(response.refresh_token().is_some(), kept, "{members}");
    }
}

#[tokio::test]
async fn scopes_are_compared_as_sets_and_a_missing_member_means_as_asked() {
    let none: [&str; 0] = [];
    for (member, missing) in [
        (r#","scope":"all:eft read:accounts all:remittance""#, &none[..]),
        (r#","scope":"all:eft read:accounts all:remittance more""#, &none),
        (r#","scope":"all:eft  read:accounts""#, &["all:remittance"]),
        (r#","scope":"all:ef read:account""#, &["read:accounts", "all:remittance", "all:eft"]),
        (r#","scope":"""#, &["read:accounts", "all:remittance", "all:eft"]),
        (r#","scope":null"#, &none),
        ("", &none),
    ] {
        let response = read(&format!(r#"{{"access_token":"invented","expires_in":60{member}}}"#)).await;
        assert_eq!(response.ungranted_scopes(), missing, "{member}");
    }
}
