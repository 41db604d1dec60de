//! Tells the recorder that is installed. It is looked up each time, so it may be installed later than the source is made.

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
}

impl Meter {
    pub(crate) fn new(named: Named) -> Self {
        Self { named, reads: Reads::default() }
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
    pub(crate) fn stands(&self, status: impl FnOnce() -> Status) {
        let status = status();
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

const TARGET: &str = "auth_core";
