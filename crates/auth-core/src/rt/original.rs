//! The originals, and what tokio does not say by itself.

use std::future::{pending, poll_fn};
use std::panic::catch_unwind;
use std::pin::{Pin, pin};
use std::sync::PoisonError;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize};
pub(crate) use std::sync::{Mutex, MutexGuard, OnceLock};
use std::task::Poll;
use std::time::Duration;

pub(crate) use tokio::runtime::{Handle as Runtime, Id as RuntimeId};
pub(crate) use tokio::sync::Notify;
pub(crate) use tokio::task::AbortHandle;
use tokio::task::JoinHandle;
use tokio::time::Instant;
pub(crate) use tokio::time::{sleep, timeout};

/// The runtime that the caller is polled on, if there is one.
pub(crate) fn current() -> Option<Runtime> {
    Runtime::try_current().ok()
}

/// The runtime that the caller is polled on, if there is one and it was built with timers.
pub(crate) fn with_timers() -> Option<Runtime> {
    current().filter(has_timers)
}

/// What `future` comes to within `limit`, by the timers of whichever runtime polls it. tokio's own timeout stays with the
/// first, which may stand still or end while the future is polled on another. `None` at once where there are no timers.
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let deadline = Instant::now() + limit.min(super::FOREVER);
    let (mut future, mut alarm) = (pin!(future), None::<Alarm>);
    poll_fn(|cx| {
        if let Poll::Ready(value) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(value));
        }
        let has_moved = |here: &Runtime| alarm.as_ref().is_none_or(|alarm| alarm.runtime != here.id());
        if let Some(here) = current().filter(has_moved).filter(has_timers) {
            alarm = Some(Alarm::at(deadline, &here));
        }
        match &mut alarm {
            Some(alarm) => Pin::new(&mut alarm.task).poll(cx).map(|_| None),
            None => Poll::Ready(None),
        }
    })
    .await
}

/// A task that ends at a time, or with its runtime.
struct Alarm {
    runtime: RuntimeId,
    task: JoinHandle<()>,
}

impl Alarm {
    fn at(deadline: Instant, runtime: &Runtime) -> Self {
        Self { runtime: runtime.id(), task: runtime.spawn(tokio::time::sleep_until(deadline)) }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether `runtime`, which is the current one, was built with timers. tokio tells by a panic alone, which the process's panic
/// hook is shown: so one without is remembered for as long as it runs.
fn has_timers(runtime: &Runtime) -> bool {
    let id = runtime.id();
    if without_timers().contains(&id) {
        return false;
    }
    let has_timers = catch_unwind(|| drop(sleep(Duration::ZERO))).is_ok();
    if !has_timers {
        without_timers().push(id);
        let until_it_ends = Remembered(id);
        runtime.spawn(async move {
            let _until_it_ends = until_it_ends;
            pending::<()>().await;
        });
    }
    has_timers
}

/// Forgets a runtime that has ended: another may be given its id.
struct Remembered(RuntimeId);

impl Drop for Remembered {
    fn drop(&mut self) {
        without_timers().retain(|id| *id != self.0);
    }
}

fn without_timers() -> MutexGuard<'static, Vec<RuntimeId>> {
    static WITHOUT_TIMERS: Mutex<Vec<RuntimeId>> = Mutex::new(Vec::new());
    WITHOUT_TIMERS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::runtime::Builder;

    use super::*;
    use crate::TokenSource;

    thread_local! {
        static HOOKED: Cell<usize> = const { Cell::new(0) };
    }

    fn count_panics_of_this_thread() {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            HOOKED.set(HOOKED.get() + 1);
            before(info);
        }));
    }

    #[test]
    fn runtime_without_timers_reaches_the_panic_hook_once_at_most() {
        count_panics_of_this_thread();
        let bare = Builder::new_current_thread().build().expect("a runtime");
        // Not a token that a header can carry, so that each call is a cold one.
        let tokens = TokenSource::fixed("\n");
        for _ in 0..3 {
            bare.block_on(tokens.token()).expect_err("no timers");
            bare.block_on(tokens.ready(Duration::ZERO)).expect_err("no timers");
        }
        assert_eq!(HOOKED.get(), 1);
        let other = Builder::new_current_thread().build().expect("a runtime");
        other.block_on(tokens.token()).expect_err("no timers");
        assert_eq!(HOOKED.get(), 2, "another runtime is another question");
    }

    #[test]
    fn runtime_without_timers_is_forgotten_with_its_end() {
        let bare = Builder::new_current_thread().build().expect("a runtime");
        let id = bare.handle().id();
        assert!(bare.block_on(async { with_timers() }).is_none());
        assert!(without_timers().contains(&id));
        drop(bare);
        assert!(!without_timers().contains(&id));
    }

    #[test]
    fn wait_goes_by_the_timers_of_whichever_runtime_polls_it() {
        let paused = || Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
        for ends in [false, true] {
            let (left, live) = (paused(), paused());
            let mut wait = Box::pin(within(Duration::from_secs(60), pending::<()>()));
            assert!(left.block_on(poll_fn(|cx| Poll::Ready(wait.as_mut().poll(cx)))).is_pending());
            let left = (!ends).then_some(left);
            let waited = live.block_on(async { timeout(Duration::from_secs(3600), wait).await });
            assert_eq!(waited.ok(), Some(None), "the first runtime has ended: {ends}");
            drop(left);
        }
    }

    #[test]
    fn wait_that_is_over_leaves_no_task_behind() {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let tasks = || runtime.metrics().num_alive_tasks();
        runtime.block_on(async {
            assert_eq!(within(Duration::from_secs(3600), tokio::task::yield_now()).await, Some(()));
            tokio::task::yield_now().await;
        });
        assert_eq!(tasks(), 0);
    }

    #[test]
    fn wait_where_there_are_no_timers_is_none() {
        let bare = Builder::new_current_thread().build().expect("a runtime");
        assert_eq!(bare.block_on(within(Duration::from_secs(60), pending::<()>())), None);
        let gone = Builder::new_current_thread().enable_all().build().expect("a runtime").handle().clone();
        assert_eq!(gone.block_on(within(Duration::from_secs(60), pending::<()>())), None);
    }
}
