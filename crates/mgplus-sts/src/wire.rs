//! The wire format, in the order of the vendor's page: plain data, no I/O, no clock.
//!
//! MG+ K2 Common Wallet API Integration Manual, "STS - Secure Token Service".
//! SHA-256 of the text this was written from, by which to see that the page has changed:
//! `8740ada2e61150b06aed5eb68055c088c802c54b70c86a479c1e65041e6b2079`.

use std::time::Duration;

use auth_core::{AnswerRules, Body, Caller, Fault, NumericDate};
use serde::{Deserialize, Serialize};

/// "STS Methods": POST to this path below the operator's own STS URL, which MG+ issues per entity.
pub(crate) const PATH: &str = "/connect/token";

/// "Request Header": the page has curly quotes and a non-breaking space round the content type; it is sent plain.
///
/// "Request Parameters", in this order.
///
/// No `Debug`: it borrows the secret.
#[derive(Serialize)]
pub(crate) struct TokenRequest<'a> {
    /// Constant `client_credentials`.
    pub(crate) grant_type: &'static str,
    /// Agent Code ID.
    pub(crate) client_id: &'a str,
    /// Agent Secret, provided by MG+.
    pub(crate) client_secret: &'a str,
}

/// The only grant type the page knows.
pub(crate) const GRANT_TYPE: &str = "client_credentials";

/// "Response Data" and "Errors": `access_token`, `expires_in` and `token_type` are RFC 6749 §5.1's.
pub(crate) const RULES: AnswerRules =
    AnswerRules { vendor: CALLER.vendor, fault, hint, default_lifetime: DEFAULT_LIFETIME };

/// "Errors": the content is one of four codes. The server behind it writes RFC 6749 §5.2 JSON; bare text is
/// understood too, and a JSON string, which is what a framework makes of it for a client that accepts JSON alone.
fn fault(body: &Body<'_>) -> Option<Fault> {
    Fault::oauth(body).or_else(|| Fault::bare(body, &ERROR_CODES))
}

/// "Errors", column "Content".
const ERROR_CODES: [&str; 4] = ["invalid_request", "invalid_client", "unsupported_grant_type", "general_error"];

/// "Errors", column "Description", and what the page leaves to support: 403 and 404.
fn hint(status: u16, code: Option<&str>) -> Option<&'static str> {
    match (status, code) {
        (_, Some("invalid_client")) => {
            Some("wrong credentials: expected the Agent Code ID and Agent Secret that MG+ issued for this STS URL")
        }
        (_, Some("invalid_request")) => Some("wrong request format, or a proxy on the way changed the request"),
        (_, Some("unsupported_grant_type")) => {
            Some("the grant type is not supported, or a proxy on the way changed the request")
        }
        (_, Some("general_error")) => Some("a server error that MG+ calls rare; it is tried again"),
        (403, _) => Some("is this machine's IP address on MG+'s allow list? The account manager adds it"),
        (404, _) => {
            Some("is this the STS URL? It stands in the MG+ Backoffice, User Management, info icon of the entity")
        }
        _ => None,
    }
}

/// "Each access token has a default expiration time of 60 minutes."
///
/// ```
/// assert_eq!(mgplus_sts::DEFAULT_LIFETIME.as_secs(), 60 * 60);
/// ```
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);

/// What the page says of the token once decoded. Advisory: the signature is not checked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// Token validity start.
    pub nbf: Option<NumericDate>,
    /// Token validity end.
    pub exp: Option<NumericDate>,
}

/// `User-Agent`, and the name in errors.
pub(crate) const CALLER: Caller = Caller { vendor: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
