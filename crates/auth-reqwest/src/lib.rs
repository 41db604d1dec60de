#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod authorization;
pub use authorization::Authorization;

mod client;
pub use client::{client, redirects};

mod error;
pub use error::token_error;
