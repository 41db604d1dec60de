//! What `crates/fuzz` reaches of this crate. Compiled under `cfg(fuzzing)` alone, and no part of its interface.
#![allow(missing_docs)]

use auth_core::{Answer, AnswerRules, Error, Redactor, RequestContext, TokenResponse};

use crate::endpoint::Attempt;
use crate::wire::{self, TOKEN_RULES};
use crate::{S2sCredentials, S2sOAuth};

pub const CODE_RULES: AnswerRules = wire::CODE_RULES;
pub const CODE: &str = wire::CODE;

/// The answer to a token call, as an attempt reads it.
pub fn token(
    endpoint: &S2sOAuth,
    cx: &RequestContext<'_>,
    credentials: &S2sCredentials,
    answer: &Answer,
) -> Result<TokenResponse, Error> {
    let (credentials, redactor) = (credentials.clone(), Redactor::new(credentials));
    let attempt = Attempt { endpoint, cx, credentials, redactor };
    attempt.response(TOKEN_RULES.document(answer, &attempt.redactor)?)
}
