//! The soak itself: a short one finds nothing, and each defect is found by the rule that it breaks.

use std::collections::BTreeSet;
use std::future::pending;
use std::time::Duration;

use auth_sim::{Fault, RetryAfter};
use auth_trials::soak::schedule::Trouble;
use auth_trials::soak::violation::Rule;
use auth_trials::soak::{Plan, Report, Sabotage, run};

const SEED: u64 = 20_240_229;

async fn soak(plan: &Plan) -> Report {
    run(plan, pending(), |_| {}).await.expect("free ports")
}

async fn rules_broken_by(sabotage: Sabotage) -> BTreeSet<Rule> {
    let mut plan = Plan::brief(SEED);
    (plan.sabotage, plan.settling) = (Some(sabotage), Duration::from_secs(1));
    if sabotage == Sabotage::LongHolds {
        plan = throttled(plan);
    }
    if sabotage == Sabotage::DeafToRetryAfter {
        plan.only = Some(Trouble::Wire(THROTTLED));
    }
    soak(&plan).await.violations.iter().map(|violation| violation.rule).collect()
}

const THROTTLED: Fault = Fault::RetryAfter { status: 429, after: RetryAfter::Seconds(60) };

/// All vendors ask to slow down by turns. No attempt hangs here, so that a hold is all there is to wait for.
fn throttled(mut plan: Plan) -> Plan {
    let seconds = Duration::from_secs_f64;
    plan.only = Some(Trouble::Wire(THROTTLED));
    (plan.recovery, plan.time) = (seconds(3.5), seconds(11.5));
    (plan.spells.fine, plan.spells.foul) = ((seconds(4.5), seconds(4.5)), (seconds(2.0), seconds(2.0)));
    plan
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn short_soak_breaks_no_rule_and_checks_thousands_of_times() {
    let report = soak(&Plan::brief(SEED)).await;
    assert_eq!(report.violations, [], "{report}");
    let least = [
        ("tokens answered", 20),
        ("reads", 500),
        ("reads that got an error", 1),
        ("reads dropped half-way", 1),
        ("calls of the vendors' APIs", 20),
        ("sources made", 10),
        ("checks made", 2000),
    ];
    for (what, least) in least {
        assert!(report.count(what) >= least, "{what}: {} of at least {least}\n{report}", report.count(what));
    }
    assert_eq!(report.count("sources left"), 0);
    assert!(report.troubles.len() > 3, "{:?}", report.troubles);
    let table = report.to_string();
    assert!(table.starts_with("| soak | |\n|---|---:|\n") && table.contains("| violations | 0 |"), "{table}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_that_is_stopped_ends_at_once_with_what_it_has() {
    let mut plan = Plan::brief(SEED);
    plan.time = Duration::from_secs(3600);
    let report = run(&plan, async {}, |_| {}).await.expect("free ports");
    assert!(report.ran < plan.time);
    assert_eq!(report.violations, [], "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_sent_twice_is_found() {
    // The first may be answered before the second arrives; that two came for one attempt is seen in any case.
    assert!(rules_broken_by(Sabotage::AsksTwice).await.contains(&Rule::Attempts));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clock_that_stands_still_is_found_by_the_expired_tokens() {
    assert!(rules_broken_by(Sabotage::StoppedClock).await.contains(&Rule::Expired));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn source_without_rest_is_found_by_its_flights() {
    let broken = rules_broken_by(Sabotage::NoRest).await;
    assert!(broken.contains(&Rule::Interval) || broken.contains(&Rule::Attempts), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hold_as_long_as_a_vendor_asks_is_found_by_the_recovery_that_does_not_come() {
    assert!(rules_broken_by(Sabotage::LongHolds).await.contains(&Rule::Recovery));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hold_as_long_as_is_believed_is_kept_to_and_recovered_from() {
    let report = soak(&throttled(Plan::brief(SEED))).await;
    assert_eq!(report.violations, [], "{report}");
    let (told, spells) = (report.count("attempts told how long to wait"), report.count("healthy spells to recover in"));
    assert!(told > 0 && spells > 0, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn source_that_is_deaf_to_retry_after_is_found_by_the_request_that_comes_too_soon() {
    assert!(rules_broken_by(Sabotage::DeafToRetryAfter).await.contains(&Rule::Silence));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn token_taken_for_dead_is_found_by_those_who_wait() {
    assert!(rules_broken_by(Sabotage::ShortLives).await.contains(&Rule::Waited));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn panic_anywhere_in_the_program_is_found_and_ends_the_soak() {
    let mut plan = Plan::brief(SEED);
    plan.panics = || 1;
    let report = soak(&plan).await;
    assert_eq!(report.violations.iter().map(|violation| violation.rule).collect::<Vec<_>>(), [Rule::Panic]);
    assert!(report.ran < plan.time);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn source_that_stays_is_found_when_all_is_dropped() {
    assert!(rules_broken_by(Sabotage::Leaks).await.contains(&Rule::Leftovers));
}
