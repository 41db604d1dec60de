//! What driver and flight take from tokio and std, through one door.
//!
//! In every build of a user's these are the originals under their own names. Under `cfg(auth_core_loom)` they are stand-ins
//! that loom sees through, so that what is model-checked is the shipped driver and flight, and no copy.

use std::time::Duration;

#[cfg(auth_core_loom)]
mod modelled;
#[cfg(auth_core_loom)]
pub(crate) use modelled::*;

#[cfg(not(auth_core_loom))]
mod original;
#[cfg(not(auth_core_loom))]
pub(crate) use original::*;

/// tokio's own stand-in for never: later moments can be out of a clock's reach.
pub(crate) const FOREVER: Duration = Duration::from_secs(86_400 * 365 * 30);
