//! What a source is doing and has done: a view, and a ring of events with their reasons.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::error::Class;
use crate::{Error, Reason, TokenId};

/// A source at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The vendor crate.
    pub vendor: &'static str,
    /// The name by [`crate::TokenSourceBuilder::name`].
    pub source: Option<Arc<str>>,
    /// The token that is handed out, if there is one.
    pub token: Option<TokenId>,
    /// How long it is handed out, if it is not renewed.
    pub life_left: Option<Duration>,
    /// How long an outage stays unnoticed that begins at the worst moment from now on, which is just before the renewal. It
    /// counts on a renewal in time: by background renewal, or by calls.
    pub outage_survivable: Option<Duration>,
    /// Whether a request is under way.
    pub renewing: bool,
    /// Failed flights since the last success.
    pub failures: u32,
    /// How long until the source may ask again, while it holds or keeps to a `Retry-After`.
    pub next_attempt: Option<Duration>,
    /// What the last flight failed with, until one succeeds.
    pub last_error: Option<Error>,
}

/// One thing that happened in a source.
///
/// Display is one line for a log; like Debug it holds no secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The event's number in its source, from 1 on.
    pub number: u64,
    /// By the wall clock.
    pub at: SystemTime,
    /// What happened.
    pub kind: EventKind,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)
    }
}

/// What happened, and why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// A flight was started.
    #[non_exhaustive]
    Requested {
        /// Why.
        reason: Reason,
    },
    /// A flight was started after one that failed.
    #[non_exhaustive]
    Retried {
        /// Why.
        reason: Reason,
    },
    /// An attempt failed, and the flight makes another.
    #[non_exhaustive]
    AttemptFailed {
        /// Which one.
        attempt: u32,
        /// What it failed with.
        error: Error,
        /// How long until the next.
        again_in: Duration,
    },
    /// A first token came, or one after a gap.
    #[non_exhaustive]
    Obtained {
        /// Its number.
        token: TokenId,
        /// Its life.
        lifetime: Duration,
    },
    /// A token came while the one before was still usable.
    #[non_exhaustive]
    Renewed {
        /// Its number.
        token: TokenId,
        /// Its life.
        lifetime: Duration,
    },
    /// A token was handed out for the first time.
    #[non_exhaustive]
    Served {
        /// Its number.
        token: TokenId,
    },
    /// A flight failed, and there is no usable token.
    #[non_exhaustive]
    RequestFailed {
        /// What with.
        error: Error,
    },
    /// A flight failed while the token is still usable: callers notice nothing.
    #[non_exhaustive]
    RenewalFailed {
        /// What with.
        error: Error,
    },
    /// Nothing is asked for this long.
    #[non_exhaustive]
    Held {
        /// How long.
        hold: Duration,
        /// Whether a person must act.
        permanent: bool,
    },
    /// The hold ended early.
    #[non_exhaustive]
    HoldLifted {
        /// Why.
        why: &'static str,
    },
    /// An API answered 401 to the token, which is dropped.
    #[non_exhaustive]
    Rejected {
        /// Its number.
        token: TokenId,
    },
    /// A rejection was not believed: too many young tokens were rejected.
    #[non_exhaustive]
    RejectionIgnored {
        /// The token that stays.
        token: TokenId,
    },
    /// The vendor answered a token that had been rejected.
    AnswerRepeatsRejected,
    /// A flight's task ended without an answer, or it was too old.
    FlightLost,
    /// A flight was given up because the token it was to follow was rejected.
    FlightAbandoned,
    /// The vendor refused a refresh token.
    RefreshTokenRefused,
    /// Two refresh tokens in a row were refused: none is used any more.
    RefreshingStopped,
    /// Fewer scopes were granted than asked for.
    #[non_exhaustive]
    ScopesNotGranted {
        /// Those that are missing.
        scopes: Vec<String>,
    },
    /// Background renewal was stopped.
    ShutDown,
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested { reason } => write!(f, "requested: {reason}"),
            Self::Retried { reason } => write!(f, "retried: {reason}"),
            Self::AttemptFailed { attempt, error, again_in } => {
                write!(f, "attempt {attempt} failed, again in {again_in:.1?}: {error}")
            }
            Self::Obtained { token, lifetime } => write!(f, "obtained: token {token} lives {lifetime:.0?}"),
            Self::Renewed { token, lifetime } => write!(f, "renewed: token {token} lives {lifetime:.0?}"),
            Self::Served { token } => write!(f, "served: token {token} for the first time"),
            Self::RequestFailed { error } => write!(f, "request failed: {error}"),
            Self::RenewalFailed { error } => write!(f, "renewal failed, the token is still served: {error}"),
            Self::Held { hold, permanent: false } => write!(f, "held: nothing is asked for {hold:.1?}"),
            Self::Held { hold, permanent: true } => {
                write!(f, "held: a person must act; nothing is asked for {hold:.1?}")
            }
            Self::HoldLifted { why } => write!(f, "hold lifted: {why}"),
            Self::Rejected { token } => write!(f, "rejected: token {token} is dropped"),
            Self::RejectionIgnored { token } => {
                write!(f, "rejection ignored: token {token} stays, too many were rejected")
            }
            Self::AnswerRepeatsRejected => f.write_str("the vendor answered a token that had been rejected"),
            Self::FlightLost => f.write_str("flight lost: its task ended without an answer"),
            Self::FlightAbandoned => f.write_str("flight abandoned: its token would have been from before a rejection"),
            Self::RefreshTokenRefused => f.write_str("refresh token refused"),
            Self::RefreshingStopped => f.write_str("refreshing stopped: two refresh tokens in a row were refused"),
            Self::ScopesNotGranted { scopes } => write!(f, "scopes not granted: {}", scopes.join(" ")),
            Self::ShutDown => f.write_str("shut down: no background renewal any more"),
        }
    }
}

