//! All five providers, all alike.

mod soak;
