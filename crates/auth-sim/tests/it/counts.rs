use auth_sim::{Fault, OddToken, Simulator, Vendor};

use crate::calls::{authenticate, ping, start, token_call};
use crate::raw::{request, until};

#[tokio::test]
async fn a_fresh_simulator_has_seen_nothing() {
    let sim = start(Vendor::MgPlus).await;
    let counts = sim.counts();
    assert_eq!((counts.requests, counts.minted, counts.max_in_flight), (0, 0, 0));
}

#[tokio::test]
async fn requests_are_counted_by_what_they_are() {
    let sim = start(Vendor::S2s).await;
    let token = authenticate(&sim).await.token();
    ping(&sim, &token).send().await;
    ping(&sim, "never-issued").send().await;
    request("GET", &format!("{}/elsewhere", sim.url())).send().await;
    sim.faults().next(1, Fault::Html(502));
    authenticate(&sim).await;
    let counts = sim.counts();
    assert_eq!((counts.requests, counts.code_requests, counts.token_requests, counts.pings), (6, 2, 1, 2));
    assert_eq!((counts.minted, counts.refused, counts.pings_refused, counts.faults), (1, 1, 1, 1));
    assert_eq!((counts.in_flight, counts.max_in_flight), (0, 1));
}

async fn hold_three(sim: &Simulator) -> Vec<tokio::net::TcpStream> {
    sim.faults().next(3, Fault::Hang);
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(token_call(sim).begin().await.expect("a connection"));
    }
    until(|| sim.counts().in_flight == 3).await;
    held
}

#[tokio::test]
async fn the_highest_number_in_flight_stays_when_the_callers_have_gone() {
    let sim = start(Vendor::MgPlus).await;
    let held = hold_three(&sim).await;
    assert_eq!(authenticate(&sim).await.status, 200);
    assert_eq!(sim.counts().max_in_flight, 4);
    drop(held);
    until(|| sim.counts().in_flight == 0).await;
    assert_eq!(authenticate(&sim).await.status, 200);
    assert_eq!(sim.counts().max_in_flight, 4);
}

#[tokio::test]
async fn pings_are_not_counted_as_in_flight() {
    let sim = start(Vendor::MgPlus).await;
    let token = authenticate(&sim).await.token();
    let held = hold_three(&sim).await;
    assert_eq!(ping(&sim, &token).send().await.status, 200);
    assert_eq!(sim.counts().max_in_flight, 3);
    drop(held);
}

#[tokio::test]
async fn a_token_that_a_fault_spoils_or_cuts_was_minted_all_the_same() {
    for fault in [Fault::CutBody, Fault::CutChunked, Fault::Gzip, Fault::Token(OddToken::Empty)] {
        let sim = start(Vendor::MgPlus).await;
        sim.faults().next(1, fault);
        token_call(&sim).send().await;
        assert_eq!(sim.counts().minted, 1);
    }
}
