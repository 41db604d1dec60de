//! Trials of all five providers.

mod matrix;
mod soak;
mod rotation;
