//! Tells the recorder that is installed. It is looked up each time, so it may be installed later than the source is made.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use ::metrics::{Label, counter, gauge, histogram};

use super::reads::Reads;
use crate::log::Named;
use crate::metrics::{FAILURES, FLIGHT_DURATION, LIFE_LEFT, OUTAGE_SURVIVABLE, READS, REJECTIONS, RENEWALS, REQUESTS};
use crate::quiet::quietly;
use crate::{EventKind, Rejection, Status};

/// The counts of one source.
#[derive(Debug)]
pub(crate) struct Meter {
    named: Named,
    reads: Reads,
    /// Who sets the gauges: [`NOBODY`], somebody [`ONCE`], or somebody who is to do so [`AGAIN`].
    setting: AtomicU8,
}

impl Meter {
    pub(crate) fn new(named: Named) -> Self {
        Self { named, reads: Reads::default(), setting: AtomicU8::new(NOBODY) }
    }

    /// A token is handed out.
    #[inline]
    pub(crate) fn read(&self) {
        self.reads.count();
    }

    pub(crate) fn happened(&self, kinds: &[EventKind]) {
        for kind in kinds {
            match kind {
                EventKind::Requested { reason } | EventKind::Retried { reason } => {
                    self.count(RENEWALS, "reason", reason.name());
                }
                EventKind::RequestFailed { error } | EventKind::RenewalFailed { error } => {
                    self.count(FAILURES, "class", error.name());
                }
                _ => {}
            }
        }
    }

    pub(crate) fn requested(&self, outcome: &'static str) {
        self.count(REQUESTS, "outcome", outcome);
    }

    pub(crate) fn rejected(&self, verdict: Rejection) {
        self.count(REJECTIONS, "verdict", verdict.name());
    }

    /// A flight is over.
    pub(crate) fn flown(&self, how: impl FnOnce() -> (&'static str, Duration)) {
        let (outcome, took) = how();
        let labels = self.labels(Some(("outcome", outcome)));
        quietly(|| histogram!(target: TARGET, FLIGHT_DURATION, labels).record(took));
    }

    /// Sets what fades with time, and tells the reads since the last time.
    ///
    /// One does so at a time, and looks again if another has come meanwhile: what was seen last is set last. Nobody waits, and
    /// what a recorder itself makes happen brings no recursion.
    pub(crate) fn stands(&self, status: impl Fn() -> Status) {
        if self.setting.swap(AGAIN, Ordering::AcqRel) != NOBODY {
            return;
        }
        for _ in 0..MOST_LOOKS {
            self.setting.swap(ONCE, Ordering::AcqRel);
            quietly(|| self.set(&status()));
            if self.setting.compare_exchange(ONCE, NOBODY, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                return;
            }
        }
        self.setting.store(NOBODY, Ordering::Release);
    }

    /// The source is gone, and nobody will tell its last reads any more.
    pub(crate) fn ends(&self) {
        let reads = self.reads.take();
        if reads > 0 {
            quietly(|| counter!(target: TARGET, READS, self.labels(None)).increment(reads));
        }
    }

    fn set(&self, status: &Status) {
        let left = status.life_left.unwrap_or_default();
        let survivable = status.outage_survivable.unwrap_or_default();
        quietly(|| gauge!(target: TARGET, LIFE_LEFT, self.labels(None)).set(left));
        quietly(|| gauge!(target: TARGET, OUTAGE_SURVIVABLE, self.labels(None)).set(survivable));
        quietly(|| counter!(target: TARGET, READS, self.labels(None)).increment(self.reads.take()));
    }

    fn count(&self, name: &'static str, label: &'static str, value: &'static str) {
        let labels = self.labels(Some((label, value)));
        quietly(|| counter!(target: TARGET, name, labels).increment(1));
    }

    fn labels(&self, own: Option<(&'static str, &'static str)>) -> Vec<Label> {
        let source = self.named.source.clone().map(|name| Label::new("source", name));
        let own = own.map(|(name, value)| Label::from_static_parts(name, value));
        [Label::from_static_parts("vendor", self.named.vendor)].into_iter().chain(source).chain(own).collect()
    }
}

/// The states of [`Meter::setting`].
const NOBODY: u8 = 0;
const ONCE: u8 = 1;
const AGAIN: u8 = 2;
/// A recorder that makes something happen whenever it is told of something finds an end.
const MOST_LOOKS: usize = 8;
const TARGET: &str = "auth_core";
