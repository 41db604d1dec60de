//! The design's numbers and formulas, written down a second time: what the machine does is held against these.

use std::time::Duration;

use fastrand::Rng;

use super::vendor::Fault;
use crate::error::Class;
use crate::{KeepWarm, Moment, RefreshPolicy, Renew};

/// The policy of one world, and what follows from it.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) numbers: RefreshPolicy,
    /// Whether the machine is given its own defaults, so that its constants are tested, or these numbers.
    pub(super) is_design: bool,
}

/// The least and the most that is allowed.
pub(super) type Window = (Duration, Duration);

impl Rules {
    /// The design's numbers, each a literal here.
    pub(super) fn design(renew: Renew, keep_warm: KeepWarm) -> Self {
        let (secs, millis) = (Duration::from_secs, Duration::from_millis);
        let numbers = RefreshPolicy {
            renew,
            keep_warm,
            max_lifetime: secs(86_400),
            floor: secs(10),
            attempt_timeout: secs(8),
            flight_timeout: secs(30),
            dead_after: secs(35),
            max_attempts: 3,
            retry_backoff: secs(1),
            retry_reserve: secs(5),
            transient_hold: secs(1),
            max_transient_hold: secs(60),
            max_cold_hold: secs(5),
            throttled_hold: secs(30),
            max_retry_after: secs(3600),
            permanent_hold: secs(10),
            max_permanent_hold: secs(300),
            min_interval: millis(1000),
            max_rejections: 3,
            young_token: secs(60),
            rejection_window: secs(300),
        };
        Self { numbers, is_design: true }
    }

    /// Three worlds of four have the design's numbers, with each vendor's own advice; the others have any.
    pub(super) fn drawn(dice: &mut Rng) -> Self {
        let keep_warm = match dice.u8(0..6) {
            0 => KeepWarm::OnDemand,
            1 | 2 => KeepWarm::WhileUsed,
            3 => KeepWarm::WhileUsedWithin(Duration::from_secs(dice.u64(0..100_000))),
            _ => KeepWarm::Always,
        };
        let renew = match dice.u8(0..3) {
            0 => Renew::Lead { lead: Duration::from_secs(900), jitter: 0.05 },
            _ => Renew::At { fraction: 0.75, jitter: 0.10 },
        };
        let design = Self::design(renew, keep_warm);
        if dice.u8(0..4) > 0 { design } else { Self { numbers: odd(design.numbers, dice), is_design: false } }
    }

    /// What the machine is given.
    pub(super) fn policy(&self) -> RefreshPolicy {
        if !self.is_design {
            return self.numbers.clone();
        }
        let renew = match self.numbers.renew {
            Renew::Lead { lead, .. } => Renew::ahead_by(lead),
            Renew::At { .. } => Renew::default(),
        };
        RefreshPolicy { renew, keep_warm: self.numbers.keep_warm, ..RefreshPolicy::default() }
    }

    pub(super) fn lifetime(&self, answered: Duration) -> Duration {
        answered.min(self.numbers.max_lifetime)
    }

    /// u = min(10 s, 10 % of L)
    pub(super) fn floor(&self, lifetime: Duration) -> Duration {
        self.numbers.floor.min(lifetime / 10)
    }

    /// At 75 % of L minus 0 to 10 % of L; or a lead before expiry, at most half of L, 0 to 5 % of L earlier. Never later
    /// than 2u before expiry.
    pub(super) fn renewal(&self, lifetime: Duration) -> Window {
        let (latest, spread) = match self.numbers.renew {
            Renew::At { fraction, jitter } => (share(lifetime, fraction), jitter),
            Renew::Lead { lead, jitter } => (lifetime.saturating_sub(lead).max(lifetime - lifetime / 2), jitter),
        };
        let latest = latest.min(lifetime - 2 * self.floor(lifetime));
        (latest.saturating_sub(share(lifetime, spread)), latest)
    }

    /// min(1 s, L/2), 1 s where L is unknown, never under 100 ms
    pub(super) fn interval(&self, lifetime: Option<Duration>) -> Duration {
        let half = lifetime.map_or(Duration::MAX, |life| life / 2);
        half.min(self.numbers.min_interval).max(Duration::from_millis(100))
    }

    /// min(8 s, max(2 s, L/2 where L is known))
    pub(super) fn attempt(&self, lifetime: Option<Duration>) -> Duration {
        let longest = self.numbers.attempt_timeout;
        lifetime.map_or(longest, |life| longest.min((life / 2).max(Duration::from_secs(2))))
    }

    /// U(0.25, 1) s · 2ⁿ before attempt n + 2
    pub(super) fn pause(&self, attempts: u32) -> Window {
        let whole = self.numbers.retry_backoff.saturating_mul(1 << (attempts - 1).min(16));
        (whole / 4, whole)
    }

