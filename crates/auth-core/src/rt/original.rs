//! The originals, and what tokio does not say by itself.

use std::future::pending;
use std::panic::catch_unwind;
use std::sync::PoisonError;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize};
pub(crate) use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

pub(crate) use tokio::runtime::{Handle as Runtime, Id as RuntimeId};
pub(crate) use tokio::sync::Notify;
pub(crate) use tokio::task::AbortHandle;
pub(crate) use tokio::time::{sleep, timeout};

/// The runtime that the caller is polled on, if there is one.
pub(crate) fn current() -> Option<Runtime> {
    Runtime::try_current().ok()
}

/// The runtime that the caller is polled on, if there is one and it was built with timers.
pub(crate) fn with_timers() -> Option<Runtime> {
    current().filter(has_timers)
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
}
