//! The wire format, in the order of the vendor's page: plain data, no I/O, no clock.
//!
//! Partner API, "Authentication: Request access token".
//! SHA-256 of the text this was written from, by which to see that the page has changed:
//! `5a1cba9ec45ddef518bd6f13296f76248ca81ff8aecadd1f55108cc1ff9be085`.
//!
//! The page documents no error. Those below are of the server that its sample token shows, Laravel Passport over
//! league/oauth2-server v8, and of Laravel round it.

use std::fmt;
use std::time::Duration;

use auth_core::{AnswerRules, Body, Caller, Fault, NumericDate, last_four};
use serde::{Deserialize, Deserializer, Serialize};

/// "Request access token": POST to this path. The page prints no host; it comes with the credentials.
pub(crate) const PATH: &str = "/api/oauth/token";

/// "Headers": `Accept` and `Content-Type` are both `application/json`. Without the first, errors are HTML pages.
///
/// "Body", in this order. The blanks of the page's sample mean nothing and one of them is missing; it is sent without.
///
/// No `Debug`: it borrows the secret.
#[derive(Serialize)]
pub(crate) struct TokenRequest<'a> {
    /// "The authentication method of validation credentials": constant `client_credentials`, as in the page's sample.
    pub(crate) grant_type: &'static str,
    /// "The unique Client ID provided to the partner".
    pub(crate) client_id: &'a str,
    /// "The Client Secret associated with the Client ID".
    pub(crate) client_secret: &'a str,
}

/// The only grant type the page knows.
pub(crate) const GRANT_TYPE: &str = "client_credentials";

/// "Response": `token_type`, `expires_in` and `access_token` are RFC 6749 §5.1's. A refresh token in it, which the page
/// rules out ("cannot be refreshed"), is not looked at.
pub(crate) const RULES: AnswerRules =
    AnswerRules { vendor: CALLER.vendor, fault, hint, default_lifetime: DEFAULT_LIFETIME };

/// "expires_in": 3600 in the page's sample.
///
/// ```
/// assert_eq!(partner_oauth::DEFAULT_LIFETIME.as_secs(), 60 * 60);
/// ```
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);

/// What the token in the page's sample says once decoded. Advisory: the signature is not checked.
///
/// The dates are whole where their microseconds are 0 and have a fraction otherwise; one server sends both, and `exp − iat`
/// may be a little less than the lifetime. Debug shows at most the last four characters of each id.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Claims {
    /// For whom it was issued: the client id. One string or several (RFC 7519 §4.1.3); empty if there is none.
    #[serde(deserialize_with = "one_or_many")]
    pub aud: Vec<String>,
    /// The token's own id.
    pub jti: Option<String>,
    /// When it was issued.
    pub iat: Option<NumericDate>,
    /// Its validity start.
    pub nbf: Option<NumericDate>,
    /// Its validity end.
    pub exp: Option<NumericDate>,
    /// The user it acts for: the empty string, since a client acts for itself.
    pub sub: Option<String>,
    /// What it is good for; empty if there is no such claim.
    #[serde(deserialize_with = "one_or_many")]
    pub scopes: Vec<String>,
    /// The partner's user at the API.
    pub user_id: Option<String>,
    /// The partner at the API.
    pub partner_id: Option<String>,
    /// Whether it is a test token. See [`crate::PartnerOAuth::require_live`].
    pub is_test: Option<bool>,
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |id: &Option<String>| id.as_deref().map(last_four);
        f.debug_struct("Claims")
            .field("aud", &self.aud.iter().map(|id| last_four(id)).collect::<Vec<_>>())
            .field("jti", &hidden(&self.jti))
            .field("iat", &self.iat)
            .field("nbf", &self.nbf)
            .field("exp", &self.exp)
            .field("sub", &hidden(&self.sub))
            .field("scopes", &self.scopes)
            .field("user_id", &hidden(&self.user_id))
            .field("partner_id", &hidden(&self.partner_id))
            .field("is_test", &self.is_test)
            .finish()
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Option::deserialize(value)? {
        None => Vec::new(),
        Some(OneOrMany::One(one)) => vec![one],
        Some(OneOrMany::Many(many)) => many,
    })
}

/// The one claim that `require_live` looks at, so that oddities of the others do not matter to it.
#[derive(Deserialize)]
pub(crate) struct TestMark {
    /// Whether it is a test token.
    pub(crate) is_test: Option<bool>,
}

/// Passport's errors have `error`. Laravel's own have a `message` alone, which in a successful answer means nothing.
fn fault(body: &Body<'_>) -> Option<Fault> {
    passport(body).or_else(|| laravel(body).filter(|_| body.status >= 400))
}

/// `{"error", "error_description", "hint", "message"}`; `message` repeats the description, in v8 alone.
///
/// `hint` goes first: it is what differs from case to case, and long words are cut at their end.
fn passport(body: &Body<'_>) -> Option<Fault> {
    let mut fault = Fault::oauth(body)?;
    let words = [body.text_of("hint"), fault.description.take()];
    fault.description = words.into_iter().flatten().reduce(|hint, words| format!("{hint}: {words}"));
    Some(fault)
}

/// `{"message"}` with 429, 500 and 503, `{"message", "errors": {field: [words]}}` with 422. They name no code.
///
/// `message` repeats the first of `errors`, so where there are any, they say it all.
fn laravel(body: &Body<'_>) -> Option<Fault> {
    let description = body.refused_members().or_else(|| body.text_of("message"))?;
    Some(Fault { description: Some(description), ..Fault::default() })
}

/// What to do or whom to ask, by code, else by status.
fn hint(status: u16, code: Option<&str>) -> Option<&'static str> {
    match (status, code) {
        (_, Some("invalid_client")) => Some(WRONG_CREDENTIALS),
        (_, Some("unsupported_grant_type")) => Some(
            "the server read no grant type that it knows: is the token URL right? A body that it cannot parse ends like \
             this too, so a proxy on the way may have changed the request",
        ),
        (_, Some("invalid_request")) => Some(
            "a parameter is missing for the server, which Error::description() may name: is the token URL right? A proxy \
             on the way may have changed the request",
        ),
        (401, None) => Some(WRONG_CREDENTIALS),
        (403, _) => Some("ask the partner API's support whether this client and this address may request tokens"),
        (404 | 405, _) => {
            Some("is this the partner API's URL? Tokens are requested by POST at /api/oauth/token below it")
        }
        (422, _) => Some("the server refused what Error::description() names: ask the partner API's support"),
        (429, _) => Some("requested too often, perhaps by other processes with the same client id; it waits"),
        (500..=599, _) | (_, Some("server_error")) => {
            Some("a fault of the server, which is asked again; if it lasts, ask the partner API's support")
        }
        _ => None,
    }
}

const WRONG_CREDENTIALS: &str = "wrong credentials: expected the Client ID and the Client Secret that the partner API \
                                 issued for this host; its support tells whether they were revoked";

/// `User-Agent`, and the name in errors.
pub(crate) const CALLER: Caller = Caller { vendor: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
