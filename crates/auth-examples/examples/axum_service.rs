//! A service with axum that calls a vendor: the vendor's outage is a 503 with `Retry-After` to its own callers, its routes for
//! readiness and health say how the token is, and it ends in order.
//!
//! ```sh
//! cargo run -p auth-examples --example axum_service
//! ```

use std::time::Duration;

use auth_core::{Hosts, TokenEndpoint};
use auth_sim::{Fault, Simulator, Vendor};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use mgplus_sts::{MgPlusSts, TokenSource};
use reqwest_middleware::ClientWithMiddleware;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What each request has at hand. Clones share one token and one pool of connections.
#[derive(Clone)]
struct Shop {
    tokens: TokenSource,
    client: ClientWithMiddleware,
    api: String,
}

impl Shop {
    fn new(endpoint: MgPlusSts, host: Hosts, api: String) -> Result<Self> {
        // Callers of this service try again by themselves: none of them is to wait for three attempts.
        let mut policy = endpoint.policy();
        policy.max_attempts = 1;
        let tokens = TokenSource::builder(endpoint).policy(policy).build();
        let client = auth_reqwest::client(reqwest::Client::builder().no_proxy(), tokens.clone(), host)?;
        Ok(Self { tokens, client, api })
    }

    /// Answers until `stop` is done, then ends what is under way, the renewal of the token too.
    async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()> + Send + 'static) -> Result {
        let tokens = self.tokens.clone();
        let routes =
            Router::new().route("/orders", get(orders)).route("/ready", get(ready)).route("/health", get(health));
        axum::serve(listener, routes.with_state(self)).with_graceful_shutdown(stop).await?;
        tokens.shutdown().await;
        Ok(())
    }
}

/// The service's own work: a call to the vendor's API.
async fn orders(State(shop): State<Shop>) -> std::result::Result<String, Trouble> {
    let response = shop.client.get(&shop.api).send().await?;
    let response = response.error_for_status().map_err(reqwest_middleware::Error::from)?;
    Ok(response.text().await.map_err(reqwest_middleware::Error::from)?)
}

/// Whether this instance may be given work.
async fn ready(State(shop): State<Shop>) -> std::result::Result<&'static str, Trouble> {
    shop.tokens.ready(READY_WITHIN).await.map_err(|error| Trouble::of_token(&error))?;
    Ok("ready")
}

/// How the token is, for people and dashboards. Nothing in it is secret.
async fn health(State(shop): State<Shop>) -> Json<Value> {
    let status = shop.tokens.status();
    Json(json!({
        "vendor": status.vendor,
        "has_token": status.token.is_some(),
        "seconds_left": status.life_left.map(|left| left.as_secs()),
        "failures": status.failures,
        "last_error": status.last_error.map(|error| error.to_string()),
    }))
}

/// What our callers are told when the vendor lets us down.
struct Trouble {
    status: StatusCode,
    retry_after: Option<Duration>,
}

impl Trouble {
    /// Waiting helps, and we know how long; or a person must act, and waiting does not.
    fn of_token(error: &auth_core::Error) -> Self {
        match error.is_transient() {
            true => Self { status: StatusCode::SERVICE_UNAVAILABLE, retry_after: error.retry_after() },
            false => Self { status: StatusCode::INTERNAL_SERVER_ERROR, retry_after: None },
        }
    }
}

impl From<reqwest_middleware::Error> for Trouble {
    fn from(error: reqwest_middleware::Error) -> Self {
        match auth_reqwest::token_error(&error) {
            Some(error) => Self::of_token(error),
            None => Self { status: StatusCode::BAD_GATEWAY, retry_after: None },
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(after) = self.retry_after {
            // In whole seconds, and not too early.
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs() + 1));
        }
        response
    }
}

/// An orchestrator asks again every few seconds.
const READY_WITHIN: Duration = Duration::from_secs(1);
/// How often this one asks.
const PATIENCE: usize = 30;

#[tokio::main]
async fn main() -> Result {
    let sim = Simulator::start(Vendor::MgPlus).await?;
    // With the real vendor: MgPlusSts::from_env()?, the host of its API, and its URL in place of the ping.
    let endpoint = MgPlusSts::from_vars(|name| sim.var(name))?;
    let shop = Shop::new(endpoint, Hosts::only("127.0.0.1")?, sim.ping_url())?;
    let tokens = shop.tokens.clone();
    visit(&sim, shop).await?;
    eprintln!("what the source did, and why:");
    for event in tokens.recent_events() {
        eprintln!("  {event}");
    }
    Ok(())
}

