//! The protocol between callers, flights, rejections and background renewal in every interleaving that matters:
//! `cargo xtask loom`.
//!
//! It is the shipped driver, flight, cell and lifecycle that run here, on the stand-ins of [`crate::rt`]. Each thread has a
//! runtime of its own. A model in which anybody would wait for ever fails as a deadlock. What holds whatever the order, each
//! test says; [`PREEMPTIONS`] bounds the orders.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::rt::{self, ModelClock, Runtime};
use crate::{
    AccessToken, Error, Failure, Fingerprint, KeepWarm, RefreshPolicy, RequestContext, TokenEndpoint, TokenResponse,
    TokenSource, async_trait,
};

mod cell;
mod ends;
mod flights;

/// In a model, how often a thread is stopped though it could go on. Orders that need more are not tried: nearly all known
/// races need two at most (Musuvathi and Qadeer, PLDI 2007), and each further one multiplies the orders by some forty.
const PREEMPTIONS: usize = 3;

/// Runs `model` in every order within [`PREEMPTIONS`], and says how many those were.
fn explore(model: impl Fn() + Send + Sync + 'static) {
    explore_within(PREEMPTIONS, model);
}

fn explore_within(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let orders = Arc::new(AtomicUsize::new(0));
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = LONGEST;
    let counted = Arc::clone(&orders);
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        fastrand::seed(1);
        model();
    });
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let orders = orders.load(Ordering::Relaxed);
    // Past the test harness, which keeps what a passing test prints to itself.
    let _ = writeln!(std::io::stderr(), "{name}: {orders} interleavings, those of {preemptions} preemptions at most");
}

/// An endpoint that answers at the second poll, with tokens numbered in the order of their requests.
#[derive(Clone, Default)]
struct Endpoint(Arc<Asked>);

#[derive(Default)]
struct Asked {
    requests: AtomicUsize,
    aloft: AtomicUsize,
    most_aloft: AtomicUsize,
    /// Errors that the next requests get.
    errors: Mutex<VecDeque<Error>>,
    /// Set by a model before it rejects a token: requests begun until then are numbered up to `old`.
    rejecting: rt::AtomicBool,
    old: AtomicUsize,
}

impl Endpoint {
    fn fails_with(self, errors: impl IntoIterator<Item = Error>) -> Self {
        self.0.errors.lock().unwrap_or_else(PoisonError::into_inner).extend(errors);
        self
    }

    fn source(&self, keep_warm: KeepWarm) -> TokenSource {
        let policy = RefreshPolicy { keep_warm, ..RefreshPolicy::default() };
        TokenSource::builder(self.clone()).policy(policy).clock(ModelClock).build()
    }

    fn requests(&self) -> usize {
        self.0.requests.load(Ordering::Relaxed)
    }

    fn most_aloft(&self) -> usize {
        self.0.most_aloft.load(Ordering::Relaxed)
    }

    /// From here on a request is new enough.
    fn note_rejection(&self) {
        self.0.rejecting.store(true, Ordering::Relaxed);
    }

    /// The last request that began before the rejection.
    fn last_before_rejection(&self) -> usize {
        self.0.old.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl TokenEndpoint for Endpoint {
    fn vendor(&self) -> &'static str {
        "model"
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, _: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let nth = self.0.requests.fetch_add(1, Ordering::Relaxed) + 1;
        if !self.0.rejecting.load(Ordering::Relaxed) {
            self.0.old.store(nth, Ordering::Relaxed);
        }
        let _aloft = Aloft::count(&self.0);
        rt::sleep(Duration::ZERO).await;
        let error = self.0.errors.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        error.map_or_else(|| TokenResponse::new(format!("invented-{nth}"), HOUR), Err)
    }
}

struct Aloft<'a>(&'a Asked);

impl<'a> Aloft<'a> {
    fn count(asked: &'a Asked) -> Self {
        let now = asked.aloft.fetch_add(1, Ordering::Relaxed) + 1;
        asked.most_aloft.fetch_max(now, Ordering::Relaxed);
        Self(asked)
    }
}

impl Drop for Aloft<'_> {
    fn drop(&mut self) {
        self.0.aloft.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Waits for `call` on a runtime of its own, then lets that runtime's tasks end.
fn block_on<T>(call: impl Future<Output = T>) -> T {
    let runtime = Runtime::new();
    let value = runtime.block_on(call);
    runtime.run_to_end();
    runtime.close();
    value
}

/// The number of the request that the token is the answer to.
fn request_of(token: &AccessToken) -> usize {
    token.value().strip_prefix("invented-").and_then(|nth| nth.parse().ok()).expect("a token of the model's endpoint")
}

fn wrong_secret() -> Error {
    Error::Rejected(Failure::of("model").status(401))
}

fn unavailable() -> Error {
    Error::Unavailable(Failure::of("model").status(503))
}

const HOUR: Duration = Duration::from_secs(3600);
/// Steps of one interleaving at most; one that is longer has lost its way.
const LONGEST: usize = 5_000;
