//! Tokens on requests of plain reqwest's.

use auth_core::reqwest::Client;
use auth_core::{Error, TokenSource};

use crate::script::{HOUR, Script};

fn tokens() -> TokenSource {
    TokenSource::fixed("invented-token")
}

#[tokio::test]
async fn request_gets_the_token_and_keeps_what_it_had() {
    let request = Client::new().post("http://127.0.0.1:9/orders").header("x-own", "1").body("an order");
    let request = tokens().authorize(request).await.expect("authorized").build().expect("a request");
    assert_eq!(request.headers()["authorization"], "Bearer invented-token");
    assert_eq!(request.headers()["x-own"], "1");
    assert!(request.headers()["authorization"].is_sensitive());
    assert_eq!((request.method().as_str(), request.url().path()), ("POST", "/orders"));
    assert_eq!(request.body().and_then(|body| body.as_bytes()), Some(&b"an order"[..]));
}

#[tokio::test]
async fn authorization_that_is_there_stays() {
    let request = Client::new().get("http://anywhere.example/").header("authorization", "Basic invented");
    let request = tokens().authorize(request).await.expect("left alone").build().expect("a request");
    assert_eq!(request.headers()["authorization"], "Basic invented");
}

#[tokio::test]
async fn request_that_gets_no_token_costs_none() {
    let script = Script::tokens_of(HOUR);
    let tokens = script.source();
    let own = Client::new().get("http://anywhere.example/").header("authorization", "Basic invented");
    drop(tokens.authorize(own).await.expect("left alone"));
    tokens.authorize(Client::new().get("http://api.vendor.example/")).await.expect_err("plain http");
    assert_eq!(script.requests(), 0);
}

#[tokio::test]
async fn plain_http_and_what_cannot_be_built_are_errors() {
    for (url, says) in [("http://api.vendor.example/", "plain http"), ("no URL", "cannot be built")] {
        let error = tokens().authorize(Client::new().get(url)).await.expect_err(url);
        assert!(matches!(error, Error::Config(_)) && error.to_string().contains(says), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn headers_as_a_map_are_those_of_the_set_and_as_sensitive() {
    let set = tokens().headers().await.expect("headers");
    let map = set.to_map();
    assert!(set.iter().eq(map.iter()) && map.len() == 1, "{map:?}");
    assert!(map["authorization"].is_sensitive());
}
