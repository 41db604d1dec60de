//! A partner booking API: Partner API, "Authentication: Request access token".

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};

use crate::request::{header, media_type};
use crate::shape::Shape;
use crate::state::Shared;
use crate::{Fault, jwt};

/// "Request access token".
pub(crate) const PATH: &str = "/api/oauth/token";

/// Passport reads the clock anew for each claim, so `exp` is a little less than `iat` and the lifetime.
const LOST_IN_MINTING: f64 = 0.006;

pub(crate) fn routes() -> Router<Shared> {
    Router::new().route(PATH, post(token))
}

/// Without `Accept: application/json` errors are HTML pages; tokens are JSON always.
async fn token(State(state): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let wants_json = header(&headers, ACCEPT.as_str()).is_some_and(|accept| accept.contains("/json"));
    let result = judge(&state, &headers, &body).map_err(PartnerError::shape);
    state.respond(result.map_err(|shape| if wants_json { shape } else { as_html(shape) }))
}

/// "Headers" and "Body". Members are looked for in the order in which league/oauth2-server does.
fn judge(state: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Value, PartnerError> {
    let is_json = media_type(headers).as_deref() == Some("application/json");
    // A body that it cannot parse is to Passport a body without members.
    let body: Value = match serde_json::from_slice(body) {
        Ok(body) if is_json => body,
        _ => Value::Null,
    };
    if body["grant_type"] != "client_credentials" {
        return Err(PartnerError::UnsupportedGrantType);
    }
    let id = body["client_id"].as_str().ok_or(PartnerError::InvalidRequest)?;
    let secret = body["client_secret"].as_str().unwrap_or_default();
    if !state.knows(id, secret) {
        return Err(PartnerError::InvalidClient);
    }
    Ok(grant(state, id))
}

/// "Response".
fn grant(state: &Shared, client_id: &str) -> Value {
    let header = json!({"typ": "JWT", "alg": "RS256"});
    let token = state.issue_jwt(&header, &claims(state, client_id), None);
    json!({
        "token_type": "Bearer",
        "expires_in": state.expires_in(),
        "access_token": token,
    })
}

/// The claims of the page's sample token, whose dates have microseconds.
fn claims(state: &Shared, client_id: &str) -> Value {
    let now = jwt::now();
    let ends = now + state.options.lifetime.as_secs_f64() - LOST_IN_MINTING;
    let date = |date: f64| match state.options.integer_dates {
        true => json!(date.round() as u64),
        false => json!((date * 1e6).round() / 1e6),
    };
    json!({
        "aud": client_id,
        "jti": jwt::hex(80),
        "iat": date(now),
        "nbf": date(now),
        "exp": date(ends),
        "sub": "",
        "scopes": ["invented:create", "invented:delete"],
        "user_id": "00000000-0000-4000-8000-invented0001",
        "partner_id": "00000000-0000-4000-8000-invented0002",
        "is_test": state.options.is_test,
    })
}

/// The errors of Laravel Passport and of Laravel round it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartnerError {
    /// 401 `invalid_client` with a `message`, as league/oauth2-server v8 writes it.
    InvalidClient,
    /// 401 `invalid_client` without a `message`, as newer ones do.
    InvalidClientWithoutMessage,
    /// 401 as an HTML page: what a request without `Accept: application/json` gets.
    InvalidClientHtml,
    /// 400 `unsupported_grant_type` with a `hint`: also for a body that could not be parsed.
    UnsupportedGrantType,
    /// 400 `invalid_request` with a `hint`.
    InvalidRequest,
    /// 422 with `message` and `errors`.
    Unprocessable,
    /// 429 with `Retry-After` in seconds and `X-RateLimit-…`.
    TooManyAttempts,
    /// 500 `server_error`.
    ServerError,
    /// 500 with Laravel's `message` alone.
    ServerErrorMessage,
    /// 503 with Laravel's `message` alone.
    ServiceUnavailable,
}

impl PartnerError {
    /// Every error answer of the partner API.
    pub const ALL: &[Self] = &[
        Self::InvalidClient,
        Self::InvalidClientWithoutMessage,
        Self::InvalidClientHtml,
        Self::UnsupportedGrantType,
        Self::InvalidRequest,
        Self::Unprocessable,
        Self::TooManyAttempts,
        Self::ServerError,
        Self::ServerErrorMessage,
        Self::ServiceUnavailable,
    ];

    pub(crate) const fn shape(self) -> Shape {
        match self {
            Self::InvalidClient => Shape::json("invalid-client", 401, INVALID_CLIENT),
            Self::InvalidClientWithoutMessage => Shape::json("invalid-client-without-message", 401, INVALID_CLIENT_V9),
            Self::InvalidClientHtml => as_html(Shape::json("invalid-client-html", 401, INVALID_CLIENT)),
            Self::UnsupportedGrantType => Shape::json("unsupported-grant-type", 400, UNSUPPORTED_GRANT_TYPE),
            Self::InvalidRequest => Shape::json("invalid-request", 400, INVALID_REQUEST),
            Self::Unprocessable => Shape::json("unprocessable", 422, UNPROCESSABLE),
            Self::TooManyAttempts => {
                let body = r#"{"message":"Too Many Attempts."}"#;
                Shape::json("too-many-attempts", 429, body).with(RATE_LIMIT)
            }
            Self::ServerError => Shape::json("server-error", 500, SERVER_ERROR),
            Self::ServerErrorMessage => Shape::json("server-error-message", 500, r#"{"message":"Server Error"}"#),
            Self::ServiceUnavailable => Shape::json("service-unavailable", 503, r#"{"message":"Service Unavailable"}"#),
        }
    }
}

impl From<PartnerError> for Shape {
    fn from(error: PartnerError) -> Self {
        error.shape()
    }
}

impl From<PartnerError> for Fault {
    fn from(error: PartnerError) -> Self {
        Self::Partner(error)
    }
}

/// Laravel's error page: the status and nothing of use.
const fn as_html(shape: Shape) -> Shape {
    Shape::html(shape.name, shape.status, HTML)
}

/// `Retry-After` and `X-RateLimit-Reset` name the same moment.
const RATE_LIMIT: &[(&str, &str)] = &[
    ("Retry-After", "60"),
    ("X-RateLimit-Limit", "60"),
    ("X-RateLimit-Remaining", "0"),
    ("X-RateLimit-Reset", "{reset}"),
];
const INVALID_CLIENT: &str = r#"{"error":"invalid_client","error_description":"Client authentication failed","message":"Client authentication failed"}"#;
const INVALID_CLIENT_V9: &str = r#"{"error":"invalid_client","error_description":"Client authentication failed"}"#;
const UNSUPPORTED_GRANT_TYPE: &str = r#"{"error":"unsupported_grant_type","error_description":"The authorization grant type is not supported by the authorization server.","hint":"Check that all required parameters have been provided","message":"The authorization grant type is not supported by the authorization server."}"#;
const INVALID_REQUEST: &str = r#"{"error":"invalid_request","error_description":"The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.","hint":"Check the `client_id` parameter","message":"The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed."}"#;
const UNPROCESSABLE: &str = r#"{"message":"The client id field must be a string.","errors":{"client_id":["The client id field must be a string."]}}"#;
const SERVER_ERROR: &str = r#"{"error":"server_error","error_description":"The authorization server encountered an unexpected condition which prevented it from fulfilling the request.","message":"The authorization server encountered an unexpected condition which prevented it from fulfilling the request."}"#;
const HTML: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Error</title></head><body></body></html>\n";
