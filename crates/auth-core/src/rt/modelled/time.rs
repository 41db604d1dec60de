//! Time that stands still unless the model lets it pass.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::task::{Poll, Waker};
use std::time::Duration;

use loom::sync::atomic::AtomicU64;
use loom::sync::{Mutex, MutexGuard};

use crate::{Clock, Moment};

/// The model's time.
#[derive(Debug, Default)]
pub(super) struct Time {
    now: AtomicU64,
    /// Whether it moves at all. Where it does not nobody looks at deadlines, and there is half as much to explore.
    moves: std::sync::atomic::AtomicBool,
    /// Whether it has still to move: it does so once.
    pub(super) passes: std::sync::atomic::AtomicBool,
    sleepers: Mutex<Vec<(Moment, Waker)>>,
}

loom::lazy_static! {
    pub(super) static ref TIME: Time = Time::default();
}

/// The clock of the model's sources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ModelClock;

impl Clock for ModelClock {
    fn now(&self) -> Moment {
        Moment::from_origin(Duration::from_nanos(TIME.now.load(Ordering::SeqCst)))
    }
}

impl ModelClock {
    /// Time passes once in this model, up to a deadline.
    pub(crate) fn passes(self) {
        TIME.moves.store(true, Ordering::Relaxed);
        TIME.passes.store(true, Ordering::Relaxed);
    }

    pub(crate) fn advance(self, by: Duration) {
        TIME.now.fetch_add((Moment::default() + by).nanos(), Ordering::SeqCst);
    }
}

impl Time {
    fn is_past(&self, deadline: Moment, waker: &Waker) -> bool {
        if !self.moves.load(Ordering::Relaxed) {
            return false;
        }
        // In this order, so that none is missed.
        self.sleepers().push((deadline, waker.clone()));
        ModelClock.now() >= deadline
    }

    /// Moves on to the last deadline, if there is one, and has everybody look at the time.
    pub(super) fn pass(&self) {
        let last = self.sleepers().iter().map(|(deadline, _)| *deadline).max();
        if let Some(last) = last.filter(|_| self.passes.swap(false, Ordering::Relaxed)) {
            ModelClock.advance(last.since(ModelClock.now()));
            let woken = std::mem::take(&mut *self.sleepers());
            woken.into_iter().for_each(|(_, waker)| waker.wake());
        }
    }

    fn sleepers(&self) -> MutexGuard<'_, Vec<(Moment, Waker)>> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Elapsed;

/// A pause, and others go first.
pub(crate) async fn sleep(_: Duration) {
    let mut has_yielded = false;
    poll_fn(|cx| match std::mem::replace(&mut has_yielded, true) {
        true => Poll::Ready(()),
        false => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}

pub(crate) async fn timeout<F: Future>(limit: Duration, future: F) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    let deadline = ModelClock.now() + limit;
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Ok(value)),
        Poll::Pending if TIME.is_past(deadline, cx.waker()) => Poll::Ready(Err(Elapsed)),
        Poll::Pending => Poll::Pending,
    })
    .await
}
