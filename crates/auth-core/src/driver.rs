//! Drives the lifecycle on tokio: everything between the users' handle and the pure machine.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use crate::flight::{self, Flight, Joined};
use crate::lifecycle::{Background, FlightId, Lifecycle, Read, Start, Want};
use crate::log::{Log, Named};
use crate::meter::Meter;
use crate::rt::{self, AbortHandle, Mutex, MutexGuard, Notify, Runtime};
use crate::sync::Cell;
use crate::{
    AccessToken, Clock, Error, EventKind, KeepWarm, Moment, RefreshPolicy, Rejection, Status, SystemClock,
    TokenEndpoint,
};

/// What all clones of a handle share.
pub(crate) struct Driver {
    cell: Cell,
    /// In place of the machine's.
    clock: Option<Arc<dyn Clock>>,
    endpoint: Arc<dyn TokenEndpoint>,
    keep_warm: KeepWarm,
    dead_after: Duration,
    state: Mutex<State>,
    log: Arc<Log>,
    meter: Meter,
    /// Wakes background renewal; outlives the driver in the task's hands.
    changed: Arc<Notify>,
}

struct State {
    life: Lifecycle,
    flight: Option<Arc<Flight>>,
    /// A flight that another has replaced; those who wait for it are sent on once the lock is let go of.
    replaced: Option<Arc<Flight>>,
    background: Option<AbortHandle>,
    shut_down: bool,
}

/// What a caller does next.
enum Step {
    Have(AccessToken),
    Wait(Joined),
}

impl Driver {
    pub(crate) fn new(
        endpoint: Arc<dyn TokenEndpoint>,
        mut policy: RefreshPolicy,
        clock: Option<Arc<dyn Clock>>,
        source: Option<Arc<str>>,
    ) -> Arc<Self> {
        let vendor = endpoint.vendor();
        let named = Named { vendor, source };
        // A flight that may still land is not dead, whatever the policy says.
        policy.dead_after = policy.dead_after.max(policy.flight_timeout);
        let (keep_warm, dead_after) = (policy.keep_warm, policy.dead_after);
        let life = Lifecycle::new(vendor, policy);
        let state = Mutex::new(State { life, flight: None, replaced: None, background: None, shut_down: false });
        let (cell, changed) = <(Cell, Arc<Notify>)>::default();
        let (log, meter) = (Log::new(named.clone()), Meter::new(named));
        Arc::new(Self { cell, clock, endpoint, keep_warm, dead_after, state, log, meter, changed })
    }

    #[inline]
    pub(crate) fn now(&self) -> Moment {
        match &self.clock {
            None => SystemClock.now(),
            Some(clock) => clock.now(),
        }
    }

    pub(crate) fn endpoint(&self) -> &dyn TokenEndpoint {
        &*self.endpoint
    }

