//! The parts of the state.

use std::time::Duration;

use super::decision::FlightId;
use crate::error::Class;
use crate::response::RefreshToken;
use crate::{AccessToken, Error, EventKind, Fingerprint, Moment, Reason, RefreshPolicy, Secret};

/// The token that is handed out.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) token: AccessToken,
    pub(super) flight: FlightId,
    pub(super) usable_until: Moment,
    pub(super) expires_at: Moment,
    pub(super) renew_at: Moment,
    /// What it had left when it came.
    pub(super) fresh_life: Duration,
    /// The smallest wish that it is known not to fulfil, though it was fresh.
    pub(super) too_short_for: Option<Duration>,
}

impl Live {
    /// From now on the worst moment for an outage to begin is that before the renewal, as long as it is to come.
    pub(super) fn outage_survivable(&self, now: Moment) -> Duration {
        let worst = if self.renew_at == Moment::NEVER { now } else { now.max(self.renew_at) };
        self.usable_until.since(worst)
    }
}

#[derive(Debug)]
pub(super) struct Aloft {
    pub(super) id: FlightId,
    pub(super) reason: Reason,
    pub(super) started_at: Moment,
    pub(super) attempts: u32,
    pub(super) asked_again: bool,
}

/// Why nobody asks for now.
#[derive(Debug)]
pub(super) struct Hold {
    pub(super) until: Moment,
    pub(super) class: Class,
    pub(super) error: Error,
    pub(super) sent_with: Option<Fingerprint>,
    pub(super) probe_at: Moment,
}

/// A refresh token, and until when it may be used if that is known.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) value: Secret,
    pub(super) until: Option<Moment>,
}

/// The refresh token, if the endpoint hands out any.
#[derive(Debug, Default)]
pub(super) struct Refresh {
    pub(super) kept: Option<Kept>,
    pub(super) refusals: u32,
    pub(super) stopped: bool,
}

/// Tokens that an API refused.
#[derive(Debug, Default)]
pub(super) struct Rejections {
    pub(super) recent: Vec<Moment>,
    pub(super) ignored_until: Option<Moment>,
    pub(super) values: Vec<Secret>,
    /// Whether it was told that rejections are ignored.
    pub(super) told: bool,
}

impl Hold {
    /// A `Retry-After` is kept to whatever the credentials; a request that never had any says nothing about them.
    pub(super) fn is_probed(&self) -> bool {
        self.class != Class::Throttled && self.sent_with.is_some()
    }
}

impl Refresh {
    pub(super) fn spend(&mut self, now: Moment) -> Option<Kept> {
        self.kept.take().filter(|kept| !self.stopped && kept.until.is_none_or(|until| now < until))
    }

    pub(super) fn keep(&mut self, answered: Option<RefreshToken>, requested_at: Moment) {
        if let Some(RefreshToken { value, lifetime }) = answered.filter(|_| !self.stopped) {
            self.kept = Some(Kept { value, until: lifetime.map(|life| requested_at + life) });
        }
    }

    pub(super) fn refused(&mut self, events: &mut Vec<EventKind>) {
        self.refusals += 1;
        events.push(EventKind::RefreshTokenRefused);
        if self.refusals >= MAX_REFRESH_REFUSALS && !self.stopped {
            (self.stopped, self.kept) = (true, None);
            events.push(EventKind::RefreshingStopped);
        }
    }
}

impl Rejections {
    pub(super) fn are_ignored(&self, now: Moment) -> bool {
        self.ignored_until.is_some_and(|until| now < until)
    }

    pub(super) fn count(&mut self, now: Moment, policy: &RefreshPolicy) {
        self.recent.retain(|at| now.since(*at) < policy.rejection_window);
        if self.recent.len() == MOST_COUNTED {
            self.recent.remove(0);
        }
        self.recent.push(now);
        if self.recent.len() >= policy.max_rejections {
            self.recent.clear();
            self.told = false;
            self.ignored_until = Some(now + policy.rejection_window);
        }
    }

    pub(super) fn remember(&mut self, value: &str) {
        if self.values.len() == REMEMBERED_REJECTIONS {
            self.values.remove(0);
        }
        self.values.push(Secret::unchecked(value.to_owned()));
    }
}

/// After the second refusal in a row the vendor's refresh tokens are not worth their requests.
const MAX_REFRESH_REFUSALS: u32 = 2;
/// Whatever the policy: this many rejections are counted at most.
const MOST_COUNTED: usize = 1000;
/// A vendor that repeats tokens repeats the last ones.
const REMEMBERED_REJECTIONS: usize = 4;
