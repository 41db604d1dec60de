//! Subscribers of `tracing` and recorders of `metrics` are others' code. What it panics with goes no further than the panic
//! hook: it ends no flight, and never meets another panic on its way.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;

use tracing::{Span, Value};

/// What `told` returns, unless it panics.
pub(crate) fn quietly<T>(told: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(told)).ok()
}

/// A span that whoever panics in it has left.
pub(crate) struct QuietSpan(Option<Span>);

impl QuietSpan {
    pub(crate) fn new(make: impl FnOnce() -> Span) -> Self {
        Self(quietly(|| Some(make()).filter(|span| !span.is_disabled())).flatten())
    }

    /// Tells that it follows from the span that is entered now. A span that is let go of by a panic on its way would meet the
    /// next one of the same subscriber, so both stay in hands that catch it.
    pub(crate) fn following_the_current(self) -> Self {
        let current = Self::new(Span::current);
        if let (Some(span), Some(current)) = (&self.0, &current.0) {
            quietly(|| {
                span.follows_from(current);
            });
        }
        self
    }

    /// Runs `code` within the span.
    pub(crate) fn within<T>(&self, code: impl FnOnce() -> T) -> T {
        let Some(span) = &self.0 else { return code() };
        let entered = quietly(|| span.enter());
        let ran = catch_unwind(AssertUnwindSafe(code));
        quietly(|| drop(entered));
        ran.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Each poll of `future` within the span.
    pub(crate) async fn around<F: Future>(self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|task| self.within(|| future.as_mut().poll(task))).await
    }

    pub(crate) fn record(&self, field: &str, value: impl Value) {
        if let Some(span) = &self.0 {
            quietly(|| {
                span.record(field, value);
            });
        }
    }
}

impl Drop for QuietSpan {
    fn drop(&mut self) {
        let span = self.0.take();
        quietly(|| drop(span));
    }
}
