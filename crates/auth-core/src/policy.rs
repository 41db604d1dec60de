//! When to renew, and how long to hold after a failure. Pure: time and randomness are arguments.

use std::time::Duration;

use crate::Moment;
use crate::error::Class;

/// When and how a source asks, with a default for every number.
///
/// Fields are public so that a test can say 50 ms; a struct update from [`RefreshPolicy::default`] is not possible from
/// outside, so change a copy:
///
/// ```
/// use std::time::Duration;
/// use auth_core::{KeepWarm, RefreshPolicy};
///
/// let mut policy = RefreshPolicy::default();
/// policy.keep_warm = KeepWarm::Always;
/// policy.attempt_timeout = Duration::from_millis(50);
/// assert_eq!(policy.min_interval, auth_core::MIN_INTERVAL);
/// ```
///
/// The numbers, each of which has its reason beside it:
///
/// ```
/// use auth_core::*;
///
/// assert_eq!((RENEW_AT, RENEW_JITTER, LEAD_JITTER), (0.75, 0.10, 0.05));
/// assert_eq!(MAX_LIFETIME.as_secs(), 24 * 3600);
/// assert_eq!(FLOOR.as_secs(), 10);
///
/// assert_eq!((ATTEMPT_TIMEOUT.as_secs(), MIN_ATTEMPT_TIMEOUT.as_secs(), MAX_ATTEMPTS), (8, 2, 3));
/// assert_eq!((FLIGHT_TIMEOUT.as_secs(), DEAD_AFTER.as_secs(), BEGIN_WITHIN.as_secs()), (30, 35, 2));
/// assert_eq!((RETRY_BACKOFF.as_secs(), RETRY_RESERVE.as_secs()), (1, 5));
/// assert_eq!((MIN_INTERVAL.as_secs(), LEAST_INTERVAL.as_millis()), (1, 100));
///
/// assert_eq!((TRANSIENT_HOLD.as_secs(), MAX_TRANSIENT_HOLD.as_secs(), MAX_COLD_HOLD.as_secs()), (1, 60, 5));
/// assert_eq!((THROTTLED_HOLD.as_secs(), MAX_RETRY_AFTER.as_secs()), (30, 3600));
/// assert_eq!((PERMANENT_HOLD.as_secs(), MAX_PERMANENT_HOLD.as_secs()), (10, 300));
///
/// assert_eq!((YOUNG_TOKEN.as_secs(), REJECTION_WINDOW.as_secs(), MAX_REJECTIONS), (60, 300, 3));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RefreshPolicy {
    /// When a token is renewed. Default: at 75 % of its life, up to 10 % of it earlier.
    pub renew: Renew,
    /// Whether a task renews ahead of time. Default: while the token was used within two lifetimes.
    pub keep_warm: KeepWarm,
    /// A lifetime above this is not believed. Default [`MAX_LIFETIME`].
    pub max_lifetime: Duration,
    /// Below this life left a token is not handed out, or below a tenth of its life if that is less. Default [`FLOOR`].
    pub floor: Duration,
    /// Longest time for one attempt. Default [`ATTEMPT_TIMEOUT`]; halved lifetimes of short tokens cap it, down to
    /// [`MIN_ATTEMPT_TIMEOUT`].
    pub attempt_timeout: Duration,
    /// Longest time for one flight. Default [`FLIGHT_TIMEOUT`].
    pub flight_timeout: Duration,
    /// A flight older than this by a waiter's own timer is dead; one that may still land is not, however little this is.
    /// Default [`DEAD_AFTER`]. To those who wait one that has sent nothing yet is dead after [`BEGIN_WITHIN`].
    pub dead_after: Duration,
    /// Most attempts in a flight; more than one only while a caller waits, or after a token that came without any life left.
    /// Default [`MAX_ATTEMPTS`].
    pub max_attempts: u32,
    /// First wait between attempts of a flight; it doubles, and a random quarter to whole of it is waited.
    /// Default [`RETRY_BACKOFF`].
    pub retry_backoff: Duration,
    /// An attempt is begun only with this much of the flight left. Default [`RETRY_RESERVE`].
    pub retry_reserve: Duration,
    /// First hold after a transient failure; it doubles. Default [`TRANSIENT_HOLD`].
    pub transient_hold: Duration,
    /// Longest transient hold while a token is usable. Default [`MAX_TRANSIENT_HOLD`].
    pub max_transient_hold: Duration,
    /// Longest transient hold without a usable token. Default [`MAX_COLD_HOLD`].
    pub max_cold_hold: Duration,
    /// Hold after a throttling answer that names no time. Default [`THROTTLED_HOLD`].
    pub throttled_hold: Duration,
    /// A longer `Retry-After` is cut to this; a shorter one than the transient hold ends with that.
    /// Default [`MAX_RETRY_AFTER`].
    pub max_retry_after: Duration,
    /// First hold after a permanent failure; it triples. Default [`PERMANENT_HOLD`].
    pub permanent_hold: Duration,
    /// Longest permanent hold. Default [`MAX_PERMANENT_HOLD`].
    pub max_permanent_hold: Duration,
    /// Least time between the start of two flights, or half the token's life if that is less.
    /// Default [`MIN_INTERVAL`], never below [`LEAST_INTERVAL`].
    pub min_interval: Duration,
    /// Rejections of young tokens that are believed within [`RefreshPolicy::rejection_window`].
    /// Default [`MAX_REJECTIONS`].
    pub max_rejections: usize,
    /// A rejected token younger than this, or than half its life, counts as young. Default [`YOUNG_TOKEN`].
    pub young_token: Duration,
    /// How long rejections are counted, and how long further ones are ignored. Default [`REJECTION_WINDOW`].
    pub rejection_window: Duration,
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        Self {
            renew: Renew::default(),
            keep_warm: KeepWarm::default(),
            max_lifetime: MAX_LIFETIME,
            floor: FLOOR,
            attempt_timeout: ATTEMPT_TIMEOUT,
            flight_timeout: FLIGHT_TIMEOUT,
            dead_after: DEAD_AFTER,
            max_attempts: MAX_ATTEMPTS,
            retry_backoff: RETRY_BACKOFF,
            retry_reserve: RETRY_RESERVE,
            transient_hold: TRANSIENT_HOLD,
            max_transient_hold: MAX_TRANSIENT_HOLD,
            max_cold_hold: MAX_COLD_HOLD,
            throttled_hold: THROTTLED_HOLD,
            max_retry_after: MAX_RETRY_AFTER,
            permanent_hold: PERMANENT_HOLD,
            max_permanent_hold: MAX_PERMANENT_HOLD,
            min_interval: MIN_INTERVAL,
            max_rejections: MAX_REJECTIONS,
            young_token: YOUNG_TOKEN,
            rejection_window: REJECTION_WINDOW,
        }
    }
}

