//! The page's status codes, the server's errors, and another merchant's token.

use std::time::Duration;

use auth_core::{TokenEndpoint, TokenResponse};
use auth_sim::{Fault, MobilePayError, Vendor};
use httpmock::MockServer;
use mobilepay_auth::{Error, IbmClientId, MobilePayAuth, Secret};

use crate::{credentials, cx, endpoint, source, start};

async fn answer(status: u16, body: &str) -> Result<TokenResponse, Error> {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method("POST");
            then.status(status)
                .header("retry-after", "17")
                .header("CorrelationId", "invented-correlation-1")
                .body(body);
        })
        .await;
    let given = credentials("invented-client", "invented-secret");
    let gateway_id = Secret::new("invented-gateway-id").expect("an id");
    let mobilepay = MobilePayAuth::new(server.base_url(), given).expect("endpoint");
    let mobilepay = mobilepay.merchant_vat("DK00000042").expect("a VAT number");
    mobilepay.ibm_client_id(IbmClientId::Other(gateway_id)).expect("an id").request_token(&cx()).await
}

async fn error(status: u16, body: &str) -> Error {
    answer(status, body).await.expect_err("an error")
}

#[tokio::test]
async fn unauthorized_if_the_client_is_not_authorized_through_the_api_gateway() {
    let body = r#"{"httpCode":"401","httpMessage":"Unauthorized","moreInformation":"Not registered."}"#;
    for status in [401, 403] {
        let error = error(status, body).await;
        assert!(matches!(error, Error::Rejected(_)) && !error.is_transient(), "{error}");
        assert_eq!((error.status(), error.code()), (Some(status), Some("401")));
        assert_eq!(error.description(), Some("Unauthorized: Not registered."));
        assert!(error.to_string().contains("x-ibm-client-id"), "{error}");
    }
}