impl EventKind {
    /// The kind in snake case, for fields and filters: it stays the same where the words of Display may change.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let tokens = auth_core::TokenSource::fixed("invented-token");
    /// tokens.shutdown().await;
    /// assert_eq!(tokens.recent_events()[0].kind.name(), "shut_down");
    /// # }
    /// ```
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Requested { .. } => "requested",
            Self::Retried { .. } => "retried",
            Self::AttemptFailed { .. } => "attempt_failed",
            Self::Obtained { .. } => "obtained",
            Self::Renewed { .. } => "renewed",
            Self::Served { .. } => "served",
            Self::RequestFailed { .. } => "request_failed",
            Self::RenewalFailed { .. } => "renewal_failed",
            Self::Held { .. } => "held",
            Self::HoldLifted { .. } => "hold_lifted",
            Self::Rejected { .. } => "rejected",
            Self::RejectionIgnored { .. } => "rejection_ignored",
            Self::AnswerRepeatsRejected => "answer_repeats_rejected",
            Self::FlightLost => "flight_lost",
            Self::FlightAbandoned => "flight_abandoned",
            Self::RefreshTokenRefused => "refresh_token_refused",
            Self::RefreshingStopped => "refreshing_stopped",
            Self::ScopesNotGranted { .. } => "scopes_not_granted",
            Self::ShutDown => "shut_down",
        }
    }

    /// What it tells beside its words.
    pub(crate) fn facts(&self) -> Facts<'_> {
        let none = Facts::default();
        match self {
            Self::Requested { reason } | Self::Retried { reason } => Facts { reason: Some(*reason), ..none },
            Self::AttemptFailed { attempt, error, again_in } => {
                Facts { attempt: Some(*attempt), error: Some(error), again_in: Some(*again_in), ..none }
            }
            Self::Obtained { token, lifetime } | Self::Renewed { token, lifetime } => {
                Facts { token: Some(*token), lifetime: Some(*lifetime), ..none }
            }
            Self::Served { token } | Self::Rejected { token } | Self::RejectionIgnored { token } => {
                Facts { token: Some(*token), ..none }
            }
            Self::RequestFailed { error } | Self::RenewalFailed { error } => Facts { error: Some(error), ..none },
            Self::Held { hold, permanent } => Facts { hold: Some(*hold), permanent: Some(*permanent), ..none },
            _ => none,
        }
    }

    pub(crate) fn held(class: Class, hold: Duration) -> Self {
        Self::Held { hold, permanent: class == Class::Permanent }
    }

    /// Whether somebody who reads logs wants to see it without being asked.
    pub(crate) fn is_trouble(&self) -> bool {
        !matches!(
            self,
            Self::Requested { .. }
                | Self::Obtained { .. }
                | Self::Renewed { .. }
                | Self::Served { .. }
                | Self::HoldLifted { .. }
                | Self::ShutDown
        )
    }
}

/// The parts of an event; each is a field of its own in `tracing`.
#[derive(Default)]
pub(crate) struct Facts<'a> {
    pub(crate) reason: Option<Reason>,
    pub(crate) attempt: Option<u32>,
    pub(crate) token: Option<TokenId>,
    pub(crate) lifetime: Option<Duration>,
    pub(crate) again_in: Option<Duration>,
    pub(crate) hold: Option<Duration>,
    pub(crate) permanent: Option<bool>,
    pub(crate) error: Option<&'a Error>,
}

/// The last events, oldest first. It grows to [`RECENT_EVENTS`] and then forgets the oldest.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    events: VecDeque<Event>,
    last: u64,
}

impl Ring {
    pub(crate) fn push(&mut self, kind: EventKind, at: SystemTime) {
        if self.events.len() == RECENT_EVENTS {
            self.events.pop_front();
        }
        self.last += 1;
        self.events.push_back(Event { number: self.last, at, kind });
    }

    pub(crate) fn all(&self) -> Vec<Event> {
        self.events.iter().cloned().collect()
    }

    pub(crate) fn last_number(&self) -> u64 {
        self.last
    }

    /// The oldest event after `number`.
    pub(crate) fn after(&self, number: u64) -> Option<Event> {
        let at = self.events.partition_point(|event| event.number <= number);
        self.events.get(at).cloned()
    }
}

/// How many events a source remembers: at the longest hold an hour of refusals, or a quarter of an hour of an outage.
pub const RECENT_EVENTS: usize = 64;
