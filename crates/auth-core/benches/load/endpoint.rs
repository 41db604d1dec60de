//! A vendor in memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use auth_core::{
    Error, Failure, Fingerprint, RefreshPolicy, RequestContext, TokenEndpoint, TokenResponse, async_trait,
};

/// What it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answers {
    Token(Duration),
    Unavailable,
    InvalidClient,
}

/// Answers after a while, and keeps count. Clones are one vendor.
#[derive(Clone, Debug)]
pub(crate) struct Vendor {
    answers: Answers,
    after: Duration,
    seen: Arc<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    requests: AtomicU64,
    /// When the last answer left, and when the request for each token came.
    answered: Mutex<Option<Instant>>,
    requested: Mutex<Vec<Instant>>,
}

impl Vendor {
    pub(crate) fn new(answers: Answers, after: Duration) -> Self {
        Self { answers, after, seen: Arc::default() }
    }

    pub(crate) fn requests(&self) -> u64 {
        self.seen.requests.load(Ordering::SeqCst)
    }

    pub(crate) fn answered(&self) -> Option<Instant> {
        *self.seen.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the request for each token came, by the number at the token's end.
    pub(crate) fn requested(&self) -> Vec<Instant> {
        self.seen.requested.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer(&self, requested: Instant) -> Result<TokenResponse, Error> {
        *self.seen.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        match self.answers {
            Answers::Token(lifetime) => {
                let mut all = self.seen.requested.lock().unwrap_or_else(PoisonError::into_inner);
                all.push(requested);
                TokenResponse::new(format!("{TOKEN}{}", all.len() - 1), lifetime)
            }
            Answers::Unavailable => Err(Error::Unavailable(Failure::of("invented").status(503))),
            Answers::InvalidClient => Err(Error::Rejected(Failure::of("invented").status(401))),
        }
    }
}

#[async_trait]
impl TokenEndpoint for Vendor {
    fn vendor(&self) -> &'static str {
        "invented"
    }

    fn policy(&self) -> RefreshPolicy {
        RefreshPolicy::default()
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, _: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let requested = Instant::now();
        self.seen.requests.fetch_add(1, Ordering::SeqCst);
        if !self.after.is_zero() {
            tokio::time::sleep(self.after).await;
        }
        self.answer(requested)
    }
}

/// As long as a signed token usually is; its number is added.
pub(crate) const TOKEN: &str = concat!(
    "invented-token-0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000-",
);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
