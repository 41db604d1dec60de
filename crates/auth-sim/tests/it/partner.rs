use auth_sim::Vendor;
use serde_json::json;

use crate::calls::{partner_body, start, token_call};

fn refusal(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

#[tokio::test]
async fn the_answer_has_the_pages_members_and_no_scope() {
    let sim = start(Vendor::Partner).await;
    let answer = token_call(&sim).send().await.json();
    assert_eq!(answer["expires_in"], 3600);
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer.as_object().map(serde_json::Map::len), Some(3));
}

#[tokio::test]
async fn a_body_that_is_not_json_has_no_grant_type() {
    let sim = start(Vendor::Partner).await;
    let form = token_call(&sim).with("Content-Type", "application/x-www-form-urlencoded");
    for call in [form, token_call(&sim).without("Content-Type"), token_call(&sim).body("{")] {
        let answer = call.send().await;
        assert_eq!(answer.refusal(), refusal(400, "unsupported_grant_type"));
        assert_eq!(answer.json()["hint"], "Check that all required parameters have been provided");
    }
}

#[tokio::test]
async fn a_missing_or_other_grant_type_is_not_supported() {
    let sim = start(Vendor::Partner).await;
    for body in [json!({"client_id": "a"}), json!({"grant_type": "password"})] {
        let answer = token_call(&sim).body(body.to_string()).send().await;
        assert_eq!(answer.refusal(), refusal(400, "unsupported_grant_type"), "{body}");
    }
}

#[tokio::test]
async fn a_missing_client_id_is_an_invalid_request_with_a_hint() {
    let sim = start(Vendor::Partner).await;
    let answer = token_call(&sim).body(r#"{"grant_type":"client_credentials"}"#).send().await;
    assert_eq!(answer.refusal(), refusal(400, "invalid_request"));
    assert_eq!(answer.json()["hint"], "Check the `client_id` parameter");
}

#[tokio::test]
async fn wrong_or_missing_credentials_are_an_invalid_client() {
    let sim = start(Vendor::Partner).await;
    let good = sim.credentials();
    let without_secret = json!({"grant_type": "client_credentials", "client_id": good.client_id}).to_string();
    for body in [partner_body("a", &good.client_secret), partner_body(&good.client_id, "b"), without_secret] {
        let answer = token_call(&sim).body(body).send().await;
        assert_eq!(answer.refusal(), refusal(401, "invalid_client"));
        assert_eq!(answer.json()["message"], "Client authentication failed");
    }
}

#[tokio::test]
async fn errors_are_html_where_json_was_not_asked_for() {
    let sim = start(Vendor::Partner).await;
    for call in [token_call(&sim).without("Accept"), token_call(&sim).with("Accept", "*/*")] {
        let answer = call.body(partner_body("a", "b")).send().await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(answer.text().starts_with("<!DOCTYPE html>"));
    }
    assert_eq!(token_call(&sim).without("Accept").send().await.status, 200);
}

#[tokio::test]
async fn another_method_or_path_is_not_served() {
    let sim = start(Vendor::Partner).await;
    assert_eq!(token_call(&sim).method("GET").send().await.status, 405);
    assert_eq!(token_call(&sim).path("/oauth/token").send().await.status, 404);
}
