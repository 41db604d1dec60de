//! One flight: a request that many may wait for, as a task of its own.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use tracing::{Span, debug_span};

use crate::driver::Driver;
use crate::error::Reach;
use crate::lifecycle::{After, Attempt, Done, FlightId, Start};
use crate::log::Named;
use crate::quiet::QuietSpan;
use crate::rt::{self, AbortHandle, AtomicBool, AtomicUsize, Mutex, MutexGuard, Notify, OnceLock, Runtime, RuntimeId};
use crate::{Error, Moment, Reason, RequestContext};

mod asked;
use asked::{ABANDONED, Asked, outcome};

/// What waiters share with the task that asks.
#[derive(Debug)]
pub(crate) struct Flight {
    id: FlightId,
    outcome: OnceLock<Outcome>,
    landed: Notify,
    waiters: AtomicUsize,
    task: OnceLock<AbortHandle>,
    /// Runtimes with a [`Lookout`], one for all who wait there: a timer each would be half of what a waiter costs.
    lookouts: Mutex<Vec<RuntimeId>>,
    /// Lookouts that ended with their runtime; those who relied on one look again.
    lost: AtomicUsize,
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
        let (outcome, landed, waiters, task, lookouts, lost) = Default::default();
        Arc::new(Self { id, outcome, landed, waiters, task, lookouts, lost })
    }

    pub(crate) fn id(&self) -> FlightId {
        self.id
    }

    /// One more who waits; counted from now on, so that the flight retries for its sake.
    pub(crate) fn join(self: &Arc<Self>, runtime: &Runtime) -> Joined {
        self.waiters.fetch_add(1, Ordering::Relaxed);
        Joined { flight: Arc::clone(self), runtime: runtime.id(), lost: self.lost.load(Ordering::Acquire) }
    }

    /// Waits for its end, however it ends.
    pub(crate) async fn over(&self) {
        loop {
            // It hears of what comes after this line, and the outcome comes first.
            let landed = self.landed.notified();
            if self.outcome.get().is_some() {
                return;
            }
            landed.await;
        }
    }

    /// Sets the outcome, under the state's lock; [`Flight::move_on`] wakes those who wait, without it.
    pub(crate) fn land(&self, result: Result<(), Error>) {
        let _ = self.outcome.set(Outcome::Landed(result));
    }

    /// Sends those who wait to look again, and stops the task unless it has ended.
    pub(crate) fn move_on(&self) {
        // The first outcome stands: a flight that was given up cannot land.
        if self.outcome.set(Outcome::Moved).is_ok() {
            self.task.get().map(AbortHandle::abort);
        }
        self.landed.notify_waiters();
    }

    /// What its outcome is called in labels.
    fn outcome(&self) -> &'static str {
        match self.outcome.get() {
            Some(Outcome::Landed(result)) => outcome(result),
            _ => ABANDONED,
        }
    }

    fn is_awaited(&self) -> bool {
        self.waiters.load(Ordering::Relaxed) > 0
    }

    fn lookouts(&self) -> MutexGuard<'_, Vec<RuntimeId>> {
        self.lookouts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the task of `flight` on `runtime`.
pub(crate) fn launch(driver: &Arc<Driver>, flight: Arc<Flight>, start: Start, runtime: &Runtime) {
    let asking = AtomicBool::new(false);
    let pilot = Pilot { driver: Arc::clone(driver), flight: Arc::clone(&flight), asking, began: None };
    let span = QuietSpan::new(|| pilot.span(start.reason)).following_the_current();
    let task = runtime.spawn(span.around(pilot.fly(start.delay))).abort_handle();
    // Set after the spawn, so a flight given up in between is stopped here.
    if flight.task.set(task).is_ok() && matches!(flight.outcome.get(), Some(Outcome::Moved)) {
        flight.task.get().map(AbortHandle::abort);
    }
}

/// One waiter, for as long as it lives. Dropping it changes nothing else.
pub(crate) struct Joined {
    flight: Arc<Flight>,
    /// Where it joined.
    runtime: RuntimeId,
    /// [`Flight::lost`] when it joined.
    lost: usize,
}

impl Joined {
    pub(crate) fn flight(&self) -> &Flight {
        &self.flight
    }

    /// Makes sure that somebody on `runtime` looks out for the flight's death; not so if the runtime takes no tasks.
    pub(crate) fn is_looked_after(&self, driver: &Arc<Driver>, runtime: &Runtime) -> bool {
        let id = self.runtime;
        let mut lookouts = self.flight.lookouts();
        if lookouts.contains(&id) {
            return true;
        }
        lookouts.push(id);
        drop(lookouts);
        let (driver, flight) = (Arc::downgrade(driver), Arc::clone(&self.flight));
        runtime.spawn(Lookout { driver, flight, runtime: id, is_over: false }.look());
        self.flight.lookouts().contains(&id)
    }

