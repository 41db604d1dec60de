//! StoneX: StoneX Payments API, "Authentication".

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};

use crate::request::media_type;
use crate::shape::Shape;
use crate::state::Shared;
use crate::{Fault, jwt};

/// The page prints `/api/v/authentication`: its version was a variable that got lost.
pub(crate) fn path(version: &str) -> String {
    format!("/api/v{version}/authentication")
}

pub(crate) fn routes(api_version: &str) -> Router<Shared> {
    Router::new().route(&path(api_version), post(token))
}

async fn token(State(state): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    state.respond(judge(&state, &headers, &body))
}

/// "Request": JSON with the two credentials.
fn judge(state: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Value, StoneXError> {
    if media_type(headers).as_deref() != Some("application/json") {
        return Err(StoneXError::UnsupportedMediaType);
    }
    let body: Value = serde_json::from_slice(body).map_err(|_| StoneXError::ProblemDetails)?;
    let member = |name: &str| body[name].as_str().ok_or(StoneXError::ProblemDetails);
    let (id, secret) = (member("client_id")?, member("client_secret")?);
    if !state.knows(id, secret) {
        return Err(StoneXError::OktaUnauthorized);
    }
    Ok(grant(state, id))
}

/// "Response".
fn grant(state: &Shared, client_id: &str) -> Value {
    let header = json!({"kid": "invented-key-of-stonex", "alg": "RS256"});
    let token = state.issue_jwt(&header, &claims(state, client_id), None);
    json!({
        "token_type": "Bearer",
        "expires_in": state.expires_in(),
        "access_token": token,
        "scope": "client_credentials",
    })
}

/// The claims of the page's sample token.
fn claims(state: &Shared, client_id: &str) -> Value {
    let now = jwt::now().floor() as u64;
    json!({
        "ver": 1,
        "jti": format!("AT.{}", jwt::hex(40)),
        "iss": state.url,
        "aud": "api://invented",
        "iat": now,
        "exp": now + state.whole_lifetime(),
        "cid": client_id,
        "scp": ["client_credentials"],
        "sub": client_id,
    })
}

/// The page documents no error. These are the four shapes that its platforms write, and what stands in front of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoneXError {
    /// 400 `invalid_request` with `error` and `error_description` (RFC 6749 §5.2).
    OAuthInvalidRequest,
    /// 401 `invalid_client` with `error` and `error_description`.
    OAuthInvalidClient,
    /// 400 with Okta's `errorCode` and `errorSummary`.
    OktaBadRequest,
    /// 401 with Okta's `errorCode` and `errorSummary`: what wrong credentials get here.
    OktaUnauthorized,
    /// 400 with StoneX's own `message`, `errorCode` and `isSuccess`.
    Trade,
    /// 200 with StoneX's own `isSuccess: false`.
    TradeInside200,
    /// 400 problem details (RFC 9457) with `errors`: what an incomplete request gets here.
    ProblemDetails,
    /// 401 problem details.
    ProblemUnauthorized,
    /// 415 problem details: what a body that is not JSON gets here.
    UnsupportedMediaType,
    /// 429 problem details.
    TooManyRequests,
    /// 500 problem details.
    ServerError,
    /// 503 as StoneX's own shape.
    Unavailable,
}

impl StoneXError {
    /// Every error answer of StoneX.
    pub const ALL: &[Self] = &[
        Self::OAuthInvalidRequest,
        Self::OAuthInvalidClient,
        Self::OktaBadRequest,
        Self::OktaUnauthorized,
        Self::Trade,
        Self::TradeInside200,
        Self::ProblemDetails,
        Self::ProblemUnauthorized,
        Self::UnsupportedMediaType,
        Self::TooManyRequests,
        Self::ServerError,
        Self::Unavailable,
    ];

    pub(crate) const fn shape(self) -> Shape {
        match self {
            Self::OAuthInvalidRequest => Shape::json("oauth-invalid-request", 400, OAUTH_INVALID_REQUEST),
            Self::OAuthInvalidClient => Shape::json("oauth-invalid-client", 401, OAUTH_INVALID_CLIENT),
            Self::OktaBadRequest => Shape::json("okta-bad-request", 400, OKTA_BAD_REQUEST),
            Self::OktaUnauthorized => Shape::json("okta-unauthorized", 401, OKTA_UNAUTHORIZED),
            Self::Trade => Shape::json("trade", 400, TRADE),
            Self::TradeInside200 => Shape::json("trade-inside-200", 200, TRADE),
            Self::ProblemDetails => problem("problem-details", 400, PROBLEM_400),
            Self::ProblemUnauthorized => problem("problem-unauthorized", 401, PROBLEM_401),
            Self::UnsupportedMediaType => problem("unsupported-media-type", 415, PROBLEM_415),
            Self::TooManyRequests => problem("too-many-requests", 429, PROBLEM_429),
            Self::ServerError => problem("server-error", 500, PROBLEM_500),
            Self::Unavailable => Shape::json("unavailable", 503, UNAVAILABLE),
        }
    }
}

impl From<StoneXError> for Shape {
    fn from(error: StoneXError) -> Self {
        error.shape()
    }
}

impl From<StoneXError> for Fault {
    fn from(error: StoneXError) -> Self {
        Self::StoneX(error)
    }
}

const fn problem(name: &'static str, status: u16, body: &'static str) -> Shape {
    Shape::new(name, status, "application/problem+json; charset=utf-8", body)
}

const OAUTH_INVALID_REQUEST: &str =
    r#"{"error":"invalid_request","error_description":"The request is missing a parameter."}"#;
const OAUTH_INVALID_CLIENT: &str =
    r#"{"error":"invalid_client","error_description":"The client secret supplied is invalid."}"#;
const OKTA_BAD_REQUEST: &str = r#"{"errorCode":"invalid_request","errorSummary":"The request is malformed.","errorLink":"invalid_request","errorId":"oaeInventedOne","errorCauses":[]}"#;
const OKTA_UNAUTHORIZED: &str = r#"{"errorCode":"invalid_client","errorSummary":"Invalid value for 'client_id' parameter.","errorLink":"invalid_client","errorId":"oaeInventedTwo","errorCauses":[]}"#;
const TRADE: &str = r#"{"message":"The request could not be processed.","errorCode":"TRD0042","isSuccess":false}"#;
const UNAVAILABLE: &str = r#"{"message":"The service is not available.","errorCode":"TRD0503","isSuccess":false}"#;
const PROBLEM_400: &str = r#"{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.","status":400,"traceId":"00-invented-00","errors":{"client_id":["The client_id field is required."]}}"#;
const PROBLEM_401: &str = r#"{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.2","title":"Unauthorized","status":401,"detail":"The credentials were not accepted.","traceId":"00-invented-01"}"#;
const PROBLEM_415: &str = r#"{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.16","title":"Unsupported Media Type","status":415,"traceId":"00-invented-02"}"#;
const PROBLEM_429: &str = r#"{"type":"https://tools.ietf.org/html/rfc6585#section-4","title":"Too Many Requests","status":429,"traceId":"00-invented-03"}"#;
const PROBLEM_500: &str = r#"{"type":"https://tools.ietf.org/html/rfc9110#section-15.6.1","title":"An error occurred while processing your request.","status":500,"traceId":"00-invented-04"}"#;
