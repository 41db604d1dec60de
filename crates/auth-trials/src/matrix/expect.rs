//! What a cell must come to, in the words of auth-core's documentation of errors, policy and retries.

use std::fmt;
use std::time::Duration;

use auth_core::{MAX_LIFETIME, PERMANENT_HOLD, Reach, THROTTLED_HOLD, TRANSIENT_HOLD};

use crate::Kind;

/// What a request under a fault must end in, and what must come of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Expect {
    /// A token or an error.
    pub ending: Ending,
    /// Attempts in a flight that a caller waits for. Where nobody waits it is always one.
    pub attempts: u32,
    /// How long nobody asks after it; nothing after a token.
    pub hold: Option<Hold>,
    /// Requests of one attempt, where it is not what the calls of the vendor make of it.
    pub requests: Option<u64>,
}

/// How a request ends.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Ending {
    /// In a token of that life.
    Token(Life),
    /// In an error.
    #[non_exhaustive]
    Error {
        /// Its variant.
        kind: Kind,
        /// The status that it tells.
        status: Option<u16>,
        /// The code that it tells.
        code: Option<String>,
        /// How far the request came.
        reach: Option<Reach>,
    },
}

/// The life that a token is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Life {
    /// So many seconds.
    Seconds(u64),
    /// So many seconds, or one less: two clock readings of the vendor lie between.
    Barely(u64),
}

/// How long nobody asks after a first failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hold {
    /// Half to whole [`TRANSIENT_HOLD`].
    Transient,
    /// [`PERMANENT_HOLD`], give or take a tenth.
    Permanent,
    /// So many seconds.
    Seconds(u64),
}

/// A token of the life that the simulator gives.
pub(super) fn token() -> Expect {
    token_for(LIFETIME)
}

/// A token of that many seconds, and none above a day.
pub(super) fn token_for(seconds: u64) -> Expect {
    let life = Life::Seconds(seconds.min(MAX_LIFETIME.as_secs()));
    Expect { ending: Ending::Token(life), attempts: 1, hold: None, requests: None }
}

/// A token whose life is computed from two dates of the vendor's.
pub(super) fn token_for_barely(seconds: u64) -> Expect {
    Expect { ending: Ending::Token(Life::Barely(seconds)), ..token() }
}

/// "Other codes and other 4xx": permanent, asked once.
pub(super) fn rejected(status: u16, code: impl Into<Option<&'static str>>) -> Expect {
    error(Kind::Rejected, status, code.into()).held(Hold::Permanent)
}

/// "429 or slow_down" without a time: 30 s, asked once.
pub(super) fn throttled(status: u16, code: impl Into<Option<&'static str>>) -> Expect {
    error(Kind::Throttled, status, code.into()).held(Hold::Seconds(THROTTLED_HOLD.as_secs()))
}

/// 429 with a `Retry-After`: so long, an hour at most.
pub(super) fn throttled_for(seconds: u64) -> Expect {
    error(Kind::Throttled, 429, None).held(Hold::Seconds(seconds))
}

/// "server_error, temporarily_unavailable, general_error, and 408, 425, 5xx": retried in the flight.
pub(super) fn unavailable(status: u16, code: impl Into<Option<&'static str>>) -> Expect {
    error(Kind::Unavailable, status, code.into()).times(ATTEMPTS)
}

/// 503 with a `Retry-After` that does not fit into the flight, which ends at once.
pub(super) fn unavailable_for(seconds: u64) -> Expect {
    unavailable(503, None).times(1).held(Hold::Seconds(seconds))
}

/// No whole answer: retried in the flight.
pub(super) fn unreachable(reach: Reach) -> Expect {
    let ending = Ending::Error { kind: Kind::Unreachable, status: None, code: None, reach: Some(reach) };
    Expect { ending, attempts: ATTEMPTS, hold: Some(Hold::Transient), requests: None }
}

/// "Certificate → Unreachable, permanent hold, not retried".
pub(super) fn certificate() -> Expect {
    unreachable(Reach::Certificate).times(1).held(Hold::Permanent)
}

/// "2xx unreadable → Malformed, transient hold, not retried in the flight".
pub(super) fn malformed(status: u16) -> Expect {
    error(Kind::Malformed, status, None)
}

/// "3xx → Malformed, permanent".
pub(super) fn redirected(status: u16) -> Expect {
    malformed(status).held(Hold::Permanent)
}

fn error(kind: Kind, status: u16, code: Option<&'static str>) -> Expect {
    let code = code.map(str::to_owned);
    let ending = Ending::Error { kind, status: Some(status), code, reach: None };
    Expect { ending, attempts: 1, hold: Some(Hold::Transient), requests: None }
}

impl Expect {
    pub(super) fn times(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    pub(super) fn held(self, hold: Hold) -> Self {
        Self { hold: Some(hold), ..self }
    }

    pub(super) fn asking(self, requests: u64) -> Self {
        Self { requests: Some(requests), ..self }
    }
}

impl Hold {
    /// Whether that is the hold, and whether it says that a person must act.
    pub(super) fn fits(self, hold: Duration, permanent: bool) -> bool {
        let (least, most) = match self {
            Self::Transient => (TRANSIENT_HOLD / 2, TRANSIENT_HOLD),
            Self::Permanent => (PERMANENT_HOLD.mul_f64(0.9), PERMANENT_HOLD.mul_f64(1.1)),
            Self::Seconds(seconds) => (Duration::from_secs(seconds), Duration::from_secs(seconds)),
        };
        (least..=most).contains(&hold) && permanent == (self == Self::Permanent)
    }
}

impl Life {
    pub(super) fn fits(self, life: Duration) -> bool {
        match self {
            Self::Seconds(seconds) => life == Duration::from_secs(seconds),
            Self::Barely(seconds) => (seconds - 1..=seconds).contains(&life.as_secs()),
        }
    }
}

/// `Unavailable 503`, `Unreachable: refused`, `token`.
impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("token"),
            Self::Error { kind, status, code, reach } => {
                write!(f, "{kind:?}")?;
                status.map_or(Ok(()), |status| write!(f, " {status}"))?;
                code.as_ref().map_or(Ok(()), |code| write!(f, " {code}"))?;
                reach.map_or(Ok(()), |reach| write!(f, " {reach:?}"))
            }
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ×{}", self.ending, self.attempts)
    }
}

/// What the simulator's tokens live: long enough for every hold to end within what is left at the renewal.
pub(super) const LIFETIME: u64 = 20 * 3600;
/// One and two more.
const ATTEMPTS: u32 = auth_core::MAX_ATTEMPTS;
