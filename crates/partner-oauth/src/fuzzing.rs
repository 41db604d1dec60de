//! What `crates/fuzz` reaches of this crate. Compiled under `cfg(fuzzing)` alone, and no part of its interface.
#![allow(missing_docs)]

use auth_core::{AnswerRules, Error, TokenResponse};

pub const RULES: AnswerRules = crate::wire::RULES;

/// As `require_live` judges it.
pub fn live(token: TokenResponse) -> Result<TokenResponse, Error> {
    crate::endpoint::live(token)
}
