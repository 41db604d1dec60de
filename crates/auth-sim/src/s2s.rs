//! Türkiye İş Bankası: API products, "Server to Server Security".

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::builder::Options;
use crate::request::{Form, basic, header};
use crate::shape::Shape;
use crate::state::{Shared, seconds};
use crate::tokens::Grant;
use crate::{Fault, Target, gateway, jwt};

/// "Code Request".
pub(crate) const CODE_PATH: &str = "/api/v1/s2s-oauth2/code";
/// "Token Request".
pub(crate) const TOKEN_PATH: &str = "/api/v1/s2s-oauth2/token";

const SERVICE_ACCOUNT_ID: &str = "x-service-account-id";
const SERVICE_ACCOUNT_SECRET: &str = "x-service-account-secret";
const SCOPE: &str = "scope";

pub(crate) fn routes(options: &Options) -> Router<Shared> {
    // The page's token request is a GET with a body; RFC 6749 §3.2 wants a POST.
    let tokens = match options.token_by_post {
        true => get(token).merge(post(token)),
        false => get(token),
    };
    Router::new().route(CODE_PATH, get(code)).route(TOKEN_PATH, tokens)
}

async fn code(State(state): State<Shared>, headers: HeaderMap) -> Response {
    state.respond(judge_code(&state, &headers))
}

async fn token(State(state): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    state.respond(judge_token(&state, &headers, &body))
}

/// "Code Request": the gateway's two credentials, the service account's two, and what is asked for.
fn judge_code(state: &Shared, headers: &HeaderMap) -> Result<Value, S2sError> {
    let (id, secret) = client_headers(state, headers);
    let known = state.knows(id.unwrap_or_default(), secret.unwrap_or_default());
    if !known || !service_account(state, headers) {
        return Err(S2sError::GatewayUnauthorized);
    }
    let scope = header(headers, SCOPE).map(str::trim).unwrap_or_default();
    if scope.is_empty() {
        return Err(S2sError::InvalidScope);
    }
    let code = opaque(&[]);
    state.codes.issue(&code, scope);
    Ok(json!({"code": code}))
}

fn client_headers<'a>(state: &Shared, headers: &'a HeaderMap) -> (Option<&'a str>, Option<&'a str>) {
    let (id, secret) = &state.options.client_header_names;
    (header(headers, id), header(headers, secret))
}

fn service_account(state: &Shared, headers: &HeaderMap) -> bool {
    let good = state.credentials();
    header(headers, SERVICE_ACCOUNT_ID) == Some(&good.service_account_id)
        && header(headers, SERVICE_ACCOUNT_SECRET) == Some(&good.service_account_secret)
}