    /// How the flight ended: `None` if it is no longer the source's flight, or nobody looks out for it here any more.
    pub(crate) async fn ended(&self) -> Option<Result<(), Error>> {
        // It hears of what comes after this line. Pinned here, since what is awaited by value is kept twice.
        let mut landed = pin!(self.flight.landed.notified());
        if self.flight.outcome.get().is_none() && self.flight.lost.load(Ordering::Acquire) == self.lost {
            // In this order: of ten thousand who wake now, none need ask where it is.
            poll_fn(move |task| match landed.as_mut().poll(task) {
                Poll::Pending if self.has_moved() => Poll::Ready(()),
                heard => heard,
            })
            .await;
        }
        match self.flight.outcome.get()? {
            Outcome::Landed(result) => Some(result.clone()),
            Outcome::Moved => None,
        }
    }

    /// Whether it is polled on another runtime than the one that it joined on, which may stand still from now on.
    fn has_moved(&self) -> bool {
        rt::current().is_some_and(|here| here.id() != self.runtime)
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        self.flight.waiters.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Waits for a flight on behalf of all who do so on one runtime, and says when it is too old to be alive: its own runtime
/// may have stopped without a word. Holding no driver, it keeps none alive.
struct Lookout {
    driver: Weak<Driver>,
    flight: Arc<Flight>,
    runtime: RuntimeId,
    is_over: bool,
}

impl Lookout {
    async fn look(mut self) {
        while let Some(patience) = self.patience() {
            if rt::timeout(patience, self.flight.over()).await.is_ok() {
                break;
            }
        }
        self.is_over = true;
    }

    fn patience(&self) -> Option<Duration> {
        self.driver.upgrade()?.patience_with(self.flight.id, &rt::current()?)
    }
}

impl Drop for Lookout {
    /// Before the end: with its runtime. A waiter may be polled on another, and must not rely on this one.
    fn drop(&mut self) {
        if !self.is_over {
            self.flight.lookouts().retain(|id| *id != self.runtime);
            self.flight.lost.fetch_add(1, Ordering::Release);
            self.flight.landed.notify_waiters();
        }
    }
}

/// Flies one flight. Dropped before the end, by a panic or with its runtime, it says so.
struct Pilot {
    driver: Arc<Driver>,
    flight: Arc<Flight>,
    /// The endpoint's code runs: unwinding meanwhile, it panicked.
    asking: AtomicBool,
    /// When the first request began.
    began: Option<Moment>,
}

impl Pilot {
    /// It belongs to no caller.
    fn span(&self, reason: Reason) -> Span {
        let Named { vendor, source } = self.driver.log().named();
        let (source, reason) = (source.as_deref(), reason.name());
        debug_span!(target: "auth_core", parent: None, "token_flight", vendor, source, reason)
    }

    async fn fly(mut self, delay: Duration) {
        if !delay.is_zero() {
            rt::sleep(delay).await;
        }
        self.began = Some(self.driver.now());
        while let Some(pause) = self.attempt().await {
            rt::sleep(pause).await;
        }
    }

    /// One attempt; the pause before the next, if there is to be one.
    async fn attempt(&self) -> Option<Duration> {
        let requested_at = self.driver.now();
        let attempt = self.driver.act(|life| life.begin_attempt(self.flight.id, requested_at))?;
        // Tells what it knows when it is dropped, and by then nobody waits for that.
        let mut asked = Asked::new(self, attempt.number);
        let done = self.ask(attempt, requested_at, &mut asked).await;
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

    async fn ask(&self, attempt: Attempt, requested_at: Moment, asked: &mut Asked<'_>) -> Done {
        let Attempt { number, reason, timeout, refresh_token } = attempt;
        let endpoint = self.driver.endpoint();
        let wall = SystemTime::now();
        let refresh = refresh_token.as_ref().map(|kept| &kept.value);
        let cx = RequestContext::new(number, reason, timeout, refresh);
        let mut request = self.foreign(|| asked.span.within(|| endpoint.request_token(&cx)));
        let polled = poll_fn(|task| self.foreign(|| asked.span.within(|| request.as_mut().poll(task))));
        let answer = rt::timeout(timeout, polled).await;
        self.foreign(|| asked.span.within(|| drop(request)));
        let notes = cx.notes();
        let answer = answer.unwrap_or_else(|_| Err(Error::unreachable(endpoint.vendor(), Reach::Deadline)));
        let answer = answer.map_err(|error| error.of_vendor(endpoint.vendor()));
        asked.outcome = Some(outcome(&answer));
        Done { answer, requested_at, wall, refresh_token, notes, awaited: self.flight.is_awaited() }
    }

    /// Runs the endpoint's code. If it unwinds, the mark stays for [`Pilot::drop`] to see.
    fn foreign<T>(&self, code: impl FnOnce() -> T) -> T {
        self.asking.store(true, Ordering::Relaxed);
        let value = code();
        self.asking.store(false, Ordering::Relaxed);
        value
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        if self.flight.outcome.get().is_none() {
            self.driver.flight_lost(&self.flight, self.asking.load(Ordering::Relaxed));
        }
        if let Some(began) = self.began {
            self.driver.meter().flown(|| (self.flight.outcome(), self.driver.now().since(began)));
        }
    }
}
