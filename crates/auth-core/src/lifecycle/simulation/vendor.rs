//! The vendor of one world: what it answers, how fast, and what troubles it.

use std::time::Duration;

use fastrand::Rng;

use super::flights::{refresh_token, token_value};
use crate::endpoint::{Notes, RefreshUse};
use crate::error::{Class, Reach};
use crate::{Error, Failure, Secret, TokenResponse};

/// How the vendor is, for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mood {
    Healthy,
    /// Answers rightly, but late; some answers come after the deadline.
    Slow,
    /// Each answer is the same failure.
    Failing(Fault),
    /// Half of the answers are any failure.
    Flaky,
    /// The endpoint's code panics.
    Panicking,
    /// The endpoint's code blocks its thread, deaf to deadlines.
    Blocking,
    /// Hands out the last token again, a rejected one too.
    Repeating,
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    Rejected,
    Throttled(Option<u64>),
    Unavailable(Option<u64>),
    /// The connection was refused: nothing was sent.
    Refused,
    Deadline,
    Cut,
    Certificate,
    Malformed,
    /// The credential source failed: nothing was sent.
    Credentials,
}

/// How an attempt ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    Token(Issued),
    Fault(Fault),
    Panic,
}

/// A token, by its serial number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Issued {
    pub(super) serial: u64,
    pub(super) lifetime: Duration,
    pub(super) refresh: Option<(u64, Option<Duration>)>,
    /// The refresh token that was offered was not taken.
    pub(super) refused_refresh: bool,
}

/// How long tokens live.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lives {
    Always(Duration),
    Changing,
}

#[derive(Debug)]
pub(super) struct Vendor {
    pub(super) mood: Mood,
    pub(super) lives: Lives,
    /// A healthy answer takes at most this long.
    pub(super) latency: Duration,
    /// How many refresh tokens in 256 are refused, if any are handed out.
    pub(super) refreshes: Option<u8>,
    /// The credentials that the vendor takes, and those that the source has.
    pub(super) valid: u32,
    pub(super) held: u32,
    pub(super) issued: u64,
    issued_refreshes: u64,
    last: Option<Issued>,
    /// Tokens with a lower number were revoked.
    pub(super) revoked_below: u64,
}

impl Vendor {
    pub(super) fn drawn(dice: &mut Rng) -> Self {
        let lives = match dice.u8(0..16) {
            0..=5 => Lives::Always(Duration::from_secs([3600, 3700, 1095][dice.usize(0..3)])),
            6..=8 => Lives::Always(Duration::from_secs(dice.u64(20..86_400))),
            9 | 10 => Lives::Always(Duration::from_secs(dice.u64(1..20))),
            11 => Lives::Always(Duration::from_millis(dice.u64(1..1000))),
            12 => Lives::Always(Duration::from_secs(u64::MAX)),
            _ => Lives::Changing,
        };
        let refreshes = (dice.u8(0..3) == 0).then(|| [0, 20, 255][dice.usize(0..3)]);
        Self::healthy(lives, Duration::from_millis(1 << dice.u32(3..11)), refreshes)
    }

    pub(super) fn healthy(lives: Lives, latency: Duration, refreshes: Option<u8>) -> Self {
        let (issued, issued_refreshes, revoked_below, valid, held) = (0, 0, 0, 1, 1);
        let (mood, last) = (Mood::Healthy, None);
        Self { mood, lives, latency, refreshes, valid, held, issued, issued_refreshes, last, revoked_below }
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.mood == Mood::Healthy && self.valid == self.held
    }

    /// Whether the source's own credentials can be read.
    pub(super) fn has_credentials(&self) -> bool {
        self.mood != Mood::Failing(Fault::Credentials)
    }

    /// From now on it is as good as can be.
    pub(super) fn heal(&mut self) {
        (self.mood, self.lives) = (Mood::Healthy, Lives::Always(Duration::from_secs(3600)));
        (self.latency, self.refreshes) = (Duration::from_millis(1), None);
        (self.valid, self.revoked_below) = (self.held, 0);
    }

    /// The shortest life that it may hand out.
    pub(super) fn shortest(&self) -> Duration {
        match self.lives {
            Lives::Always(life) => life,
            Lives::Changing => Duration::ZERO,
        }
    }

    /// What an attempt gets that may take `timeout`, and when.
    pub(super) fn ask(&mut self, refresh: Option<u64>, timeout: Duration, dice: &mut Rng) -> (Duration, Outcome) {
        let (latency, outcome) = self.reply(refresh, dice);
        if latency >= timeout && self.mood != Mood::Blocking {
            return (timeout, Outcome::Fault(Fault::Deadline));
        }
        (latency, outcome)
    }

    fn reply(&mut self, refresh: Option<u64>, dice: &mut Rng) -> (Duration, Outcome) {
        let quick = between(Duration::ZERO, self.latency, dice);
        let outcome = match self.mood {
            Mood::Failing(fault) => Outcome::Fault(fault),
            Mood::Flaky if dice.bool() => Outcome::Fault(Fault::drawn(dice)),
            Mood::Panicking if dice.bool() => Outcome::Panic,
            _ if self.valid != self.held => Outcome::Fault(Fault::Rejected),
            _ => Outcome::Token(self.issue(refresh, dice)),
        };
        let latency = match (self.mood, outcome) {
            (_, Outcome::Fault(Fault::Deadline)) => Duration::MAX,
            (Mood::Slow, _) => between(self.latency, Duration::from_secs(12), dice),
            (Mood::Blocking, _) => between(self.latency, Duration::from_secs(120), dice),
            _ => quick,
        };
        (latency, outcome)
    }

