//! Tests of the crate from outside.
//!
//! Here is what the modules share: an endpoint for the vendor's simulator, and a call of the vendor's API by hand.

mod bad_input;
mod errors;
mod lifecycle;
mod wire;

use std::time::Duration;

use auth_core::{HeaderSet, RequestContext, TokenEndpoint, TokenSource};
use auth_sim::{Simulator, Vendor};
use mobilepay_auth::{ClientCredentials, MobilePayAuth};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) async fn start() -> Simulator {
    Simulator::start(Vendor::MobilePay).await.expect("simulator")
}

pub(crate) fn credentials(id: &str, secret: &str) -> ClientCredentials {
    ClientCredentials::new(id, secret).expect("credentials")
}

pub(crate) fn endpoint(sim: &Simulator) -> MobilePayAuth {
    let known = sim.credentials();
    MobilePayAuth::new(sim.url(), credentials(&known.client_id, &known.client_secret)).expect("endpoint")
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
    let url = sim.ping_url();
    let (host, path) = url["http://".len()..].split_once('/').expect("a path");
    let mut request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers.iter() {
        request += &format!("{name}: {}\r\n", value.to_str().expect("ASCII"));
    }
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    stream.write_all((request + "\r\n").as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}
