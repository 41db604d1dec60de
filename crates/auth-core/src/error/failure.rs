//! What is known about a failure.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What is known about a failure; read it through [`Error`](crate::Error)'s methods.
///
/// Endpoints build one with [`Failure::of`] and put it into the variant that says what to do:
///
/// ```
/// use auth_core::{Error, Failure};
///
/// let error = Error::Rejected(Failure::of("acme").status(403).hint("ask Acme to allow this address"));
/// assert_eq!(error.to_string(), "acme refused the request (status 403): ask Acme to allow this address");
/// ```
#[derive(Clone)]
pub struct Failure {
    pub(super) facts: Arc<Facts>,
    pub(super) retry_after: Option<Duration>,
}

impl Failure {
    /// A failure of `vendor`, with nothing else known.
    #[must_use]
    pub fn of(vendor: &'static str) -> Self {
        Self { facts: Arc::new(Facts { vendor, ..Facts::default() }), retry_after: None }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.set(|facts| facts.status = Some(status))
    }

    /// What was wrong, in our words; it must hold nothing of the answer's text.
    #[must_use]
    pub fn detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.set(|facts| facts.detail = Some(detail.into()))
    }

    /// What to do or whom to ask, in our words.
    #[must_use]
    pub fn hint(self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.set(|facts| facts.hint = Some(hint.into()))
    }

    /// What the vendor's `Retry-After` said.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The vendor's error code; kept only if it is 1 to 64 characters of `[A-Za-z0-9_.-]`. The caller has seen to it
    /// that it holds no credential.
    #[must_use]
    pub(crate) fn code(self, code: Option<String>) -> Self {
        self.set(|facts| facts.code = code.filter(|c| is_well_formed(c, MAX_CODE_LEN, "_.-")))
    }

    /// The vendor's words, already cleaned.
    pub(crate) fn description(self, description: Option<String>) -> Self {
        self.set(|facts| facts.description = description)
    }

    pub(crate) fn correlation_id(self, id: Option<String>) -> Self {
        self.set(|facts| facts.correlation_id = id.filter(|c| is_well_formed(c, MAX_CORRELATION_LEN, "_.:|-")))
    }

    /// How far the request came, for an [`Error::Unreachable`](crate::Error::Unreachable); a certificate is permanent.
    #[must_use]
    pub fn reach(self, reach: Reach) -> Self {
        let permanent = reach == Reach::Certificate;
        self.set(|facts| (facts.reach, facts.permanent) = (Some(reach), permanent))
    }

    /// A person must act: an [`Error::Malformed`](crate::Error::Malformed) or
    /// [`Error::Unreachable`](crate::Error::Unreachable) of it is held as a refusal is.
    #[must_use]
    pub fn permanent(self) -> Self {
        self.set(|facts| facts.permanent = true)
    }

    pub(super) fn vendor(&self) -> &'static str {
        if self.facts.vendor.is_empty() { "the vendor" } else { self.facts.vendor }
    }

    pub(super) fn set(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(Arc::make_mut(&mut self.facts));
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = &self.facts;
        match (facts.status, &facts.code) {
            (Some(status), Some(code)) => write!(f, " (status {status}, code {code})")?,
            (Some(status), None) => write!(f, " (status {status})")?,
            (None, Some(code)) => write!(f, " (code {code})")?,
            (None, None) => {}
        }
        if let Some(reach) = facts.reach {
            write!(f, ": {reach}")?;
        }
        for words in [&facts.detail, &facts.hint].into_iter().flatten() {
            write!(f, ": {words}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = &self.facts;
        f.debug_struct("Failure")
            .field("vendor", &facts.vendor)
            .field("status", &facts.status)
            .field("code", &facts.code)
            .field("reach", &facts.reach)
            .field("detail", &facts.detail)
            .field("hint", &facts.hint)
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}

/// How far a request came that got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reach {
    /// The host name was not found.
    Dns,
    /// The host refused the connection; nothing was sent.
    Refused,
    /// No connection for another reason, a deadline included; nothing was sent.
    Connect,
    /// The certificate is not trusted or not for this host. Permanent: a person must act.
    Certificate,
    /// The TLS handshake failed for another reason.
    Tls,
    /// The request may have arrived; the deadline passed before the answer was whole.
    Deadline,
    /// The connection broke before the answer was whole.
    Cut,
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "its host name was not found",
            Self::Refused => "the connection was refused",
            Self::Connect => "no connection came about",
            Self::Certificate => "its certificate is not accepted",
            Self::Tls => "the TLS handshake failed",
            Self::Deadline => "no whole answer before the deadline",
            Self::Cut => "the connection broke before the answer was whole",
        })
    }
}

#[derive(Clone, Default)]
pub(super) struct Facts {
    pub(super) vendor: &'static str,
    pub(super) status: Option<u16>,
    pub(super) code: Option<String>,
    pub(super) hint: Option<Cow<'static, str>>,
    pub(super) detail: Option<Cow<'static, str>>,
    pub(super) description: Option<String>,
    pub(super) correlation_id: Option<String>,
    pub(super) reach: Option<Reach>,
    pub(super) permanent: bool,
}

fn is_well_formed(text: &str, max: usize, others: &str) -> bool {
    (1..=max).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

const MAX_CODE_LEN: usize = 64;
const MAX_CORRELATION_LEN: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn code_of_an_odd_shape_is_dropped() {
        for odd in ["", "two words", "läuft", &"x".repeat(65)] {
            let error = Error::Rejected(Failure::of("acme").code(Some(odd.into())));
            assert_eq!(error.code(), None, "{odd}");
        }
        assert_eq!(Error::Rejected(Failure::of("acme").code(Some("TRD-1.a_b".into()))).code(), Some("TRD-1.a_b"));
    }
}
