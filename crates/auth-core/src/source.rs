//! The users' handle.

use std::fmt;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::HeaderValue;
use tokio::time::Instant;

use crate::driver::Driver;
use crate::error::Reach;
use crate::lifecycle::Want;
use crate::rt::{self, FOREVER};
use crate::{
    AccessToken, Clock, Error, Event, Events, Fingerprint, HeaderSet, RefreshPolicy, Rejection, RequestContext,
};
use crate::{Status, TokenEndpoint, TokenResponse};

/// A valid token at every call, kept fresh in the background. Clones share one token.
///
/// Creating one needs no runtime and sends nothing: the first call asks. From then on a call is a read from memory. While
/// a token is usable no caller waits, whatever the vendor does; without one, all callers wait for one request and get its
/// answer, success or error.
///
/// Every waiting method may be dropped at any point, in a `select!` or under a timeout, without disturbing anybody else.
#[derive(Clone)]
pub struct TokenSource {
    driver: Arc<Driver>,
}

impl TokenSource {
    /// A source that asks `endpoint`, by the vendor's advice and the machine's clock.
    pub fn new(endpoint: impl TokenEndpoint) -> Self {
        Self::builder(endpoint).build()
    }

    /// A source with a policy or a clock of your own.
    pub fn builder(endpoint: impl TokenEndpoint) -> TokenSourceBuilder {
        let policy = endpoint.policy();
        TokenSourceBuilder { endpoint: Arc::new(endpoint), policy, clock: None, name: None }
    }

    /// A source that always hands out `token`, for unit tests of code that takes one. It asks nobody, and ignores
    /// rejections. A token that no header can carry makes each call [`Error::Config`].
    #[must_use]
    pub fn fixed(token: impl Into<String>) -> Self {
        let source = Self::new(Fixed);
        if let Ok(response) = TokenResponse::new(token, FOREVER) {
            // Cannot fail: what would is refused by `TokenResponse::new`.
            let _ = source.driver.act(|life| life.pin(response, SystemTime::now()));
        }
        source
    }

    /// Waits until there is a token, through holds and refusals, for at most `within`: for start-up and readiness probes.
    ///
    /// # Errors
    ///
    /// What the last flight failed with when the time was over, or that there was no answer if the first was not over.
    /// [`Error::Config`] at once.
    pub async fn ready(&self, within: Duration) -> Result<(), Error> {
        if self.driver.warm().is_some() {
            return Ok(());
        }
        if rt::with_timers().is_none() {
            return Err(Error::config("ready() needs a tokio runtime with timers; there is none here"));
        }
        let deadline = Instant::now() + within.min(FOREVER);
        let left = || deadline.saturating_duration_since(Instant::now());
        let mut last = Error::unreachable(self.driver.endpoint().vendor(), Reach::Deadline);
        loop {
            match rt::within(left(), self.token()).await {
                Some(Ok(_)) => return Ok(()),
                Some(Err(error @ Error::Config(_))) => return Err(error),
                Some(Err(error)) => last = error,
                None => return Err(last),
            }
            // Looks in once a second, since a rotated secret or somebody's refresh() may end a long hold.
            let pause = last.retry_after().unwrap_or(READY_POLL).clamp(LEAST_READY_POLL, READY_POLL);
            rt::within(pause.min(left()), pending::<()>()).await;
            if left().is_zero() {
                return Err(last);
            }
        }
    }

    /// The current token, from memory in the normal case.
    ///
    /// # Errors
    ///
    /// What the vendor or the network answered, if there is no usable token. A refusal is remembered for a while
    /// ([`crate::PERMANENT_HOLD`] says how long at first), and [`Error::retry_after`] tells what is left of that.
    pub async fn token(&self) -> Result<AccessToken, Error> {
        match self.driver.warm() {
            Some(token) => Ok(token),
            None => self.cold(Want::default(), false).await,
        }
    }

    /// `Bearer …`, sensitive, made once per token.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::token`].
    pub async fn authorization(&self) -> Result<HeaderValue, Error> {
        match self.driver.warm() {
            Some(token) => Ok(token.authorization().clone()),
            None => self.cold_authorization().await,
        }
    }

    /// Every header the vendor wants on a call, made once per token.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::token`], and [`Error::Config`] naming the header that differs from call to call, if there is one.
    pub async fn headers(&self) -> Result<HeaderSet, Error> {
        match self.driver.warm() {
            Some(token) => token.headers().cloned(),
            None => self.cold(Want::default(), false).await?.headers().cloned(),
        }
    }

    /// A token with at least `life` left, for uploads and batch jobs. If the current one has less, a new one is asked for.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::token`]; [`Error::TooShort`] if a fresh token has less as well. No further request is made for
    /// such a wish until the token changes.
    pub async fn token_valid_for(&self, life: Duration) -> Result<AccessToken, Error> {
        self.cold(Want { life, after: None }, false).await
    }

