//! Tests of the crate from outside.

mod authorization;
mod redirects;
mod told;
