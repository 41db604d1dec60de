//! What every source is promised, and what one with a defect is given instead.

use std::time::Duration;

use auth_core::{Clock, Moment, RefreshPolicy};

use super::Sabotage;

/// What every source is promised: everything within seconds.
pub(super) fn policy() -> RefreshPolicy {
    let mut policy = RefreshPolicy::default();
    let millis = Duration::from_millis;
    policy.max_lifetime = millis(6000);
    policy.attempt_timeout = millis(2000);
    (policy.flight_timeout, policy.dead_after) = (millis(6000), millis(7000));
    (policy.retry_backoff, policy.retry_reserve) = (millis(200), millis(500));
    (policy.transient_hold, policy.max_transient_hold) = (millis(100), millis(1000));
    (policy.max_cold_hold, policy.throttled_hold) = (millis(500), millis(2000));
    policy.max_retry_after = LONGEST_HOLD;
    (policy.permanent_hold, policy.max_permanent_hold) = (millis(200), LONGEST_HOLD);
    (policy.young_token, policy.rejection_window) = (millis(1000), millis(3000));
    policy
}

/// What they are really given.
pub(super) fn policy_of(sabotage: Option<Sabotage>) -> RefreshPolicy {
    let mut policy = policy();
    match sabotage {
        Some(Sabotage::NoRest) => {
            (policy.min_interval, policy.max_attempts) = (Duration::ZERO, 9);
            (policy.retry_backoff, policy.retry_reserve) = (Duration::from_millis(10), Duration::ZERO);
            (policy.transient_hold, policy.permanent_hold) = (Duration::ZERO, Duration::ZERO);
        }
        Some(Sabotage::LongHolds) => {
            policy.max_retry_after = Duration::from_secs(3600);
        }
        Some(Sabotage::DeafToRetryAfter) => {
            (policy.max_retry_after, policy.throttled_hold) = (Duration::ZERO, Duration::ZERO);
        }
        Some(Sabotage::ShortLives) => policy.max_lifetime = Duration::from_secs(1),
        _ => {}
    }
    policy
}

/// The clock of [`Sabotage::StoppedClock`].
#[derive(Debug)]
pub(super) struct StoppedClock(pub(super) Moment);

impl Clock for StoppedClock {
    fn now(&self) -> Moment {
        self.0
    }
}

/// A hold lasts no longer; well beyond the least interval, behind which a hold that is broken would not show.
const LONGEST_HOLD: Duration = Duration::from_millis(2500);
