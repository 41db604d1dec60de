//! What must not happen.

use std::fmt;

/// A rule, in the words of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// Never two token requests of one source at once.
    OneFlight,
    /// Flights at least the minimum interval apart.
    Interval,
    /// What a vendor says of the next request is kept to, up to the longest wait that the policy believes.
    Silence,
    /// At most three attempts to a flight, and nothing sent besides.
    Attempts,
    /// No token past its expiry or its floor.
    Expired,
    /// No token that the vendor did not answer to this source.
    Foreign,
    /// No caller waits, or fails, while a token is usable.
    Waited,
    /// After an accepted rejection nobody gets the token, nor one requested before.
    Rejected,
    /// Every error is one that the planned faults explain.
    Error,
    /// A healthy vendor's API refuses no token without a reason.
    Refused,
    /// Each healthy spell recovers within one hold.
    Recovery,
    /// `shutdown()` ends within the life of a flight.
    Shutdown,
    /// Nothing panics but what is planned to: neither a caller nor a task of a source's own.
    Panic,
    /// Memory stays flat.
    Memory,
    /// Nothing is left behind when all is dropped.
    Leftovers,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneFlight => "one request at a time",
            Self::Interval => "flights keep their distance",
            Self::Silence => "no request before a vendor wants one",
            Self::Attempts => "three attempts to a flight",
            Self::Expired => "no expired token",
            Self::Foreign => "no token of somebody else's",
            Self::Waited => "nobody waits while a token is usable",
            Self::Rejected => "no rejected token",
            Self::Error => "no error without a fault",
            Self::Refused => "no refusal without a reason",
            Self::Recovery => "recovery within one hold",
            Self::Shutdown => "shutdown ends",
            Self::Panic => "nothing panics",
            Self::Memory => "memory is flat",
            Self::Leftovers => "nothing is left behind",
        })
    }
}

/// A rule that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub rule: Rule,
    /// The vendor, the source, the figures.
    pub detail: String,
}

impl Violation {
    pub(crate) fn new(rule: Rule, detail: String) -> Self {
        Self { rule, detail }
    }

    pub(crate) fn of(mut self, who: &str) -> Self {
        self.detail = format!("{who}: {}", self.detail);
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.detail)
    }
}
