//! MG+ "K2": MG+ K2 Common Wallet API Integration Manual, "STS - Secure Token Service".

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};

use crate::request::Form;
use crate::shape::Shape;
use crate::state::Shared;
use crate::{Fault, jwt};

/// "STS Methods": below the operator's own STS URL.
pub(crate) const PATH: &str = "/connect/token";

pub(crate) fn routes() -> Router<Shared> {
    Router::new().route(PATH, post(token))
}

async fn token(State(state): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    state.respond(judge(&state, &headers, &body))
}

/// "Request Header" and "Request Parameters": all required.
fn judge(state: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Value, MgPlusError> {
    let form = Form::read(headers, body).ok_or(MgPlusError::InvalidRequest)?;
    let member = |name| form.one(name).ok_or(MgPlusError::InvalidRequest);
    let (grant_type, id, secret) = (member("grant_type")?, member("client_id")?, member("client_secret")?);
    if grant_type != "client_credentials" {
        return Err(MgPlusError::UnsupportedGrantType);
    }
    if !state.knows(id, secret) {
        return Err(MgPlusError::InvalidClient);
    }
    Ok(grant(state, id))
}

/// "Response Data".
fn grant(state: &Shared, client_id: &str) -> Value {
    let header = json!({"alg": "RS256", "typ": "at+jwt"});
    let token = state.issue_jwt(&header, &claims(state, client_id), None);
    json!({
        "access_token": token,
        "expires_in": state.expires_in(),
        "token_type": "Bearer",
        "scope": "invented_scope",
    })
}

/// The page names `nbf` and `exp`; the others are IdentityServer's.
fn claims(state: &Shared, client_id: &str) -> Value {
    let now = jwt::now().floor() as u64;
    json!({
        "nbf": now,
        "exp": now + state.whole_lifetime(),
        "iss": state.url,
        "client_id": client_id,
        "jti": jwt::hex(32),
    })
}

/// The errors of the page, in JSON as IdentityServer writes them and as the bare text of the page's "Content" column, and
/// what the wire adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MgPlusError {
    /// 400 `invalid_request` in JSON: wrong request format.
    InvalidRequest,
    /// 400 `invalid_request` as bare text.
    InvalidRequestText,
    /// 400 `invalid_client` in JSON: wrong credentials.
    InvalidClient,
    /// 400 `invalid_client` as bare text.
    InvalidClientText,
    /// 400 `unsupported_grant_type` in JSON.
    UnsupportedGrantType,
    /// 400 `unsupported_grant_type` as bare text.
    UnsupportedGrantTypeText,
    /// 500 `general_error` in JSON: rare, "please try again".
    GeneralError,
    /// 500 `general_error` as bare text.
    GeneralErrorText,
    /// 500 `general_error` inside an HTML page.
    GeneralErrorHtml,
    /// 403: the caller's address is not on the allow list.
    Forbidden,
    /// 404: the URL lacks `/connect/token`.
    NotFound,
    /// 429 without a word on how long.
    TooManyRequests,
}

impl MgPlusError {
    /// Every error answer of MG+.
    pub const ALL: &[Self] = &[
        Self::InvalidRequest,
        Self::InvalidRequestText,
        Self::InvalidClient,
        Self::InvalidClientText,
        Self::UnsupportedGrantType,
        Self::UnsupportedGrantTypeText,
        Self::GeneralError,
        Self::GeneralErrorText,
        Self::GeneralErrorHtml,
        Self::Forbidden,
        Self::NotFound,
        Self::TooManyRequests,
    ];

    pub(crate) const fn shape(self) -> Shape {
        match self {
            Self::InvalidRequest => Shape::json("invalid-request", 400, r#"{"error":"invalid_request"}"#),
            Self::InvalidRequestText => Shape::text("invalid-request-text", 400, "invalid_request"),
            Self::InvalidClient => Shape::json("invalid-client", 400, r#"{"error":"invalid_client"}"#),
            Self::InvalidClientText => Shape::text("invalid-client-text", 400, "invalid_client"),
            Self::UnsupportedGrantType => {
                let body = r#"{"error":"unsupported_grant_type"}"#;
                Shape::json("unsupported-grant-type", 400, body)
            }
            Self::UnsupportedGrantTypeText => Shape::text("unsupported-grant-type-text", 400, "unsupported_grant_type"),
            Self::GeneralError => Shape::json("general-error", 500, r#"{"error":"general_error"}"#),
            Self::GeneralErrorText => Shape::text("general-error-text", 500, "general_error"),
            Self::GeneralErrorHtml => {
                let body = "<html><body><h1>general_error</h1></body></html>";
                Shape::html("general-error-html", 500, body)
            }
            Self::Forbidden => Shape::html("forbidden", 403, "<html><body><h1>403 Forbidden</h1></body></html>"),
            Self::NotFound => Shape::text("not-found", 404, ""),
            Self::TooManyRequests => Shape::text("too-many-requests", 429, "Too Many Requests"),
        }
    }
}

impl From<MgPlusError> for Shape {
    fn from(error: MgPlusError) -> Self {
        error.shape()
    }
}

impl From<MgPlusError> for Fault {
    fn from(error: MgPlusError) -> Self {
        Self::MgPlus(error)
    }
}
