//! Trials of all five providers.

mod matrix;
mod readmes;
mod rotation;
mod soak;
