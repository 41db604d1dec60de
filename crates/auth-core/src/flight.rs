//! One flight: a request that many may wait for, as a task of its own.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::driver::Driver;
use crate::error::Reach;
use crate::lifecycle::{After, Attempt, Done, FlightId, Start};
use crate::{Error, RequestContext};

/// What waiters share with the task that asks.
#[derive(Debug)]
pub(crate) struct Flight {
    id: FlightId,
    outcome: OnceLock<Outcome>,
    landed: Notify,
    waiters: AtomicUsize,
    task: OnceLock<AbortHandle>,
    /// Its task was dropped before it began, and not by us: the runtime takes none any more.
    refused: AtomicBool,
}

#[derive(Debug)]
enum Outcome {
    /// Success: the token is published. Failure: the error is for everyone.
    Landed(Result<(), Error>),
    /// It is no longer the source's flight; those who waited look again.
    Moved,
}

impl Flight {
    pub(crate) fn new(id: FlightId) -> Arc<Self> {
        let (outcome, landed, waiters, task, refused) = Default::default();
        Arc::new(Self { id, outcome, landed, waiters, task, refused })
    }

    pub(crate) fn id(&self) -> FlightId {
        self.id
    }

    /// One more who waits; counted from now on, so that the flight retries for its sake.
    pub(crate) fn join(self: &Arc<Self>) -> Joined {
        self.waiters.fetch_add(1, Ordering::Relaxed);
        Joined(Arc::clone(self))
    }

    /// How it ended: `None` if it is no longer the source's flight, or has not ended within `patience`.
    pub(crate) async fn ended(&self, patience: Duration) -> Option<Result<(), Error>> {
        let mut landed = pin!(self.landed.notified());
        landed.as_mut().enable();
        if self.outcome.get().is_none() {
            tokio::time::timeout(patience, landed).await.ok()?;
        }
        match self.outcome.get()? {
            Outcome::Landed(result) => Some(result.clone()),
            Outcome::Moved => None,
        }
    }

    /// Sets the outcome, under the state's lock; [`Flight::move_on`] wakes those who wait, without it.
    pub(crate) fn land(&self, result: Result<(), Error>) {
        let _ = self.outcome.set(Outcome::Landed(result));
    }

    pub(crate) fn was_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Sends those who wait to look again, and stops the task unless it has ended.
    pub(crate) fn move_on(&self) {
        // The first outcome stands: a flight that was given up cannot land.
        if self.outcome.set(Outcome::Moved).is_ok() {
            self.task.get().map(AbortHandle::abort);
        }
        self.landed.notify_waiters();
    }

    fn is_awaited(&self) -> bool {
        self.waiters.load(Ordering::Relaxed) > 0
    }
}

/// Starts the task of `flight` on `runtime`.
pub(crate) fn launch(driver: &Arc<Driver>, flight: Arc<Flight>, start: Start, runtime: &Handle) {
    let (began, asking) = Default::default();
    let pilot = Pilot { driver: Arc::clone(driver), flight: Arc::clone(&flight), began, asking };
    let task = runtime.spawn(pilot.fly(start.delay)).abort_handle();
    // Set after the spawn, so a flight given up in between is stopped here.
    if flight.task.set(task).is_ok() && matches!(flight.outcome.get(), Some(Outcome::Moved)) {
        flight.task.get().map(AbortHandle::abort);
    }
}

/// One waiter, for as long as it lives. Dropping it changes nothing else.
pub(crate) struct Joined(Arc<Flight>);

impl Joined {
    pub(crate) fn flight(&self) -> &Flight {
        &self.0
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        self.0.waiters.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Flies one flight. Dropped before the end, by a panic or with its runtime, it says so.
struct Pilot {
    driver: Arc<Driver>,
    flight: Arc<Flight>,
    began: AtomicBool,
    /// The endpoint is being polled: unwinding meanwhile, it panicked.
    asking: AtomicBool,
}

impl Pilot {
    async fn fly(self, delay: Duration) {
        self.began.store(true, Ordering::Relaxed);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        while let Some(pause) = self.attempt().await {
            tokio::time::sleep(pause).await;
        }
    }

    /// One attempt; the pause before the next, if there is to be one.
    async fn attempt(&self) -> Option<Duration> {
        let requested_at = self.driver.now();
        let attempt = self.driver.act(|life| life.begin_attempt(self.flight.id, requested_at))?;
        let done = self.ask(attempt, requested_at).await;
        let (now, random) = (self.driver.now(), fastrand::f64());
        self.driver.act(|life| match life.attempt_done(self.flight.id, done, now, random) {
            After::Again(pause) => Some(pause),
            After::Landed(result) => {
                self.flight.land(result);
                None
            }
            After::Abandoned => None,
        })
    }

    async fn ask(&self, attempt: Attempt, requested_at: crate::Moment) -> Done {
        let Attempt { number, reason, timeout, refresh_token } = attempt;
        let endpoint = self.driver.endpoint();
        let wall = SystemTime::now();
        let refresh = refresh_token.as_ref().map(|kept| &kept.value);
        let cx = RequestContext::new(number, reason, timeout, refresh);
        let answer = {
            let mut request = endpoint.request_token(&cx);
            let request = std::future::poll_fn(|task| {
                self.asking.store(true, Ordering::Relaxed);
                let polled = request.as_mut().poll(task);
                self.asking.store(false, Ordering::Relaxed);
                polled
            });
            tokio::time::timeout(timeout, request).await
        };
        let notes = cx.notes();
        let answer = answer.unwrap_or_else(|_| Err(Error::unreachable(endpoint.vendor(), Reach::Deadline)));
        let answer = answer.map_err(|error| error.of_vendor(endpoint.vendor()));
        Done { answer, requested_at, wall, refresh_token, notes, awaited: self.flight.is_awaited() }
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        if self.flight.outcome.get().is_none() {
            self.flight.refused.store(!self.began.load(Ordering::Relaxed), Ordering::Relaxed);
            self.driver.flight_lost(self.flight.id, self.asking.load(Ordering::Relaxed));
        }
    }
}
