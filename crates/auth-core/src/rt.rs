//! What driver and flight take from tokio and std, through one door.
//!
//! In every build of a user's these are the originals under their own names. Under `cfg(auth_core_loom)` they are stand-ins
//! that loom sees through, so that what is model-checked is the shipped driver and flight, and no copy.

#[cfg(auth_core_loom)]
mod modelled;
#[cfg(auth_core_loom)]
pub(crate) use modelled::*;

#[cfg(not(auth_core_loom))]
pub(crate) use original::*;

#[cfg(not(auth_core_loom))]
mod original {
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

    /// Whether the current runtime was built with timers; tokio tells by a panic alone.
    pub(crate) fn has_timers() -> bool {
        std::panic::catch_unwind(|| drop(sleep(Duration::ZERO))).is_ok()
    }
}
