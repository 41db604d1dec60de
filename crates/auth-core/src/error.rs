//! The one error of every crate, and what to do about it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

mod failure;
pub use failure::{Failure, Reach};

/// Why there is no token, sorted by what to do about it.
///
/// Cloning shares the failure: everyone who waited for one request holds the same one.
/// Display and Debug show the vendor, the status, the class, our hint and a well-formed error code. They never show a
/// credential, a token, a body or the vendor's own words: those are in [`Error::description`], cleaned.
///
/// ```
/// use auth_core::Error;
///
/// let error = Error::config("the client id is empty; expected the id the vendor issued");
/// assert!(!error.is_transient());
/// assert_eq!(error.to_string(), "configuration: the client id is empty; expected the id the vendor issued");
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The vendor refused for good; a person must act. Held 10 s, then 30 s, up to 5 min.
    #[error("{vendor} refused the request{0}", vendor = .0.vendor())]
    Rejected(Failure),
    /// The vendor asks to slow down; nothing is sent before [`Error::retry_after`] has passed.
    #[error("{vendor} asks to slow down{0}", vendor = .0.vendor())]
    Throttled(Failure),
    /// The vendor has a fault of its own; retried.
    #[error("{vendor} is not available{0}", vendor = .0.vendor())]
    Unavailable(Failure),
    /// No answer: see [`Error::reach`] for how far the request came. Retried, except for a certificate.
    #[error("{vendor} cannot be reached{0}", vendor = .0.vendor())]
    Unreachable(Failure),
    /// An answer that is not the documented one.
    #[error("{vendor} gave an answer that is not the documented one{0}", vendor = .0.vendor())]
    Malformed(Failure),
    /// Found before anything was sent: the code, the variables or the URL must change.
    #[error("configuration{0}")]
    Config(Failure),
    /// The credential source failed; it is asked again.
    #[error("the credential source failed{0}")]
    Credentials(Failure),
    /// The vendor's tokens do not live as long as was asked for.
    #[error("a token with {} s left was asked for, and a fresh one has {} s", wanted.as_secs_f64(), lifetime.as_secs_f64())]
    #[non_exhaustive]
    TooShort {
        /// The life that was asked for.
        wanted: Duration,
        /// What the freshest token had left when it came.
        lifetime: Duration,
    },
    /// A defect: a panic in an endpoint or in a credential source.
    #[error("internal failure{0}")]
    Internal(Failure),
}

impl Error {
    /// [`Error::Config`]: `what` was wrong and what was expected. `what` must hold no credential.
    #[must_use]
    pub fn config(what: impl Into<Cow<'static, str>>) -> Self {
        Self::Config(Failure::of("").detail(what))
    }

    /// [`Error::Credentials`], for credential sources. `what` must hold no credential.
    #[must_use]
    pub fn credentials(what: impl Into<Cow<'static, str>>) -> Self {
        Self::Credentials(Failure::of("").detail(what))
    }

    /// [`Error::Malformed`] with a transient hold. `what` must hold nothing of the answer's text.
    #[must_use]
    pub fn malformed(vendor: &'static str, what: impl Into<Cow<'static, str>>) -> Self {
        Self::Malformed(Failure::of(vendor).detail(what))
    }

    pub(crate) fn internal(vendor: &'static str, what: &'static str) -> Self {
        Self::Internal(Failure::of(vendor).detail(what))
    }

    pub(crate) fn unreachable(vendor: &'static str, reach: Reach) -> Self {
        Self::Unreachable(Failure::of(vendor).reach(reach))
    }

