//! What `crates/fuzz` reaches of this crate. Compiled under `cfg(fuzzing)` alone, and no part of its interface.
#![allow(missing_docs)]

use auth_core::AnswerRules;

pub const RULES: AnswerRules = crate::wire::RULES;
