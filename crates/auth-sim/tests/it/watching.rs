use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use auth_sim::{Exchange, Fault, Simulator, Target, Vendor};

use crate::calls::{authenticate, ping, token_call};
use crate::raw::{request, until};

/// Requests that are here now.
struct Here(Arc<AtomicU64>);

impl Drop for Here {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[tokio::test]
async fn every_request_is_shown_as_it_arrives_with_its_kind_and_headers() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&seen);
    let watch = move |target: Option<Target>, headers: &axum::http::HeaderMap| {
        all.lock().expect("no panic").push((target, headers.contains_key("authorization")));
    };
    let sim = Simulator::builder(Vendor::MgPlus).on_request(watch).start().await.expect("a port");
    let token = authenticate(&sim).await.token();
    ping(&sim, &token).send().await;
    sim.faults().next(1, Fault::Html(502));
    authenticate(&sim).await;
    let expected = [(Some(Target::Token), false), (Some(Target::Ping), true), (Some(Target::Token), false)];
    assert_eq!(*seen.lock().expect("no panic"), expected);
}

#[tokio::test]
async fn what_the_watcher_returns_lives_as_long_as_the_request() {
    let here = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&here);
    let watch = move |_: Option<Target>, _: &axum::http::HeaderMap| {
        count.fetch_add(1, SeqCst);
        Here(Arc::clone(&count))
    };
    let sim = Simulator::builder(Vendor::MgPlus).on_request(watch).start().await.expect("a port");
    authenticate(&sim).await;
    assert_eq!(here.load(SeqCst), 0, "answered");
    sim.faults().next(1, Fault::Hang);
    let held = token_call(&sim).begin().await.expect("a connection");
    until(|| here.load(SeqCst) == 1).await;
    drop(held);
    until(|| here.load(SeqCst) == 0).await;
}

#[tokio::test]
async fn every_request_is_shown_when_it_is_over_with_its_status_and_without_its_query() {
    let over = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&over);
    let listen = move |exchange: &Exchange| all.lock().expect("no panic").push(exchange.clone());
    let sim = Simulator::builder(Vendor::MgPlus).on_exchange(listen).start().await.expect("a port");
    let token = authenticate(&sim).await.token();
    ping(&sim, &token).send().await;
    sim.faults().next(1, Fault::Html(502));
    authenticate(&sim).await;
    request("POST", &format!("{}/nothing?client_secret=invented", sim.url())).send().await;
    sim.faults().next(1, Fault::Hang);
    let held = token_call(&sim).begin().await.expect("a connection");
    until(|| sim.counts().in_flight == 1).await;
    assert_eq!(over.lock().expect("no panic").len(), 4, "the last is not over");
    drop(held);
    until(|| over.lock().expect("no panic").len() == 5).await;
    let seen = over.lock().expect("no panic").clone();
    let seen: Vec<_> = seen.iter().map(|e| (&*e.method, &*e.path, e.target, e.status)).collect();
    let token = ("POST", "/connect/token", Some(Target::Token));
    let expected = [
        (token.0, token.1, token.2, Some(200)),
        ("GET", "/api/ping", Some(Target::Ping), Some(200)),
        (token.0, token.1, token.2, Some(502)),
        ("POST", "/nothing", None, Some(404)),
        (token.0, token.1, token.2, None),
    ];
    assert_eq!(seen, expected);
}
