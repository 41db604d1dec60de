//! The errors of the gateway and of its OAuth provider, on both calls.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_core::{Error, RequestContext, Secret, TokenEndpoint};
use auth_sim::{Fault, S2sError, Target, Vendor};
use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use s2s_oauth::S2sOAuth;

use crate::{calls, cx, endpoint, invented, source, start};

const CODE: &str = "AAL-invented-code";
const REFRESH: &str = "AAJ-invented-refresh";

async fn answer<'a>(server: &'a MockServer, call: &str, status: u16, body: &str) -> httpmock::Mock<'a> {
    server
        .mock_async(|when, then| {
            when.path(format!("/api/v1/s2s-oauth2/{call}"));
            then.status(status).header("X-RateLimit-Limit", "name=rate-limit,10").body(body);
        })
        .await
}

async fn ask(server: &MockServer, cx: &RequestContext<'_>) -> Result<auth_core::TokenResponse, Error> {
    let endpoint = S2sOAuth::new(server.base_url(), invented(), "read:accounts").expect("endpoint");
    endpoint.refreshing(true).request_token(cx).await
}

/// What the code call's answer becomes; the token call must not be made.
async fn code_error(status: u16, body: &str) -> Error {
    let server = MockServer::start_async().await;
    answer(&server, "code", status, body).await;
    let token = answer(&server, "token", 200, "{}").await;
    let error = ask(&server, &cx()).await.expect_err("an error");
    token.assert_calls_async(0).await;
    error
}

