use auth_sim::{Simulator, Vendor};
use serde_json::json;

use crate::calls::{start, token_call};

#[tokio::test]
async fn the_answer_has_the_pages_members() {
    let sim = start(Vendor::StoneX).await;
    let answer = token_call(&sim).send().await.json();
    assert_eq!(answer["expires_in"], 3600);
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["scope"], "client_credentials");
}

#[tokio::test]
async fn a_form_is_an_unsupported_media_type() {
    let sim = start(Vendor::StoneX).await;
    let answer = token_call(&sim).with("Content-Type", "application/x-www-form-urlencoded").send().await;
    assert_eq!(answer.status, 415);
    assert_eq!(answer.header("content-type"), Some("application/problem+json; charset=utf-8"));
}

#[tokio::test]
async fn what_is_no_json_or_lacks_a_member_gets_problem_details() {
    let sim = start(Vendor::StoneX).await;
    for body in
        [r#"{"client_id":"a"}"#, r#"{"client_secret":"b"}"#, r#"{"client_id":1,"client_secret":"b"}"#, "{", "[]"]
    {
        let answer = token_call(&sim).body(body).send().await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.json()["errors"].is_object(), "{body}");
    }
}

#[tokio::test]
async fn a_wrong_secret_and_a_wrong_id_are_refused_in_oktas_words() {
    let sim = start(Vendor::StoneX).await;
    let good = sim.credentials();
    for (id, secret) in [(good.client_id.as_str(), "b"), ("a", good.client_secret.as_str())] {
        let body = json!({"client_id": id, "client_secret": secret}).to_string();
        let answer = token_call(&sim).body(body).send().await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json()["errorCode"], "invalid_client");
    }
}

#[tokio::test]
async fn the_version_in_the_path_is_the_one_chosen() {
    let sim = Simulator::builder(Vendor::StoneX).api_version("2").start().await.expect("a simulator");
    assert_eq!(token_call(&sim).send().await.status, 404);
    assert_eq!(token_call(&sim).path("/api/v2/authentication").send().await.status, 200);
    assert_eq!(token_call(&sim).path("/api/v/authentication").send().await.status, 404);
    assert_eq!(sim.counts().token_requests, 1);
}

#[tokio::test]
async fn another_method_is_not_served() {
    let sim = start(Vendor::StoneX).await;
    assert_eq!(token_call(&sim).method("PUT").send().await.status, 405);
}

#[tokio::test]
async fn a_version_that_is_no_part_of_a_path_is_refused_at_the_start() {
    for wrong in ["1/2", "{version}", "1?"] {
        let refused = Simulator::builder(Vendor::StoneX).api_version(wrong).start().await;
        assert_eq!(refused.expect_err(wrong).kind(), std::io::ErrorKind::InvalidInput);
    }
}
