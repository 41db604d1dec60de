//! The vendor's advice, and the whole way against its simulator.

use std::time::Duration;

use auth_core::{KeepWarm, RefreshPolicy, Rejection, Renew, TokenEndpoint};
use auth_sim::{Simulator, Vendor};
use mgplus_sts::{Claims, LEAD, MgPlusSts, TokenSource};

use crate::{endpoint, ping, source, start};

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
    let tokens = TokenSource::new(MgPlusSts::from_vars(lookup).expect("endpoint"));
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
}

#[tokio::test]
async fn token_says_when_it_begins_and_ends() {
    let token = TokenSource::new(endpoint(&start().await)).token().await.expect("a token");
    assert_eq!(token.lifetime(), Duration::from_secs(3600));
    let claims: Claims = token.claims().expect("claims");
    let life = claims.nbf.zip(claims.exp).map(|(nbf, exp)| exp.as_secs_f64() - nbf.as_secs_f64());
    assert_eq!(life, Some(3600.0));
}

#[tokio::test]
async fn renewal_is_in_the_background_and_fifteen_minutes_ahead() {
    let mut advice = RefreshPolicy::default();
    (advice.renew, advice.keep_warm) = (Renew::ahead_by(LEAD), KeepWarm::Always);
    assert_eq!(endpoint(&start().await).policy(), advice);
}

#[tokio::test]
async fn token_that_lives_less_than_the_lead_is_not_renewed_at_once() {
    let sim = Simulator::builder(Vendor::MgPlus).lifetime(Duration::from_secs(60)).start().await.expect("simulator");
    let tokens = source(endpoint(&sim));
    for _ in 0..10 {
        assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
    }
    assert_eq!(sim.counts().token_requests, 1);
}
