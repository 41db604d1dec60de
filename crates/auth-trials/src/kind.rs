//! What a request failed with, as the matrix expects it and the soak explains it.

use auth_core::Error;

/// An [`Error`] without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// [`Error::Rejected`].
    Rejected,
    /// [`Error::Throttled`].
    Throttled,
    /// [`Error::Unavailable`].
    Unavailable,
    /// [`Error::Unreachable`].
    Unreachable,
    /// [`Error::Malformed`].
    Malformed,
    /// [`Error::Credentials`].
    Credentials,
    /// [`Error::Internal`].
    Internal,
    /// [`Error::TooShort`].
    TooShort,
    /// Any other: no fault explains it.
    Other,
}

impl Kind {
    /// That of `error`.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Rejected(_) => Self::Rejected,
            Error::Throttled(_) => Self::Throttled,
            Error::Unavailable(_) => Self::Unavailable,
            Error::Unreachable(_) => Self::Unreachable,
            Error::Malformed(_) => Self::Malformed,
            Error::Credentials(_) => Self::Credentials,
            Error::Internal(_) => Self::Internal,
            Error::TooShort { .. } => Self::TooShort,
            _ => Self::Other,
        }
    }
}
