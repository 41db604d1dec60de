#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod kind;
pub use kind::Kind;

mod providers;
pub use providers::{Setup, source};

pub mod matrix;
pub mod soak;

/// The code of the root README, which has no crate of its own.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct RootReadme;
