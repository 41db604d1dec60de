//! A token endpoint in memory that does what a test tells it to, and counts.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth_core::{
    Error, EventKind, Failure, Fingerprint, PausedClock, Reason, RefreshPolicy, RequestContext, Secret, TokenEndpoint,
    TokenResponse, TokenSource, async_trait,
};

/// What one request meets.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A new token that lives this long.
    Token(Duration),
    /// A token of this value that lives an hour.
    Value(&'static str),
    /// A token with a refresh token beside it.
    Refreshable(&'static str),
    Fail(Error),
    /// No answer at all.
    Hang,
    Panic,
    /// The refresh token, if one was given, is refused; then a token comes all the same.
    RefuseRefresh,
    /// The connection is refused, so that a refresh token was not sent.
    Unsent,
    /// A token of fewer scopes than were asked for.
    Narrow,
}

#[derive(Default)]
struct Inner {
    script: Mutex<VecDeque<Answer>>,
    fallback: Mutex<Option<Answer>>,
    delay: Mutex<Duration>,
    requests: AtomicUsize,
    fingerprints: AtomicUsize,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
    credentials: AtomicU64,
    hang_fingerprint: AtomicBool,
    log: Mutex<Vec<Asked>>,
}

/// What a request was made with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) attempt: u32,
    pub(crate) reason: Reason,
    pub(crate) refresh_token: Option<String>,
}

/// The endpoint; clones are one.
#[derive(Clone, Default)]
pub(crate) struct Script {
    inner: Arc<Inner>,
    policy: Option<RefreshPolicy>,
}

impl Script {
    /// Every request gets a token that lives `lifetime`.
    pub(crate) fn tokens_of(lifetime: Duration) -> Self {
        let script = Self::default();
        script.always(Answer::Token(lifetime));
        script
    }

    /// Every request not scripted meets `answer`.
    pub(crate) fn always(&self, answer: Answer) {
        *lock(&self.inner.fallback) = Some(answer);
    }

    /// The next requests meet `answers`, in order.
    pub(crate) fn then(&self, answers: impl IntoIterator<Item = Answer>) {
        lock(&self.inner.script).extend(answers);
    }

    /// The same, said at once.
    pub(crate) fn answers(self, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.then(answers);
        self
    }

    /// Each request takes `delay`.
    pub(crate) fn takes(self, delay: Duration) -> Self {
        *lock(&self.inner.delay) = delay;
        self
    }

    /// The policy that the endpoint advises.
    pub(crate) fn advises(mut self, change: impl FnOnce(&mut RefreshPolicy)) -> Self {
        let mut policy = RefreshPolicy::default();
        change(&mut policy);
        self.policy = Some(policy);
        self
    }

    /// Other credentials from now on.
    pub(crate) fn rotate(&self) {
        self.inner.credentials.fetch_add(1, Ordering::SeqCst);
    }

    /// A look at the credentials does not end from now on, or does again.
    pub(crate) fn hangs_over_credentials(&self, hangs: bool) {
        self.inner.hang_fingerprint.store(hangs, Ordering::SeqCst);
    }

    pub(crate) fn requests(&self) -> usize {
        self.inner.requests.load(Ordering::SeqCst)
    }

    /// How often the credentials were looked at outside a request.
    pub(crate) fn fingerprints(&self) -> usize {
        self.inner.fingerprints.load(Ordering::SeqCst)
    }

    pub(crate) fn most_in_flight(&self) -> usize {
        self.inner.most_in_flight.load(Ordering::SeqCst)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        lock(&self.inner.log).clone()
    }

    /// A source on tokio's paused clock.
    pub(crate) fn source(&self) -> TokenSource {
        TokenSource::builder(self.clone()).clock(PausedClock::new()).build()
    }

    /// The same, of that name.
    pub(crate) fn named(&self, name: &str) -> TokenSource {
        TokenSource::builder(self.clone()).clock(PausedClock::new()).name(name).build()
    }

    fn credentials(&self) -> Fingerprint {
        Fingerprint::of_parts(&[&self.inner.credentials.load(Ordering::SeqCst).to_string()])
    }