    pub(crate) fn log(&self) -> &Arc<Log> {
        &self.log
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The token, if it may simply be handed out: a look at the clock, and this thread's copy.
    #[inline]
    pub(crate) fn warm(&self) -> Option<AccessToken> {
        let token = self.cell.load().filter(|token| token.is_served_at(self.now()))?;
        if !token.is_used() {
            self.served(&token);
        }
        self.meter.read();
        Some(token)
    }

    /// A token that fulfils `want`, waiting for a flight if there must be one. `forced` starts one in any case.
    ///
    /// A block, since an `async fn` keeps its arguments twice: a fifth of what a waiter costs.
    #[expect(clippy::manual_async_fn, reason = "it is smaller so")]
    pub(crate) fn obtain(
        self: &Arc<Self>,
        mut want: Want,
        mut forced: bool,
    ) -> impl Future<Output = Result<AccessToken, Error>> + Send {
        async move {
            loop {
                let joined = match self.step(want, forced)? {
                    Step::Wait(joined) => joined,
                    Step::Have(token) => return Ok(self.handed_out(token)),
                };
                match joined.ended().await {
                    // Of ten thousand who wake now, none needs the lock. But a flight lands before its token is published,
                    // and who has asked for a new one is not to see the old one in between.
                    Some(Ok(())) => match (want.life.is_zero() && !forced).then(|| self.warm()).flatten() {
                        Some(token) => return Ok(token),
                        None => (want.after, forced) = (Some(joined.flight().id()), false),
                    },
                    Some(Err(error)) => return Err(error),
                    None => {}
                }
            }
        }
    }

    /// Runs `decide` on the state, then makes the outside agree with it.
    pub(crate) fn act<T>(&self, decide: impl FnOnce(&mut Lifecycle) -> T) -> T {
        let mut state = self.state();
        let decided = decide(&mut state.life);
        self.settle(state);
        decided
    }

    pub(crate) fn rejected(&self, token: &AccessToken) -> Rejection {
        let now = self.now();
        let verdict = self.act(|life| life.rejected(token.value(), now));
        self.meter.rejected(verdict);
        verdict
    }

    pub(crate) fn status(&self) -> Status {
        let now = self.now();
        Status { source: self.log.named().source.clone(), ..self.state().life.status(now) }
    }

    /// Tells the recorder how things stand now.
    pub(crate) fn record(&self) {
        self.meter.stands(|| self.status());
    }

    /// The task of `flight` ended without an answer. Those who waited get the error of a panic, or look again and start
    /// the next flight on a runtime of their own.
    pub(crate) fn flight_lost(&self, flight: &Flight, panicked: bool) {
        let (now, random) = (self.now(), fastrand::f64());
        self.act(|life| {
            if let Some(error) = life.lost(flight.id(), panicked, now, random) {
                flight.land(Err(error));
            }
        });
    }

    /// How long flight `id` may still take; `None` if it is not the source's flight, or no longer, now that it is dead.
    pub(crate) fn patience_with(self: &Arc<Self>, id: FlightId, runtime: &Runtime) -> Option<Duration> {
        let now = self.now();
        let mut state = self.state();
        if state.take_dead_flight(now) {
            self.keep_background(&mut state, runtime);
        }
        let patience = (state.life.flight() == Some(id)).then(|| state.life.patience(now));
        self.settle(state);
        patience
    }

    /// Stops background renewal for good and waits for a running flight.
    pub(crate) async fn shut_down(&self) {
        let flight = {
            let mut state = self.state();
            state.life.note(EventKind::ShutDown);
            state.shut_down = true;
            state.background.take().inspect(AbortHandle::abort);
            let flight = state.flight.clone();
            self.settle(state);
            flight
        };
        if let Some(flight) = flight {
            rt::within(self.dead_after, flight.over()).await;
        }
    }

    fn step(self: &Arc<Self>, want: Want, forced: bool) -> Result<Step, Error> {
        let Some(runtime) = rt::with_timers() else {
            return self.step_without_runtime(want);
        };
        let now = self.now();
        let mut state = self.state();
        state.take_dead_flight(now);
        let read = if forced { state.life.force(now) } else { state.life.read(now, want) };
        let probe = state.life.take_probe(now);
        let (step, start) = match read {
            Read::Serve(token, start) => (Ok(Step::Have(token)), start),
            Read::Join(start) => (Err(None), start),
            Read::Fail(error) => (Err(Some(error)), None),
        };
        let started = start.map(|start| (register(&mut state, start), start));
        let step = step.or_else(|error| match (error, &state.flight) {
            (None, Some(flight)) => Ok(Step::Wait(flight.join())),
            (error, _) => {
                Err(error.unwrap_or_else(|| Error::internal(self.endpoint.vendor(), "a flight went missing")))
            }
        });
        self.keep_background(&mut state, &runtime);
        let happened = self.commit(state);
        self.launch(started, probe, &runtime);
        self.tell(&happened);
        match step {
            Ok(Step::Wait(joined)) if !joined.is_looked_after(self, &runtime) => {
                Err(Error::config("a token must be requested, and this tokio runtime is shutting down"))
            }
            step => step,
        }
    }

    /// The token, if it is usable, due for renewal or not: what [`Driver::obtain`] would hand out without waiting.
    #[cfg(feature = "blocking")]
    pub(crate) fn usable(self: &Arc<Self>) -> Option<AccessToken> {
        let now = self.now();
        self.act(|life| life.peek(now, Want::default()))?.ok()?;
        match self.step(Want::default(), false) {
            Ok(Step::Have(token)) => Some(self.handed_out(token)),
            _ => None,
        }
    }

    /// Outside tokio nothing can be asked for; what is there is handed out.
    fn step_without_runtime(&self, want: Want) -> Result<Step, Error> {
        let now = self.now();
        match self.act(|life| life.peek(now, want)) {
            Some(found) => found.map(Step::Have),
            None => Err(Error::config(
                "a token must be requested, which needs a tokio runtime with timers; there is none here",
            )),
        }
    }

    fn launch(self: &Arc<Self>, started: Option<(Arc<Flight>, Start)>, probe: bool, runtime: &Runtime) {
        if let Some((flight, start)) = started {
            flight::launch(self, flight, start, runtime);
        }
        if probe {
            runtime.spawn(Arc::clone(self).probe());
        }
    }

    async fn probe(self: Arc<Self>) {
        let about = self.act(|life| life.failures());
        let found = rt::timeout(crate::CREDENTIALS_TIMEOUT, self.endpoint.fingerprint()).await;
        let now = self.now();
        self.act(|life| life.probed(found.ok().and_then(Result::ok), about, now));
    }

    /// Makes known that `token` is handed out, which comes from the machine and not from the cell.
    fn handed_out(&self, token: AccessToken) -> AccessToken {
        self.served(&token);
        self.meter.read();
        token
    }

    /// Says that `token` was handed out, if this is the first time.
    #[cold]
    fn served(&self, token: &AccessToken) {
        if token.mark_used() {
            self.act(|life| life.note(EventKind::Served { token: token.id() }));
        }
    }

    fn keep_background(self: &Arc<Self>, state: &mut State, runtime: &Runtime) {
        let alive = state.background.as_ref().is_some_and(|task| !task.is_finished());
        if alive || state.shut_down || self.keep_warm == KeepWarm::OnDemand {
            return;
        }
        let (driver, changed) = (Arc::downgrade(self), Arc::clone(&self.changed));
        let task = runtime.spawn(async move {
            while let Some(wait) = driver.upgrade().map(|driver| driver.renew_ahead()) {
                match wait.or(MOST_IDLE) {
                    Some(wait) => drop(rt::timeout(wait.min(LONGEST_SLEEP), changed.notified()).await),
                    None => changed.notified().await,
                }
            }
        });
        state.background = Some(task.abort_handle());
    }

    /// One look of background renewal; how long until the next, if that is known.
    fn renew_ahead(self: &Arc<Self>) -> Option<Duration> {
        self.record();
        let runtime = rt::current()?;
        let now = self.now();
        let mut state = self.state();
        if state.shut_down {
            return None;
        }
        state.life.take_dead_flight(now);
        let (start, wait) = match state.life.background(now) {
            Background::Start(start) => (Some(start), None),
            Background::Sleep(until) => (None, Some(until.since(now))),
            Background::Idle => (None, None),
        };
        let probe = wait.is_some() && state.life.take_probe(now);
        let started = start.map(|start| (register(&mut state, start), start));
        let happened = self.commit(state);
        self.launch(started, probe, &runtime);
        self.tell(&happened);
        wait
    }

    /// Makes the outside agree with the state, then tells what happened.
    fn settle(&self, state: MutexGuard<'_, State>) {
        let happened = self.commit(state);
        self.tell(&happened);
    }

    /// Publishes what the state says, lets go of it, and sends on those who wait for a flight that is over. Nothing foreign
    /// runs under the lock: no waker, no subscriber.
    fn commit(&self, mut state: MutexGuard<'_, State>) -> Vec<EventKind> {
        self.cell.publish(state.life.published(), state.life.attention());
        let current = state.life.flight();
        let ended = state.flight.take_if(|flight| Some(flight.id()) != current);
        let replaced = state.replaced.take();
        let events = state.life.drain_events();
        let happened = self.log.record(events, SystemTime::now());
        drop(state);
        for flight in ended.into_iter().chain(replaced) {
            flight.move_on();
        }
        happened
    }

    /// To listeners, to background renewal, to `tracing` and `metrics`, whose subscribers and recorders may do anything.
    fn tell(&self, happened: &[EventKind]) {
        if !happened.is_empty() {
            self.changed.notify_one();
            self.log.tell(happened);
            self.meter.happened(happened);
            self.record();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.background.take().inspect(AbortHandle::abort);
        self.log.close();
        self.meter.ends();
    }
}

impl State {
    /// Gives up a flight that is too old, and background renewal with it: on the same runtime it stands still too.
    fn take_dead_flight(&mut self, now: Moment) -> bool {
        let is_dead = self.life.take_dead_flight(now).is_some();
        if is_dead {
            self.background.take().inspect(AbortHandle::abort);
        }
        is_dead
    }
}

/// Makes the flight that `start` is about the one to join.
fn register(state: &mut State, start: Start) -> Arc<Flight> {
    let flight = Flight::new(start.id);
    state.replaced = state.flight.replace(Arc::clone(&flight));
    flight
}

/// Timers stand still while the machine is suspended, so a long sleep is cut into pieces of this length.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// With nothing to wait for, it sleeps until something has changed; unless there are gauges, which fade meanwhile.
const MOST_IDLE: Option<Duration> = if cfg!(feature = "metrics") { Some(LONGEST_SLEEP) } else { None };
