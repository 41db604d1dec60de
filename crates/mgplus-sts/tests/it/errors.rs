//! The page's table of errors, and those that support knows.

use std::time::Duration;

use auth_core::TokenEndpoint;
use auth_sim::{Fault, MgPlusError, Vendor};
use httpmock::MockServer;
use mgplus_sts::{Error, MgPlusSts};

use crate::{credentials, cx, endpoint, source, start};

async fn error(status: u16, body: &str) -> Error {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method("POST");
            then.status(status).header("retry-after", "17").body(body);
        })
        .await;
    let sts = MgPlusSts::new(server.base_url(), credentials("invented-client", "invented-secret")).expect("endpoint");
    sts.request_token(&cx()).await.expect_err("an error")
}

#[tokio::test]
async fn documented_refusals_are_understood_as_json_and_as_bare_text() {
    for code in ["invalid_request", "invalid_client", "unsupported_grant_type"] {
        let bare = [code.to_owned(), format!("{code}\r\n"), format!(r#""{code}""#)];
        for body in [format!(r#"{{"error":"{code}"}}"#)].into_iter().chain(bare) {
            let error = error(400, &body).await;
            assert!(matches!(error, Error::Rejected(_)), "{error}");
            assert_eq!((error.status(), error.code()), (Some(400), Some(code)));
            assert!(error.hint().is_some(), "{error}");
        }
    }
}

#[tokio::test]
async fn general_error_is_transient_as_json_text_and_html() {
    for body in [r#"{"error":"general_error"}"#, "general_error", "<html>general_error</html>"] {
        let error = error(500, body).await;
        assert!(matches!(error, Error::Unavailable(_)) && error.is_transient(), "{error}");
        assert_eq!(error.hint().is_some(), error.code().is_some(), "{error}");
    }
}

#[tokio::test]
async fn general_error_is_tried_again_within_the_call() {
    let sim = start().await;
    sim.faults().next(1, MgPlusError::GeneralErrorText.into());
    source(endpoint(&sim)).token().await.expect("a token at the second attempt");
    assert_eq!(sim.counts().token_requests, 2);
}

#[tokio::test]
async fn refused_address_and_wrong_path_say_whom_to_ask() {
    let error_403 = error(403, "").await;
    assert!(matches!(error_403, Error::Rejected(_)) && error_403.to_string().contains("allow list"), "{error_403}");
    let error_404 = error(404, "<html>").await;
    assert!(matches!(error_404, Error::Rejected(_)) && error_404.to_string().contains("Backoffice"), "{error_404}");
}

#[tokio::test]
async fn throttling_keeps_the_vendor_s_time() {
    let error = error(429, "").await;
    assert!(matches!(error, Error::Throttled(_)));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
}

#[tokio::test]
async fn every_fault_the_simulator_knows_is_a_token_or_an_error_of_its_status_and_shows_no_secret() {
    let sim = start().await;
    let (sts, known) = (endpoint(&sim), sim.credentials());
    for fault in Fault::all_for(Vendor::MgPlus).into_iter().chain(Fault::common()) {
        sim.faults().clear();
        sim.faults().next(1, fault.clone());
        let answer = sts.request_token(&cx()).await;
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

#[tokio::test]
async fn wrong_secret_is_asked_once_however_many_ask() {
    let sim = start().await;
    let tokens = source(endpoint(&sim));
    sim.rotate_secret("invented-and-rotated");
    for _ in 0..20 {
        let error = tokens.token().await.expect_err("the old secret");
        assert!(matches!(error, Error::Rejected(_)) && !error.is_transient(), "{error}");
    }
    assert_eq!(sim.counts().token_requests, 1);
}

#[tokio::test]
async fn echoed_credentials_are_cut_out_of_the_description() {
    let words = "invented-client with invented-secret";
    let error = error(400, &format!(r#"{{"error":"invalid_client","error_description":"{words}"}}"#)).await;
    assert_eq!(error.description(), Some("[redacted] with [redacted]"));
}
