//! Remembers and tells what happened.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::Notify;

use crate::status::Ring;
use crate::{Event, EventKind};

/// The ring of recent events and those who listen.
#[derive(Debug)]
pub(crate) struct Log {
    vendor: &'static str,
    ring: Mutex<Ring>,
    changed: Notify,
    closed: AtomicBool,
}

impl Log {
    pub(crate) fn new(vendor: &'static str) -> Arc<Self> {
        let (ring, changed, closed) = Default::default();
        Arc::new(Self { vendor, ring, changed, closed })
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
            match kind.is_trouble() {
                true => tracing::warn!(target: "auth_core", vendor = self.vendor, "{kind}"),
                false => tracing::debug!(target: "auth_core", vendor = self.vendor, "{kind}"),
            }
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
        f.debug_struct("Events").field("vendor", &self.log.vendor).field("seen", &self.seen).finish()
    }
}
