//! What a vendor crate implements: ask the vendor once.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::{CredentialSet, CredentialSource, Error, Fingerprint, RefreshPolicy, Secret, TokenResponse};

/// One vendor's token endpoint. [`crate::TokenSource`] decides when to ask it.
///
/// ```
/// use std::time::Duration;
/// use auth_core::{async_trait, Error, Fingerprint, RequestContext, TokenEndpoint, TokenResponse, TokenSource};
///
/// struct InMemory;
///
/// #[async_trait]
/// impl TokenEndpoint for InMemory {
///     fn vendor(&self) -> &'static str { "in-memory" }
///     async fn fingerprint(&self) -> Result<Fingerprint, Error> { Ok(Fingerprint::of_parts(&[])) }
///     async fn request_token(&self, _: &RequestContext<'_>) -> Result<TokenResponse, Error> {
///         TokenResponse::new("invented-token", Duration::from_secs(3600))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let tokens = TokenSource::new(InMemory);
/// assert_eq!(tokens.token().await?.value(), "invented-token");
/// # Ok(()) }
/// ```
#[async_trait]
pub trait TokenEndpoint: Send + Sync + 'static {
    /// The crate's name; it stands in every error, event and log line.
    fn vendor(&self) -> &'static str;

    /// The vendor's documented advice. Default: none, which is [`RefreshPolicy::default`].
    fn policy(&self) -> RefreshPolicy {
        RefreshPolicy::default()
    }

    /// The fingerprint of the credentials as they are now. During a hold it is asked for once a second at most.
    async fn fingerprint(&self) -> Result<Fingerprint, Error>;

    /// Asks the vendor once. It is dropped when the deadline of `cx` has passed or the attempt is abandoned.
    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error>;
}

/// Why a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// There was no token yet.
    Cold,
    /// The renewal time has come while the token is still usable.
    Ahead,
    /// The token has expired.
    Expired,
    /// An API answered 401 to the token.
    Rejected,
    /// [`crate::TokenSource::refresh`], or more life was wanted than is left.
    Forced,
}

impl Reason {
    /// What it is called in fields and labels.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Ahead => "ahead",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Forced => "forced",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cold => "no token yet",
            Self::Ahead => "renewal is due",
            Self::Expired => "the token has expired",
            Self::Rejected => "the token was rejected",
            Self::Forced => "asked for by the caller",
        })
    }
}

/// What an endpoint is told about the request it makes, and where it reports what became of the credentials.
pub struct RequestContext<'a> {
    attempt: u32,
    reason: Reason,
    deadline: Instant,
    refresh_token: Option<&'a Secret>,
    notes: Mutex<Notes>,
}

/// What the endpoint said about its attempt.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Notes {
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) refresh: Option<RefreshUse>,
}

/// What became of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefreshUse {
    /// It never left this machine.
    Unsent,
    /// The vendor refused it.
    Refused,
}

impl<'a> RequestContext<'a> {
    /// A first attempt that may take `timeout`, for tests of an endpoint. Must be called within a tokio runtime.
    #[must_use]
    pub fn first(timeout: Duration) -> Self {
        Self::new(1, Reason::Cold, timeout, None)
    }

    /// The same with a refresh token to spend.
    #[must_use]
    pub fn with_refresh_token(mut self, token: &'a Secret) -> Self {
        self.refresh_token = Some(token);
        self
    }

    pub(crate) fn new(attempt: u32, reason: Reason, timeout: Duration, refresh_token: Option<&'a Secret>) -> Self {
        let now = Instant::now();
        let deadline = now.checked_add(timeout).unwrap_or_else(|| now + crate::MAX_LIFETIME);
        Self { attempt, reason, deadline, refresh_token, notes: Mutex::default() }
    }

    /// 1 for the first of a flight, and so on up to [`RefreshPolicy::max_attempts`].
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Why the request is made.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// What is left of the attempt's time.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The refresh token to spend, if there is one. It works once: unless [`RequestContext::refresh_token_unsent`] is
    /// called, it counts as spent.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&'a Secret> {
        self.refresh_token
    }

    /// The connection was refused, so the refresh token is as good as before.
    pub fn refresh_token_unsent(&self) {
        self.note(|notes| notes.refresh = Some(RefreshUse::Unsent));
    }

    /// The vendor refused the refresh token. After two refusals in a row the source offers none any more.
    pub fn refresh_token_refused(&self) {
        self.note(|notes| notes.refresh = Some(RefreshUse::Refused));
    }

    /// Loads the credentials to send, and remembers their fingerprint: if the request fails, other credentials lift the
    /// hold.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] as [`CredentialSource::load`], and if the attempt's time is over before that.
    pub async fn load<C: CredentialSet>(&self, source: &CredentialSource<C>) -> Result<C, Error> {
        let credentials = source.load_within(self.time_left()).await?;
        self.sent_with(Fingerprint::of(&credentials));
        Ok(credentials)
    }

    /// For endpoints without a [`CredentialSource`]: the fingerprint of what is about to be sent.
    pub fn sent_with(&self, fingerprint: Fingerprint) {
        self.note(|notes| notes.fingerprint = Some(fingerprint));
    }

    pub(crate) fn notes(&self) -> Notes {
        *self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn note(&self, write: impl FnOnce(&mut Notes)) {
        write(&mut self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

impl fmt::Debug for RequestContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestContext")
            .field("attempt", &self.attempt)
            .field("reason", &self.reason)
            .field("refresh_token", &self.refresh_token)
            .finish_non_exhaustive()
    }
}
