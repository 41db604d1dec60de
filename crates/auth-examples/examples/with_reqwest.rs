//! Plain reqwest: one line puts the vendor's token on a request, and a loop of a few lines heals a 401.
//!
//! ```sh
//! cargo run -p auth-examples --example with_reqwest
//! ```

use auth_sim::{Simulator, Vendor};
use mgplus_sts::{MgPlusSts, TokenSource};
use reqwest::{Client, RequestBuilder, Response, StatusCode};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result {
    run(&Simulator::start(Vendor::MgPlus).await?).await
}

async fn run(sim: &Simulator) -> Result {
    // With the real vendor: MgPlusSts::from_env()?, and the URL of its API in place of the ping.
    let tokens = TokenSource::new(MgPlusSts::from_vars(|name| sim.var(name))?);
    let (client, url) = (Client::builder().no_proxy().build()?, sim.ping_url());

    // `authorize` around the request is all that it takes.
    let response = tokens.authorize(client.get(&url)).await?.send().await?;
    eprintln!("a call with a token: {}", response.status());

    // The vendor withdraws the token before its time, which nobody is told.
    sim.revoke_all();
    let response = healed(&tokens, || client.get(&url)).await?;
    eprintln!("after the token was revoked: {}", response.error_for_status()?.status());

    eprintln!("what the source did, and why:");
    for event in tokens.recent_events() {
        eprintln!("  {event}");
    }
    Ok(())
}

/// Sends `request`, and once more with another token if the first one is answered 401.
async fn healed(tokens: &TokenSource, request: impl Fn() -> RequestBuilder) -> Result<Response> {
    let mut may_repeat = true;
    loop {
        let token = tokens.token().await?;
        let response = token.authorize(request())?.send().await?;
        if response.status() != StatusCode::UNAUTHORIZED || !may_repeat {
            return Ok(response);
        }
        // This token is dropped, if it is still the current one. The next turn waits for another.
        tokens.rejected(&token);
        may_repeat = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_sim::Fault;

    #[tokio::test]
    async fn revoked_token_costs_one_token_and_one_call_more() {
        let sim = Simulator::start(Vendor::MgPlus).await.unwrap();
        run(&sim).await.unwrap();
        let counts = sim.counts();
        assert_eq!((counts.token_requests, counts.minted), (2, 2));
        assert_eq!((counts.pings, counts.pings_refused), (3, 1));
    }

    #[tokio::test]
    async fn api_that_accepts_no_token_is_asked_twice_and_its_401_is_the_callers() {
        let sim = Simulator::start(Vendor::MgPlus).await.unwrap();
        let tokens = TokenSource::new(MgPlusSts::from_vars(|name| sim.var(name)).unwrap());
        sim.faults().next(3, Fault::ApiUnauthorized);
        let (client, url) = (Client::builder().no_proxy().build().unwrap(), sim.ping_url());
        let response = healed(&tokens, || client.get(&url)).await.unwrap();
        assert_eq!((response.status(), sim.counts().pings), (StatusCode::UNAUTHORIZED, 2));
    }
}
