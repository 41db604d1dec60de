//! The protected call: the vendor's API, as far as authentication goes.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::Response;
use serde_json::json;

use crate::request::bearer;
use crate::state::Shared;
use crate::tokens::Grant;
use crate::{Vendor, answer, jwt};

/// Dates in tokens are whole seconds, so a token of one second may say that it ended already.
const LEEWAY: f64 = 1.0;

pub(crate) async fn ping(State(state): State<Shared>, headers: HeaderMap) -> Response {
    match judge(&state, &headers) {
        Ok(_) => answer::with_body(200, "application/json", json!({"pong": true}).to_string()),
        Err(refusal) => refusal,
    }
}

fn judge(state: &Shared, headers: &HeaderMap) -> Result<(), Response> {
    let token = bearer(headers).ok_or_else(|| unauthorized("Bearer"))?;
    let _grant = good_token(state, token).ok_or_else(|| unauthorized(r#"Bearer error="invalid_token""#))?;
    Ok(())
}

/// What the token was granted, if it is known, alive and, where it is a JWT, carries our signature.
fn good_token(state: &Shared, token: &str) -> Option<Grant> {
    if state.vendor != Vendor::S2s {
        let claims = state.key.verify(token)?;
        let ends = claims["exp"].as_f64()?;
        if ends + LEEWAY <= jwt::now() {
            return None;
        }
    }
    state.tokens.look_up(token)
}

pub(crate) fn unauthorized(challenge: &str) -> Response {
    let mut response = answer::with_body(401, "application/json", "");
    answer::set(&mut response, WWW_AUTHENTICATE.as_str(), challenge);
    response
}
