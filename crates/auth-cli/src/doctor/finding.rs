//! What a step came to.

use serde::Serialize;

use crate::exit::Exit;

/// The steps, in their order. A step is meaningful if those before it did not fail for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Step {
    Variables,
    Url,
    Proxy,
    Dns,
    Tcp,
    Tls,
    Clock,
    Request,
    Answer,
    Claims,
    Headers,
    Renewal,
    Outlook,
}

impl Step {
    pub(super) const ALL: [Self; 13] = [
        Self::Variables,
        Self::Url,
        Self::Proxy,
        Self::Dns,
        Self::Tcp,
        Self::Tls,
        Self::Clock,
        Self::Request,
        Self::Answer,
        Self::Claims,
        Self::Headers,
        Self::Renewal,
        Self::Outlook,
    ];

    /// The name in the list and, as serde writes it, in JSON.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Variables => "variables",
            Self::Url => "url",
            Self::Proxy => "proxy",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Clock => "clock",
            Self::Request => "request",
            Self::Answer => "answer",
            Self::Claims => "claims",
            Self::Headers => "headers",
            Self::Renewal => "renewal",
            Self::Outlook => "outlook",
        }
    }

    /// Whether somebody else is waited for.
    pub(super) fn is_timed(self) -> bool {
        (Self::Dns..=Self::Request).contains(&self)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Ok,
    Skipped,
    Warning,
    Failed,
}

/// What a step found, and what to do about it.
#[derive(Debug, PartialEq)]
pub(super) struct Finding {
    pub(super) outcome: Outcome,
    pub(super) found: String,
    pub(super) advice: Vec<String>,
    /// How the program ends if nothing before has failed.
    pub(super) exit: Exit,
}

/// A finding, and what the steps behind it need; none where they would be meaningless.
pub(super) type Checked<T> = (Finding, Option<T>);

impl Finding {
    pub(super) fn ok(found: impl Into<String>) -> Self {
        Self { outcome: Outcome::Ok, found: found.into(), advice: Vec::new(), exit: Exit::Success }
    }

    /// Nothing was checked, and why.
    pub(super) fn skipped(why: impl Into<String>) -> Self {
        Self { outcome: Outcome::Skipped, ..Self::ok(why) }
    }

    /// It works, and should still be looked at.
    pub(super) fn warning(found: impl Into<String>) -> Self {
        Self { outcome: Outcome::Warning, ..Self::ok(found) }
    }

    pub(super) fn failed(exit: Exit, found: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failed, exit, ..Self::ok(found) }
    }

    /// The same, and what to do about it.
    pub(super) fn try_this(mut self, advice: impl Into<String>) -> Self {
        self.advice.push(advice.into());
        self
    }

    /// The steps behind can go on with `value`.
    pub(super) fn with<T>(self, value: T) -> Checked<T> {
        (self, Some(value))
    }

    /// The steps behind have nothing to go on with.
    pub(super) fn alone<T>(self) -> Checked<T> {
        (self, None)
    }
}
