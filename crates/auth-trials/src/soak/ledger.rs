//! The books of sources at work: what writes into them, and where the simulators find them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use auth_core::{Error, Fingerprint, RefreshPolicy, RequestContext, TokenEndpoint, TokenResponse};
use auth_sim::Vendor;

use super::Sabotage;
use super::book::{Book, Ended, Limits, RequestId, Value};
use super::court::{Court, lock};
use super::stage::Stage;
use super::violation::{Rule, Violation};
use crate::Kind;

/// The book of one source, and whom to tell.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) name: String,
    pub(super) stage: Arc<Stage>,
    pub(super) court: Arc<Court>,
    book: Mutex<Book>,
}

impl Ledger {
    pub(super) fn new(name: String, stage: Arc<Stage>, court: Arc<Court>, limits: Limits) -> Self {
        Self { name, stage, court, book: Mutex::new(Book::new(limits)) }
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    pub(super) fn charge(&self, found: impl IntoIterator<Item = Violation>, from: Instant, to: Instant) {
        let told = || format!("{}, in {}", self.name, self.stage.weather.told(from, to));
        for violation in found {
            self.court.charge(&told(), [violation], from, to);
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.court.tally.checks.fetch_add(self.book().checks(), Relaxed);
    }
}

/// The ledgers of the sources that are there, by number.
#[derive(Debug, Default)]
pub(super) struct Register {
    ledgers: Mutex<HashMap<u64, Weak<Ledger>>>,
}

impl Register {
    pub(super) fn enter(&self, number: u64, ledger: &Arc<Ledger>) {
        let mut ledgers = lock(&self.ledgers);
        ledgers.retain(|_, ledger| ledger.strong_count() > 0);
        ledgers.insert(number, Arc::downgrade(ledger));
    }

    /// A request of source `number` has come to its simulator; what is returned is dropped when it is over.
    pub(super) fn arrived(&self, vendor: Vendor, number: u64) -> Option<Arrived> {
        let ledger = lock(&self.ledgers).get(&number)?.upgrade()?;
        let now = Instant::now();
        ledger.court.tally.requests.fetch_add(1, Relaxed);
        let found = ledger.book().arrive(Stage::requests_per_attempt(vendor), now);
        ledger.charge(found, now, now);
        Some(Arrived { ledger })
    }
}

/// A request that is at a simulator.
pub(super) struct Arrived {
    ledger: Arc<Ledger>,
}

impl Drop for Arrived {
    fn drop(&mut self) {
        self.ledger.book().leave();
    }
}

/// A provider's endpoint whose requests are written into a book.
pub(super) struct Watched {
    inner: Box<dyn TokenEndpoint>,
    ledger: Arc<Ledger>,
    sabotage: Option<Sabotage>,
}

impl Watched {
    pub(super) fn new(inner: Box<dyn TokenEndpoint>, ledger: Arc<Ledger>, sabotage: Option<Sabotage>) -> Self {
        ledger.court.tally.alive.fetch_add(1, Relaxed);
        Self { inner, ledger, sabotage }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.ledger.court.tally.alive.fetch_sub(1, Relaxed);
    }
}

#[async_trait]
impl TokenEndpoint for Watched {
    fn vendor(&self) -> &'static str {
        self.inner.vendor()
    }

    fn policy(&self) -> RefreshPolicy {
        self.inner.policy()
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        self.inner.fingerprint().await
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let entry = Entry::open(&self.ledger, cx.attempt());
        if self.sabotage == Some(Sabotage::AsksTwice) {
            let (one, other) = tokio::join!(self.inner.request_token(cx), self.inner.request_token(cx));
            return entry.close(one.or(other));
        }
        entry.close(self.inner.request_token(cx).await)
    }
}

/// A request in the book, until it is over; dropped before that, it was given up.
struct Entry<'a> {
    ledger: &'a Ledger,
    id: RequestId,
    begun: Instant,
}

impl<'a> Entry<'a> {
    fn open(ledger: &'a Ledger, attempt: u32) -> Self {
        let begun = Instant::now();
        let (id, found) = ledger.book().begin(attempt, begun);
        ledger.court.tally.attempts.fetch_add(1, Relaxed);
        // What makes a flight look early is that the one before began late.
        ledger.charge(found, begun.checked_sub(THE_ONE_BEFORE).unwrap_or(begun), begun);
        Self { ledger, id, begun }
    }

    fn close(self, answer: Result<TokenResponse, Error>) -> Result<TokenResponse, Error> {
        let now = Instant::now();
        let ended = match &answer {
            Ok(response) => {
                self.ledger.court.tally.tokens.fetch_add(1, Relaxed);
                Ended::Token(hash(response.value()), response.lifetime())
            }
            Err(error) => {
                self.judge(error, now);
                Ended::Failed(error.clone())
            }
        };
        self.ledger.book().end(self.id, ended, now);
        answer
    }

    /// A healthy vendor answers every request.
    fn judge(&self, error: &Error, now: Instant) {
        let tally = &self.ledger.court.tally;
        tally.checks.fetch_add(1, Relaxed);
        tally.told_to_wait.fetch_add(error.retry_after().is_some().into(), Relaxed);
        if !self.ledger.stage.weather.explains(Kind::of(error), self.begun, now) {
            let found = Violation::new(Rule::Error, format!("no fault explains {error}"));
            self.ledger.charge([found], self.begun, now);
        }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        // Closed already, this says nothing.
        self.ledger.book().end(self.id, Ended::Dropped, Instant::now());
    }
}

/// A token's value in the books.
pub(super) fn hash(token: &str) -> Value {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    KEY.get_or_init(RandomState::new).hash_one(token)
}

/// A flight began no longer ago than this, if it has to do with the next.
const THE_ONE_BEFORE: Duration = Duration::from_secs(3);