impl RefreshPolicy {
    /// The life L that a token is given: what was answered, up to the longest that is believed.
    pub(crate) fn lifetime(&self, answered: Duration) -> Duration {
        answered.min(self.max_lifetime)
    }

    /// The life that a token of this `lifetime` must have left to be handed out: [`RefreshPolicy::floor`], or a tenth of its
    /// life if that is less.
    #[must_use]
    pub fn floor_of(&self, lifetime: Duration) -> Duration {
        self.floor.min(lifetime / 10)
    }

    /// How long after its request a token of this `lifetime` is renewed: while it is handed out, however late
    /// [`RefreshPolicy::renew`] has it. `random` is drawn once per token, uniformly from 0 to 1: 0 is the latest moment, and 1
    /// the earliest.
    #[must_use]
    pub fn renew_after(&self, lifetime: Duration, random: f64) -> Duration {
        let (latest, spread) = match self.renew {
            Renew::At { fraction, jitter } => {
                (part(lifetime, if fraction.is_nan() { RENEW_AT } else { fraction.clamp(0.0, 1.0) }), jitter)
            }
            Renew::Lead { lead, jitter } => (lifetime - lead.min(lifetime / 2), jitter),
        };
        let latest = latest.min(lifetime - 2 * self.floor_of(lifetime));
        latest.saturating_sub(part(lifetime, spread.clamp(0.0, 1.0) * random))
    }

    /// The longest an attempt may take, for a token that lives `lifetime` if that is known.
    pub(crate) fn attempt_time(&self, lifetime: Option<Duration>) -> Duration {
        let half = lifetime.map_or(self.attempt_timeout, |life| (life / 2).max(MIN_ATTEMPT_TIMEOUT));
        self.attempt_timeout.min(half)
    }

    /// How long those who wait give a flight to send anything, after `before` in a row that took too long for them.
    pub(crate) fn begin_within(&self, before: u32) -> Duration {
        BEGIN_WITHIN.saturating_mul(1 << before.min(16)).min(self.dead_after)
    }

