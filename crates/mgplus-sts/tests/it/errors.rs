//! The page's table of errors, and those that support knows.

use std::time::Duration;

use auth_core::{Error, RequestContext, TokenEndpoint};
use auth_sim::{Fault, Simulator, Vendor};
use httpmock::MockServer;
use mgplus_sts::{ClientCredentials, MgPlusSts};

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

async fn ask(url: &str) -> Result<auth_core::TokenResponse, Error> {
    let credentials = ClientCredentials::new("invented-agent", "invented-secret").expect("credentials");
    let endpoint = MgPlusSts::new(url, credentials).expect("endpoint");
    endpoint.request_token(&RequestContext::first(Duration::from_secs(5))).await
}

#[tokio::test]
async fn documented_refusals_are_understood_as_json_and_as_bare_text() {
    for code in ["invalid_request", "invalid_client", "unsupported_grant_type"] {
        for body in [format!(r#"{{"error":"{code}"}}"#), code.to_owned(), format!("{code}\r\n")] {
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
    }
}

#[tokio::test]
async fn general_error_is_tried_again_within_the_call() {
    let sim = Simulator::start(Vendor::MgPlus).await.expect("simulator");
    sim.faults().next(1, Fault::MgPlus(auth_sim::MgPlusError::GeneralErrorText));
    let credentials = ClientCredentials::new(&sim.credentials().client_id, &sim.credentials().client_secret);
    let sts = MgPlusSts::new(sim.url(), credentials.expect("credentials")).expect("endpoint");
    let mut policy = sts.policy();
    policy.retry_backoff = Duration::from_millis(20);
    let tokens = auth_core::TokenSource::builder(sts).policy(policy).build();
    tokens.token().await.expect("a token at the second attempt");
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
    let sim = Simulator::start(Vendor::MgPlus).await.expect("simulator");
    let credentials = sim.credentials();
    let agent = ClientCredentials::new(&credentials.client_id, &credentials.client_secret).expect("credentials");
    let sts = MgPlusSts::new(sim.url(), agent).expect("endpoint");
    for fault in Fault::all_for(Vendor::MgPlus).into_iter().chain(Fault::common()) {
        sim.faults().clear();
        sim.faults().next(1, fault.clone());
        let cx = RequestContext::first(Duration::from_secs(5));
        let answer = sts.request_token(&cx).await;
        assert_eq!(answer.is_ok(), fault.yields_token(), "{}: {answer:?}", fault.name());
        let Err(error) = answer else { continue };
        let shown = format!("{error} {error:?} {error:#?} {:?}", error.description());
        assert!(!shown.contains(&credentials.client_secret), "{}: {shown}", fault.name());
        if let (Some(status), Some(expected)) = (error.status(), fault.status()) {
            assert_eq!(status, expected, "{}", fault.name());
        }
    }
}
