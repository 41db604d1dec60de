//! Background renewal: a task on the runtime of a caller's.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::{Driver, State, register};
use crate::KeepWarm;
use crate::lifecycle::Background;
use crate::rt::{self, AtomicBool, Notify, Runtime};

/// Background renewal, from the decision that it begins: what the state and the task have in common.
#[derive(Default)]
pub(super) struct Renewal {
    is_over: AtomicBool,
}

impl Renewal {
    /// From now on there may be another. The task ends when it looks next.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }
}

/// The task's share. Dropped with the task, or before there is one, it says that there is none.
pub(super) struct Renewing(Arc<Renewal>);

impl Driver {
    /// Decides that background renewal begins, if it is to and does not go on already: by [`Driver::renew`], without the lock.
    pub(super) fn keep_background(&self, state: &mut State) -> Option<Renewing> {
        let alive = state.background.as_ref().is_some_and(|renewal| !renewal.is_over());
        if alive || state.shut_down || self.keep_warm == KeepWarm::OnDemand {
            return None;
        }
        Some(Renewing(Arc::clone(state.background.insert(Arc::default()))))
    }

    pub(super) fn renew(self: &Arc<Self>, renewing: Option<Renewing>, runtime: &Runtime) {
        if let Some(renewing) = renewing {
            runtime.spawn(renewing.go_on(Arc::downgrade(self), Arc::clone(&self.changed)));
        }
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
        state.life.take_dead_flight(now, false);
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
}

impl Renewing {
    async fn go_on(self, driver: Weak<Driver>, changed: Arc<Notify>) {
        loop {
            // It hears of what comes after this line.
            let heard = changed.notified();
            let Some(driver) = driver.upgrade().filter(|_| !self.0.is_over()) else { return };
            let wait = driver.renew_ahead();
            drop(driver);
            match wait.or(MOST_IDLE) {
                Some(wait) => drop(rt::timeout(wait.min(LONGEST_SLEEP), heard).await),
                None => heard.await,
            }
        }
    }
}

impl Drop for Renewing {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Timers stand still while the machine is suspended, so a long sleep is cut into pieces of this length.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// With nothing to wait for, it sleeps until something has changed; unless there are gauges, which fade meanwhile.
const MOST_IDLE: Option<Duration> = if cfg!(feature = "metrics") { Some(LONGEST_SLEEP) } else { None };
