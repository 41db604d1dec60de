//! How a request ended, for those who watch.

use std::sync::atomic::Ordering;

use tracing::{debug_span, field};

use super::Pilot;
use crate::Error;
use crate::quiet::QuietSpan;

/// One request, until it is known how it ended. Dropped before, it was abandoned or it panicked.
pub(super) struct Asked<'a> {
    pilot: &'a Pilot,
    pub(super) span: QuietSpan,
    pub(super) outcome: Option<&'static str>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(pilot: &'a Pilot, attempt: u32) -> Self {
        let span = || debug_span!(target: "auth_core", "token_request", attempt, outcome = field::Empty);
        Self { pilot, span: QuietSpan::new(span), outcome: None }
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let panicked = self.pilot.asking.load(Ordering::Relaxed);
        let outcome = self.outcome.unwrap_or(if panicked { INTERNAL } else { ABANDONED });
        self.span.record("outcome", outcome);
        self.pilot.driver.meter().requested(outcome);
    }
}

/// What a result is called in fields and labels.
pub(super) fn outcome<T>(result: &Result<T, Error>) -> &'static str {
    result.as_ref().map_or_else(Error::name, |_| OK)
}

const OK: &str = "ok";
pub(super) const ABANDONED: &str = "abandoned";
/// What a panic is made of.
const INTERNAL: &str = "internal";