    /// ≤ 1 h, of the time to come back at that `fault` names
    pub(super) fn believed(&self, fault: Fault) -> Option<Duration> {
        fault.retry_after().map(|named| named.min(self.numbers.max_retry_after))
    }

    /// How long the `nth` failure of its class in a row is held, counted from 0; `left` is a usable token's life above
    /// its floor.
    pub(super) fn hold(&self, class: Class, nth: u32, named: Option<Duration>, left: Option<Duration>) -> Window {
        let numbers = &self.numbers;
        let doubled = numbers.transient_hold.saturating_mul(1 << nth.min(16)).min(numbers.max_transient_hold);
        let most = left.map_or(numbers.max_cold_hold, |left| left / 3);
        let transient = ((doubled / 2).min(most), doubled.min(most));
        match (class, named) {
            (Class::Transient, _) => transient,
            (Class::Throttled, None) => (numbers.throttled_hold, numbers.throttled_hold),
            (Class::Throttled, Some(named)) => {
                let kept = named.min(numbers.max_retry_after);
                (kept.max(transient.0), kept.max(transient.1))
            }
            (Class::Permanent, _) => {
                let tripled = numbers.permanent_hold.saturating_mul(3u32.saturating_pow(nth));
                let whole = tripled.min(numbers.max_permanent_hold);
                (share(whole, 0.9), share(whole, 1.1).min(numbers.max_permanent_hold))
            }
        }
    }

    /// The longest that anybody may be held.
    pub(super) fn longest_hold(&self) -> Duration {
        let numbers = &self.numbers;
        let named = numbers.max_retry_after.max(numbers.throttled_hold);
        named.max(numbers.max_permanent_hold).max(numbers.max_transient_hold).max(numbers.max_cold_hold)
    }

    /// When a flight that began at `started` is dead; never before it may still land.
    pub(super) fn dead_at(&self, started: Moment) -> Moment {
        started + self.numbers.dead_after
    }

    /// When one that has sent nothing is dead to those who wait: after 2 s · 2ⁿ, if n before it in a row were.
    pub(super) fn unbegun_dead_at(&self, started: Moment, n: u32) -> Moment {
        started + Duration::from_secs(2 << n.min(16)).min(self.numbers.dead_after)
    }
}

/// Whether `time` is in `window`, but for what a floating-point number cannot say.
pub(super) fn is_within(time: Duration, window: Window) -> bool {
    let blur = |time: Duration| Duration::from_micros(1).saturating_add(time / 1_000_000_000);
    time.saturating_add(blur(time)) >= window.0 && time <= window.1.saturating_add(blur(window.1))
}

/// `part` of `whole`.
pub(super) fn share(whole: Duration, part: f64) -> Duration {
    Duration::try_from_secs_f64(whole.as_secs_f64() * part).unwrap_or(Duration::MAX)
}

/// Each number somewhere between nothing much and for ever.
fn odd(design: RefreshPolicy, dice: &mut Rng) -> RefreshPolicy {
    let mut any = |usual: Duration| match dice.u8(0..8) {
        0 => Duration::ZERO,
        1 => Duration::from_micros(dice.u64(1..50_000)),
        2 => Duration::from_secs(dice.u64(1..1_000_000)),
        3 => Duration::MAX,
        4 | 5 => share(usual, dice.f64() * 2.0),
        _ => usual,
    };
    let mut odd = RefreshPolicy {
        floor: any(design.floor),
        retry_backoff: any(design.retry_backoff),
        retry_reserve: any(design.retry_reserve),
        transient_hold: any(design.transient_hold),
        max_transient_hold: any(design.max_transient_hold),
        max_cold_hold: any(design.max_cold_hold),
        throttled_hold: any(design.throttled_hold),
        max_retry_after: any(design.max_retry_after),
        permanent_hold: any(design.permanent_hold),
        max_permanent_hold: any(design.max_permanent_hold),
        min_interval: any(design.min_interval),
        young_token: any(design.young_token),
        rejection_window: any(design.rejection_window),
        ..design
    };
    odd.max_lifetime = Duration::from_millis(1 << dice.u32(4..35));
    odd.attempt_timeout = Duration::from_millis(1 << dice.u32(3..20));
    odd.flight_timeout = Duration::from_millis(1 << dice.u32(3..20));
    // As the driver sees to.
    odd.dead_after = odd.flight_timeout + Duration::from_millis(dice.u64(0..10_000));
    (odd.max_attempts, odd.max_rejections) = (dice.u32(0..6), dice.usize(0..6));
    odd.renew = match dice.u8(0..3) {
        0 => Renew::Lead { lead: Duration::from_secs(dice.u64(0..10_000)), jitter: dice.f64() },
        1 => Renew::At { fraction: f64::from(dice.u8(0..=4)) / 4.0, jitter: dice.f64() },
        _ => odd.renew,
    };
    odd
}
