//! What `crates/fuzz` reaches of this crate. Compiled under `cfg(fuzzing)` alone, and no part of its interface.
#![allow(missing_docs)]

use std::time::Duration;

use crate::policy::Failed;
use crate::{Error, Moment, RefreshPolicy, TokenResponse};

/// The life that the default policy gives the token.
pub fn lifetime(token: &TokenResponse) -> Duration {
    RefreshPolicy::default().lifetime(token.lifetime())
}

/// How long the default policy holds after the `failures`-th such error in a row, without a token. `random` is in 0..1.
pub fn hold(error: &Error, failures: u32, random: f64) -> Duration {
    let (class, retry_after) = (error.class(), error.retry_after());
    let why = Failed { class, failures, retry_after, usable_until: Moment::default() };
    RefreshPolicy::default().hold(&why, Moment::default(), random)
}
