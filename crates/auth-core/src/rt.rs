//! What driver and flight take from tokio and std, through one door.
//!
//! In every build of a user's these are the originals under their own names. Under `cfg(auth_core_loom)` they are stand-ins
//! that loom sees through, so that what is model-checked is the shipped driver and flight, and no copy.

#[cfg(auth_core_loom)]
mod modelled;
#[cfg(auth_core_loom)]
pub(crate) use modelled::*;

#[cfg(not(auth_core_loom))]
mod original;
#[cfg(not(auth_core_loom))]
pub(crate) use original::*;