    fn answer(&self, nth: usize, answer: Answer, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        match answer {
            Answer::Token(lifetime) => TokenResponse::new(format!("invented-{nth}"), lifetime),
            Answer::Value(value) => TokenResponse::new(value, HOUR),
            Answer::Refreshable(refresh) => {
                let refresh = Secret::new(refresh)?;
                Ok(TokenResponse::new(format!("invented-{nth}"), HOUR)?.with_refresh_token(refresh, None))
            }
            Answer::Fail(error) => Err(error),
            Answer::Hang => unreachable!("hangs before this"),
            Answer::Panic => panic!("an endpoint that panics, on purpose"),
            Answer::RefuseRefresh => {
                if cx.refresh_token().is_some() {
                    cx.refresh_token_refused();
                }
                let refresh = Secret::new(format!("refresh-{nth}"))?;
                Ok(TokenResponse::new(format!("invented-{nth}"), HOUR)?.with_refresh_token(refresh, None))
            }
            Answer::Narrow => {
                let scopes = vec!["write:invented".to_owned()];
                Ok(TokenResponse::new(format!("invented-{nth}"), HOUR)?.with_ungranted_scopes(scopes))
            }
            Answer::Unsent => {
                cx.refresh_token_unsent();
                Err(unavailable())
            }
        }
    }
}

#[async_trait]
impl TokenEndpoint for Script {
    fn vendor(&self) -> &'static str {
        "script"
    }

    fn policy(&self) -> RefreshPolicy {
        self.policy.clone().unwrap_or_default()
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        self.inner.fingerprints.fetch_add(1, Ordering::SeqCst);
        if self.inner.hang_fingerprint.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        Ok(self.credentials())
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        tracing::info!(target: "endpoint", "asked");
        cx.sent_with(self.credentials());
        let nth = self.inner.requests.fetch_add(1, Ordering::SeqCst) + 1;
        let _in_flight = InFlight::count(&self.inner);
        let refresh_token = cx.refresh_token().map(|token| token.expose().to_owned());
        lock(&self.inner.log).push(Asked { attempt: cx.attempt(), reason: cx.reason(), refresh_token });
        let delay = *lock(&self.inner.delay);
        if !delay.is_zero() {
            tokio::time::sleep_until(tokio::time::Instant::now() + delay).await;
        }
        let scripted = lock(&self.inner.script).pop_front();
        let answer = scripted.or_else(|| lock(&self.inner.fallback).clone()).unwrap_or(Answer::Token(HOUR));
        if matches!(answer, Answer::Hang) {
            std::future::pending::<()>().await;
        }
        self.answer(nth, answer, cx)
    }
}

struct InFlight<'a>(&'a Inner);

impl<'a> InFlight<'a> {
    fn count(inner: &'a Inner) -> Self {
        let now = inner.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        inner.most_in_flight.fetch_max(now, Ordering::SeqCst);
        Self(inner)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(crate) fn unavailable() -> Error {
    Error::Unavailable(Failure::of("script").status(503))
}

/// A 503 that names the time to come back.
pub(crate) fn unavailable_for(seconds: u64) -> Error {
    Error::Unavailable(Failure::of("script").status(503).retry_after(Duration::from_secs(seconds)))
}

pub(crate) fn wrong_secret() -> Error {
    Error::Rejected(Failure::of("script").status(401))
}

pub(crate) fn throttled(seconds: u64) -> Error {
    Error::Throttled(Failure::of("script").status(429).retry_after(Duration::from_secs(seconds)))
}

/// The events so far, by what Debug calls them.
pub(crate) fn events(tokens: &TokenSource) -> Vec<String> {
    let name = |kind: &EventKind| format!("{kind:?}").split([' ', '{']).next().unwrap_or_default().to_owned();
    tokens.recent_events().iter().map(|event| name(&event.kind)).collect()
}

/// Time passes, and everything that was due happens.
pub(crate) async fn pass(time: Duration) {
    tokio::time::advance(time).await;
    settle().await;
}

/// Everything that can happen now happens.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const SECOND: Duration = Duration::from_secs(1);
