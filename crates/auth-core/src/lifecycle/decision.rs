//! What goes into the machine and what comes out.

use std::time::{Duration, SystemTime};

use super::parts::Kept;
use crate::endpoint::Notes;
use crate::{AccessToken, Error, Moment, Reason, TokenResponse};

/// A flight's number in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FlightId(pub(super) u64);

/// What a caller is to do.
#[derive(Debug)]
pub(crate) enum Read {
    /// Take this token; if there is a flight to start, nobody waits for it.
    Serve(AccessToken, Option<Start>),
    /// Wait for this flight, which may have to be started first.
    Join(Option<Start>),
    /// Give up for now.
    Fail(Error),
}

/// A flight to start, as a task of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) id: FlightId,
    pub(crate) reason: Reason,
    /// How long to wait before the first attempt, so that flights keep their distance.
    pub(crate) delay: Duration,
}

/// What a caller wants.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Want {
    /// The life that the token must have left.
    pub(crate) life: Duration,
    /// The flight that the caller has waited for already, and that succeeded.
    pub(crate) after: Option<FlightId>,
}

/// One request to make.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) number: u32,
    pub(crate) reason: Reason,
    pub(crate) timeout: Duration,
    /// Taken out of the state: it counts as spent from now on.
    pub(crate) refresh_token: Option<Kept>,
}

/// How an attempt ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) answer: Result<TokenResponse, Error>,
    pub(crate) requested_at: Moment,
    pub(crate) wall: SystemTime,
    /// The refresh token that the attempt was given.
    pub(crate) refresh_token: Option<Kept>,
    pub(crate) notes: Notes,
    /// Whether a caller waits for the flight.
    pub(crate) awaited: bool,
}

/// What the flight does next.
#[derive(Debug)]
pub(crate) enum After {
    /// It is over: a token was published, or this error is for everyone who joined.
    Landed(Result<(), Error>),
    /// Another attempt after this pause.
    Again(Duration),
    /// It is no longer the source's flight; its answer is dropped.
    Abandoned,
}

/// What background renewal does next.
#[derive(Debug)]
pub(crate) enum Background {
    Start(Start),
    /// Look again at this moment, or when something has changed.
    Sleep(Moment),
    /// Look again when something has changed.
    Idle,
}

/// What became of a rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// The token is dropped; the next caller gets one that was requested after this.
    Accepted,
    /// The token was not the current one any more; nothing changes.
    AlreadyReplaced,
    /// Too many young tokens were rejected within five minutes; the token stays, so that one API that refuses does not
    /// disarm the others.
    Ignored,
}

#[cfg(feature = "metrics")]
impl Rejection {
    /// What it is called in labels.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::AlreadyReplaced => "already_replaced",
            Self::Ignored => "ignored",
        }
    }
}