    /// The wait before attempt `next` (2, 3, …) of a flight.
    pub(crate) fn backoff(&self, next: u32, random: f64) -> Duration {
        let whole = self.retry_backoff.saturating_mul(1 << next.saturating_sub(2).min(16));
        part(whole, 0.25 + 0.75 * random)
    }

    /// The least time between the start of two flights.
    pub(crate) fn interval(&self, lifetime: Option<Duration>) -> Duration {
        lifetime.map_or(self.min_interval, |life| self.min_interval.min(life / 2)).max(LEAST_INTERVAL)
    }

    /// How long to hold after the `failures`-th failed flight in a row.
    pub(crate) fn hold(&self, why: &Failed, now: Moment, random: f64) -> Duration {
        match why.class {
            Class::Throttled => match why.retry_after {
                // A `Retry-After` of nothing does not switch the backoff off, and a short one does not lengthen it.
                Some(_) => self.rest(why.retry_after).max(self.transient(why, now, random)),
                None => self.rest(None),
            },
            Class::Permanent => {
                let tripled = self.permanent_hold.saturating_mul(3u32.saturating_pow(why.before()));
                let whole = tripled.min(self.max_permanent_hold);
                part(whole, 0.9 + 0.2 * random).min(self.max_permanent_hold)
            }
            Class::Transient => self.transient(why, now, random),
        }
    }

    /// How long a vendor that throttles is let alone, whatever else happens: for what it `named`, if that is believed.
    pub(crate) fn rest(&self, named: Option<Duration>) -> Duration {
        named.map_or(self.throttled_hold, |named| named.min(self.max_retry_after))
    }

    /// The hold of an outage, whatever time the vendor named.
    fn transient(&self, why: &Failed, now: Moment, random: f64) -> Duration {
        let doubled = self.transient_hold.saturating_mul(1 << why.before().min(16));
        let drawn = part(doubled.min(self.max_transient_hold), 0.5 + 0.5 * random);
        let left = why.usable_until.since(now);
        if left.is_zero() { drawn.min(self.max_cold_hold) } else { drawn.min(left / 3) }
    }
}

/// `share` of `whole`, whatever either is: none of it where `share` is no number, the longest time where it is too long.
fn part(whole: Duration, share: f64) -> Duration {
    Duration::try_from_secs_f64(whole.as_secs_f64() * share.max(0.0)).unwrap_or(Duration::MAX)
}

/// A flight that failed, as far as the hold depends on it.
pub(crate) struct Failed {
    pub(crate) class: Class,
    /// Failed flights in a row, this one included.
    pub(crate) failures: u32,
    pub(crate) retry_after: Option<Duration>,
    /// Until when a token can still be handed out; in the past if there is none.
    pub(crate) usable_until: Moment,
}

impl Failed {
    /// Failed flights before this one.
    fn before(&self) -> u32 {
        self.failures.saturating_sub(1)
    }
}

/// When a token is renewed; drawn once per token, so that a fleet does not ask in step. At the latest that is twice its
/// [`RefreshPolicy::floor_of`] before expiry, so that a new one can come before the old one is no longer handed out.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Renew {
    /// At a fraction of the life, up to `jitter` (a fraction of the life too) earlier.
    At {
        /// Latest renewal, as a fraction of the life.
        fraction: f64,
        /// How much earlier at most.
        jitter: f64,
    },
    /// `lead` before expiry, as a vendor advises, or half the life if that is less; up to `jitter` (a fraction of the
    /// life) earlier, never later.
    Lead {
        /// How long before expiry.
        lead: Duration,
        /// How much earlier at most, as a fraction of the life.
        jitter: f64,
    },
}

impl Renew {
    /// At `lead` before expiry, up to [`LEAD_JITTER`] of the life earlier.
    #[must_use]
    pub fn ahead_by(lead: Duration) -> Self {
        Self::Lead { lead, jitter: LEAD_JITTER }
    }
}

impl Default for Renew {
    fn default() -> Self {
        Self::At { fraction: RENEW_AT, jitter: RENEW_JITTER }
    }
}

/// Whether a task of the source's own renews the token ahead of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeepWarm {
    /// Never: the first call after the renewal time starts a flight, and is served at once from the old token.
    OnDemand,
    /// While a call used the current token, or the one before within two lifetimes.
    #[default]
    WhileUsed,
    /// While a call used the current token, or the one before within this time. Use is one flag per token, so that readers
    /// write nothing: a token used once counts as used until it is renewed.
    WhileUsedWithin(Duration),
    /// From the first call on, until the last handle is dropped.
    Always,
}

