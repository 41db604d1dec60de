#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod kind;
pub use kind::Kind;

mod providers;
pub use providers::{Setup, source};

pub mod matrix;
pub mod soak;
