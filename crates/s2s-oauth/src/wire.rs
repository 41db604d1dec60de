//! The wire format, in the order of the vendor's page: plain data, no I/O, no clock.
//!
//! Türkiye İş Bankası API products, "Server to Server Security".
//! SHA-256 of the text this was written from, by which to see that the page has changed:
//! `b0e13c7c4e3ca494f88d508b8bd12597de73ba99e9e3947ee1aed90fb4ecfc43`.

use std::time::Duration;

use auth_core::{AnswerRules, BasicEncoding, Body, Caller, Fault};
use http::HeaderName;
use serde::Serialize;

/// "Code Request": GET this path below the API host, which the page leaves open. No body.
pub(crate) const CODE_PATH: &str = "/api/v1/s2s-oauth2/code";

/// "Code Request", "Headers": what the five are called, in the page's order. Names are sent in lower case, which is the same
/// name (RFC 9110 §5.1). The default is the page's; a newer gateway has [`HeaderNames::isbank`].
///
/// ```
/// use s2s_oauth::{HeaderName, HeaderNames};
///
/// let mut names = HeaderNames::default();
/// assert_eq!((&names.client_id, &names.scope), (&"x-ibm-client-id".parse().unwrap(), &"scope".parse().unwrap()));
/// names.client_id = HeaderName::from_static("x-gateway-client-id");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeaderNames {
    /// `X-Service-Account-ID`, on the code call alone.
    pub service_account_id: HeaderName,
    /// `X-Service-Account-Secret`, on the code call alone.
    pub service_account_secret: HeaderName,
    /// `X-IBM-client-id`, on the code call and on later calls to the bank's APIs, never on the token call.
    pub client_id: HeaderName,
    /// `X-IBM-client-secret`, where the client id is.
    pub client_secret: HeaderName,
    /// `scope`, on the code call alone: the scopes with a blank between them.
    pub scope: HeaderName,
}

impl HeaderNames {
    /// The names of a newer gateway: `X-Isbank-Client-Id` and `X-Isbank-Client-Secret`; the others are the page's.
    #[must_use]
    pub fn isbank() -> Self {
        Self {
            client_id: HeaderName::from_static("x-isbank-client-id"),
            client_secret: HeaderName::from_static("x-isbank-client-secret"),
            ..Self::default()
        }
    }

    /// All five, in the page's order.
    pub(crate) fn all(&self) -> [&HeaderName; 5] {
        [&self.service_account_id, &self.service_account_secret, &self.client_id, &self.client_secret, &self.scope]
    }
}

impl Default for HeaderNames {
    fn default() -> Self {
        Self {
            service_account_id: HeaderName::from_static("x-service-account-id"),
            service_account_secret: HeaderName::from_static("x-service-account-secret"),
            client_id: HeaderName::from_static("x-ibm-client-id"),
            client_secret: HeaderName::from_static("x-ibm-client-secret"),
            scope: HeaderName::from_static("scope"),
        }
    }
}

/// "Token Request": GET, by option POST (RFC 6749 §3.2), this path below the API host.
pub(crate) const TOKEN_PATH: &str = "/api/v1/s2s-oauth2/token";

/// "Token Request", "Headers": the page's Basic string has blanks round the colon, which no server expects (RFC 7617 §2);
/// id and secret are sent raw, with the colon alone between them. The credentials of the code call are not sent beside
/// it: API Connect refuses two sets of them.
pub(crate) const BASIC: BasicEncoding = BasicEncoding::Raw;

/// "Token Request", "Body", in this order. The page shows `name: value` lines under a form's content type: it is sent as that
/// form, in the body of a GET too.
///
/// No `Debug`: it borrows what works once.
#[derive(Serialize)]
#[serde(tag = "grant_type", rename_all = "snake_case")]
pub(crate) enum TokenRequest<'a> {
    /// The page's only one.
    AuthorizationCode {
        /// As the code call answered it.
        code: &'a str,
    },
    /// Not on the page, which shows a refresh token in its answer and no use of it: RFC 6749 §6, as API Connect has it.
    RefreshToken {
        /// As the token call before answered it.
        refresh_token: &'a str,
    },
}

/// "Sample Response": both are indented with non-breaking spaces there, which no JSON has (RFC 8259 §2); real answers are
/// JSON.
///
/// "Code Response".
pub(crate) const CODE_RULES: AnswerRules =
    AnswerRules { vendor: CALLER.vendor, fault, hint: code_hint, default_lifetime: DEFAULT_LIFETIME };

/// The only member of the "Code Response".
pub(crate) const CODE: &str = "code";

/// "Token Response": `token_type` (in lower case), `access_token`, `expires_in` and `scope` are RFC 6749 §5.1's.
///
/// `consented_on` is when consent was given, and not when the token was made: no lifetime is computed from it.
pub(crate) const TOKEN_RULES: AnswerRules =
    AnswerRules { vendor: CALLER.vendor, fault, hint: token_hint, default_lifetime: DEFAULT_LIFETIME };

/// "Token Response": works once and is followed by another.
pub(crate) const REFRESH_TOKEN: &str = "refresh_token";

/// "Token Response": seconds, about 31 days in the sample.
pub(crate) const REFRESH_TOKEN_EXPIRES_IN: &str = "refresh_token_expires_in";

/// Errors are not on the page. Its OAuth provider has RFC 6749 §5.2's; the gateway before it writes
/// `{"httpCode", "httpMessage", "moreInformation"}`, the code as a string.
fn fault(body: &Body<'_>) -> Option<Fault> {
    Fault::oauth(body).or_else(|| Fault::gateway(body))
}

fn code_hint(status: u16, code: Option<&str>) -> Option<&'static str> {
    match (status, code) {
        (_, Some("invalid_scope")) => Some("ask for scopes that the app's subscription in the developer portal has"),
        (401, _) | (_, Some("invalid_client" | "unauthorized_client")) => Some(
            "expected the service account's ID and secret, and client id and secret of an app that is subscribed to the \
             API in the bank's developer portal",
        ),
        _ => either_hint(status),
    }
}

fn token_hint(status: u16, code: Option<&str>) -> Option<&'static str> {
    match (status, code) {
        (_, Some(INVALID_GRANT)) => {
            Some("two codes were refused, though each was new and sent once; does a proxy repeat requests?")
        }
        (_, Some("invalid_request" | "unsupported_grant_type")) => Some(
            "does a proxy on the way add headers, or take the body off a GET? post() sends a POST, if the bank takes it",
        ),
        (401, _) | (_, Some("invalid_client" | "unauthorized_client")) => {
            Some("expected client id and secret of the app in the bank's developer portal")
        }
        (405, _) => Some("the bank takes the token call by the other method: GET is the default, post() sends a POST"),
        _ => either_hint(status),
    }
}

/// RFC 6749 §5.2: the code or the refresh token is unknown, used or too old. Nothing is wrong with the next one.
pub(crate) const INVALID_GRANT: &str = "invalid_grant";

fn either_hint(status: u16) -> Option<&'static str> {
    match status {
        403 => {
            Some("is the app subscribed to the API in the bank's developer portal, and is the service account active?")
        }
        404 => Some("is this the bank's API host? The paths /api/v1/s2s-oauth2/code and …/token are added to it"),
        _ => None,
    }
}

/// The page promises no lifetime. Its sample has 1095 s; this is below it.
///
/// ```
/// assert_eq!(s2s_oauth::DEFAULT_LIFETIME.as_secs(), 15 * 60);
/// ```
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(900);

/// `User-Agent`, and the name in errors.
pub(crate) const CALLER: Caller = Caller { vendor: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
