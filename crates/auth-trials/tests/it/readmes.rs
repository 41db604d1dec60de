//! Numbers in the READMEs are those of the code: durations in prose drift.

use std::time::Duration;

use auth_core::{
    ATTEMPT_TIMEOUT, FLIGHT_TIMEOUT, FLOOR, LEAD_JITTER, MAX_ANSWER, MAX_ATTEMPTS, MAX_COLD_HOLD, MAX_PERMANENT_HOLD,
    MAX_RETRY_AFTER, MAX_TRANSIENT_HOLD, PERMANENT_HOLD, RENEW_AT, RENEW_JITTER, THROTTLED_HOLD, TRANSIENT_HOLD,
};

const CORE: &str = include_str!("../../../auth-core/README.md");
const MGPLUS: &str = include_str!("../../../mgplus-sts/README.md");
const STONEX: &str = include_str!("../../../stonex-auth/README.md");
const PARTNER: &str = include_str!("../../../partner-oauth/README.md");
const S2S: &str = include_str!("../../../s2s-oauth/README.md");
const MOBILEPAY: &str = include_str!("../../../mobilepay-auth/README.md");
const ROOT: &str = include_str!("../../../../README.md");

/// However its lines are broken.
#[track_caller]
fn says(readme: &str, words: &str) {
    let text = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(words), "{}: expected \"{words}\"", readme.lines().next().unwrap_or_default());
}

fn minutes(time: Duration) -> u64 {
    time.as_secs() / 60
}

fn percent(share: f64) -> f64 {
    (share * 100.0).round()
}

#[test]
fn holds_after_a_refusal_are_as_the_readmes_say() {
    let (first, most) = (PERMANENT_HOLD.as_secs(), minutes(MAX_PERMANENT_HOLD));
    for readme in [MGPLUS, STONEX, PARTNER, S2S, MOBILEPAY] {
        says(readme, &format!("held, for {first} s at first and for {most} minutes at most"));
    }
    says(CORE, &format!("that error for {first} s, {} s, … {most} min", 3 * first));
}

#[test]
fn renewal_is_when_the_readmes_say() {
    let window = format!("{} to {} %", percent(RENEW_AT - RENEW_JITTER), percent(RENEW_AT));
    for readme in [STONEX, PARTNER, S2S, MOBILEPAY] {
        says(readme, &format!("at {window} of the life"));
    }
    let lead = minutes(mgplus_sts::LEAD);
    says(MGPLUS, &format!("in the background, {lead} minutes before it expires"));
    says(MGPLUS, &format!("up to {} % of the life earlier", percent(LEAD_JITTER)));
    says(MGPLUS, &format!("until {} s before it expires", FLOOR.as_secs()));
    says(ROOT, &format!("renewed {lead} min before its end"));
    says(ROOT, &format!("after {} of its life", window.replace('%', "percent")));
}

#[test]
fn lives_that_no_answer_tells_are_as_the_readmes_say() {
    let hour = Duration::from_secs(3600);
    let lives = [mgplus_sts::DEFAULT_LIFETIME, stonex_auth::DEFAULT_LIFETIME, partner_oauth::DEFAULT_LIFETIME];
    assert_eq!((lives, mobilepay_auth::DEFAULT_LIFETIME), ([hour; 3], hour));
    says(S2S, &format!("else by {} minutes", minutes(s2s_oauth::DEFAULT_LIFETIME)));
}

#[test]
fn waits_of_the_core_are_as_its_readme_says() {
    assert_eq!((TRANSIENT_HOLD.as_secs(), MAX_TRANSIENT_HOLD.as_secs()), (1, 60));
    says(CORE, "asked again after ½–1 s, doubling to a minute, at most a third of what is left");
    assert_eq!(MAX_ATTEMPTS, 3);
    let (flight, cold) = (FLIGHT_TIMEOUT.as_secs(), MAX_COLD_HOLD.as_secs());
    assert!(ATTEMPT_TIMEOUT * MAX_ATTEMPTS < FLIGHT_TIMEOUT);
    says(
        CORE,
        &format!("up to three attempts in {flight} s while somebody waits; then that error for at most {cold} s"),
    );
    assert_eq!((minutes(MAX_RETRY_AFTER), THROTTLED_HOLD.as_secs()), (60, 30));
    says(CORE, "nothing is asked before that time, at most an hour");
    for readme in [MGPLUS, STONEX, PARTNER, S2S, MOBILEPAY] {
        says(readme, "asked again after half a minute, or when `Retry-After` says, in an hour at most");
    }
    says(CORE, &format!("at most {} KiB of answer", MAX_ANSWER / 1024));
}
