//! StoneX's error answers: four shapes, none of them on its page, and none judged by its words.

use std::time::Duration;

use auth_core::{Reach, TokenEndpoint, TokenResponse};
use auth_sim::{Fault, StoneXError, Vendor};
use httpmock::MockServer;
use stonex_auth::{Error, StoneXAuth};

use crate::{credentials, cx, endpoint, source, start};

const ID: &str = "invented-client";
/// With what JSON escapes, and a word that stands nowhere else.
const SECRET: &str = r#"invented\"canary""#;

async fn error(status: u16, body: &str) -> Error {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method("POST");
            then.status(status).header("retry-after", "17").body(body);
        })
        .await;
    ask(&server.base_url()).await.expect_err("an error")
}

async fn ask(url: &str) -> Result<TokenResponse, Error> {
    StoneXAuth::new(url, credentials(ID, SECRET)).expect("endpoint").request_token(&cx()).await
}

fn hints_at(error: &Error, words: &str) -> bool {
    error.hint().is_some_and(|hint| hint.contains(words))
}

#[tokio::test]
async fn oauth_error_is_understood() {
    for (status, code) in [(400, "invalid_client"), (401, "invalid_client")] {
        let error = error(status, &format!(r#"{{"error":"{code}","error_description":"Some words."}}"#)).await;
        assert!(matches!(error, Error::Rejected(_)), "{error}");
        assert_eq!((error.status(), error.code()), (Some(status), Some(code)));
        assert_eq!(error.description(), Some("Some words."));
        assert!(hints_at(&error, "account management team"), "{error}");
    }
}

#[tokio::test]
async fn okta_error_is_understood_with_its_causes_and_its_id_to_name_to_support() {
    for status in [400, 401] {
        let error = error(
            status,
            r#"{"errorCode":"invalid_client","errorSummary":"No such client.","errorLink":"invalid_client",
                "errorId":"oaeInvented-1_a","errorCauses":[{"errorSummary":"One cause."},{"errorSummary":"Another."},7]}"#,
        )
        .await;
        assert!(matches!(error, Error::Rejected(_)), "{error}");
        assert_eq!((error.status(), error.code()), (Some(status), Some("invalid_client")));
        assert_eq!(error.correlation_id(), Some("oaeInvented-1_a"));
        assert_eq!(error.description(), Some("No such client.; One cause.; Another."));
        assert!(hints_at(&error, "account management team"), "{error}");
    }
}

#[tokio::test]
async fn stonex_s_own_error_is_understood_at_any_status() {
    let body = r#"{"message":"Some words.","errorCode":"TRD0042","isSuccess":false,"traceId":"00-invented-04"}"#;
    for status in [200, 400, 403, 422] {
        let error = error(status, body).await;
        assert!(matches!(error, Error::Rejected(_)) && !error.is_transient(), "{error}");
        assert_eq!((error.status(), error.code()), (Some(status), Some("TRD0042")));
        assert_eq!((error.description(), error.correlation_id()), (Some("Some words."), Some("00-invented-04")));
        assert!(hints_at(&error, if status == 403 { "address" } else { "of StoneX's own" }), "{error}");
    }
    assert!(matches!(error(500, body).await, Error::Unavailable(_)));
    let others = error(400, &body.replace("TRD0042", "ABC0042")).await;
    assert!(others.code() == Some("ABC0042") && hints_at(&others, "proxy"), "{others}");
}

#[tokio::test]
async fn success_denied_in_a_200_is_an_error_even_without_a_code_and_beside_a_token() {
    for body in [
        r#"{"isSuccess":false}"#,
        r#"{"message":null,"errorCode":null,"isSuccess":false}"#,
        r#"{"access_token":"invented","expires_in":3600,"token_type":"Bearer","isSuccess":false}"#,
    ] {
        let error = error(200, body).await;
        assert!(matches!(error, Error::Rejected(_)), "{error}");
        assert_eq!((error.status(), error.code(), error.description()), (Some(200), None, None));
        assert!(hints_at(&error, "account manager"), "{error}");
    }
    let error = error(200, r#"{"errorCode":"TRD0042"}"#).await;
    assert!(matches!(error, Error::Rejected(_)) && error.code() == Some("TRD0042"), "{error}");
}

#[tokio::test]
async fn problem_details_are_understood_with_the_members_refused_and_the_trace_id() {
    let problem = error(
        400,
        r#"{"type":"https://problems.example/400","title":"Invalid.","status":400,"detail":"Look below.",
            "traceId":"00-invented-01","errors":{"client_id":["Is required.","Is short."],"odd":7}}"#,
    )
    .await;
    assert!(matches!(problem, Error::Rejected(_)), "{problem}");
    assert_eq!((problem.status(), problem.code()), (Some(400), None));
    assert_eq!(problem.correlation_id(), Some("00-invented-01"));
    assert_eq!(problem.description(), Some("Invalid.: Look below.: client_id: Is required. Is short.; odd:"));
    assert!(hints_at(&problem, "proxy"), "{problem}");
    let bare = error(401, r#"{"status":401,"traceId":"00-invented-02"}"#).await;
    assert_eq!((bare.correlation_id(), bare.description()), (Some("00-invented-02"), None));
    assert!(hints_at(&bare, "account management team"), "{bare}");
}

#[tokio::test]
async fn problem_in_a_200_is_an_error() {
    for problem in [r#"{"title":"Unauthorized","status":401}"#, r#"{"traceId":"00-invented-03"}"#] {
        let error = error(200, problem).await;
        assert!(matches!(error, Error::Rejected(_)), "{error}");
    }
}

#[tokio::test]
async fn redirect_is_not_followed_with_the_secret() {
    let (sim, other) = (start().await, start().await);
    sim.faults().next(1, Fault::Redirect(format!("{}/api/v1/authentication", other.url())));
    let error = ask(sim.url()).await.expect_err("a redirect");
    assert!(matches!(error, Error::Malformed(_)) && error.status() == Some(307), "{error}");
    assert_eq!(other.counts().requests, 0);
}

#[tokio::test]
async fn words_may_change_without_changing_the_judgement() {
    for words in ["", "invalid_client", "server_error", "slow_down", "Zugang verweigert"] {
        let bodies = [
            format!(r#"{{"error":"invalid_client","error_description":"{words}"}}"#),
            format!(r#"{{"errorCode":"invalid_client","errorSummary":"{words}","errorId":"x","errorCauses":[]}}"#),
            format!(r#"{{"message":"{words}","errorCode":"invalid_client","isSuccess":false}}"#),
        ];
        for body in bodies {
            let error = error(400, &body).await;
            assert!(matches!(error, Error::Rejected(_)) && error.code() == Some("invalid_client"), "{body}: {error}");
        }
        let problem = format!(r#"{{"title":"{words}","status":401,"detail":"{words}","traceId":"x"}}"#);
        assert!(matches!(error(401, &problem).await, Error::Rejected(_)), "{words}");
    }
}

#[tokio::test]
async fn server_s_own_faults_are_transient_and_blame_nobody() {
    for (status, body) in [
        (500, ""),
        (502, "<html>"),
        (503, r#"{"message":"Later.","errorCode":"TRD0503","isSuccess":false}"#),
        (504, r#"{"title":"Timeout","status":504}"#),
        (500, r#"{"error":"invalid_client"}"#),
        (400, r#"{"error":"temporarily_unavailable"}"#),
    ] {
        let error = error(status, body).await;
        assert!(matches!(error, Error::Unavailable(_)) && error.is_transient(), "{error}");
        assert_eq!(error.hint(), None, "{error}");
    }
}

#[tokio::test]
async fn refused_client_wrong_path_and_changed_request_say_whom_to_ask_or_where_to_look() {
    for (status, words) in [
        (401, "account management team"),
        (403, "account manager"),
        (404, "API version"),
        (400, "proxy"),
        (415, "proxy"),
        (422, "proxy"),
    ] {
        let error = error(status, "").await;
        assert!(matches!(error, Error::Rejected(_)) && error.to_string().contains(words), "{error}");
    }
    let error = error(400, r#"{"error":"unauthorized_client"}"#).await;
    assert!(hints_at(&error, "account manager"), "{error}");
}

#[tokio::test]
async fn throttling_keeps_the_vendor_s_time() {
    let error = error(429, r#"{"title":"Too Many Requests","status":429}"#).await;
    assert!(matches!(error, Error::Throttled(_)));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
    assert_eq!(error.hint(), None);
}

#[tokio::test]
async fn server_s_own_fault_is_tried_again_within_the_call() {
    let sim = start().await;
    sim.faults().next(1, StoneXError::ServerError.into());
    source(endpoint(&sim)).token().await.expect("a token at the second attempt");
    assert_eq!(sim.counts().token_requests, 2);
}

#[tokio::test]
async fn request_quoted_in_an_error_shows_no_credential_in_any_form() {
    let quoted = serde_json::to_string(&serde_json::json!({"client_id": ID, "client_secret": SECRET})).expect("JSON");
    let echo = serde_json::to_string(&format!("{quoted} and {SECRET} of {ID}")).expect("JSON");
    for body in [
        format!(r#"{{"error":"invalid_request","error_description":{echo}}}"#),
        format!(r#"{{"error":"invalid_request","error_description":{quoted}}}"#),
        format!(
            r#"{{"errorCode":"E1","errorSummary":{echo},"errorId":"{ID}","errorCauses":[{{"errorSummary":{echo}}}]}}"#
        ),
        format!(r#"{{"message":{quoted},"errorCode":"{ID}","isSuccess":false}}"#),
        format!(r#"{{"title":{echo},"detail":{echo},"traceId":"{ID}","errors":{{{echo}:[{echo}]}}}}"#),
    ] {
        let error = error(400, &body).await;
        let shown =
            format!("{error} {error:?} {:?} {:?} {:?}", error.description(), error.code(), error.correlation_id());
        assert!(error.description().is_some_and(|words| words.contains("[redacted]")), "{body}: {shown}");
        assert!(!shown.contains("canary") && !shown.contains(ID), "{body}: {shown}");
    }
}

/// A server that speaks no version of TLS in common with the client answers its greeting with a fatal alert (RFC 8446 §6).
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn tls_that_does_not_come_about_hints_at_the_version_that_stonex_demands() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    const PROTOCOL_VERSION: &[u8] = &[21, 3, 3, 0, 2, 2, 70];
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    let server = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let _greeting = stream.read(&mut [0; 4096]).await.expect("a greeting");
        stream.write_all(PROTOCOL_VERSION).await.expect("an alert sent");
    };
    let (answer, ()) = tokio::join!(ask(&url), server);
    let error = answer.expect_err("no TLS");
    assert_eq!(error.reach(), Some(Reach::Tls), "{error}");
    assert!(hints_at(&error, "TLS 1.3"), "{error}");
}

#[tokio::test]
async fn refused_connection_does_not_hint_at_tls() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let error = ask(&url).await.expect_err("nobody there");
    assert_eq!((error.reach(), error.hint()), (Some(Reach::Refused), None), "{error}");
}

#[tokio::test]
async fn every_fault_the_simulator_knows_is_a_token_or_an_error_of_its_status_and_shows_no_secret() {
    let sim = start().await;
    let (stonex, known) = (endpoint(&sim), sim.credentials());
    for fault in Fault::all_for(Vendor::StoneX).into_iter().chain(Fault::common()) {
        sim.faults().clear();
        sim.faults().next(1, fault.clone());
        let answer = stonex.request_token(&cx()).await;
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