/// "Token Request": one set of credentials, a form, and a grant that is good once.
fn judge_token(state: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Value, S2sError> {
    let form = Form::read(headers, body).ok_or(S2sError::InvalidRequest)?;
    let (id, secret) = client_headers(state, headers);
    if id.or(secret).is_some() || form.has("client_id") || form.has("client_secret") {
        return Err(S2sError::MultipleCredentials);
    }
    // Raw: the id and the secret as they are, the first colon between them.
    let (id, secret) = basic(headers).ok_or(S2sError::InvalidClient)?;
    if !state.knows(&id, &secret) {
        return Err(S2sError::InvalidClient);
    }
    let scope = redeem(state, &form)?;
    Ok(grant(state, &scope))
}

/// The scope that the code or the refresh token is worth.
fn redeem(state: &Shared, form: &Form) -> Result<String, S2sError> {
    let member = |name| form.one(name).ok_or(S2sError::InvalidRequest);
    match member("grant_type")? {
        "authorization_code" => {
            let scope = state.codes.spend(member("code")?, state.options.code_lifetime);
            scope.ok_or(S2sError::InvalidGrant)
        }
        "refresh_token" => {
            let lifetime = state.options.refresh_lifetime;
            let scope = state.refresh_tokens.spend(member("refresh_token")?, lifetime);
            scope.ok_or(S2sError::RefreshTokenUsed)
        }
        _ => Err(S2sError::UnsupportedGrantType),
    }
}

/// "Token Response".
fn grant(state: &Shared, scope: &str) -> Value {
    // API Connect's tokens hold the client id in clear beneath their base64.
    let token = opaque(state.credentials().client_id.as_bytes());
    state.issue(&token, None);
    let refresh_token = opaque(&[]);
    state.refresh_tokens.issue(&refresh_token, scope);
    json!({
        "token_type": "bearer",
        "access_token": token,
        "expires_in": state.expires_in(),
        "consented_on": jwt::now().floor() as u64,
        "scope": scope,
        "refresh_token": refresh_token,
        "refresh_token_expires_in": seconds(state.options.refresh_lifetime),
    })
}

/// Bytes in base64url that begin like the page's samples: `AA`.
fn opaque(clear: &[u8]) -> String {
    let mut bytes = vec![0, 2, clear.len() as u8];
    bytes.extend(clear);
    bytes.extend((0..64).map(|_| fastrand::u8(..)));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What later calls must carry besides the token: the client's headers, with the secret that the token was issued to.
pub(crate) fn later_call(state: &Shared, grant: &Grant, headers: &HeaderMap) -> Result<(), Shape> {
    let (id, secret) = client_headers(state, headers);
    let known = id == Some(&state.credentials().client_id) && secret == Some(&grant.client_secret);
    if known { Ok(()) } else { Err(S2sError::GatewayUnauthorized.shape()) }
}

/// The errors of the gateway and of its OAuth provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum S2sError {
    /// 401 from the gateway, whose `httpCode` is a string.
    GatewayUnauthorized,
    /// 429 from the gateway, with an `X-RateLimit-Limit` that is no number.
    GatewayTooManyRequests,
    /// 500 from the gateway.
    GatewayServerError,
    /// 400 `invalid_scope`: what a code call without `scope` gets here.
    InvalidScope,
    /// 400 `invalid_request`.
    InvalidRequest,
    /// 400 `invalid_request`: "Multiple OAuth client credentials are provided".
    MultipleCredentials,
    /// 401 `invalid_client`.
    InvalidClient,
    /// 400 `invalid_grant`: the code is unknown, used or too old.
    InvalidGrant,
    /// 400 `invalid_grant`: the refresh token is; the client id stands in the description.
    RefreshTokenUsed,
    /// 400 `unsupported_grant_type`.
    UnsupportedGrantType,
}

impl S2sError {
    /// Every error answer of the bank.
    pub const ALL: &[Self] = &[
        Self::GatewayUnauthorized,
        Self::GatewayTooManyRequests,
        Self::GatewayServerError,
        Self::InvalidScope,
        Self::InvalidRequest,
        Self::MultipleCredentials,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::RefreshTokenUsed,
        Self::UnsupportedGrantType,
    ];

    /// The gateway stands before both calls; the OAuth provider's errors belong to one.
    pub(crate) fn target(self) -> Target {
        match self {
            Self::GatewayUnauthorized | Self::GatewayTooManyRequests | Self::GatewayServerError => Target::Auth,
            Self::InvalidScope => Target::Code,
            _ => Target::Token,
        }
    }

    pub(crate) const fn shape(self) -> Shape {
        match self {
            Self::GatewayUnauthorized => gateway::UNAUTHORIZED,
            Self::GatewayTooManyRequests => gateway::TOO_MANY_REQUESTS,
            Self::GatewayServerError => gateway::SERVER_ERROR,
            Self::InvalidScope => Shape::json("invalid-scope", 400, INVALID_SCOPE),
            Self::InvalidRequest => Shape::json("invalid-request", 400, INVALID_REQUEST),
            Self::MultipleCredentials => Shape::json("multiple-credentials", 400, MULTIPLE_CREDENTIALS),
            Self::InvalidClient => Shape::json("invalid-client", 401, r#"{"error":"invalid_client"}"#),
            Self::InvalidGrant => Shape::json("invalid-grant", 400, INVALID_GRANT),
            Self::RefreshTokenUsed => Shape::json("refresh-token-used", 400, REFRESH_TOKEN_USED),
            Self::UnsupportedGrantType => {
                Shape::json("unsupported-grant-type", 400, r#"{"error":"unsupported_grant_type"}"#)
            }
        }
    }
}

impl From<S2sError> for Shape {
    fn from(error: S2sError) -> Self {
        error.shape()
    }
}

impl From<S2sError> for Fault {
    fn from(error: S2sError) -> Self {
        Self::S2s(error)
    }
}

const INVALID_SCOPE: &str = r#"{"error":"invalid_scope","error_description":"The requested scope is missing."}"#;
const INVALID_REQUEST: &str = r#"{"error":"invalid_request","error_description":"The request is malformed."}"#;
const MULTIPLE_CREDENTIALS: &str =
    r#"{"error":"invalid_request","error_description":"Multiple OAuth client credentials are provided"}"#;
const INVALID_GRANT: &str =
    r#"{"error":"invalid_grant","error_description":"*[{client_id}] code was used before or is not valid*"}"#;
const REFRESH_TOKEN_USED: &str = r#"{"error":"invalid_grant","error_description":"*[{client_id}] refresh_token was used before or revoked, message rejected*"}"#;