async fn token_error(status: u16, body: &str) -> Error {
    let server = MockServer::start_async().await;
    answer(&server, "code", 200, &format!(r#"{{"code":"{CODE}"}}"#)).await;
    answer(&server, "token", status, body).await;
    ask(&server, &cx()).await.expect_err("an error")
}

fn gateway(code: &str, words: &str) -> String {
    format!(r#"{{"httpCode":{code},"httpMessage":"{words}","moreInformation":"invented"}}"#)
}

fn hint(error: &Error) -> &str {
    error.hint().unwrap_or_default()
}

#[tokio::test]
async fn gateway_that_knows_no_such_client_says_what_to_check_on_either_call() {
    for code in [r#""401""#, "401"] {
        let body = gateway(code, "Unauthorized");
        let (first, second) = (code_error(401, &body).await, token_error(401, &body).await);
        for error in [&first, &second] {
            assert!(matches!(error, Error::Rejected(_)), "{error}");
            assert_eq!((error.status(), error.code()), (Some(401), Some("401")));
            assert_eq!(error.description(), Some("Unauthorized: invented"));
            assert!(hint(error).contains("developer portal"), "{error}");
        }
        assert!(hint(&first).contains("service account"), "{first}");
        assert!(!hint(&second).contains("service account"), "{second}");
    }
}

#[tokio::test]
async fn gateway_that_throttles_is_not_asked_again_at_once_though_its_limit_is_no_number() {
    let body = r#"{"httpCode":"429","httpMessage":"Too Many Requests","moreInformation":"Rate Limit exceeded"}"#;
    for error in [code_error(429, body).await, token_error(429, body).await] {
        assert!(matches!(error, Error::Throttled(_)) && error.is_transient(), "{error}");
        assert_eq!((error.code(), error.retry_after()), (Some("429"), None));
        assert_eq!(error.description(), Some("Too Many Requests: Rate Limit exceeded"));
    }
}

#[tokio::test]
async fn gateway_s_own_fault_is_transient() {
    let body = gateway(r#""500""#, "Internal Server Error");
    for error in [code_error(500, &body).await, token_error(500, &body).await, code_error(503, "<html>").await] {
        assert!(matches!(error, Error::Unavailable(_)) && error.is_transient(), "{error}");
    }
}

#[tokio::test]
async fn multiple_oauth_client_credentials_are_refused_and_point_at_a_proxy() {
    let body = r#"{"error":"invalid_request","error_description":"Multiple OAuth client credentials are provided"}"#;
    let error = token_error(400, body).await;
    assert!(matches!(error, Error::Rejected(_)) && hint(&error).contains("proxy"), "{error}");
    assert_eq!(error.description(), Some("Multiple OAuth client credentials are provided"));
}

#[tokio::test]
async fn oauth_errors_are_refusals_with_their_code_and_say_whom_to_ask() {
    for (error, code, said) in [
        (code_error(400, r#"{"error":"invalid_scope"}"#).await, "invalid_scope", "subscription"),
        (code_error(400, r#"{"error":"invalid_client"}"#).await, "invalid_client", "service account"),
        (token_error(400, r#"{"error":"invalid_client"}"#).await, "invalid_client", "client id and secret"),
        (token_error(401, r#"{"error":"invalid_client"}"#).await, "invalid_client", "client id and secret"),
        (token_error(400, r#"{"error":"invalid_grant"}"#).await, "invalid_grant", "proxy repeat requests"),
        (token_error(400, r#"{"error":"unsupported_grant_type"}"#).await, "unsupported_grant_type", "post()"),
        (token_error(200, r#"{"error":"invalid_request"}"#).await, "invalid_request", "post()"),
    ] {
        assert!(matches!(error, Error::Rejected(_)) && !error.is_transient(), "{error}");
        assert!(error.code() == Some(code) && hint(&error).contains(said), "{error}");
    }
}

#[tokio::test]
async fn forbidden_and_wrong_host_and_wrong_method_say_what_to_check() {
    for (error, said) in [
        (code_error(403, "").await, "subscribed"),
        (token_error(403, "").await, "subscribed"),
        (code_error(404, "<html>").await, "API host"),
        (token_error(404, "").await, "API host"),
        (token_error(405, "").await, "post()"),
    ] {
        assert!(matches!(error, Error::Rejected(_)) && error.to_string().contains(said), "{error}");
    }
}

#[tokio::test]
async fn page_s_indentation_by_non_breaking_spaces_is_no_json_and_told_by_place() {
    for error in [
        code_error(200, "{\n\u{a0}\u{a0}\"code\": \"AAL-invented-code\"\n}").await,
        token_error(200, "{\n\u{a0}\u{a0}\"access_token\": \"AAL-invented-code\"\n}").await,
    ] {
        assert!(matches!(error, Error::Malformed(_)) && error.to_string().contains("line 2, column"), "{error}");
        assert!(!format!("{error:?} {error}").contains("AAL"), "{error}");
    }
}

#[tokio::test]
async fn code_that_is_missing_or_odd_is_malformed_and_not_exchanged() {
    for body in [r#"{}"#, r#"{"code":null}"#, r#"{"code":""}"#, r#"{"code":7}"#, r#"{"code":"a b"}"#, r#"["a"]"#] {
        assert!(matches!(code_error(200, body).await, Error::Malformed(_)), "{body}");
    }
}

/// Every way in which `secret` could be seen in `error`.
fn shows(error: &Error, secret: &str) -> bool {
    let source = std::error::Error::source(error).map(ToString::to_string);
    let texts = format!("{error} {error:?} {error:#?} {source:?} {:?}", error.description());
    texts.to_lowercase().contains(&secret.to_lowercase())
}

#[tokio::test]
async fn whatever_a_server_echoes_of_credentials_code_and_refresh_token_is_cut_out() {
    let encoded = "aW52ZW50ZWQtY2xpZW50OmludmVudGVkLWNsaWVudC1zZWNyZXQ="; // client id and secret, as in Basic
    for echoed in [
        "invented-account",
        "invented-account-secret",
        "invented-client",
        "invented-client-secret",
        CODE,
        REFRESH,
        encoded,
    ] {
        let server = MockServer::start_async().await;
        let body = format!(r#"{{"error":"{echoed}","error_description":"*[{echoed}] message rejected*"}}"#);
        answer(&server, "code", 200, &format!(r#"{{"code":"{CODE}"}}"#)).await;
        answer(&server, "token", 400, &body).await;
        let spent = Secret::new(REFRESH).expect("secret");
        let error = ask(&server, &cx().with_refresh_token(&spent)).await.expect_err("an error");
        assert!(!shows(&error, echoed), "{error:?} {:?}", error.description());
        assert_eq!(error.description(), Some("*[[redacted]] message rejected*"), "{echoed}");
    }
}

#[tokio::test]
async fn used_refresh_token_s_error_does_not_show_the_client_id_inside_it() {
    let words = "*[invented-client] refresh_token was used before or revoked, message rejected*";
    let error = token_error(400, &format!(r#"{{"error":"invalid_grant","error_description":"{words}"}}"#)).await;
    assert!(!shows(&error, "invented-client"), "{error:?}");
    assert!(error.description().is_some_and(|words| words.contains("was used before or revoked")));
}

#[tokio::test]
async fn exchange_that_hangs_ends_with_the_attempt() {
    let sim = start().await;
    sim.faults().next_on(Target::Token, 1, Fault::Hang);
    let error = endpoint(&sim).request_token(&RequestContext::first(Duration::from_millis(300))).await;
    let error = error.expect_err("an error");
    assert_eq!(error.reach(), Some(auth_core::Reach::Deadline), "{error}");
}

#[tokio::test]
async fn exchange_without_an_answer_starts_over_with_a_new_code() {
    for fault in [Fault::CutBody, Fault::CutChunked, Fault::Reset] {
        let sim = start().await;
        let name = fault.name();
        sim.faults().next_on(Target::Token, 1, fault);
        source(endpoint(&sim)).token().await.expect("a token at the second attempt");
        assert_eq!(calls(&sim), (2, 2), "{name}");
        assert_eq!(sim.counts().refused, 0, "{name}: no code was sent twice");
    }
}

#[tokio::test]
async fn refused_code_is_followed_by_one_more_in_the_same_attempt() {
    let sim = start().await;
    sim.faults().next_on(Target::Token, 1, S2sError::InvalidGrant.into());
    endpoint(&sim).request_token(&cx()).await.expect("a token by the second code");
    assert_eq!((calls(&sim), sim.counts().minted), ((2, 2), 1));
}

#[tokio::test]
async fn code_refused_twice_is_one_error_after_four_requests() {
    let sim = start().await;
    sim.faults().lasting_on(Target::Token, Duration::MAX, S2sError::InvalidGrant.into());
    let tokens = source(endpoint(&sim));
    for _ in 0..3 {
        let error = tokens.token().await.expect_err("an error");
        assert!(matches!(error, Error::Rejected(_)), "{error}");
        assert_eq!((error.status(), error.code()), (Some(400), Some("invalid_grant")));
    }
    assert_eq!(calls(&sim), (2, 2), "held after that");
}

#[tokio::test]
async fn second_answer_counts_whatever_it_is() {
    let sim = start().await;
    sim.faults().next_on(Target::Token, 1, S2sError::InvalidGrant.into());
    sim.faults().next_on(Target::Token, 1, S2sError::GatewayServerError.into());
    let error = endpoint(&sim).request_token(&cx()).await.expect_err("an error");
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
    assert_eq!(calls(&sim), (2, 2));
}

#[tokio::test]
async fn other_refusals_of_an_exchange_ask_for_no_second_code() {
    for refusal in [S2sError::InvalidClient, S2sError::InvalidRequest, S2sError::GatewayUnauthorized] {
        let sim = start().await;
        sim.faults().next_on(Target::Token, 1, refusal.into());
        endpoint(&sim).request_token(&cx()).await.expect_err("an error");
        assert_eq!(calls(&sim), (1, 1), "{refusal:?}");
    }
}

#[tokio::test]
async fn both_codes_are_cut_out_of_the_second_refusal() {
    let codes = ["AAL-invented-first", "AAL-invented-second"];
    let server = MockServer::start_async().await;
    let handed = AtomicUsize::new(0);
    server
        .mock_async(|when, then| {
            when.path("/api/v1/s2s-oauth2/code");
            then.respond_with(move |_: &HttpMockRequest| {
                let code = codes[handed.fetch_add(1, Ordering::SeqCst).min(1)];
                HttpMockResponse::builder().status(200).body(format!(r#"{{"code":"{code}"}}"#)).build()
            });
        })
        .await;
    let words = format!("{} came after {}", codes[1], codes[0]);
    let refusal = format!(r#"{{"error":"invalid_grant","error_description":"{words}"}}"#);
    let exchange = answer(&server, "token", 400, &refusal).await;
    let error = ask(&server, &cx()).await.expect_err("an error");
    exchange.assert_calls_async(2).await;
    assert_eq!(error.description(), Some("[redacted] came after [redacted]"));
    assert!(!codes.iter().any(|code| shows(&error, code)), "{error:?}");
}

#[tokio::test]
async fn redirect_is_not_followed_with_the_secrets() {
    for target in [Target::Code, Target::Token] {
        let (sim, elsewhere) = (start().await, start().await);
        sim.faults().next_on(target, 1, Fault::Redirect(elsewhere.url().to_owned()));
        let error = endpoint(&sim).request_token(&cx()).await.expect_err("an error");
        assert!(matches!(error, Error::Malformed(_)) && !error.is_transient(), "{error}");
        assert_eq!((error.status(), elsewhere.counts().requests), (Some(307), 0));
    }
}

#[tokio::test]
async fn every_fault_the_simulator_knows_is_a_token_or_an_error_of_its_status_and_shows_no_secret() {
    let sim = start().await;
    let known = sim.credentials().clone();
    let s2s = endpoint(&sim);
    for fault in Fault::all_for(Vendor::S2s).into_iter().chain(Fault::common()) {
        let targets =
            if fault.target() == Target::Auth { vec![Target::Code, Target::Token] } else { vec![fault.target()] };
        for target in targets {
            sim.faults().clear();
            let name = format!("{} on {target:?}", fault.name());
            // The first refusal of a code is followed by another code.
            let heals = matches!(fault, Fault::S2s(S2sError::InvalidGrant | S2sError::RefreshTokenUsed));
            sim.faults().next_on(target, 1 + u64::from(heals), fault.clone());
            let answer = s2s.request_token(&cx()).await;
            assert!(sim.faults().is_empty(), "{name} was not met");
            assert_eq!(answer.is_ok(), fault.yields_token(), "{name}: {answer:?}");
            let Err(error) = answer else { continue };
            for secret in
                [&known.client_id, &known.client_secret, &known.service_account_id, &known.service_account_secret]
            {
                assert!(!shows(&error, secret), "{name}: {error:?}");
            }
            if let (Some(status), Some(expected)) = (error.status(), fault.status()) {
                assert_eq!(status, expected, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn refused_scope_is_asked_for_once_and_held() {
    let sim = start().await;
    sim.faults().lasting(Duration::MAX, S2sError::InvalidScope.into());
    let tokens = source(endpoint(&sim));
    for _ in 0..10 {
        tokens.token().await.expect_err("an error");
    }
    assert_eq!(calls(&sim), (1, 0));
}
