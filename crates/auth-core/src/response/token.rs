//! A token, and what came with it.

use std::fmt;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use crate::token::claims_of;
use crate::{Error, Secret};

/// What an endpoint hands to the source: a token and what came with it.
///
/// No Debug of its own value: it shows the lifetime alone.
pub struct TokenResponse {
    pub(crate) value: Secret,
    pub(crate) lifetime: Duration,
    pub(crate) scope: Option<String>,
    pub(crate) ungranted: Vec<String>,
    pub(crate) refresh: Option<RefreshToken>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) per_call: Option<HeaderName>,
}

/// A refresh token (RFC 6749 §6) and how long it may be used.
#[derive(Clone, Debug)]
pub(crate) struct RefreshToken {
    pub(crate) value: Secret,
    pub(crate) lifetime: Option<Duration>,
}

impl TokenResponse {
    /// A token that lives `lifetime` from the moment before it was requested.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if the token is not of visible ASCII characters, or lives no time at all.
    pub fn new(token: impl Into<String>, lifetime: Duration) -> Result<Self, Error> {
        let value = Secret::unchecked(token.into());
        if !is_visible_ascii(value.expose()) {
            return Err(Error::malformed("", "the access token is expected to be of visible ASCII characters"));
        }
        if lifetime.is_zero() {
            return Err(Error::malformed("", "the access token had expired when it came"));
        }
        let (scope, refresh, per_call) = (None, None, None);
        Ok(Self { value, lifetime, scope, ungranted: Vec::new(), refresh, headers: Vec::new(), per_call })
    }

    /// The scopes granted, separated by blanks.
    #[must_use]
    pub fn with_scope(mut self, scope: Option<String>) -> Self {
        self.scope = scope;
        self
    }

    /// Scopes that were asked for and not granted: an event, not an error. They must hold nothing of the answer's text.
    #[must_use]
    pub fn with_ungranted_scopes(mut self, scopes: Vec<String>) -> Self {
        self.ungranted = scopes;
        self
    }

    /// A header for later calls. It is marked sensitive: most of them are credentials.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.headers.push((name, value));
        self
    }

    /// Later calls need the header `name`, whose value differs from call to call.
    #[must_use]
    pub fn needs_per_call(mut self, name: HeaderName) -> Self {
        self.per_call = Some(name);
        self
    }

    /// A refresh token to spend on the next request, good for `lifetime` if that is known.
    #[must_use]
    pub fn with_refresh_token(mut self, token: Secret, lifetime: Option<Duration>) -> Self {
        self.refresh = Some(RefreshToken { value: token, lifetime });
        self
    }

    /// The token itself. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn value(&self) -> &str {
        self.value.expose()
    }

    /// Its life, as answered.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// The scopes granted, separated by blanks.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Scopes that were asked for and not granted.
    #[must_use]
    pub fn ungranted_scopes(&self) -> &[String] {
        &self.ungranted
    }

    /// The headers of later calls, besides `Authorization`.
    pub fn headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.headers.iter().map(|(name, value)| (name, value))
    }

    /// The refresh token, if one came and is wanted.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.refresh.as_ref().map(|refresh| &refresh.value)
    }

    /// What the token says about itself, unverified; see [`crate::AccessToken::claims`].
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if it is no JWT or its claims do not fit `T`.
    pub fn claims<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        claims_of(self.value())
    }
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

pub(super) fn is_visible_ascii(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}
