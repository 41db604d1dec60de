//! The protected call: the vendor's API, as far as authentication goes.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use crate::jwt::Key;
use crate::request::bearer;
use crate::shape::Shape;
use crate::state::Shared;
use crate::tokens::Grant;
use crate::{Vendor, answer, jwt, mobilepay, s2s};

/// Dates in tokens are whole seconds, so a token of one second may say that it ended already.
const LEEWAY: f64 = 1.0;

pub(crate) async fn ping(State(state): State<Shared>, headers: HeaderMap) -> Response {
    match judge(&state, &headers) {
        Ok(()) => answer::with_body(200, "application/json", json!({"pong": true}).to_string()),
        Err(shape) => shape.respond(&state.credentials().client_id),
    }
}

fn judge(state: &Shared, headers: &HeaderMap) -> Result<(), Shape> {
    let token = bearer(headers).ok_or(NO_TOKEN)?;
    let grant = good_token(state, token).ok_or(INVALID_TOKEN)?;
    match state.vendor {
        Vendor::S2s => s2s::later_call(state, &grant, headers),
        Vendor::MobilePay => mobilepay::later_call(state, &grant, headers),
        Vendor::MgPlus | Vendor::StoneX | Vendor::Partner => Ok(()),
    }
}

/// What the token was granted, if it is known, alive and, where it is a JWT, carries our signature.
fn good_token(state: &Shared, token: &str) -> Option<Grant> {
    let is_sound = state.vendor == Vendor::S2s || is_signed_and_alive(&state.key, token);
    if is_sound { state.tokens.look_up(token) } else { None }
}

/// What an API can judge without asking the vendor.
fn is_signed_and_alive(key: &Key, token: &str) -> bool {
    let claims = key.verify(token);
    claims.and_then(|claims| claims["exp"].as_f64()).is_some_and(|ends| jwt::now() < ends + LEEWAY)
}

/// RFC 6750 §3.1: a request without authentication is told no error code.
const NO_TOKEN: Shape = Shape::json("api-no-token", 401, "").with(&[("WWW-Authenticate", "Bearer")]);

/// RFC 6750 §3.1: revoked, expired, or never ours.
pub(crate) const INVALID_TOKEN: Shape =
    Shape::json("api-unauthorized", 401, "").with(&[("WWW-Authenticate", r#"Bearer error="invalid_token""#)]);
/// What some gateways say instead.
pub(crate) const FORBIDDEN: Shape = Shape::text("api-forbidden", 403, "Forbidden");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sound_while_it_lives_and_as_it_was_signed() {
        let key = Key::of_the_process().expect("a key");
        let token = |ends: f64| key.sign(&json!({"alg": "RS256"}), &json!({"exp": ends}));
        let good = token(jwt::now() + 60.0);
        assert!(is_signed_and_alive(&key, &good));
        assert!(!is_signed_and_alive(&key, &token(jwt::now() - 60.0)), "dead");
        let (_, signature) = good.rsplit_once('.').expect("three parts");
        let other = token(jwt::now() + 3600.0);
        let (message, _) = other.rsplit_once('.').expect("three parts");
        assert!(!is_signed_and_alive(&key, &format!("{message}.{signature}")), "forged");
        let without = key.sign(&json!({"alg": "RS256"}), &json!({}));
        assert!(!is_signed_and_alive(&key, &without), "for ever");
    }
}
