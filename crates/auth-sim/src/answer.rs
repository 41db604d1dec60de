//! Making answers.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value;

/// An answer of that status and body. A status or header that HTTP has no room for becomes a 500 without one.
pub(crate) fn with_body(status: u16, content_type: &str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    set(&mut response, CONTENT_TYPE.as_str(), content_type);
    response
}

/// A token or code: JSON that nobody may store (RFC 6749 §5.1).
pub(crate) fn granted(body: &Value) -> Response {
    let mut response = with_body(200, "application/json; charset=UTF-8", body.to_string());
    set(&mut response, CACHE_CONTROL.as_str(), "no-store");
    set(&mut response, PRAGMA.as_str(), "no-cache");
    response
}

/// Sets a header; one that HTTP has no room for is left out.
pub(crate) fn set(response: &mut Response, name: &str, value: &str) {
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
        response.headers_mut().insert(name, value);
    }
}
