//! Tests of your own code: a function that calls a vendor, and what it does when the vendor is down, when the token expires and
//! when it is revoked. The tests are below; each has the means that its question needs, and none waits.
//!
//! ```sh
//! cargo test -p auth-examples --example testing_your_code
//! cargo run -p auth-examples --example testing_your_code
//! ```

use std::fmt;
use std::time::Duration;

use auth_core::TokenSource;
use auth_sim::{Simulator, Vendor};
use partner_oauth::PartnerOAuth;
use reqwest::{Client, RequestBuilder, StatusCode};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let sim = Simulator::start(Vendor::Partner).await?;
    // With the real vendor: PartnerOAuth::from_env()?, and the URL of its API in place of the ping.
    let tokens = TokenSource::new(PartnerOAuth::from_vars(|name| sim.var(name))?);
    eprintln!("booked: {}", book(&tokens, &Client::builder().no_proxy().build()?, &sim.ping_url(), 17).await?);
    Ok(())
}

/// Your code: books a room, and sorts what goes wrong by what its caller can do.
async fn book(tokens: &TokenSource, client: &Client, api: &str, room: u32) -> Result<String, Trouble> {
    let response =
        tokens.authorize(request(client, api, room)).await?.send().await.map_err(|_| Trouble::Later(SOON))?;
    match response.status() {
        StatusCode::OK => response.text().await.map_err(|_| Trouble::Later(SOON)),
        // A program of some size has auth-reqwest heal this.
        StatusCode::UNAUTHORIZED => Err(Trouble::NotLetIn),
        _ => Err(Trouble::Later(SOON)),
    }
}

fn request(client: &Client, api: &str, room: u32) -> RequestBuilder {
    client.get(format!("{api}?room={room}"))
}

/// What went wrong.
#[derive(Debug, PartialEq)]
enum Trouble {
    /// Try again after this time.
    Later(Duration),
    /// The API does not accept the token.
    NotLetIn,
    /// A person must act.
    Broken(String),
}

impl From<auth_core::Error> for Trouble {
    fn from(error: auth_core::Error) -> Self {
        match error.is_transient() {
            true => Self::Later(error.retry_after().unwrap_or(SOON)),
            false => Self::Broken(error.hint().unwrap_or("no hint").to_owned()),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Later(after) => write!(f, "not now; try again in {after:.0?}"),
            Self::NotLetIn => f.write_str("the API does not let us in"),
            Self::Broken(hint) => write!(f, "somebody must act: {hint}"),
        }
    }
}

impl std::error::Error for Trouble {}

const SOON: Duration = Duration::from_secs(5);

/// No server: the token is fixed, and the request is looked at before it is sent.
#[cfg(test)]
mod with_a_fixed_token {
    use super::*;

    #[tokio::test]
    async fn booking_names_the_room_and_carries_the_token() {
        let tokens = TokenSource::fixed("invented-token");
        let request = request(&Client::new(), "https://api.vendor.example/book", 17);
        let request = tokens.authorize(request).await.unwrap().build().unwrap();
        assert_eq!(request.url().as_str(), "https://api.vendor.example/book?room=17");
        assert_eq!(request.headers()["authorization"], "Bearer invented-token");
    }
}

/// A vendor on loopback, with a plan of what it gets wrong.
#[cfg(test)]
mod with_a_simulator {
    use super::*;
    use auth_core::ManualClock;
    use auth_sim::{Fault, PartnerError, RetryAfter};

    struct Stage {
        sim: Simulator,
        tokens: TokenSource,
        clock: ManualClock,
    }

    impl Stage {
        async fn new() -> Self {
            let (sim, clock) = (Simulator::start(Vendor::Partner).await.unwrap(), ManualClock::new());
            let endpoint = PartnerOAuth::from_vars(|name| sim.var(name)).unwrap();
            Self { sim, tokens: TokenSource::builder(endpoint).clock(clock.clone()).build(), clock }
        }

        async fn book(&self) -> Result<String, Trouble> {
            let client = Client::builder().no_proxy().build().unwrap();
            book(&self.tokens, &client, &self.sim.ping_url(), 17).await
        }
    }

    #[tokio::test]
    async fn outage_is_passed_on_with_the_time_that_the_vendor_asks_for() {
        let stage = Stage::new().await;
        stage.sim.faults().next(1, Fault::RetryAfter { status: 503, after: RetryAfter::Seconds(60) });
        // The clock stands still, so it is the whole minute.
        assert_eq!(stage.book().await, Err(Trouble::Later(Duration::from_secs(60))));
        assert_eq!((stage.sim.counts().token_requests, stage.sim.counts().pings), (1, 0));
    }

    #[tokio::test]
    async fn outage_is_not_noticed_while_the_token_lives() {
        let stage = Stage::new().await;
        stage.book().await.unwrap();
        stage.sim.faults().lasting(Duration::MAX, Fault::Html(503));
        assert!(stage.book().await.is_ok());
    }

    #[tokio::test]
    async fn expired_token_is_replaced_before_anything_is_booked() {
        let stage = Stage::new().await;
        stage.book().await.unwrap();
        // A night with the lid closed. The simulator's own time is real: for it the old token is good.
        stage.clock.advance(Duration::from_secs(8 * 3600));
        assert!(stage.book().await.is_ok());
        assert_eq!((stage.sim.counts().token_requests, stage.sim.counts().pings), (2, 2));
    }

    #[tokio::test]
    async fn revoked_token_is_told_apart_from_an_outage() {
        let stage = Stage::new().await;
        stage.book().await.unwrap();
        stage.sim.revoke_all();
        assert_eq!(stage.book().await, Err(Trouble::NotLetIn));
    }

    #[tokio::test]
    async fn every_refusal_of_the_vendor_ends_in_words_for_a_person() {
        for error in PartnerError::ALL {
            let (stage, fault) = (Stage::new().await, Fault::Partner(*error));
            if fault.status().is_some_and(|status| status < 429) {
                stage.sim.faults().next(1, fault);
                assert!(matches!(stage.book().await, Err(Trouble::Broken(_))), "{error:?}");
            }
        }
    }
}

/// Time that the test owns: tokio's is paused, and the source's clock follows it. A paused clock and a real socket do not go
/// together, so the vendor is a few lines of memory.
#[cfg(test)]
mod with_paused_time {
    use super::*;
    use auth_core::{Error, Fingerprint, PausedClock, RequestContext, TokenEndpoint, TokenResponse, async_trait};

    struct InMemory;

    #[async_trait]
    impl TokenEndpoint for InMemory {
        fn vendor(&self) -> &'static str {
            "in-memory"
        }

        async fn fingerprint(&self) -> Result<Fingerprint, Error> {
            Ok(Fingerprint::of_parts(&[]))
        }

        async fn request_token(&self, _: &RequestContext<'_>) -> Result<TokenResponse, Error> {
            TokenResponse::new("invented-token", Duration::from_secs(3600))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn token_in_use_is_renewed_by_itself_before_the_hour_is_over() {
        let tokens = TokenSource::builder(InMemory).clock(PausedClock::new()).build();
        let (first, began) = (tokens.token().await.unwrap(), tokio::time::Instant::now());
        let mut events = tokens.events();
        // Nothing else is left to do here, so tokio goes ahead to the renewal.
        while !matches!(events.next().await.unwrap().kind, auth_core::EventKind::Renewed { .. }) {}
        let second = tokens.token().await.unwrap();
        assert_ne!(first.id(), second.id());
        assert!(began.elapsed() < first.lifetime(), "the old one was good until then");
    }
}
