//! Trials of all five providers.

mod matrix;
mod rotation;
mod soak;