/// A morning of that service, as its callers see it.
async fn visit(sim: &Simulator, shop: Shop) -> Result<Vec<Answer>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    // In life the service stops by tokio::signal::ctrl_c().
    let (stop, stopped) = oneshot::channel::<()>();
    let service = tokio::spawn(shop.serve(listener, async move { drop(stopped.await) }));

    let mut answers = Vec::new();
    // It starts while the vendor is down.
    sim.faults().lasting(Duration::MAX, Fault::Html(503));
    for path in ["/ready", "/orders", "/health"] {
        answers.push(Answer::of(&url, path).await?);
    }
    // The vendor is back. The orchestrator asks until the service is ready.
    sim.faults().clear();
    for _ in 0..PATIENCE {
        answers.push(Answer::of(&url, "/ready").await?);
        if answers.last().is_some_and(|answer| answer.status == 200) {
            break;
        }
    }
    answers.push(Answer::of(&url, "/orders").await?);
    // Down once more, which nobody notices while the token lives.
    sim.faults().lasting(Duration::MAX, Fault::Html(503));
    for path in ["/orders", "/ready", "/health"] {
        answers.push(Answer::of(&url, path).await?);
    }
    drop(stop);
    service.await??;
    Ok(answers)
}

/// What the service answered.
#[derive(Debug)]
struct Answer {
    path: &'static str,
    status: u16,
    retry_after: Option<u64>,
    body: String,
}

impl Answer {
    async fn of(url: &str, path: &'static str) -> Result<Self> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let response = client.get(format!("{url}{path}")).send().await?;
        let retry_after =
            response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let answer = Self { path, status: response.status().as_u16(), retry_after, body: response.text().await? };
        eprintln!("GET {}: {}, Retry-After {:?}, {}", answer.path, answer.status, answer.retry_after, answer.body);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_core::EventKind;

    #[tokio::test]
    async fn outage_is_a_503_with_a_time_while_there_is_no_token_and_nothing_once_there_is_one() {
        let sim = Simulator::start(Vendor::MgPlus).await.unwrap();
        let shop = shop(&sim);
        let tokens = shop.tokens.clone();
        let answers = visit(&sim, shop).await.unwrap();
        let (before, after) = answers.split_at(answers.iter().position(|answer| answer.body == "ready").unwrap());

        for answer in before.iter().filter(|answer| answer.path != "/health") {
            assert!(answer.status == 503 && answer.retry_after.is_some_and(|after| after > 0), "{answer:?}");
        }
        let paths: Vec<_> = after.iter().map(|answer| (answer.path, answer.status)).collect();
        assert_eq!(paths, ["/ready", "/orders", "/orders", "/ready", "/health"].map(|path| (path, 200)));
        let counts = sim.counts();
        assert_eq!((counts.minted, counts.pings, counts.pings_refused), (1, 2, 0));
        assert_eq!(counts.token_requests, counts.faults + 1, "the token was asked for only until it was there");
        assert!(tokens.recent_events().iter().any(|event| matches!(event.kind, EventKind::ShutDown)));
    }

    #[tokio::test]
    async fn health_tells_failures_and_the_life_that_is_left() {
        let sim = Simulator::start(Vendor::MgPlus).await.unwrap();
        let answers = visit(&sim, shop(&sim)).await.unwrap();
        let health = answers.iter().filter(|answer| answer.path == "/health");
        let health: Vec<Value> = health.map(|answer| serde_json::from_str(&answer.body).unwrap()).collect();
        assert_eq!((&health[0]["has_token"], &health[1]["has_token"]), (&json!(false), &json!(true)));
        assert!(health[0]["failures"].as_u64() > Some(0) && health[1]["failures"] == 0, "{health:?}");
        assert_eq!(health[0]["last_error"], "mgplus-sts is not available (status 503)");
        assert!(health[1]["seconds_left"].as_u64() > Some(3000), "{health:?}");
    }

    #[tokio::test]
    async fn wrong_secret_is_a_500_for_which_nobody_is_told_to_wait() {
        let sim = Simulator::start(Vendor::MgPlus).await.unwrap();
        let shop = shop(&sim);
        sim.rotate_secret("invented-other-secret");
        let trouble = orders(State(shop)).await.unwrap_err();
        assert_eq!((trouble.status, trouble.retry_after), (StatusCode::INTERNAL_SERVER_ERROR, None));
    }

    fn shop(sim: &Simulator) -> Shop {
        let endpoint = MgPlusSts::from_vars(|name| sim.var(name)).unwrap();
        Shop::new(endpoint, Hosts::only("127.0.0.1").unwrap(), sim.ping_url()).unwrap()
    }
}