impl KeepWarm {
    /// How long ago a token of this `lifetime` may have been used last.
    pub(crate) fn window(self, lifetime: Duration) -> Duration {
        match self {
            Self::OnDemand => Duration::ZERO,
            Self::WhileUsed => lifetime.saturating_mul(2),
            Self::WhileUsedWithin(window) => window,
            Self::Always => Duration::MAX,
        }
    }
}

/// Latest renewal: a quarter of the life is left to ride out an outage (15 of 60 minutes).
pub const RENEW_AT: f64 = 0.75;
/// Spread of the renewal, so that instances started together drift apart.
pub const RENEW_JITTER: f64 = 0.10;
/// Spread where the vendor names a lead: smaller, and only ever earlier.
pub const LEAD_JITTER: f64 = 0.05;
/// A day: beyond it a lifetime is a mistake (milliseconds, a date) rather than a promise.
pub const MAX_LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// Covers the skew of clocks and one round trip.
pub const FLOOR: Duration = Duration::from_secs(10);
/// A healthy vendor answers in well under a second; three attempts fit into a flight.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(8);
/// A TLS handshake over a bad line takes this long.
pub const MIN_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// What a patient caller waits for a page.
pub const FLIGHT_TIMEOUT: Duration = Duration::from_secs(30);
/// A flight and a scheduler's delay.
pub const DEAD_AFTER: Duration = Duration::from_secs(35);
/// A task is polled within milliseconds, unless its runtime is busy for long or nobody polls it: a `current_thread` runtime
/// that was only entered for one `block_on`. A flight that is given up for that has sent nothing and, polled after all, finds
/// itself replaced and asks nothing, so that a busy runtime costs no request. Each further one in a row is given twice the
/// time, so that one begins in the end where all runtimes are busy.
pub const BEGIN_WITHIN: Duration = Duration::from_secs(2);
/// One and two more.
pub const MAX_ATTEMPTS: u32 = 3;
/// Long enough for a load balancer to notice a dead backend.
pub const RETRY_BACKOFF: Duration = Duration::from_secs(1);
/// Less would only make a late failure later.
pub const RETRY_RESERVE: Duration = Duration::from_secs(5);
/// A restart of the vendor's server takes seconds.
pub const TRANSIENT_HOLD: Duration = Duration::from_secs(1);
/// An outage is noticed to be over within a minute.
pub const MAX_TRANSIENT_HOLD: Duration = Duration::from_secs(60);
/// Without a token callers fail, so the vendor's return must be noticed soon.
pub const MAX_COLD_HOLD: Duration = Duration::from_secs(5);
/// A minute's quota has half refilled.
pub const THROTTLED_HOLD: Duration = Duration::from_secs(30);
/// Longer ones are a mistake or a maintenance window that may end early.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// A wrong secret stays wrong until somebody acts; accounts lock after a few dozen refusals.
pub const PERMANENT_HOLD: Duration = Duration::from_secs(10);
/// Nothing gives up for good: a repaired account works again within five minutes.
pub const MAX_PERMANENT_HOLD: Duration = Duration::from_secs(300);
/// No more than one flight a second is started; within one its attempts are [`RETRY_BACKOFF`] apart.
pub const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// Nor, for the shortest tokens, more than ten a second.
pub const LEAST_INTERVAL: Duration = Duration::from_millis(100);
/// Two APIs may reject a token that was revoked; the third time it is the API that is wrong.
pub const MAX_REJECTIONS: usize = 3;
/// A token this young was hardly revoked.
pub const YOUNG_TOKEN: Duration = Duration::from_secs(60);
/// How long rejections are counted, then ignored.
pub const REJECTION_WINDOW: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn failed(class: Class, failures: u32) -> Failed {
        Failed { class, failures, retry_after: None, usable_until: Moment::default() }
    }

    #[test]
    fn renewal_falls_between_65_and_75_percent_of_the_life() {
        let policy = RefreshPolicy::default();
        assert_eq!(policy.renew_after(HOUR, 0.0), HOUR.mul_f64(0.75));
        assert_eq!(policy.renew_after(HOUR, 1.0).as_secs(), 2340);
    }

    #[test]
    fn advised_lead_is_capped_at_half_the_life_and_never_later() {
        let policy = RefreshPolicy { renew: Renew::ahead_by(Duration::from_secs(900)), ..RefreshPolicy::default() };
        assert_eq!(policy.renew_after(HOUR, 0.0), Duration::from_secs(2700));
        assert_eq!(policy.renew_after(HOUR, 1.0), Duration::from_secs(2520));
        assert_eq!(policy.renew_after(Duration::from_secs(600), 0.0), Duration::from_secs(300));
    }

    #[test]
    fn attempts_are_shorter_for_short_tokens_but_never_below_two_seconds() {
        let policy = RefreshPolicy::default();
        assert_eq!(policy.attempt_time(None).as_secs(), 8);
        assert_eq!(policy.attempt_time(Some(HOUR)).as_secs(), 8);
        assert_eq!(policy.attempt_time(Some(Duration::from_secs(10))).as_secs(), 5);
        assert_eq!(policy.attempt_time(Some(Duration::from_millis(50))).as_secs(), 2);
    }

    #[test]
    fn interval_is_a_second_or_half_a_life_but_never_below_100_ms() {
        let policy = RefreshPolicy::default();
        assert_eq!(policy.interval(None).as_millis(), 1000);
        assert_eq!(policy.interval(Some(Duration::from_millis(600))).as_millis(), 300);
        assert_eq!(policy.interval(Some(Duration::from_millis(1))).as_millis(), 100);
        let rare = RefreshPolicy { min_interval: 30 * Duration::from_secs(1), ..policy };
        assert_eq!([rare.interval(None).as_secs(), rare.interval(Some(HOUR)).as_secs()], [30, 30]);
    }

    #[test]
    fn transient_hold_doubles_is_drawn_and_leaves_room_before_the_token_dies() {
        let policy = RefreshPolicy::default();
        let long = |n, random| {
            let why = Failed { usable_until: Moment::from_origin(HOUR), ..failed(Class::Transient, n) };
            policy.hold(&why, Moment::default(), random)
        };
        assert_eq!(long(1, 1.0).as_secs_f64(), 1.0);
        assert_eq!(long(1, 0.0).as_secs_f64(), 0.5);
        assert_eq!(long(4, 1.0).as_secs_f64(), 8.0);
        assert_eq!(long(99, 1.0).as_secs_f64(), 60.0);
        let near = Failed { usable_until: Moment::from_origin(Duration::from_secs(9)), ..failed(Class::Transient, 9) };
        assert_eq!(policy.hold(&near, Moment::default(), 1.0).as_secs(), 3);
        assert_eq!(policy.hold(&failed(Class::Transient, 9), Moment::default(), 1.0).as_secs(), 5);
    }

    #[test]
    fn permanent_hold_triples_up_to_five_minutes() {
        let policy = RefreshPolicy::default();
        let hold = |n| policy.hold(&failed(Class::Permanent, n), Moment::default(), 0.5).as_secs_f64().round();
        assert_eq!([hold(1), hold(2), hold(3), hold(4), hold(5)], [10.0, 30.0, 90.0, 270.0, 300.0]);
    }

    #[test]
    fn retry_after_is_kept_to_but_no_longer_than_an_hour() {
        let policy = RefreshPolicy::default();
        let hold = |seconds: Option<u64>| {
            let why = Failed { retry_after: seconds.map(Duration::from_secs), ..failed(Class::Throttled, 7) };
            policy.hold(&why, Moment::default(), 0.3).as_secs()
        };
        assert_eq!([hold(None), hold(Some(120)), hold(Some(u64::MAX))], [30, 120, 3600]);
    }

    #[test]
    fn short_retry_after_holds_no_longer_than_an_outage_without_one() {
        let policy = RefreshPolicy::default();
        for (failures, life_left, random) in
            [(1, 0, 0.3), (9, 0, 1.0), (9, 9, 1.0), (3, 900, 0.0), (9, 900, 1.0), (9, 3600, 0.5)]
        {
            let usable_until = Moment::from_origin(Duration::from_secs(life_left));
            let hold = |class, seconds: Option<u64>| {
                let retry_after = seconds.map(Duration::from_secs);
                let why = Failed { retry_after, usable_until, ..failed(class, failures) };
                policy.hold(&why, Moment::default(), random)
            };
            let without = hold(Class::Transient, None);
            assert_eq!(hold(Class::Throttled, Some(0)), without, "{failures} failures, {life_left} s left");
            assert_eq!(hold(Class::Throttled, Some(1)), without.max(Duration::from_secs(1)));
            assert_eq!(hold(Class::Throttled, Some(120)).as_secs(), 120);
        }
    }
}
