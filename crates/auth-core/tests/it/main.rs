//! Tests of the crate from outside.

mod allocations;
mod script;
mod source;
mod stress;
