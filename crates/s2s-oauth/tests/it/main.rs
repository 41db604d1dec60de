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
use s2s_oauth::{ClientCredentials, S2sCredentials, S2sOAuth, ServiceAccount};

pub(crate) async fn start() -> Simulator {
    Simulator::start(Vendor::S2s).await.expect("simulator")
}

/// The credentials that the simulator lets in.
pub(crate) fn known_to(sim: &Simulator) -> S2sCredentials {
    let known = sim.credentials();
    credentials(&known.service_account_id, &known.service_account_secret, &known.client_id, &known.client_secret)
}

pub(crate) fn credentials(account_id: &str, account_secret: &str, id: &str, secret: &str) -> S2sCredentials {
    let account = ServiceAccount::new(account_id, account_secret).expect("service account");
    S2sCredentials::new(account, ClientCredentials::new(id, secret).expect("client")).expect("credentials")
}

/// Credentials of a bank that is mocked.
pub(crate) fn invented() -> S2sCredentials {
    credentials("invented-account", "invented-account-secret", "invented-client", "invented-client-secret")
}

pub(crate) fn endpoint(sim: &Simulator) -> S2sOAuth {
    S2sOAuth::new(sim.url(), known_to(sim), &sim.credentials().scope).expect("endpoint")
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

/// Code and token requests, in this order.
pub(crate) fn calls(sim: &Simulator) -> (u64, u64) {
    (sim.counts().code_requests, sim.counts().token_requests)
}

/// The status that the vendor's API answers to a call with these headers.
pub(crate) async fn ping(sim: &Simulator, headers: &HeaderSet) -> u16 {
    sim.ping(headers.iter()).await.expect("an answer")
}
