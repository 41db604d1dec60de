//! reqwest with middleware: tokens by `auth-reqwest`, retries by `reqwest-retry`, in the order in which they belong.
//!
//! ```sh
//! cargo run -p auth-examples --example with_reqwest_middleware
//! ```

use std::time::Duration;

use auth_core::Hosts;
use auth_reqwest::{Authorization, token_error};
use auth_sim::{Fault, Simulator, Target, Vendor};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::{RetryTransientMiddleware, policies::ExponentialBackoff};
use stonex_auth::{StoneXAuth, TokenSource};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result {
    run(&Simulator::start(Vendor::StoneX).await?).await
}

async fn run(sim: &Simulator) -> Result {
    // With the real vendor: StoneXAuth::from_env()?, the host of its API, and its URL in place of the ping.
    let tokens = TokenSource::new(StoneXAuth::from_vars(|name| sim.var(name))?);
    let client = client(tokens.clone(), Hosts::only("127.0.0.1")?)?;
    let url = sim.ping_url();

    // The vendor lets another secret in for now. Why there is no token is in the error of the call.
    sim.rotate_secret("invented-other-secret");
    if let Err(error) = client.get(&url).send().await {
        let is_transient = token_error(&error).is_some_and(auth_core::Error::is_transient);
        eprintln!("with a wrong secret: {error}; does waiting help? {is_transient}");
    }
    sim.rotate_secret(&sim.credentials().client_secret);
    tokens.refresh().await?;

    let response = client.get(&url).send().await?;
    eprintln!("a call: {}", response.status());

    sim.revoke_all();
    let response = client.get(&url).send().await?.error_for_status()?;
    eprintln!("after the token was revoked: {}", response.status());

    sim.faults().next_on(Target::Ping, 2, Fault::Html(503));
    let response = client.get(&url).send().await?.error_for_status()?;
    eprintln!("an API that fails twice: {}", response.status());
    Ok(())
}

/// The first that is named is the outermost: each try of the retries takes a token of its own.
fn client(tokens: TokenSource, hosts: Hosts) -> Result<ClientWithMiddleware> {
    // Redirects are followed below all middleware: `redirects` keeps the vendor's headers from other hosts.
    let plain = reqwest::Client::builder().no_proxy().redirect(auth_reqwest::redirects(hosts.clone())).build()?;
    let backoff = ExponentialBackoff::builder().retry_bounds(Duration::from_millis(50), Duration::from_secs(5));
    Ok(ClientBuilder::new(plain)
        .with(RetryTransientMiddleware::new_with_policy(backoff.build_with_max_retries(3)))
        .with(Authorization::new(tokens, hosts))
        .build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn refusal_revocation_and_outage_cost_no_request_more_than_they_must() {
        let sim = Simulator::start(Vendor::StoneX).await.unwrap();
        run(&sim).await.unwrap();
        let counts = sim.counts();
        // The refusal, the first token and the one after the revocation.
        assert_eq!((counts.token_requests, counts.refused, counts.minted), (3, 1, 2));
        // One good call; a 401 and its repetition; two failures and the third try.
        assert_eq!((counts.pings, counts.pings_refused, counts.faults), (6, 1, 2));
    }

    #[tokio::test]
    async fn no_token_is_the_sources_own_error_and_is_asked_for_once() {
        let sim = Simulator::start(Vendor::StoneX).await.unwrap();
        let tokens = TokenSource::new(StoneXAuth::from_vars(|name| sim.var(name)).unwrap());
        sim.rotate_secret("invented-other-secret");
        let client = client(tokens, Hosts::only("127.0.0.1").unwrap()).unwrap();
        let error = client.get(sim.ping_url()).send().await.unwrap_err();
        assert!(matches!(token_error(&error), Some(auth_core::Error::Rejected(_))), "{error}");
        assert_eq!((sim.counts().token_requests, sim.counts().pings), (1, 0));
    }
}
