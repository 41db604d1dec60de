//! The protected call: the vendor's API, as far as authentication goes.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

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
    if state.vendor != Vendor::S2s {
        let claims = state.key.verify(token)?;
        let ends = claims["exp"].as_f64()?;
        if ends + LEEWAY <= jwt::now() {
            return None;
        }
    }
    state.tokens.look_up(token)
}

/// RFC 6750 §3.1: a request without authentication is told no error code.
const NO_TOKEN: Shape = Shape::json("api-no-token", 401, "").with(&[("WWW-Authenticate", "Bearer")]);

/// RFC 6750 §3.1: revoked, expired, or never ours.
pub(crate) const INVALID_TOKEN: Shape =
    Shape::json("api-unauthorized", 401, "").with(&[("WWW-Authenticate", r#"Bearer error="invalid_token""#)]);
/// What some gateways say instead.
pub(crate) const FORBIDDEN: Shape = Shape::text("api-forbidden", 403, "Forbidden");
