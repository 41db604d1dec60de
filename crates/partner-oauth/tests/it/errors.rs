//! The errors of Laravel Passport and of Laravel round it, and what becomes of them.

use std::time::Duration;

use auth_core::TokenEndpoint;
use auth_sim::{Fault, PartnerError, Vendor};
use httpmock::MockServer;
use partner_oauth::{Error, PartnerOAuth};

use crate::{credentials, cx, endpoint, source, start};

const SECRET: &str = r#"invented-"secret"#;

async fn error(status: u16, body: &str) -> Error {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method("POST");
            let answer = then.status(status).header("retry-after", "17").header("x-ratelimit-limit", "60");
            answer.header("x-ratelimit-remaining", "0").header("x-ratelimit-reset", "1710220048").body(body);
        })
        .await;
    let partner = PartnerOAuth::new(server.base_url(), credentials("invented-client", SECRET)).expect("endpoint");
    partner.request_token(&cx()).await.expect_err("an error")
}

#[tokio::test]
async fn wrong_credentials_are_401_invalid_client_with_a_message_or_without() {
    for body in [
        r#"{"error":"invalid_client","error_description":"Client authentication failed","message":"Client authentication failed"}"#,
        r#"{"error":"invalid_client","error_description":"Client authentication failed"}"#,
        r#"{"error":"invalid_client","message":"Client authentication failed"}"#,
    ] {
        let error = error(401, body).await;
        assert!(matches!(error, Error::Rejected(_)) && !error.is_transient(), "{error}");
        assert_eq!((error.status(), error.code()), (Some(401), Some("invalid_client")));
        assert_eq!(error.description(), Some("Client authentication failed"));
        assert!(error.hint().is_some_and(|hint| hint.contains("Client Secret")), "{error}");
    }
}

