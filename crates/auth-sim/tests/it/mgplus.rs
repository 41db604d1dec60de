use auth_sim::{Fault, MgPlusError, Simulator, Vendor};

use crate::raw::{Request, ping, request};

async fn start() -> Simulator {
    Simulator::start(Vendor::MgPlus).await.expect("a simulator")
}

fn form(sim: &Simulator) -> String {
    let good = sim.credentials();
    format!("grant_type=client_credentials&client_id={}&client_secret={}", good.client_id, good.client_secret)
}

fn token_call(sim: &Simulator) -> Request {
    request("POST", &format!("{}/connect/token", sim.url()))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form(sim))
}

#[tokio::test]
async fn the_documented_request_gets_a_token_that_the_ping_takes() {
    let sim = start().await;
    let answer = token_call(&sim).send().await;
    let token = answer.token();
    assert_eq!(answer.json()["expires_in"], 3600);
    assert_eq!(answer.json()["token_type"], "Bearer");
    assert_eq!(ping(&sim, &token).send().await.status, 200);
}

#[tokio::test]
async fn a_planned_error_is_met_once() {
    let sim = start().await;
    sim.faults().next(1, Fault::MgPlus(MgPlusError::GeneralErrorText));
    let first = token_call(&sim).send().await;
    assert_eq!((first.status, first.text().as_str()), (500, "general_error"));
    assert_eq!(token_call(&sim).send().await.status, 200);
    assert_eq!(sim.counts().minted, 1);
}