#[tokio::test]
async fn invalid_client_is_a_refusal_with_400_and_with_401() {
    for status in [400, 401] {
        let error = error(status, r#"{"error":"invalid_client"}"#).await;
        assert!(matches!(error, Error::Rejected(_)), "{error}");
        assert_eq!((error.status(), error.code()), (Some(status), Some("invalid_client")));
        assert!(error.to_string().contains("developer@mobilepay.dk"), "{error}");
    }
}

#[tokio::test]
async fn rejected_content_type_is_an_invalid_request_and_the_hint_thinks_of_a_proxy() {
    for code in ["invalid_request", "unsupported_grant_type"] {
        let error = error(400, &format!(r#"{{"error":"{code}"}}"#)).await;
        assert!(matches!(error, Error::Rejected(_)), "{error}");
        assert_eq!(error.code(), Some(code));
        assert!(error.to_string().contains("proxy") && error.to_string().contains("content type"), "{error}");
    }
}

#[tokio::test]
async fn error_description_may_be_an_object() {
    let body =
        r#"{"error":"invalid_request","error_description":{"message":"Not valid.","correlation_id":"invented-2"}}"#;
    let told = error(400, body).await;
    assert_eq!((told.code(), told.description()), (Some("invalid_request"), Some("Not valid.")));
    assert_eq!(told.correlation_id(), Some("invented-2"));
    let odd = error(400, r#"{"error":"invalid_request","error_description":{"message":7,"why":[]}}"#).await;
    assert_eq!(odd.description(), Some(r#"{"message":7,"why":[]}"#));
    assert_eq!(odd.correlation_id(), Some("invented-correlation-1"), "from the header CorrelationId");
}

#[tokio::test]
async fn echoed_credentials_are_cut_out_of_the_description() {
    let words = "invented-client with invented-secret at invented-gateway-id";
    for body in [
        format!(r#"{{"error":"invalid_client","error_description":"{words}"}}"#),
        format!(r#"{{"error":"invalid_client","error_description":{{"message":"{words}"}}}}"#),
        format!(r#"{{"httpCode":"401","moreInformation":"{words}"}}"#),
    ] {
        assert_eq!(error(401, &body).await.description(), Some("[redacted] with [redacted] at [redacted]"));
    }
}

#[tokio::test]
async fn wrong_path_says_where_the_url_ends() {
    let error = error(404, "<html>").await;
    assert!(matches!(error, Error::Rejected(_)) && error.to_string().contains("/integrator-authentication"), "{error}");
}

#[tokio::test]
async fn throttling_keeps_the_vendor_s_time() {
    let error = error(429, r#"{"httpCode":"429","httpMessage":"Too Many Requests"}"#).await;
    assert!(matches!(error, Error::Throttled(_)), "{error}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
}

#[tokio::test]
async fn server_and_network_faults_are_tried_twice_more_and_refusals_never() {
    for (fault, requests) in [
        (Fault::from(MobilePayError::GatewayServerError), 3),
        (MobilePayError::Unavailable.into(), 3),
        (Fault::Reset, 3),
        (MobilePayError::InvalidClient.into(), 1),
        (MobilePayError::GatewayUnauthorized.into(), 1),
    ] {
        let sim = start().await;
        sim.faults().next(9, fault.clone());
        source(endpoint(&sim)).token().await.expect_err("an error");
        assert_eq!(sim.counts().token_requests, requests, "{}", fault.name());
    }
}

#[tokio::test]
async fn token_of_another_merchant_is_refused_for_good() {
    let sim = start().await;
    let (unbound, one) = (endpoint(&sim), endpoint(&sim).merchant_vat("DK00000042").expect("a VAT number"));
    let other = endpoint(&sim).merchant_vat("FI00000043").expect("a VAT number");
    let foreign = other.request_token(&cx()).await.expect("a token");
    let body = format!(r#"{{"access_token":"{}","expires_in":600}}"#, foreign.value());
    for asking in [&unbound, &one] {
        let mixed_up = Fault::Answer { status: 200, content_type: "application/json".into(), body: body.clone() };
        sim.faults().next(1, mixed_up);
        let error = asking.request_token(&cx()).await.expect_err("an error");
        assert!(matches!(error, Error::Malformed(_)) && error.to_string().contains("another merchant"), "{error}");
        assert!(!error.is_transient(), "{error}");
        assert!(!format!("{error:?}").contains(foreign.value()));
        asking.request_token(&cx()).await.expect("its own token");
    }
}

#[tokio::test]
async fn token_whose_merchant_cannot_be_read_is_not_taken_for_unbound() {
    for claims in [
        "eyJtZXJjaGFudF92YXQiOlsiREswMDAwMDA0MiIsIkRLMDAwMDAwNDMiXX0", // {"merchant_vat":["DK00000042","DK00000043"]}
        "eyJtZXJjaGFudF92YXQiOjQyfQ",                                  // {"merchant_vat":42}
        // {"merchant_vat":"FI00000043","merchant_vat":"DK00000042"}
        "eyJtZXJjaGFudF92YXQiOiJGSTAwMDAwMDQzIiwibWVyY2hhbnRfdmF0IjoiREswMDAwMDA0MiJ9",
        "eyJtZXJjaGFudF92YXQiOiJGSTAwMDAwMDT_In0", // {"merchant_vat":"FI0000004\xff"}: no UTF-8
        "eyJtZXJjaGFudF92YXQiOiJGSTAwMDAwMDQzIiwi_yI6MX0", // {"merchant_vat":"FI00000043","\xff":1}
    ] {
        let error = error(200, &format!(r#"{{"access_token":"e30.{claims}.invented"}}"#)).await;
        assert!(matches!(error, Error::Malformed(_)), "{error}");
    }
}

#[tokio::test]
async fn token_without_the_claim_is_taken() {
    for token in [
        "invented-opaque-token",
        "e30.eyJzdWIiOiJpbnZlbnRlZCJ9.invented",     // {"sub":"invented"}
        "e30.eyJtZXJjaGFudF92YXQiOm51bGx9.invented", // {"merchant_vat":null}
        "e30.eyJtZXJjaGFudF92YXQiOiJESzAwMDAwMDQyIn0.invented", // {"merchant_vat":"DK00000042"}
    ] {
        answer(200, &format!(r#"{{"access_token":"{token}"}}"#)).await.expect(token);
    }
}

#[tokio::test]
async fn every_fault_the_simulator_knows_is_a_token_or_an_error_of_its_status_and_shows_no_secret() {
    let sim = start().await;
    let (mobilepay, known) = (endpoint(&sim), sim.credentials());
    for fault in Fault::all_for(Vendor::MobilePay).into_iter().chain(Fault::common()) {
        sim.faults().clear();
        sim.faults().next(1, fault.clone());
        let answer = mobilepay.request_token(&cx()).await;
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