#[tokio::test]
async fn wrong_credentials_are_invalid_client_with_status_400_as_well() {
    let error = error(400, r#"{"error":"invalid_client"}"#).await;
    assert!(matches!(error, Error::Rejected(_)) && error.to_string().contains("Client Secret"), "{error}");
}

#[tokio::test]
async fn wrong_credentials_are_401_in_html_where_accept_was_lost_on_the_way() {
    let error = error(401, "<!DOCTYPE html><html></html>").await;
    assert!(matches!(error, Error::Rejected(_)) && error.code().is_none(), "{error}");
    assert!(error.to_string().contains("Client Secret"), "{error}");
}

#[tokio::test]
async fn grant_type_or_body_that_is_not_understood_is_400_unsupported_grant_type_with_a_hint() {
    let body = r#"{"error":"unsupported_grant_type","error_description":"The authorization grant type is not supported by the authorization server.","hint":"Check that all required parameters have been provided","message":"The authorization grant type is not supported by the authorization server."}"#;
    let error = error(400, body).await;
    assert!(matches!(error, Error::Rejected(_)) && error.to_string().contains("proxy"), "{error}");
    assert_eq!((error.status(), error.code()), (Some(400), Some("unsupported_grant_type")));
    let words = error.description().expect("words");
    assert!(words.starts_with("Check that all required parameters have been provided: The authorization"), "{words}");
}

#[tokio::test]
async fn missing_parameter_is_400_invalid_request_and_the_hint_names_it() {
    let body = r#"{"error":"invalid_request","error_description":"The request is missing a required parameter.","hint":"Check the `client_id` parameter","message":"The request is missing a required parameter."}"#;
    let error = error(400, body).await;
    assert!(matches!(error, Error::Rejected(_)), "{error}");
    assert_eq!((error.status(), error.code()), (Some(400), Some("invalid_request")));
    assert!(error.hint().is_some_and(|hint| hint.contains("a parameter is missing")), "{error}");
    let words = "Check the `client_id` parameter: The request is missing a required parameter.";
    assert_eq!(error.description(), Some(words));
}

#[tokio::test]
async fn server_s_fault_is_500_server_error() {
    let error = error(500, r#"{"error":"server_error","error_description":"unexpected condition"}"#).await;
    assert!(matches!(error, Error::Unavailable(_)) && error.is_transient(), "{error}");
    assert_eq!((error.code(), error.description()), (Some("server_error"), Some("unexpected condition")));
    assert!(error.hint().is_some_and(|hint| hint.contains("asked again")), "{error}");
}

#[tokio::test]
async fn server_s_fault_is_500_with_a_message_alone() {
    let error = error(500, r#"{"message":"Server Error"}"#).await;
    assert!(matches!(error, Error::Unavailable(_)) && error.retry_after().is_none(), "{error}");
    assert_eq!((error.code(), error.description()), (None, Some("Server Error")));
}

#[tokio::test]
async fn maintenance_is_503_with_a_message_and_its_time_is_kept() {
    let error = error(503, r#"{"message":"Service Unavailable"}"#).await;
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
    assert_eq!(error.description(), Some("Service Unavailable"));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
}

#[tokio::test]
async fn refused_fields_are_422_with_a_message_and_each_field_s_errors() {
    let body = r#"{"message":"The client id field must be a string. (and 1 more error)","errors":{"client_id":["The client id field must be a string."],"client_secret":["Too short.","Odd."]}}"#;
    let error = error(422, body).await;
    assert!(matches!(error, Error::Rejected(_)) && error.hint().is_some(), "{error}");
    let words = "client_id: The client id field must be a string.; client_secret: Too short. Odd.";
    assert_eq!((error.status(), error.description()), (Some(422), Some(words)));
}

#[tokio::test]
async fn errors_of_another_shape_leave_the_message() {
    for errors in ["{}", "[]", "null", "\"all\""] {
        let error = error(422, &format!(r#"{{"message":"The given data was invalid.","errors":{errors}}}"#)).await;
        assert_eq!(error.description(), Some("The given data was invalid."), "{errors}");
    }
}

#[tokio::test]
async fn too_many_attempts_are_429_with_a_message_and_retry_after_in_seconds() {
    let error = error(429, r#"{"message":"Too Many Attempts."}"#).await;
    assert!(matches!(error, Error::Throttled(_)) && error.hint().is_some(), "{error}");
    assert_eq!(error.description(), Some("Too Many Attempts."));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
}

#[tokio::test]
async fn too_many_attempts_of_the_simulator_hold_for_its_retry_after() {
    let sim = start().await;
    sim.faults().next(1, PartnerError::TooManyAttempts.into());
    let tokens = source(endpoint(&sim));
    for _ in 0..3 {
        let error = tokens.token().await.expect_err("an error");
        assert!(matches!(error, Error::Throttled(_)) && error.retry_after() > Some(Duration::from_secs(30)), "{error}");
    }
    assert_eq!(sim.counts().token_requests, 1);
}

#[tokio::test]
async fn wrong_secret_is_asked_once_however_many_ask() {
    let sim = start().await;
    sim.rotate_secret("invented-and-rotated");
    let tokens = source(endpoint(&sim));
    for _ in 0..1000 {
        let error = tokens.token().await.expect_err("an error");
        assert_eq!((error.status(), error.code()), (Some(401), Some("invalid_client")));
    }
    assert_eq!(sim.counts().token_requests, 1);
}

#[tokio::test]
async fn server_error_is_tried_again_within_the_call() {
    for fault in [PartnerError::ServerError, PartnerError::ServerErrorMessage, PartnerError::ServiceUnavailable] {
        let sim = start().await;
        sim.faults().next(1, fault.into());
        source(endpoint(&sim)).token().await.expect("a token at the second attempt");
        assert_eq!(sim.counts().token_requests, 2, "{fault:?}");
    }
}

#[tokio::test]
async fn forbidden_and_wrong_path_say_whom_to_ask_and_what_is_expected() {
    let forbidden = error(403, r#"{"message":"Forbidden"}"#).await;
    assert!(matches!(forbidden, Error::Rejected(_)) && forbidden.to_string().contains("support"), "{forbidden}");
    for status in [404, 405] {
        let error = error(status, "<html>").await;
        assert!(matches!(error, Error::Rejected(_)) && error.to_string().contains("/api/oauth/token"), "{error}");
    }
}

#[tokio::test]
async fn success_with_an_error_in_it_is_that_error_and_with_a_message_alone_is_malformed() {
    let inside = error(200, r#"{"error":"invalid_client","message":"Client authentication failed"}"#).await;
    assert!(matches!(inside, Error::Rejected(_)) && inside.code() == Some("invalid_client"), "{inside}");
    let message = error(200, r#"{"message":"Server Error"}"#).await;
    assert!(matches!(message, Error::Malformed(_)) && message.to_string().contains("access_token"), "{message}");
}

#[tokio::test]
async fn credentials_that_the_server_quotes_are_shown_nowhere() {
    let quoted = r#"invented-client invented-\"secret {\"client_secret\":\"invented-\\\"secret\"}"#;
    for body in [
        format!(r#"{{"message":"{quoted}"}}"#),
        format!(r#"{{"message":"x","errors":{{"client_id":["{quoted}"]}}}}"#),
        format!(r#"{{"error":"invented-client","error_description":"{quoted}","hint":"{quoted}"}}"#),
    ] {
        let error = error(400, &body).await;
        let words = error.description().expect("words").to_owned();
        assert!(words.contains("[redacted]"), "{words}");
        let shown = format!("{error} {error:?} {error:#?} {words}");
        assert!(!shown.contains("invented"), "{shown}");
    }
}

#[tokio::test]
async fn every_fault_the_simulator_knows_is_a_token_or_an_error_of_its_status_and_shows_no_secret() {
    let sim = start().await;
    let (partner, known) = (endpoint(&sim), sim.credentials());
    for fault in Fault::all_for(Vendor::Partner).into_iter().chain(Fault::common()) {
        sim.faults().clear();
        sim.faults().next(1, fault.clone());
        let answer = partner.request_token(&cx()).await;
        assert_eq!(answer.is_ok(), fault.yields_token(), "{}: {answer:?}", fault.name());
        let Err(error) = answer else { continue };
        let shown = format!("{error} {error:?} {error:#?} {:?}", error.description());
        for secret in [&known.client_id, &known.client_secret] {
            assert!(!shown.contains(secret), "{}: {shown}", fault.name());
        }
        if let (Some(status), Some(expected)) = (error.status(), fault.status()) {
            assert_eq!(status, expected, "{}", fault.name());
        }
    }
}
