use auth_sim::Vendor;

use crate::calls::{start, token_call};

fn refusal(error: &str) -> (u16, String) {
    (400, error.to_owned())
}

#[tokio::test]
async fn the_answer_has_the_pages_members() {
    let sim = start(Vendor::MgPlus).await;
    let answer = token_call(&sim).send().await;
    assert_eq!(answer.header("content-type"), Some("application/json; charset=UTF-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.json()["expires_in"], 3600);
    assert_eq!(answer.json()["token_type"], "Bearer");
}

#[tokio::test]
async fn a_body_of_another_content_type_is_the_wrong_format() {
    let sim = start(Vendor::MgPlus).await;
    let json = token_call(&sim).with("Content-Type", "application/json").send().await;
    assert_eq!(json.refusal(), refusal("invalid_request"));
    let none = token_call(&sim).without("Content-Type").send().await;
    assert_eq!(none.refusal(), refusal("invalid_request"));
    let charset = "application/x-www-form-urlencoded; charset=utf-8";
    assert_eq!(token_call(&sim).with("Content-Type", charset).send().await.status, 200);
}

#[tokio::test]
async fn a_missing_or_doubled_member_is_the_wrong_format() {
    let sim = start(Vendor::MgPlus).await;
    for body in [
        "client_id=a&client_secret=b",
        "grant_type=client_credentials&client_secret=b",
        "grant_type=client_credentials&client_id=a",
        "grant_type=client_credentials&client_id=a&client_secret=",
        "grant_type=client_credentials&client_id=a&client_id=a&client_secret=b",
    ] {
        assert_eq!(token_call(&sim).body(body).send().await.refusal(), refusal("invalid_request"), "{body}");
    }
}

#[tokio::test]
async fn another_grant_type_is_not_supported() {
    let sim = start(Vendor::MgPlus).await;
    let body = "grant_type=password&client_id=a&client_secret=b";
    assert_eq!(token_call(&sim).body(body).send().await.refusal(), refusal("unsupported_grant_type"));
}

#[tokio::test]
async fn a_wrong_secret_and_a_wrong_id_are_an_invalid_client() {
    let sim = start(Vendor::MgPlus).await;
    let good = sim.credentials();
    for (id, secret) in [(good.client_id.as_str(), "b"), ("a", good.client_secret.as_str())] {
        let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        assert_eq!(token_call(&sim).body(body).send().await.refusal(), refusal("invalid_client"));
    }
    assert_eq!(sim.counts().refused, 2);
    assert_eq!(sim.counts().minted, 0);
}

#[tokio::test]
async fn another_method_or_path_is_not_served() {
    let sim = start(Vendor::MgPlus).await;
    let get = token_call(&sim).method("GET").send().await;
    assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
    for path in ["/", "/connect/token/", "/connect", "//connect/token"] {
        assert_eq!(token_call(&sim).path(path).send().await.status, 404, "{path}");
    }
}
