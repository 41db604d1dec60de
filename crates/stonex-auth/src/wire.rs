//! The wire format, in the order of the vendor's page: plain data, no I/O, no clock.
//!
//! StoneX Payments API, "Authentication".
//! SHA-256 of the text this was written from, by which to see that the page has changed:
//! `a192d30e9d0d1263b9aef59da669881e58f2275ad94ae5448f7347e3fb4dc589`.

use std::fmt;
use std::time::Duration;

use auth_core::{AnswerRules, Body, Caller, Fault, NumericDate, last_four};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ApiVersion;

/// The host that the page shows: StoneX's sandbox.
///
/// ```
/// assert_eq!(stonex_auth::SANDBOX, "https://api.sandbox.payments.stonex.com");
/// ```
pub const SANDBOX: &str = "https://api.sandbox.payments.stonex.com";

/// The host for live payments, as StoneX's other pages name it.
///
/// ```
/// assert_eq!(stonex_auth::PRODUCTION, "https://api.payments.stonex.com");
/// ```
pub const PRODUCTION: &str = "https://api.payments.stonex.com";

/// POST to this path. The page prints `/api/v/authentication`: its version was a variable that got lost. Every other call
/// of this API has one, `/api/v1/…`, so that is what is sent by default.
pub(crate) fn path(version: &ApiVersion) -> String {
    format!("/api/v{version}{PATH_END}")
}

/// What follows the version; a base URL does not end so.
pub(crate) const PATH_END: &str = "/authentication";

/// The version where nothing else is asked for.
pub(crate) const DEFAULT_API_VERSION: u16 = 1;

/// "Request": a JSON object of these two, in this order. There is no grant type.
///
/// No `Debug`: it borrows the secret.
#[derive(Serialize)]
pub(crate) struct TokenRequest<'a> {
    /// From the account management team, as is the secret.
    pub(crate) client_id: &'a str,
    /// The page asks to keep both private.
    pub(crate) client_secret: &'a str,
}

/// "Response": `token_type`, `expires_in`, `access_token` and `scope` are RFC 6749 §5.1's. The scope is
/// `client_credentials`, whatever that means: no request asks for one, so it is handed on and not compared.
pub(crate) const RULES: AnswerRules =
    AnswerRules { vendor: CALLER.vendor, fault, hint, default_lifetime: DEFAULT_LIFETIME };

/// The claims of the page's sample token, in its order, each optional. Advisory: the signature is not checked, and the
/// sample's own was cut.
///
/// The page asks to keep the client id private, so Debug shows no more than its last four characters.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// Version of the token's form.
    pub ver: Option<u32>,
    /// The token's own id.
    pub jti: Option<String>,
    /// URL of the authorization server that issued it.
    pub iss: Option<String>,
    /// The API it is meant for.
    pub aud: Option<String>,
    /// Issued at.
    pub iat: Option<NumericDate>,
    /// Expires at: `iat` and `expires_in`.
    pub exp: Option<NumericDate>,
    /// The client id.
    pub cid: Option<String>,
    /// The scopes granted.
    pub scp: Option<Vec<String>>,
    /// Whom it speaks for: the client id again.
    pub sub: Option<String>,
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("ver", &self.ver)
            .field("jti", &self.jti)
            .field("iss", &self.iss)
            .field("aud", &self.aud)
            .field("iat", &self.iat)
            .field("exp", &self.exp)
            .field("cid", &self.cid.as_deref().map(last_four))
            .field("scp", &self.scp)
            .field("sub", &self.sub.as_deref().map(last_four))
            .finish()
    }
}

/// "Notes", "Token Expiry": `expires_in` tells the life. Where an answer does not, nor the token itself, the page's sample
/// counts.
///
/// ```
/// assert_eq!(stonex_auth::DEFAULT_LIFETIME.as_secs(), 60 * 60);
/// ```
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);

/// The page documents no error. StoneX's platforms write four shapes, and all of them are understood; none by its words,
/// which StoneX may change at any time.
fn fault(body: &Body<'_>) -> Option<Fault> {
    Fault::oauth(body).or_else(|| okta(body)).or_else(|| stonex(body)).or_else(|| problem(body))
}

/// The authorization server's, Okta: `{"errorCode", "errorSummary", "errorLink", "errorId", "errorCauses"}`. The link only
/// repeats the code.
fn okta(body: &Body<'_>) -> Option<Fault> {
    let code = body.text_of("errorCode")?;
    let summary = body.text_of("errorSummary")?;
    let causes = body.json?.get("errorCauses").and_then(Value::as_array).into_iter().flatten();
    let causes = causes.filter_map(|cause| cause.get("errorSummary")?.as_str());
    let words = [summary.as_str()].into_iter().chain(causes).collect::<Vec<_>>().join("; ");
    Some(Fault { code: Some(code), description: Some(words), correlation_id: body.text_of("errorId") })
}

/// StoneX's own: `{"message", "errorCode": "TRD…", "isSuccess": false}`, possible with status 200. `isSuccess` says
/// it alone, with a code or without. A code says it alone where no token came: new members are no breaking change to
/// StoneX, so one that an error happens to have too makes no error of a token.
fn stonex(body: &Body<'_>) -> Option<Fault> {
    let code = body.words_of("errorCode");
    let failed = body.json?.get("isSuccess") == Some(&Value::Bool(false));
    let refused = failed || (code.is_some() && body.text_of("access_token").is_none());
    refused.then(|| Fault { code, description: body.words_of("message"), correlation_id: body.text_of("traceId") })
}

/// The gateway's, problem details (RFC 9457), with ASP.NET's `"errors": {"client_id": ["…", …], …}`: the members of the
/// request that were refused, and why.
fn problem(body: &Body<'_>) -> Option<Fault> {
    let mut fault = Fault::problem(body)?;
    let words = [fault.description.take(), body.refused_members()];
    fault.description = words.into_iter().flatten().reduce(|words, members| format!("{words}: {members}"));
    Some(fault)
}

/// The page sends whoever lacks credentials to the "account management team", the "account manager".
fn hint(status: u16, code: Option<&str>) -> Option<&'static str> {
    match (status, code) {
        (408 | 425 | 429 | 500.., _) | (_, Some("server_error" | "temporarily_unavailable" | "slow_down")) => None,
        (_, Some("invalid_client")) | (401, _) => Some(
            "wrong credentials: expected the client_id and client_secret that StoneX's account management team issued \
             for this host, sandbox or production",
        ),
        (403, _) | (_, Some("unauthorized_client" | "access_denied")) => Some(
            "is this client, and this machine's address, allowed to ask for tokens? The account manager at StoneX can tell",
        ),
        (404, _) => Some("is this the host's URL alone, without /api, and does StoneX serve this API version?"),
        (200..=299, _) => Some(OWN_ERROR),
        (_, Some(code)) if code.starts_with("TRD") => Some(OWN_ERROR),
        (400 | 415 | 422, _) => Some(
            "a request that StoneX does not understand: does a proxy on the way change it? If not, the account manager \
             at StoneX can tell what is missing",
        ),
        _ => None,
    }
}

const OWN_ERROR: &str = "the account manager at StoneX can tell what this error of StoneX's own means";

/// What to look at where the TLS handshake failed: StoneX demands version 1.3.
pub(crate) const TLS_HINT: &str = "StoneX demands TLS 1.3: do this program's TLS library and the proxies on the way speak it? \
                                   The feature `rustls` does on every platform";

/// `User-Agent`, and the name in errors.
pub(crate) const CALLER: Caller = Caller { vendor: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
