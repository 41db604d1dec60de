//! Tests of the crate from outside.

mod bad_input;
mod errors;
mod lifecycle;
mod wire;
