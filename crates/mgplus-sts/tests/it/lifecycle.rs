//! The vendor's advice, and the whole way against its simulator.

use std::time::Duration;

use auth_core::{KeepWarm, Renew, TokenEndpoint, TokenSource};
use auth_sim::{Simulator, Vendor};
use mgplus_sts::{Claims, ClientCredentials, LEAD, MgPlusSts};

fn endpoint(sim: &Simulator) -> MgPlusSts {
    let credentials = ClientCredentials::new(&sim.credentials().client_id, &sim.credentials().client_secret);
    MgPlusSts::new(sim.url(), credentials.expect("credentials")).expect("endpoint")
}

#[tokio::test]
async fn token_is_accepted_where_it_is_meant_for_and_asked_for_once() {
    let sim = Simulator::start(Vendor::MgPlus).await.expect("simulator");
    let tokens = TokenSource::new(endpoint(&sim));
    for _ in 0..10 {
        tokens.token().await.expect("a token");
    }
    assert_eq!(sim.counts().token_requests, 1);
    let token = tokens.token().await.expect("a token");
    assert_eq!(token.lifetime(), Duration::from_secs(3600));
    let claims: Claims = token.claims().expect("claims");
    assert!(claims.nbf.is_some() && claims.nbf < claims.exp);
}

#[tokio::test]
async fn renewal_is_in_the_background_and_fifteen_minutes_ahead() {
    let sim = Simulator::start(Vendor::MgPlus).await.expect("simulator");
    let policy = endpoint(&sim).policy();
    assert_eq!(policy.renew, Renew::ahead_by(LEAD));
    assert_eq!(policy.keep_warm, KeepWarm::Always);
}
