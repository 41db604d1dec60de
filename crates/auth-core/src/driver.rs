//! Drives the lifecycle on tokio: everything between the users' handle and the pure machine.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use crate::flight::{self, Flight, Joined};
use crate::lifecycle::{FlightId, LEAST_ATTEMPT, Lifecycle, Read, Start, Want};
use crate::log::{Log, Named};
use crate::meter::Meter;
use crate::rt::{self, Mutex, MutexGuard, Notify, Runtime};
use crate::sync::Cell;
use crate::{
    AccessToken, Clock, Error, EventKind, KeepWarm, Moment, RefreshPolicy, Rejection, Status, SystemClock,
    TokenEndpoint,
};

mod background;
use background::Renewal;

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
    /// Wakes background renewal, a task that has been given up included; outlives the driver in the task's hands.
    changed: Arc<Notify>,
}

struct State {
    life: Lifecycle,
    flight: Option<Arc<Flight>>,
    /// A flight that another has replaced; those who wait for it are sent on once the lock is let go of.
    replaced: Option<Arc<Flight>>,
    background: Option<Arc<Renewal>>,
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
        policy.dead_after = policy.dead_after.max(policy.flight_timeout.saturating_add(LEAST_ATTEMPT));
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
        let mut renewing = None;
        if state.take_dead_flight(now, true) {
            renewing = self.keep_background(&mut state);
        }
        let patience = (state.life.flight() == Some(id)).then(|| state.life.patience(now));
        let happened = self.commit(state);
        self.renew(renewing, runtime);
        self.tell(&happened);
        patience
    }

    /// Stops background renewal for good and waits for a running flight.
    pub(crate) async fn shut_down(&self) {
        let flight = {
            let mut state = self.state();
            state.life.note(EventKind::ShutDown);
            state.shut_down = true;
            state.background.take().inspect(|renewal| renewal.end());
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
        state.take_dead_flight(now, false);
        let read = if forced { state.life.force(now) } else { state.life.read(now, want) };
        let probe = state.life.take_probe(now);
        let (step, start) = match read {
            Read::Serve(token, start) => (Ok(Step::Have(token)), start),
            Read::Join(start) => (Err(None), start),
            Read::Fail(error) => (Err(Some(error)), None),
        };
        let started = start.map(|start| (register(&mut state, start), start));
        let step = step.or_else(|error| match (error, &state.flight) {
            (None, Some(flight)) => Ok(Step::Wait(flight.join(&runtime))),
            (error, _) => {
                Err(error.unwrap_or_else(|| Error::internal(self.endpoint.vendor(), "a flight went missing")))
            }
        });
        let renewing = self.keep_background(&mut state);
        let happened = self.commit(state);
        self.launch(started, probe, &runtime);
        self.renew(renewing, &runtime);
        self.tell(&happened);
        match step {
            Ok(Step::Wait(joined)) if !joined.is_looked_after(self, &runtime) => {
                Err(Error::config("a token must be requested, and this tokio runtime is shutting down"))
            }
            step => step,
        }
    }

    /// The token, if it fulfils `want`, due for renewal or not: what [`Driver::obtain`] would hand out without waiting.
    #[cfg(feature = "blocking")]
    pub(crate) fn usable(self: &Arc<Self>, want: Want) -> Option<AccessToken> {
        let now = self.now();
        self.act(|life| life.peek(now, want))?.ok()?;
        match self.step(want, false) {
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

    /// Makes the outside agree with the state, then tells what happened.
    fn settle(&self, state: MutexGuard<'_, State>) {
        let happened = self.commit(state);
        self.tell(&happened);
    }

    /// Publishes what the state says, lets go of it, and sends on those who wait for a flight that is over. Nothing foreign
    /// runs under the lock: no waker, no subscriber, and none of the hooks that a runtime has for a new task.
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
            self.changed.notify_waiters();
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
        self.changed.notify_waiters();
        self.log.close();
        self.meter.ends();
    }
}

impl State {
    /// Gives up a flight that is too old, and background renewal with it: on the same runtime it stands still too.
    fn take_dead_flight(&mut self, now: Moment, awaited: bool) -> bool {
        let is_dead = self.life.take_dead_flight(now, awaited).is_some();
        if is_dead {
            self.background.take().inspect(|renewal| renewal.end());
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
