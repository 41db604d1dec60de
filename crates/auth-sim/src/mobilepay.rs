//! MobilePay: MobilePay PoS V10, "Authentication: Credentials Flow".

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};

use crate::request::{Form, basic, form_decoded, header};
use crate::shape::Shape;
use crate::state::Shared;
use crate::tokens::Grant;
use crate::{Fault, gateway, jwt};

/// "Obtaining an access token": below the environment's route.
pub(crate) const PATH: &str = "/connect/token";

/// "Headers": the gateway's name for the client.
const IBM_CLIENT_ID: &str = "x-ibm-client-id";
/// The merchant of a call whose token is not bound to one.
const MERCHANT_VAT: &str = "x-mobilepay-merchant-vat-number";
/// Major.Minor.Build of the caller.
const CLIENT_SYSTEM_VERSION: &str = "x-mobilepay-client-system-version";

pub(crate) fn routes() -> Router<Shared> {
    Router::new().route(PATH, post(token))
}

async fn token(State(state): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    state.respond(judge(&state, &headers, &body))
}

/// The gateway first, then IdentityServer: format, client, grant type, merchant.
fn judge(state: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Value, MobilePayError> {
    pass_gateway(state, headers, state.options.demand_ibm_client_id.unwrap_or(false))?;
    let form = Form::read(headers, body).ok_or(MobilePayError::InvalidRequest)?;
    let client_id = client(state, headers).ok_or(MobilePayError::InvalidClient)?;
    let grant_type = form.one("grant_type").ok_or(MobilePayError::InvalidRequest)?;
    if grant_type != "client_credentials" {
        return Err(MobilePayError::UnsupportedGrantType);
    }
    let vat = match form.has("merchant_vat") {
        true => Some(form.one("merchant_vat").filter(|vat| is_vat(vat))),
        false => None,
    };
    match vat {
        Some(None) => Err(MobilePayError::InvalidRequest),
        vat => Ok(grant(state, &client_id, vat.flatten())),
    }
}

fn pass_gateway(state: &Shared, headers: &HeaderMap, demanded: bool) -> Result<(), MobilePayError> {
    let known = header(headers, IBM_CLIENT_ID) == Some(state.credentials().ibm_client_id());
    match demanded && !known {
        true => Err(MobilePayError::GatewayUnauthorized),
        false => Ok(()),
    }
}

/// The client that Basic names and proves. IdentityServer form-decodes each half.
fn client(state: &Shared, headers: &HeaderMap) -> Option<String> {
    let (id, secret) = basic(headers)?;
    let (id, secret) = match state.options.raw_basic {
        true => (id, secret),
        false => (form_decoded(&id)?, form_decoded(&secret)?),
    };
    state.knows(&id, &secret).then_some(id)
}

/// "VAT number": `DK` or `FI` and eight digits.
fn is_vat(text: &str) -> bool {
    let digits = text.strip_prefix("DK").or_else(|| text.strip_prefix("FI"));
    digits.is_some_and(|digits| digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// "Response body".
fn grant(state: &Shared, client_id: &str, vat: Option<&str>) -> Value {
    let header = json!({"alg": "RS256", "typ": "at+jwt"});
    let token = state.issue_jwt(&header, &claims(state, client_id, vat), vat);
    json!({
        "access_token": token,
        "expires_in": state.expires_in(),
        "token_type": "Bearer",
        "scope": "integrator_scope",
    })
}

/// `merchant_vat` is the page's claim; the others are IdentityServer's.
fn claims(state: &Shared, client_id: &str, vat: Option<&str>) -> Value {
    let now = jwt::now().floor() as u64;
    let mut claims = json!({
        "nbf": now,
        "exp": now + state.whole_lifetime(),
        "iss": state.url,
        "client_id": client_id,
        "jti": jwt::hex(32),
        "scope": ["integrator_scope"],
    });
    if let Some(vat) = vat {
        claims["merchant_vat"] = json!(vat);
    }
    claims
}

/// What later calls must carry besides the token.
pub(crate) fn later_call(state: &Shared, grant: &Grant, headers: &HeaderMap) -> Result<(), Shape> {
    pass_gateway(state, headers, state.options.demand_ibm_client_id.unwrap_or(true))?;
    let vat = header(headers, MERCHANT_VAT);
    match (&grant.merchant_vat, vat) {
        (None, Some(vat)) if is_vat(vat) => {}
        (None, _) => return Err(VAT_MISSING),
        (Some(bound), Some(vat)) if vat != bound => return Err(OTHER_MERCHANT),
        (Some(_), _) => {}
    }
    let version = header(headers, CLIENT_SYSTEM_VERSION);
    match state.options.demand_client_system_version && !version.is_some_and(is_version) {
        true => Err(VERSION_MISSING),
        false => Ok(()),
    }
}

/// Major.Minor.Build.
fn is_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(number)
}

/// The errors of the gateway and of IdentityServer behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MobilePayError {
    /// 401 from the gateway: "not authorized/authenticated through the API Gateway".
    GatewayUnauthorized,
    /// 429 from the gateway.
    GatewayTooManyRequests,
    /// 500 from the gateway.
    GatewayServerError,
    /// 400 `invalid_client`.
    InvalidClient,
    /// 401 `invalid_client`.
    InvalidClientUnauthorized,
    /// 400 `invalid_request`: also any other content type.
    InvalidRequest,
    /// 400 `unsupported_grant_type`.
    UnsupportedGrantType,
    /// 400 `invalid_request` whose `error_description` is an object, as sibling products write it.
    DescriptionObject,
    /// 503 without a body of use.
    Unavailable,
}

impl MobilePayError {
    /// Every error answer to MobilePay's token call.
    pub const ALL: &[Self] = &[
        Self::GatewayUnauthorized,
        Self::GatewayTooManyRequests,
        Self::GatewayServerError,
        Self::InvalidClient,
        Self::InvalidClientUnauthorized,
        Self::InvalidRequest,
        Self::UnsupportedGrantType,
        Self::DescriptionObject,
        Self::Unavailable,
    ];

    pub(crate) const fn shape(self) -> Shape {
        match self {
            Self::GatewayUnauthorized => gateway::UNAUTHORIZED,
            Self::GatewayTooManyRequests => gateway::TOO_MANY_REQUESTS,
            Self::GatewayServerError => gateway::SERVER_ERROR,
            Self::InvalidClient => Shape::json("invalid-client", 400, INVALID_CLIENT),
            Self::InvalidClientUnauthorized => Shape::json("invalid-client-unauthorized", 401, INVALID_CLIENT),
            Self::InvalidRequest => Shape::json("invalid-request", 400, r#"{"error":"invalid_request"}"#),
            Self::UnsupportedGrantType => {
                let body = r#"{"error":"unsupported_grant_type"}"#;
                Shape::json("unsupported-grant-type", 400, body)
            }
            Self::DescriptionObject => Shape::json("description-object", 400, DESCRIPTION_OBJECT),
            Self::Unavailable => Shape::text("unavailable", 503, "Service Unavailable"),
        }
    }
}

impl From<MobilePayError> for Shape {
    fn from(error: MobilePayError) -> Self {
        error.shape()
    }
}

impl From<MobilePayError> for Fault {
    fn from(error: MobilePayError) -> Self {
        Self::MobilePay(error)
    }
}

const INVALID_CLIENT: &str = r#"{"error":"invalid_client"}"#;
const DESCRIPTION_OBJECT: &str = r#"{"error":"invalid_request","error_description":{"message":"The request is not valid.","error_type":"InputError","correlation_id":"invented-correlation"}}"#;

/// Refusals of later calls, which no page prints: an unbound token without the merchant's header, …
const VAT_MISSING: Shape =
    Shape::json("merchant-vat-missing", 400, r#"{"message":"X-MobilePay-Merchant-VAT-Number is missing."}"#);
/// … a bound one for another merchant, …
const OTHER_MERCHANT: Shape =
    Shape::json("other-merchant", 403, r#"{"message":"The token is bound to another merchant."}"#);
/// … and no version, or one that is not Major.Minor.Build.
const VERSION_MISSING: Shape =
    Shape::json("client-system-version-missing", 400, r#"{"message":"X-MobilePay-Client-System-Version is missing."}"#);
