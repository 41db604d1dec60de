//! What `crates/fuzz` reaches of this crate. Compiled under `cfg(fuzzing)` alone, and no part of its interface.
#![allow(missing_docs)]

use auth_core::{AnswerRules, Error, TokenResponse};

use crate::MobilePayAuth;

pub const RULES: AnswerRules = crate::wire::RULES;

/// What becomes of a token that was read.
pub fn accept(endpoint: &MobilePayAuth, token: TokenResponse) -> Result<TokenResponse, Error> {
    endpoint.refuse_foreign(&token)?;
    endpoint.with_later_headers(token, None)
}
