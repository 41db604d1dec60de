//! Metrics for Prometheus: what a source does, on a route `/metrics` of a service with axum.
//!
//! ```sh
//! cargo run -p auth-examples --example prometheus
//! ```
//!
//! Worth an alert: `auth_token_life_left_seconds == 0` in a program that is in use, and
//! `increase(auth_token_failures_total{class="rejected"}[10m]) > 0`, for which a person must act.

use auth_core::metrics;
use auth_sim::{Fault, RetryAfter, Simulator, Vendor};
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use mgplus_sts::{MgPlusSts, TokenSource};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result {
    eprintln!("{}", run(&Simulator::start(Vendor::MgPlus).await?).await?);
    Ok(())
}

/// A morning of a program, and what Prometheus reads at its end.
async fn run(sim: &Simulator) -> Result<String> {
    let exporter = recorder()?;
    // With the real vendor: MgPlusSts::from_env()?, and the URL of its API in place of the ping.
    let endpoint = MgPlusSts::from_vars(|name| sim.var(name))?;
    // The label `source` tells this one from others of the same vendor.
    let tokens = TokenSource::builder(endpoint).name("wallet").build();
    let (mut servers, client) = (JoinSet::new(), reqwest::Client::builder().no_proxy().build()?);
    let scrape = serve(tokens.clone(), exporter, &mut servers).await?;

    let token = tokens.token().await?;
    token.authorize(client.get(sim.ping_url()))?.send().await?.error_for_status()?;
    // The token is revoked, and replaced.
    sim.revoke_all();
    if token.authorize(client.get(sim.ping_url()))?.send().await?.status() == 401 {
        tokens.rejected(&token);
    }
    tokens.authorize(client.get(sim.ping_url())).await?.send().await?.error_for_status()?;
    // Somebody asks for another before its time, and the vendor has had enough.
    sim.faults().next(1, Fault::RetryAfter { status: 429, after: RetryAfter::Seconds(60) });
    if let Err(error) = tokens.refresh().await {
        eprintln!("the old token lives on: {error}");
    }
    tokens.authorize(client.get(sim.ping_url())).await?.send().await?.error_for_status()?;

    Ok(client.get(scrape).send().await?.error_for_status()?.text().await?)
}

/// Records for the whole program. Install it as early as you can: what was before is not told.
fn recorder() -> Result<PrometheusHandle> {
    let durations = Matcher::Full(metrics::FLIGHT_DURATION.to_owned());
    let exporter = PrometheusBuilder::new().set_buckets_for_metric(durations, &BUCKETS)?.install_recorder()?;
    metrics::describe();
    Ok(exporter)
}

/// In seconds, up to the longest flight.
const BUCKETS: [f64; 7] = [0.1, 0.3, 1.0, 3.0, 8.0, 16.0, 30.0];

async fn serve(tokens: TokenSource, exporter: PrometheusHandle, servers: &mut JoinSet<()>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/metrics", listener.local_addr()?);
    let routes = Router::new().route("/metrics", get(scrape)).with_state((tokens, exporter));
    servers.spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            eprintln!("the service has ended: {error}");
        }
    });
    Ok(url)
}

/// Gauges fade: the source says how it stands before they are read.
async fn scrape(State((tokens, exporter)): State<(TokenSource, PrometheusHandle)>) -> impl IntoResponse {
    tokens.record_metrics();
    exporter.run_upkeep();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], exporter.render())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[tokio::test]
    async fn what_prometheus_reads_is_what_happened() {
        let sim = Simulator::start(Vendor::MgPlus).await.unwrap();
        let text = run(&sim).await.unwrap();
        assert_eq!(text.matches("# HELP auth_token_").count(), 8, "each has its meaning: {text}");
        let mut series = series(&text);
        let life = series.remove("auth_token_life_left_seconds{source,vendor}").unwrap();
        let survivable = series.remove("auth_token_outage_survivable_seconds{source,vendor}").unwrap();
        assert!(3000.0 < life && life < 3600.0 && 0.0 < survivable && survivable < life, "{text}");
        series.retain(|name, _| !name.contains("_bucket{") && !name.contains("_sum{"));

        let counts = sim.counts();
        let (minted, throttled) = (counts.minted as f64, counts.faults as f64);
        assert_eq!((minted, throttled, counts.token_requests, counts.pings_refused), (2.0, 1.0, 3, 1));
        let expected = [
            ("requests_total{outcome=ok,source,vendor}", minted),
            ("requests_total{outcome=throttled,source,vendor}", throttled),
            ("renewals_total{reason=cold,source,vendor}", 1.0),
            ("renewals_total{reason=rejected,source,vendor}", 1.0),
            ("renewals_total{reason=forced,source,vendor}", 1.0),
            ("failures_total{class=throttled,source,vendor}", throttled),
            ("rejections_total{source,vendor,verdict=accepted}", counts.pings_refused as f64),
            ("flight_duration_seconds_count{outcome=ok,source,vendor}", minted),
            ("flight_duration_seconds_count{outcome=throttled,source,vendor}", throttled),
            ("reads_total{source,vendor}", 3.0),
        ];
        let expected = expected.map(|(name, value)| (format!("auth_token_{name}"), value));
        assert_eq!(series, BTreeMap::from(expected), "{text}");
    }

    /// The values, by name and sorted labels; those of vendor and source are the same in all, and looked at here.
    fn series(text: &str) -> BTreeMap<String, f64> {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let one = |line: &str| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = name.trim_end_matches('}').split_once('{').unwrap();
            assert!(labels.contains(r#"vendor="mgplus-sts""#) && labels.contains(r#"source="wallet""#), "{line}");
            let labels = labels.replace(r#"="mgplus-sts""#, "").replace(r#"="wallet""#, "").replace('"', "");
            let mut labels: Vec<&str> = labels.split(',').collect();
            labels.sort_unstable();
            (format!("{name}{{{}}}", labels.join(",")), value.parse().unwrap())
        };
        lines.map(one).collect()
    }
}
