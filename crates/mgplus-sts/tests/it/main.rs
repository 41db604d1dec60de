//! Tests of the crate from outside.
//!
//! Here is what the modules share: an endpoint for the vendor's simulator, and a call of the vendor's API.

mod bad_input;
mod errors;
mod lifecycle;
mod wire;

use std::time::Duration;

use auth_core::{HeaderSet, RequestContext, TokenEndpoint, TokenSource};
use auth_sim::{Simulator, Vendor};
use mgplus_sts::{ClientCredentials, MgPlusSts};

pub(crate) async fn start() -> Simulator {
    Simulator::start(Vendor::MgPlus).await.expect("simulator")
}

pub(crate) fn credentials(id: &str, secret: &str) -> ClientCredentials {
    ClientCredentials::new(id, secret).expect("credentials")
}

pub(crate) fn endpoint(sim: &Simulator) -> MgPlusSts {
    let known = sim.credentials();
    MgPlusSts::new(sim.url(), credentials(&known.client_id, &known.client_secret)).expect("endpoint")
}

/// A source whose pauses are cut short.
pub(crate) fn source(endpoint: impl TokenEndpoint) -> TokenSource {
    let mut policy = endpoint.policy();
    policy.min_interval = Duration::ZERO;
    policy.retry_backoff = Duration::from_millis(20);
    TokenSource::builder(endpoint).policy(policy).build()
}

pub(crate) fn cx() -> RequestContext<'static> {
    RequestContext::first(Duration::from_secs(5))
}

/// The status that the vendor's API answers to a call with these headers.
pub(crate) async fn ping(sim: &Simulator, headers: &HeaderSet) -> u16 {
    sim.ping(headers.iter()).await.expect("an answer")
}
