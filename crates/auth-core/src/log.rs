//! Remembers and tells what happened.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::Notify;

use crate::quiet::quietly;
use crate::status::Ring;
use crate::{Error, Event, EventKind, Reason};

/// One line of `tracing`, whose fields are those that the event has.
macro_rules! line {
    ($level:ident, $named:expr, $kind:expr) => {{
        let (named, kind, facts) = (&$named, $kind, $kind.facts());
        tracing::event!(
            target: "auth_core",
            tracing::Level::$level,
            vendor = named.vendor,
            source = named.source.as_deref(),
            event = kind.name(),
            reason = facts.reason.map(Reason::name),
            attempt = facts.attempt,
            token = facts.token.map(|token| token.0),
            lifetime_s = facts.lifetime.map(|time| time.as_secs_f64()),
            again_in_s = facts.again_in.map(|time| time.as_secs_f64()),
            hold_s = facts.hold.map(|time| time.as_secs_f64()),
            permanent = facts.permanent,
            class = facts.error.map(Error::name),
            status = facts.error.and_then(Error::status),
            code = facts.error.and_then(Error::code),
            "{kind}"
        )
    }};
}

/// Which source it is that something is told of.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) vendor: &'static str,
    /// The name that its user has for it.
    pub(crate) source: Option<Arc<str>>,
}

/// The ring of recent events and those who listen.
#[derive(Debug)]
pub(crate) struct Log {
    named: Named,
    ring: Mutex<Ring>,
    changed: Notify,
    closed: AtomicBool,
}

impl Log {
    pub(crate) fn new(named: Named) -> Arc<Self> {
        let (ring, changed, closed) = Default::default();
        Arc::new(Self { named, ring, changed, closed })
    }

    pub(crate) fn named(&self) -> &Named {
        &self.named
    }

    /// Keeps `kinds` in the order of the calls, which the caller's lock makes that of the events.
    pub(crate) fn record(&self, kinds: Vec<EventKind>, at: SystemTime) -> Vec<EventKind> {
        if !kinds.is_empty() {
            let mut ring = self.ring();
            kinds.iter().for_each(|kind| ring.push(kind.clone(), at));
        }
        kinds
    }

    /// Wakes listeners and writes to `tracing`; no lock is held, since a subscriber may call the source.
    pub(crate) fn tell(&self, kinds: &[EventKind]) {
        self.changed.notify_waiters();
        for kind in kinds {
            quietly(|| self.trace(kind));
        }
    }

    fn trace(&self, kind: &EventKind) {
        match kind.is_trouble() {
            true => line!(WARN, self.named, kind),
            false => line!(DEBUG, self.named, kind),
        }
    }

    pub(crate) fn recent(&self) -> Vec<Event> {
        self.ring().all()
    }

    pub(crate) fn listen(self: &Arc<Self>) -> Events {
        Events { log: Arc::clone(self), seen: self.ring().last_number() }
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.changed.notify_waiters();
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The events of a source from now on, as they happen. Holding it keeps no source alive.
pub struct Events {
    log: Arc<Log>,
    seen: u64,
}

impl Events {
    /// The next event; `None` when the source is gone.
    ///
    /// A listener that is [`crate::RECENT_EVENTS`] behind misses the oldest: [`Event::number`] tells. Dropping the
    /// future loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let mut changed = std::pin::pin!(self.log.changed.notified());
            changed.as_mut().enable();
            let closed = self.log.closed.load(Ordering::Acquire);
            if let Some(event) = self.log.ring().after(self.seen) {
                self.seen = event.number;
                return Some(event);
            }
            if closed {
                return None;
            }
            changed.await;
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("vendor", &self.log.named.vendor)
            .field("source", &self.log.named.source)
            .field("seen", &self.seen)
            .finish()
    }
}
