//! Tests of the crate from outside.

mod allocations;
mod canary;
mod credentials;
mod errors;
mod holds;
mod http;
mod invariants;
mod raw;
mod reader;
mod refresh;
mod script;
mod source;
mod stress;
mod surface;
#[cfg(feature = "rustls")]
mod tls;
