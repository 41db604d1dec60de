//! The whole way against the vendor's simulator, from the request to the call that the token is for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_core::{HeaderSet, RefreshPolicy, Rejection, RequestContext, TokenEndpoint, TokenSource};
use auth_sim::{Simulator, Vendor};
use stonex_auth::{Claims, ClientCredentials, CredentialSource, Error, StoneXAuth};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn endpoint(sim: &Simulator) -> StoneXAuth {
    let credentials = ClientCredentials::new(&sim.credentials().client_id, &sim.credentials().client_secret);
    StoneXAuth::new(sim.url(), credentials.expect("credentials")).expect("endpoint")
}

/// The status of the simulator's protected call, made with `headers`.
async fn ping(sim: &Simulator, headers: &HeaderSet) -> u16 {
    let url = sim.ping_url();
    let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("a URL");
    let mut request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers.iter() {
        request += &format!("{name}: {}\r\n", value.to_str().expect("ASCII"));
    }
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    stream.write_all((request + "\r\n").as_bytes()).await.expect("a request sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

#[tokio::test]
async fn token_is_accepted_where_it_is_meant_for_and_asked_for_once() {
    let sim = Simulator::start(Vendor::StoneX).await.expect("simulator");
    let tokens = TokenSource::new(endpoint(&sim));
    for _ in 0..10 {
        let headers = tokens.headers().await.expect("headers");
        assert_eq!(headers.iter().count(), 1, "Authorization and nothing else");
        assert_eq!(ping(&sim, &headers).await, 200);
    }
    assert_eq!((sim.counts().token_requests, sim.counts().pings_refused), (1, 0));
}

#[tokio::test]
async fn revoked_token_is_replaced_after_its_401() {
    let sim = Simulator::start(Vendor::StoneX).await.expect("simulator");
    let tokens = TokenSource::new(endpoint(&sim));
    let token = tokens.token().await.expect("a token");
    assert!(sim.revoke(token.value()));
    assert_eq!(ping(&sim, token.headers().expect("headers")).await, 401);
    assert_eq!(tokens.rejected(&token), Rejection::Accepted);
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
    assert_eq!(sim.counts().token_requests, 2);
}

#[tokio::test]
async fn token_says_what_the_page_s_sample_says() {
    let sim = Simulator::start(Vendor::StoneX).await.expect("simulator");
    let token = TokenSource::new(endpoint(&sim)).token().await.expect("a token");
    assert_eq!((token.lifetime(), token.scope()), (Duration::from_secs(3600), Some("client_credentials")));
    let claims: Claims = token.claims().expect("claims");
    assert_eq!(claims.ver, Some(1));
    assert!(claims.jti.is_some() && claims.iss.is_some() && claims.aud.is_some());
    let life = claims.iat.zip(claims.exp).map(|(iat, exp)| exp.as_secs_f64() - iat.as_secs_f64());
    assert_eq!(life, Some(3600.0));
    let client_id = Some(sim.credentials().client_id.as_str());
    assert_eq!((claims.cid.as_deref(), claims.sub.as_deref()), (client_id, client_id));
    assert_eq!(claims.scp, Some(vec!["client_credentials".to_owned()]));
}

#[tokio::test]
async fn version_that_stonex_does_not_serve_is_refused_and_says_where_to_look() {
    let sim = Simulator::builder(Vendor::StoneX).api_version("2").start().await.expect("simulator");
    let tokens = TokenSource::new(endpoint(&sim).api_version(2).expect("a version"));
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
    let error = TokenSource::new(endpoint(&sim)).token().await.expect_err("version 1");
    assert!(matches!(error, Error::Rejected(_)) && error.status() == Some(404), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("API version")), "{error}");
}

#[tokio::test]
async fn wrong_secret_is_asked_once_however_many_ask() {
    let sim = Simulator::start(Vendor::StoneX).await.expect("simulator");
    let tokens = TokenSource::new(endpoint(&sim));
    sim.rotate_secret("invented-and-rotated");
    for _ in 0..20 {
        let error = tokens.token().await.expect_err("the old secret");
        assert!(matches!(error, Error::Rejected(_)) && !error.is_transient(), "{error}");
    }
    assert_eq!(sim.counts().token_requests, 1);
}

#[tokio::test]
async fn rotated_secret_counts_from_the_next_request_on() {
    let sim = Simulator::start(Vendor::StoneX).await.expect("simulator");
    let secret = Arc::new(Mutex::new(sim.credentials().client_secret.clone()));
    let (id, shared) = (sim.credentials().client_id.clone(), Arc::clone(&secret));
    let source = CredentialSource::from_fn(move || {
        let credentials = ClientCredentials::new(&id, shared.lock().expect("a lock").as_str());
        async { credentials }
    });
    let stonex = StoneXAuth::new(sim.url(), source).expect("endpoint");
    let before = stonex.fingerprint().await.expect("a fingerprint");
    for rotated in ["invented-and-rotated", "invented-and-rotated-again"] {
        let cx = RequestContext::first(Duration::from_secs(5));
        stonex.request_token(&cx).await.expect("a token");
        sim.rotate_secret(rotated);
        *secret.lock().expect("a lock") = rotated.to_owned();
    }
    assert_ne!(stonex.fingerprint().await.expect("a fingerprint"), before);
    assert_eq!(sim.counts().refused, 0);
}

#[tokio::test]
async fn page_advises_no_renewal_so_the_core_s_own_rules_hold() {
    let sim = Simulator::start(Vendor::StoneX).await.expect("simulator");
    assert_eq!(endpoint(&sim).policy(), RefreshPolicy::default());
}
