//! The vendor's advice, and the whole way against its simulator.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_core::{RefreshPolicy, Rejection, TokenEndpoint};
use auth_sim::{Simulator, Vendor};
use stonex_auth::{Claims, ClientCredentials, CredentialSource, Error, StoneXAuth, TokenSource};

use crate::{cx, endpoint, ping, source, start};

#[tokio::test]
async fn token_is_accepted_where_it_is_meant_for_and_asked_for_once() {
    let sim = start().await;
    let tokens = TokenSource::new(endpoint(&sim));
    assert_eq!(tokens.status().vendor, env!("CARGO_PKG_NAME"));
    for _ in 0..10 {
        let headers = tokens.headers().await.expect("headers");
        assert_eq!(headers.iter().count(), 1, "Authorization and nothing else");
        assert_eq!(ping(&sim, &headers).await, 200);
    }
    assert_eq!((sim.counts().token_requests, sim.counts().pings_refused), (1, 0));
}

#[tokio::test]
async fn rejected_token_is_replaced() {
    let sim = start().await;
    let tokens = source(endpoint(&sim));
    let token = tokens.token().await.expect("a token");
    assert!(sim.revoke(token.value()));
    assert_eq!(ping(&sim, token.headers().expect("headers")).await, 401);
    assert_eq!(tokens.rejected(&token), Rejection::Accepted);
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
    assert_eq!(sim.counts().token_requests, 2);
}

#[tokio::test]
async fn variables_of_the_simulator_lead_to_a_token() {
    let sim = start().await;
    let vars = sim.vars();
    let lookup = |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
    let tokens = TokenSource::new(StoneXAuth::from_vars(lookup).expect("endpoint"));
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
}

#[tokio::test]
async fn token_says_what_the_page_s_sample_says() {
    let sim = start().await;
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
    let sim = start().await;
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
    let sim = start().await;
    let secret = Arc::new(Mutex::new(sim.credentials().client_secret.clone()));
    let (id, shared) = (sim.credentials().client_id.clone(), Arc::clone(&secret));
    let source = CredentialSource::from_fn(move || {
        let credentials = ClientCredentials::new(&id, shared.lock().expect("a lock").as_str());
        async { credentials }
    });
    let stonex = StoneXAuth::new(sim.url(), source).expect("endpoint");
    let before = stonex.fingerprint().await.expect("a fingerprint");
    for rotated in ["invented-and-rotated", "invented-and-rotated-again"] {
        stonex.request_token(&cx()).await.expect("a token");
        sim.rotate_secret(rotated);
        *secret.lock().expect("a lock") = rotated.to_owned();
    }
    assert_ne!(stonex.fingerprint().await.expect("a fingerprint"), before);
    assert_eq!(sim.counts().refused, 0);
}

#[tokio::test]
async fn page_gives_no_advice_on_renewal_so_the_default_holds() {
    assert_eq!(endpoint(&start().await).policy(), RefreshPolicy::default());
}