    /// Whether waiting is likely to help. If not, a person must act, though the source still asks again now and then.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.class() != Class::Permanent
    }

    /// How long until the source asks again, or what the vendor's `Retry-After` said. A caller that waits less gets the
    /// same error again without a request.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.failure()?.retry_after
    }

    /// The HTTP status of the vendor's answer, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.failure()?.facts.status
    }

    /// The vendor's error code, if it is 1 to 64 characters of `[A-Za-z0-9_.-]` and holds no credential.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.failure()?.facts.code.as_deref()
    }

    /// What to do or whom to ask, in our words.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.failure()?.facts.hint.as_deref()
    }

    /// What the vendor's support needs to find this request in its logs.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.failure()?.facts.correlation_id.as_deref()
    }

    /// The vendor's own words: at most 200 printable characters, each credential and token of the request cut out.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.failure()?.facts.description.as_deref()
    }

    /// How far an [`Error::Unreachable`] request came.
    #[must_use]
    pub fn reach(&self) -> Option<Reach> {
        self.failure()?.facts.reach
    }

    /// Whether both are the failure of one and the same request.
    ///
    /// ```
    /// # use auth_core::Error;
    /// let error = Error::config("no URL");
    /// assert!(error.is_same_failure(&error.clone()));
    /// assert!(!error.is_same_failure(&Error::config("no URL")));
    /// ```
    #[must_use]
    pub fn is_same_failure(&self, other: &Self) -> bool {
        match (self.failure(), other.failure()) {
            (Some(a), Some(b)) => Arc::ptr_eq(&a.facts, &b.facts),
            _ => false,
        }
    }

    /// The same with a hint: what to do or whom to ask, in our words.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        if let Some(failure) = self.failure_mut() {
            *failure = failure.clone().hint(hint);
        }
        self
    }

    /// The same, of `vendor` if it is not of one already.
    #[must_use]
    pub fn of_vendor(mut self, vendor: &'static str) -> Self {
        if let Some(failure) = self.failure_mut().filter(|failure| failure.facts.vendor.is_empty()) {
            *failure = failure.clone().set(|facts| facts.vendor = vendor);
        }
        self
    }

    /// The same failure with `left` as its [`Error::retry_after`].
    #[must_use]
    pub(crate) fn with_retry_after(mut self, left: Duration) -> Self {
        if let Some(failure) = self.failure_mut() {
            failure.retry_after = Some(left);
        }
        self
    }

    /// Our own words alone, without the class they stand behind.
    pub(crate) fn what(&self) -> String {
        match self.failure().and_then(|failure| failure.facts.detail.clone()) {
            Some(detail) => detail.into_owned(),
            None => self.to_string(),
        }
    }

    pub(crate) fn class(&self) -> Class {
        match self {
            Self::Throttled(_) => Class::Throttled,
            Self::Unavailable(f) if f.retry_after.is_some() => Class::Throttled,
            Self::Rejected(_) | Self::Config(_) | Self::TooShort { .. } => Class::Permanent,
            Self::Malformed(f) | Self::Unreachable(f) if f.facts.permanent => Class::Permanent,
            _ => Class::Transient,
        }
    }

    /// Whether another attempt in the same flight may help: the vendor's own fault, or the network's.
    pub(crate) fn is_retried_in_flight(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Unreachable(f) => !f.facts.permanent,
            _ => false,
        }
    }

    /// What the variant is called in fields and labels.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Rejected(_) => "rejected",
            Self::Throttled(_) => "throttled",
            Self::Unavailable(_) => "unavailable",
            Self::Unreachable(_) => "unreachable",
            Self::Malformed(_) => "malformed",
            Self::Config(_) => "config",
            Self::Credentials(_) => "credentials",
            Self::TooShort { .. } => "too_short",
            Self::Internal(_) => "internal",
        }
    }

    fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Rejected(f) | Self::Throttled(f) | Self::Unavailable(f) | Self::Unreachable(f) => Some(f),
            Self::Malformed(f) | Self::Config(f) | Self::Credentials(f) | Self::Internal(f) => Some(f),
            Self::TooShort { .. } => None,
        }
    }

    fn failure_mut(&mut self) -> Option<&mut Failure> {
        match self {
            Self::Rejected(f) | Self::Throttled(f) | Self::Unavailable(f) | Self::Unreachable(f) => Some(f),
            Self::Malformed(f) | Self::Config(f) | Self::Credentials(f) | Self::Internal(f) => Some(f),
            Self::TooShort { .. } => None,
        }
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// What a failure means for the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Transient,
    Throttled,
    Permanent,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_words_are_in_neither_display_nor_debug() {
        let error = Error::Rejected(Failure::of("acme").status(400).description(Some("agent 007 unknown".into())));
        assert_eq!(error.description(), Some("agent 007 unknown"));
        assert_eq!(error.to_string(), "acme refused the request (status 400)");
        assert!(!format!("{error:?} {error:#?}").contains("007"));
        assert!(format!("{error:?}").contains(r#"vendor: "acme", status: Some(400)"#), "{error:?}");
    }

    #[test]
    fn certificate_is_permanent_and_not_retried() {
        let error = Error::unreachable("acme", Reach::Certificate);
        assert!(!error.is_transient() && !error.is_retried_in_flight());
        let error = Error::unreachable("acme", Reach::Deadline);
        assert!(error.is_transient() && error.is_retried_in_flight());
    }
}