    /// An API answered 401 to `token`: drops it, if it is still the current one, so that the next call gets a token
    /// requested after this.
    ///
    /// Never waits. Call it once per 401 and repeat the API call once.
    pub fn rejected(&self, token: &AccessToken) -> Rejection {
        self.driver.rejected(token)
    }

    /// Asks for a new token now, or joins the request under way. It lifts a hold, but never a `Retry-After`.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::token`], even while the old token is usable.
    pub async fn refresh(&self) -> Result<AccessToken, Error> {
        self.cold(Want::default(), true).await
    }

    /// What the source is doing. Never waits for a request.
    #[must_use]
    pub fn status(&self) -> Status {
        self.driver.status()
    }

    /// What happened lately and why, oldest first: at most [`crate::RECENT_EVENTS`].
    #[must_use]
    pub fn recent_events(&self) -> Vec<Event> {
        self.driver.log().recent()
    }

    /// What happens from now on.
    #[must_use]
    pub fn events(&self) -> Events {
        self.driver.log().listen()
    }

    /// Tells the recorder of the `metrics` facade how the source stands now, as [`crate::metrics`] says: to be called before a
    /// scrape. Never waits for a request.
    #[cfg(feature = "metrics")]
    pub fn record_metrics(&self) {
        self.driver.record();
    }

    /// Stops background renewal for good, for all clones, and waits until a request under way has ended: for
    /// [`RefreshPolicy::dead_after`] at most, and where there are no timers not at all. Calls are still served, and ask when
    /// they must.
    pub async fn shutdown(&self) {
        self.driver.shut_down().await;
    }

    /// The token, if it may simply be handed out.
    #[cfg(feature = "blocking")]
    pub(crate) fn warm(&self) -> Option<AccessToken> {
        self.driver.warm()
    }

    /// The token, if it has `life` left, though it may be due for renewal; that is then begun on the current runtime.
    #[cfg(feature = "blocking")]
    pub(crate) fn usable(&self, life: Duration) -> Option<AccessToken> {
        self.driver.usable(Want { life, after: None })
    }

    /// A future of its own, whose result has the very shape of the warm one: a result put together from two shapes travels in
    /// small pieces, and reading it whole right after costs a warm read a fifth.
    fn cold_authorization(&self) -> Pin<Box<dyn Future<Output = Result<HeaderValue, Error>> + Send + '_>> {
        Box::pin(async { Ok(self.cold(Want::default(), false).await?.authorization().clone()) })
    }

    /// Boxed, so that the futures above stay as small as a warm read needs them.
    fn cold(&self, want: Want, forced: bool) -> impl Future<Output = Result<AccessToken, Error>> + Send + '_ {
        Box::pin(self.driver.obtain(want, forced))
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource").field("status", &self.status()).finish()
    }
}

/// Makes a [`TokenSource`].
pub struct TokenSourceBuilder {
    endpoint: Arc<dyn TokenEndpoint>,
    policy: RefreshPolicy,
    clock: Option<Arc<dyn Clock>>,
    name: Option<Arc<str>>,
}

impl TokenSourceBuilder {
    /// This policy in place of the vendor's advice. Default: [`TokenEndpoint::policy`].
    #[must_use]
    pub fn policy(mut self, policy: RefreshPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Another clock, for tests. Default: [`crate::SystemClock`].
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// What tells this source from others of the same vendor, such as the merchant's number: the label `source` of metrics, the
    /// field `source` of `tracing`. Default: none.
    ///
    /// Each value is a series of its own wherever metrics are kept, so it comes from a bounded set. It is shown, so it is no
    /// secret.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into().into());
        self
    }

    /// The source. Needs no runtime and sends nothing.
    #[must_use]
    pub fn build(self) -> TokenSource {
        TokenSource { driver: Driver::new(self.endpoint, self.policy, self.clock, self.name) }
    }
}

impl fmt::Debug for TokenSourceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSourceBuilder")
            .field("vendor", &self.endpoint.vendor())
            .field("name", &self.name)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// Stands behind [`TokenSource::fixed`]; it is asked only if the fixed token is unfit.
struct Fixed;

#[async_trait]
impl TokenEndpoint for Fixed {
    fn vendor(&self) -> &'static str {
        "fixed"
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, _: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        Err(Error::config("the fixed token is expected to be of visible ASCII characters"))
    }
}

/// How often [`TokenSource::ready`] looks in.
const READY_POLL: Duration = Duration::from_secs(1);
const LEAST_READY_POLL: Duration = Duration::from_millis(10);