    fn issue(&mut self, refresh: Option<u64>, dice: &mut Rng) -> Issued {
        if let Some(last) = self.last.filter(|_| self.mood == Mood::Repeating) {
            return Issued { refresh: None, refused_refresh: false, ..last };
        }
        self.issued += 1;
        let refused_refresh = refresh.is_some() && self.refreshes.is_some_and(|refused| dice.u8(..) < refused);
        let refresh = self.refreshes.map(|_| {
            self.issued_refreshes += 1;
            let life = [None, Some(Duration::from_secs(2_682_000)), Some(Duration::from_secs(60))];
            (self.issued_refreshes, life[dice.usize(0..3)])
        });
        let issued = Issued { serial: self.issued, lifetime: self.life(dice), refresh, refused_refresh };
        self.last = Some(issued);
        issued
    }

    fn life(&self, dice: &mut Rng) -> Duration {
        match self.lives {
            Lives::Always(life) => life,
            Lives::Changing => match dice.u8(0..8) {
                0 => Duration::ZERO,
                1 => Duration::from_nanos(dice.u64(1..2_000_000_000)),
                2 => Duration::from_secs(u64::MAX),
                _ => Duration::from_secs(dice.u64(1..10_000)),
            },
        }
    }
}

impl Mood {
    pub(super) fn drawn(dice: &mut Rng) -> Self {
        match dice.u8(0..20) {
            0..=7 => Self::Healthy,
            8 | 9 => Self::Slow,
            10 => Self::Flaky,
            11 => Self::Panicking,
            12 => Self::Blocking,
            13 => Self::Repeating,
            _ => Self::Failing(Fault::drawn(dice)),
        }
    }
}

impl Fault {
    fn drawn(dice: &mut Rng) -> Self {
        let named = match dice.u8(0..6) {
            0 => Some(dice.u64(0..3)),
            1 => Some(dice.u64(3..120)),
            2 => Some(dice.u64(120..10_000)),
            3 => Some(u64::MAX),
            _ => None,
        };
        match dice.u8(0..12) {
            0 => Self::Rejected,
            1 | 2 => Self::Throttled(named),
            3 => Self::Unavailable(named),
            4..=6 => Self::Unavailable(None),
            7 => Self::Refused,
            8 => Self::Deadline,
            9 => Self::Cut,
            10 => [Self::Certificate, Self::Malformed][dice.usize(0..2)],
            _ => Self::Credentials,
        }
    }

    pub(super) fn class(self) -> Class {
        match self {
            Self::Rejected | Self::Certificate => Class::Permanent,
            Self::Throttled(_) | Self::Unavailable(Some(_)) => Class::Throttled,
            _ => Class::Transient,
        }
    }

    pub(super) fn is_retried(self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Refused | Self::Deadline | Self::Cut)
    }

    pub(super) fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Throttled(named) | Self::Unavailable(named) => named.map(Duration::from_secs),
            _ => None,
        }
    }

    /// Whether the credentials were loaded before it happened.
    fn was_sent(self) -> bool {
        self != Self::Credentials
    }

    fn error(self) -> Error {
        let vendor = "invented";
        let failure = match self.retry_after() {
            Some(wait) => Failure::of(vendor).retry_after(wait),
            None => Failure::of(vendor),
        };
        match self {
            Self::Rejected => Error::Rejected(failure),
            Self::Throttled(_) => Error::Throttled(failure),
            Self::Unavailable(_) => Error::Unavailable(failure),
            Self::Refused => Error::unreachable(vendor, Reach::Refused),
            Self::Deadline => Error::unreachable(vendor, Reach::Deadline),
            Self::Cut => Error::unreachable(vendor, Reach::Cut),
            Self::Certificate => Error::unreachable(vendor, Reach::Certificate),
            Self::Malformed => Error::malformed(vendor, "odd"),
            Self::Credentials => Error::credentials("sealed"),
        }
    }
}

impl Issued {
    /// A token that lives no time at all is no answer.
    pub(super) fn is_readable(&self) -> bool {
        !self.lifetime.is_zero()
    }
}

impl Outcome {
    /// What the endpoint returns.
    pub(super) fn answer(&self) -> Result<TokenResponse, Error> {
        match self {
            Self::Fault(fault) => Err(fault.error()),
            Self::Panic => Err(Fault::Malformed.error()),
            Self::Token(issued) => {
                let answer = TokenResponse::new(token_value(issued.serial), issued.lifetime)?;
                Ok(match issued.refresh {
                    Some((serial, life)) => answer.with_refresh_token(Secret::unchecked(refresh_token(serial)), life),
                    None => answer,
                })
            }
        }
    }

    /// Whether the credentials were loaded.
    pub(super) fn was_sent(&self) -> bool {
        !matches!(self, Self::Fault(fault) if !fault.was_sent())
    }

    /// What the endpoint says beside its answer.
    pub(super) fn notes(&self, refreshing: bool) -> Notes {
        let refresh = match self {
            Self::Fault(Fault::Refused) if refreshing => Some(RefreshUse::Unsent),
            Self::Token(Issued { refused_refresh: true, .. }) => Some(RefreshUse::Refused),
            _ => None,
        };
        Notes { fingerprint: None, refresh }
    }
}

/// A time from `least` to `most`.
pub(super) fn between(least: Duration, most: Duration, dice: &mut Rng) -> Duration {
    let (least, most) = (least.as_nanos() as u64, most.as_nanos() as u64);
    Duration::from_nanos(dice.u64(least..=most.max(least)))
}
