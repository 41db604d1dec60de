//! Exit codes by what to do, end to end.

use std::time::Duration;

use auth_sim::{Fault, MgPlusError, RetryAfter, Simulator, StoneXError, Vendor};

use crate::harness::{Done, authctl, started};

/// What comes of the next requests meeting `fault`.
async fn with_fault(fault: Fault) -> (Done, Simulator) {
    let sim = started(Vendor::MgPlus).await;
    sim.faults().lasting(Duration::MAX, fault);
    (authctl(&["token", "mgplus"]).vars_of(&sim).run(), sim)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_must_mend_is_3_and_is_asked_once() {
    for (fault, words) in [
        (MgPlusError::InvalidClient, "code invalid_client"),
        (MgPlusError::Forbidden, "allow list"),
        (MgPlusError::NotFound, "STS URL"),
    ] {
        let (done, sim) = with_fault(fault.into()).await;
        let done = done.expect_code(3);
        assert!(done.told().contains(words) && done.told().contains("a person must act"), "{done:?}");
        assert!(done.told().contains("(exit code 3)"), "{done:?}");
        assert_eq!(done.out, "");
        assert_eq!(sim.counts().token_requests, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_secret_is_3_by_the_vendors_own_judgement() {
    for vendor in Vendor::ALL {
        let sim = started(vendor).await;
        let done = authctl(&["token", vendor.short()]).vars_of(&sim);
        sim.rotate_secret("invented-secret-of-tomorrow");
        let done = done.run().expect_code(3);
        assert!(done.err.starts_with(&format!("error: {vendor} refused the request (status 40")), "{done:?}");
        assert_eq!(sim.counts().minted, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_is_4_and_tells_how_long_to_wait() {
    let (done, sim) = with_fault(Fault::RetryAfter { status: 429, after: RetryAfter::Seconds(7) }).await;
    let done = done.expect_code(4);
    assert!(done.told().contains("retry after 7 s") && done.told().contains("try again later"), "{done:?}");
    assert_eq!(sim.counts().token_requests, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn vendor_that_is_down_is_4_after_three_attempts() {
    let (done, sim) = with_fault(MgPlusError::GeneralError.into()).await;
    let done = done.expect_code(4);
    assert!(done.told().contains("status 500, code general_error"), "{done:?}");
    assert!(!done.told().contains("retry after"), "the vendor named no time: {done:?}");
    assert_eq!(sim.counts().token_requests, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn vendor_that_is_not_there_is_4() {
    let sim = started(Vendor::MgPlus).await;
    let call = authctl(&["token", "mgplus"]).vars_of(&sim);
    sim.shutdown().await;
    let done = call.run().expect_code(4);
    assert!(done.told().contains("the connection was refused"), "{done:?}");
    assert!(done.told().contains("if it lasts, check the URL and the network"), "{done:?}");
    assert!(!done.told().contains("retry after"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn vendor_that_never_answers_is_4_when_the_time_is_over() {
    let sim = started(Vendor::MgPlus).await;
    sim.faults().lasting(Duration::MAX, Fault::Hang);
    let done = authctl(&["token", "mgplus", "--timeout", "0.5"]).vars_of(&sim).run().expect_code(4);
    let told =
        done.told().contains("no token within 0.5 s") || done.told().contains("no whole answer before the deadline");
    assert!(told, "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_that_is_not_the_documented_one_is_5() {
    for fault in [Fault::Garbage, Fault::EmptyObject, Fault::Redirect("http://127.0.0.1:9/".to_owned()), Fault::Gzip] {
        let name = fault.name();
        let (done, sim) = with_fault(fault).await;
        let done = done.expect_code(5);
        assert!(done.told().contains("not the documented one"), "{name}: {done:?}");
        assert_eq!(sim.counts().token_requests, 1, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vendors_words_and_correlation_id_are_told() {
    let sim = started(Vendor::StoneX).await;
    sim.faults().next(1, StoneXError::ProblemUnauthorized.into());
    let done = authctl(&["token", "stonex"]).vars_of(&sim).run().expect_code(3);
    assert!(done.told().contains("vendor says Unauthorized: The credentials were not accepted."), "{done:?}");
    assert!(done.told().contains("correlation id 00-invented-01"), "{done:?}");
    assert!(!done.told().contains("retry after"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_failure_are_told_to_the_last() {
    let sim = started(Vendor::MgPlus).await;
    sim.faults().next(1, MgPlusError::Forbidden.into());
    let done = authctl(&["token", "mgplus", "-v"]).vars_of(&sim).run().expect_code(3);
    for event in ["requested: no token yet", "request failed: mgplus-sts refused", "held: a person must act"] {
        assert!(done.told().contains(event), "{done:?}");
    }
}

#[test]
fn every_command_that_fails_ends_with_the_next_thing_to_try() {
    for args in [
        &["token", "mgplus"][..],
        &["token", "mgplus", "--url", "http://127.0.0.1:1"],
        &["token", "acme"],
        &["token", "stonex", "--scope", "read"],
        &["doctor", "acme"],
        &["doctor", "partner", "--client-secret-file", "not-there.txt"],
        &["inspect", "not-there.txt"],
        &["inspect", "--jwks", "not-there.json"],
        &["sim", "mgplus", "--port", "70000"],
        &["sim", "mgplus", "partner", "--port", "65535"],
        &["completions", "acme"],
        &["demo", "--fast"],
    ] {
        let call = authctl(args).stdin("").var("MGPLUS_CLIENT_ID", "invented").var("MGPLUS_CLIENT_SECRET", "invented");
        let done = call.run();
        assert_ne!(done.code, Some(0), "{args:?}");
        let code = done.code.expect("an exit code");
        let ours = done.told().contains(" what to do ") && done.told().ends_with(&format!("(exit code {code})"));
        assert!(ours || done.told().ends_with("try '--help'."), "{args:?}: {done:?}");
    }
}
