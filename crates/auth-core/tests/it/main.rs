//! Tests of the crate from outside.

mod allocations;
mod authorize;
#[cfg(feature = "blocking")]
mod blocking;
mod canary;
mod cancellation;
mod clock_faults;
mod credentials;
mod elsewhere;
mod errors;
mod hardening;
mod holds;
mod http;
mod invariants;
#[cfg(feature = "metrics")]
mod measured;
mod panics;
mod picture;
mod raw;
mod reader;
mod readme;
mod refresh;
mod runtimes;
mod script;
mod shapes;
mod source;
mod stress;
mod surface;
#[cfg(feature = "rustls")]
mod tls;
mod told;
#[cfg(feature = "tower")]
mod tower;
mod traced;
mod unpolled;
