//! What the handlers of one simulator share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::response::Response;
use serde_json::{Value, json};

use crate::builder::Options;
use crate::counts::Counters;
use crate::grants::Grants;
use crate::jwt::Key;
use crate::shape::Shape;
use crate::tokens::{Grant, Tokens};
use crate::{Credentials, Faults, Vendor, answer};

pub(crate) type Shared = Arc<State>;

pub(crate) struct State {
    pub(crate) vendor: Vendor,
    /// The base URL, which is the issuer of the tokens.
    pub(crate) url: String,
    pub(crate) options: Options,
    pub(crate) key: Arc<Key>,
    pub(crate) tokens: Tokens,
    /// Codes and refresh tokens of s2s-oauth.
    pub(crate) codes: Grants,
    pub(crate) refresh_tokens: Grants,
    pub(crate) counters: Counters,
    pub(crate) faults: Faults,
    /// The credentials that are good now.
    pub(crate) credentials: Mutex<Credentials>,
    /// The token of the last answer, for a vendor that gives the same again.
    pub(crate) last_token: Mutex<Option<String>>,
}

impl State {
    pub(crate) fn credentials(&self) -> MutexGuard<'_, Credentials> {
        self.credentials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn last_token(&self) -> MutexGuard<'_, Option<String>> {
        self.last_token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether that is the client, with the secret that is good now.
    pub(crate) fn knows(&self, client_id: &str, client_secret: &str) -> bool {
        let good = self.credentials();
        client_id == good.client_id && client_secret == good.client_secret
    }

    /// The answer to a token or code call.
    pub(crate) fn respond<E: Into<Shape>>(&self, result: Result<Value, E>) -> Response {
        match result {
            Ok(body) => answer::granted(&body),
            Err(error) => error.into().respond(&self.credentials().client_id),
        }
    }

    /// Signs and remembers a JWT.
    pub(crate) fn issue_jwt(&self, header: &Value, claims: &Value, merchant_vat: Option<&str>) -> String {
        let token = self.key.sign(header, claims);
        self.issue(&token, merchant_vat);
        token
    }

    /// Remembers a token as good.
    pub(crate) fn issue(&self, token: &str, merchant_vat: Option<&str>) {
        let grant = Grant {
            client_secret: self.credentials().client_secret.clone(),
            merchant_vat: merchant_vat.map(str::to_owned),
        };
        self.tokens.issue(token, self.options.lifetime, grant);
        *self.last_token() = Some(token.to_owned());
    }

    /// The lifetime in the whole seconds of a claim.
    pub(crate) fn whole_lifetime(&self) -> u64 {
        // Far below 2⁵³, so that the sum with a date stays a date.
        self.options.lifetime.as_secs().min(u64::from(u32::MAX))
    }

    /// `expires_in`: an integer, unless the lifetime was chosen with a fraction.
    pub(crate) fn expires_in(&self) -> Value {
        seconds(self.options.lifetime)
    }
}

pub(crate) fn seconds(duration: Duration) -> Value {
    match duration.subsec_nanos() {
        0 => json!(duration.as_secs()),
        _ => json!(duration.as_secs_f64()),
    }
}
