//! What happened, in three forms: a digest of all of it, counts, and the last of it in words.

use std::fmt::Write;
use std::time::Duration;

use crate::Moment;

macro_rules! kinds {
    ($($kind:ident: $words:literal,)+) => {
        /// One kind of thing that happens. In its words `{}` stands for the number beside it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind { $($kind,)+ }

        /// All there are.
        pub(super) const KINDS: &[Kind] = &[$(Kind::$kind,)+];

        const WORDS: &[&str] = &[$($words,)+];
    };
}

kinds! {
    Served: "a caller is served token #{} from memory",
    Asks: "a caller asks, with at least {} ns of life wanted",
    Forces: "a caller forces a refresh ({})",
    GotToken: "a caller gets token #{}",
    Waits: "a caller waits for flight {}",
    TurnedAway: "a caller gets the last error, {} ns of the hold left",
    TooShort: "a caller is told that tokens do not live {} ns",
    Left: "a caller who waited goes away (place {})",
    Woken: "a caller who waited for a flight goes on (place {})",
    GotError: "a caller who waited gets the flight's error (place {})",
    Patience: "those who wait for flight {} look again",
    Flight: "flight {} starts",
    Stalled: "flight {} is not polled for a while",
    FlightRefused: "flight {} is refused by a runtime that shuts down",
    Attempt: "flight {} sends a request",
    Late: "flight {} wants to go on, and is the source's no longer",
    Landed: "flight {} lands with a token",
    Again: "flight {} asks again in a while",
    FailedTransient: "flight {} fails: transient",
    FailedThrottled: "flight {} fails: throttled",
    FailedPermanent: "flight {} fails: permanent",
    Abandoned: "flight {} answers to nobody",
    Panicked: "flight {} panics",
    Lost: "flight {} is lost with its runtime",
    Dead: "flight {} is found dead",
    Looked: "background renewal looks ({})",
    Idle: "background renewal has nothing to do ({})",
    Probing: "somebody looks at the credentials, about failure {}",
    Probed: "the credentials are version {}",
    Accepted: "an API refuses token #{}, which is dropped",
    Replaced: "an API refuses a token that is not the current one ({})",
    Ignored: "an API refuses token #{}, which stays",
    Status: "somebody looks at the status, {} failures",
    Weather: "the vendor changes (healthy: {})",
    Habit: "callers change their habits, {} ns apart",
    Suspended: "the machine was suspended for {} ns",
    RuntimeDied: "runtime {} dies",
    Rotated: "credentials are rotated (in step: {})",
    Revoked: "the vendor revokes every token below #{}",
    BadApi: "an API refuses tokens: {}",
}

#[derive(Debug)]
pub(super) struct Trace {
    pub(super) counts: [u64; KINDS.len()],
    pub(super) digest: u64,
    last: [(Moment, Kind, u64); KEPT],
    noted: usize,
}

impl Default for Trace {
    fn default() -> Self {
        let none = (Moment::default(), Kind::Served, 0);
        Self { counts: [0; KINDS.len()], digest: 0, last: [none; KEPT], noted: 0 }
    }
}

impl Trace {
    pub(super) fn note(&mut self, now: Moment, kind: Kind, number: u64) {
        self.counts[kind as usize] += 1;
        self.last[self.noted % KEPT] = (now, kind, number);
        self.noted += 1;
        for part in [now.nanos(), kind as u64, number] {
            self.mix(part);
        }
    }

    /// Another number that must come out the same in every run of the seed.
    pub(super) fn mix(&mut self, part: u64) {
        self.digest = (self.digest.rotate_left(5) ^ part).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    pub(super) fn count(&self, kind: Kind) -> u64 {
        self.counts[kind as usize]
    }

    /// The last events in words, oldest first.
    pub(super) fn in_words(&self) -> String {
        let mut words = String::new();
        for index in self.noted.saturating_sub(KEPT)..self.noted {
            let (at, kind, number) = self.last[index % KEPT];
            let what = WORDS[kind as usize].replace("{}", &number.to_string());
            let _ = writeln!(words, "  {}  {what}", clock(at));
        }
        words
    }
}

/// Virtual time since the world began, to the nanosecond.
pub(super) fn clock(at: Moment) -> String {
    let since = at.since(Moment::default());
    let (seconds, days) = (since.as_secs() % 86_400, since.as_secs() / 86_400);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{days} d {hours:02}:{minutes:02}:{:02}.{:09}", seconds % 60, Duration::subsec_nanos(&since))
}

/// How many of the last events are told after a violation.
const KEPT: usize = 40;
