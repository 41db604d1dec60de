//! The forms that parts of an answer take.

use std::time::Duration;

use serde_json::{Value, json};

/// The forms in which `expires_in` arrives.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ExpiresIn {
    /// A JSON integer: huge, zero and negative ones included.
    Integer(i64),
    /// A JSON number with a fraction.
    Float(f64),
    /// A number in a string.
    Text(i64),
    /// A string that is no number.
    Words,
    /// `null`.
    Null,
    /// No such member.
    Missing,
}

/// Tokens that must not become a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OddToken {
    /// With CR LF and what looks like a header behind it.
    CrLf,
    /// With a blank in the middle.
    Blank,
    /// With a control character.
    Control,
    /// With letters outside ASCII.
    NonAscii,
    /// The empty string.
    Empty,
    /// `null`.
    Null,
    /// No such member.
    Missing,
}

/// The two forms of `Retry-After` (RFC 9110 §10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// So many seconds.
    Seconds(u64),
    /// An HTTP-date so far after the answer's own `Date`, in whole seconds.
    DateIn(Duration),
}

impl ExpiresIn {
    pub(crate) const EXAMPLES: [Self; 9] = [
        Self::Integer(1800),
        Self::Integer(0),
        Self::Integer(-1),
        Self::Integer(i64::MAX),
        Self::Float(1799.5),
        Self::Text(1800),
        Self::Words,
        Self::Null,
        Self::Missing,
    ];

    pub(crate) fn name(self) -> String {
        match self {
            Self::Integer(i64::MAX) => "huge".to_owned(),
            Self::Integer(seconds) => format!("integer-{seconds}"),
            Self::Float(seconds) => format!("float-{seconds}"),
            Self::Text(seconds) => format!("text-{seconds}"),
            Self::Words => "words".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Missing => "missing".to_owned(),
        }
    }

    /// The member; `None` leaves it out.
    pub(crate) fn json(self) -> Option<Value> {
        match self {
            Self::Integer(seconds) => Some(json!(seconds)),
            Self::Float(seconds) => Some(json!(seconds)),
            Self::Text(seconds) => Some(json!(seconds.to_string())),
            Self::Words => Some(json!("in a while")),
            Self::Null => Some(Value::Null),
            Self::Missing => None,
        }
    }
}

impl OddToken {
    pub(crate) const ALL: [Self; 7] =
        [Self::CrLf, Self::Blank, Self::Control, Self::NonAscii, Self::Empty, Self::Null, Self::Missing];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CrLf => "cr-lf",
            Self::Blank => "blank",
            Self::Control => "control",
            Self::NonAscii => "non-ascii",
            Self::Empty => "empty",
            Self::Null => "null",
            Self::Missing => "missing",
        }
    }

    /// The member; `None` leaves it out.
    pub(crate) fn json(self) -> Option<Value> {
        match self {
            Self::CrLf => Some(json!("invented\r\nX-Injected: yes")),
            Self::Blank => Some(json!("invented token")),
            Self::Control => Some(json!("invented\u{7}token")),
            Self::NonAscii => Some(json!("erfundenes-tökén")),
            Self::Empty => Some(json!("")),
            Self::Null => Some(Value::Null),
            Self::Missing => None,
        }
    }
}

impl RetryAfter {
    pub(crate) const EXAMPLES: [(u16, Self); 4] = [
        (429, Self::Seconds(7)),
        (429, Self::DateIn(Duration::from_secs(7))),
        (503, Self::Seconds(7)),
        (503, Self::DateIn(Duration::from_secs(7))),
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Seconds(_) => "seconds",
            Self::DateIn(_) => "date",
        }
    }
}
