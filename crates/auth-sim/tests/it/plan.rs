use std::time::Duration;

use auth_sim::{Fault, MgPlusError, S2sError, Target, Vendor};

use crate::calls::{authenticate, code_call, exchange, ping, start};

const BUSY: Fault = Fault::MgPlus(MgPlusError::TooManyRequests);
const BROKEN: Fault = Fault::MgPlus(MgPlusError::GeneralError);

#[tokio::test]
async fn a_fault_is_met_by_so_many_requests_and_no_more() {
    let sim = start(Vendor::MgPlus).await;
    sim.faults().next(2, BROKEN);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(authenticate(&sim).await.status);
    }
    assert_eq!(statuses, [500, 500, 200]);
    assert!(sim.faults().is_empty());
}

#[tokio::test]
async fn faults_are_met_in_the_order_in_which_they_were_planned() {
    let sim = start(Vendor::MgPlus).await;
    sim.faults().next(1, BROKEN);
    sim.faults().next(1, BUSY);
    assert_eq!(authenticate(&sim).await.status, 500);
    assert_eq!(authenticate(&sim).await.status, 429);
    assert_eq!(authenticate(&sim).await.status, 200);
}

#[tokio::test]
async fn a_lasting_fault_is_met_until_the_plan_is_cleared() {
    let sim = start(Vendor::MgPlus).await;
    sim.faults().lasting(Duration::MAX, BROKEN);
    for _ in 0..3 {
        assert_eq!(authenticate(&sim).await.status, 500);
    }
    assert!(!sim.faults().is_empty());
    sim.faults().clear();
    assert_eq!(authenticate(&sim).await.status, 200);
}

#[tokio::test]
async fn a_fault_whose_time_is_over_is_met_by_nobody() {
    let sim = start(Vendor::MgPlus).await;
    sim.faults().lasting(Duration::ZERO, BROKEN);
    assert!(sim.faults().is_empty());
    assert_eq!(authenticate(&sim).await.status, 200);
}

#[tokio::test]
async fn a_fault_of_the_auth_calls_spares_the_ping() {
    let sim = start(Vendor::MgPlus).await;
    let token = authenticate(&sim).await.token();
    sim.faults().lasting(Duration::MAX, BROKEN);
    assert_eq!(ping(&sim, &token).send().await.status, 200);
    assert_eq!(authenticate(&sim).await.status, 500);
}

#[tokio::test]
async fn a_fault_of_the_ping_spares_the_auth_calls() {
    let sim = start(Vendor::MgPlus).await;
    sim.faults().next(1, Fault::ApiUnauthorized);
    sim.faults().next(1, Fault::ApiForbidden);
    sim.faults().next_on(Target::Ping, 1, Fault::Html(502));
    let token = authenticate(&sim).await.token();
    let unauthorized = ping(&sim, &token).send().await;
    assert_eq!(unauthorized.status, 401);
    assert_eq!(unauthorized.header("www-authenticate"), Some(r#"Bearer error="invalid_token""#));
    let forbidden = ping(&sim, &token).send().await;
    assert_eq!((forbidden.status, forbidden.header("www-authenticate")), (403, None));
    assert_eq!(ping(&sim, &token).send().await.status, 502);
    assert_eq!(ping(&sim, &token).send().await.status, 200);
}

#[tokio::test]
async fn the_code_call_and_the_token_call_can_be_hit_apart() {
    let sim = start(Vendor::S2s).await;
    sim.faults().next_on(Target::Token, 1, Fault::S2s(S2sError::GatewayServerError));
    let code = code_call(&sim).send().await;
    assert_eq!(code.status, 200);
    let code = code.json()["code"].as_str().expect("a code").to_owned();
    assert_eq!(exchange(&sim, &code).send().await.status, 500);
    assert_eq!(exchange(&sim, &code).send().await.status, 200, "a fault spends no code");
    sim.faults().next_on(Target::Code, 1, Fault::S2s(S2sError::GatewayServerError));
    assert_eq!(code_call(&sim).send().await.status, 500);
}

#[tokio::test]
async fn a_fault_of_the_oauth_provider_waits_for_its_own_call() {
    let sim = start(Vendor::S2s).await;
    sim.faults().next(1, Fault::S2s(S2sError::InvalidGrant));
    let answer = authenticate(&sim).await;
    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
    assert_eq!(sim.counts().code_requests, 1);
    assert_eq!(sim.counts().token_requests, 1);
}

#[tokio::test]
async fn the_plan_names_its_faults_and_nothing_else() {
    let sim = start(Vendor::MgPlus).await;
    sim.faults().next(1, Fault::Redirect("http://invented.invalid/secret".to_owned()));
    assert_eq!(format!("{:?}", sim.faults()), r#"["redirect"]"#);
}
