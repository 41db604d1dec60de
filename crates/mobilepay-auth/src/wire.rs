//! The wire format, in the order of the vendor's page: plain data, no I/O, no clock.
//!
//! MobilePay PoS V10, "Authentication: Credentials Flow".
//! SHA-256 of the text this was written from, by which to see that the page has changed:
//! `29785b697ccc573a07d84f643ab1ba78c9e3e67b0130ba522a1f23c1d8fdb80e`.

use std::time::Duration;

use auth_core::{AnswerRules, Body, Caller, Fault, NumericDate};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::MerchantVat;

/// "Obtaining an access token": POST to this path below the environment's URL.
pub(crate) const PATH: &str = "/connect/token";

/// "Headers": what the API gateway calls the client.
///
/// The page's list says that its value is the client id, its cURL example has a placeholder of another name. In clients
/// that were in use it was the client id, and from late in 2022 on it was left out: an option, the client id by default.
///
/// The other two: `Content-Type`, which the list misprints and the cURL example has right, is
/// `application/x-www-form-urlencoded` (anything else is 400 `invalid_request`). `Authorization` is Basic; the page does
/// not say how the halves are written. The server form-decodes each (RFC 6749 §2.3.1): an option, that by default.
pub(crate) const IBM_CLIENT_ID: &str = "x-ibm-client-id";

/// "Parameter", "Value", "Description": the form, in this order.
#[derive(Serialize)]
pub(crate) struct TokenRequest<'a> {
    /// Constant [`GRANT_TYPE`].
    pub(crate) grant_type: &'static str,
    /// The merchant on whose behalf calls are made; left out for a token that is not bound to one.
    pub(crate) merchant_vat: Option<&'a str>,
}

/// The grant type that the page supports (RFC 6749 §4.4).
pub(crate) const GRANT_TYPE: &str = "client_credentials";

/// "The VAT number will be added as a claim on the access token": what a token says of itself. Advisory: the signature is
/// not checked.
///
/// The page names `merchant_vat` alone; the dates are RFC 7519's, as the server writes them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// The one merchant that the token works for; none if it works for all of the integrator's.
    pub merchant_vat: Option<MerchantVat>,
    /// Begin of its life.
    pub nbf: Option<NumericDate>,
    /// End of its life.
    pub exp: Option<NumericDate>,
}

/// The claim that tells one merchant's token from another's, read so that nothing unreadable passes for none.
#[derive(Deserialize)]
pub(crate) struct Binding {
    merchant_vat: Option<VatClaim>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum VatClaim {
    One(MerchantVat),
    /// Several, or no VAT number at all: bound to whatever that means, and not to what was asked for.
    Odd(IgnoredAny),
}

impl Binding {
    /// Whether the token is for somebody else than `vat`, or for somebody where nobody was asked for.
    ///
    /// Without the claim it is not: the server may write opaque tokens.
    pub(crate) fn is_foreign_to(&self, vat: Option<&MerchantVat>) -> bool {
        match &self.merchant_vat {
            None => false,
            Some(VatClaim::One(claimed)) => vat != Some(claimed),
            Some(VatClaim::Odd(_)) => true,
        }
    }
}

/// "A header on all calls … that includes the VAT number": needed by a token that is not bound. Its name stands in the
/// reference of the PoS V10 API.
pub(crate) const MERCHANT_VAT: &str = "x-mobilepay-merchant-vat-number";

/// Not on this page; the PoS V10 API asks for it on each call: `Major.Minor.Build` of the caller.
///
/// `CorrelationId` is optional there, and the caller's own.
pub(crate) const CLIENT_SYSTEM_VERSION: &str = "x-mobilepay-client-system-version";

/// "Response body": RFC 6749 §5.1's members. `scope` is `integrator_scope`.
pub(crate) const RULES: AnswerRules =
    AnswerRules { vendor: CALLER.vendor, fault, hint, default_lifetime: DEFAULT_LIFETIME };

/// The life of a token whose answer does not tell one, and which is no JWT that does.
///
/// The page promises none: its 3700 s stand beside a sample token. An hour is the server software's own default.
///
/// ```
/// assert_eq!(mobilepay_auth::DEFAULT_LIFETIME.as_secs(), 60 * 60);
/// ```
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);

/// "Expected status codes": 401 is the API gateway's, in the gateway's own shape; behind it stands an OAuth server, whose
/// errors are RFC 6749 §5.2's, with the description as an object in sibling products.
fn fault(body: &Body<'_>) -> Option<Fault> {
    Fault::oauth(body).or_else(|| Fault::gateway(body))
}

/// "401 - Unauthorized if the client is not authorized/authenticated through the API Gateway", and where the credentials
/// came from.
fn hint(status: u16, code: Option<&str>) -> Option<&'static str> {
    match (status, code) {
        (_, Some("invalid_client")) => Some(
            "wrong credentials: expected the client_id and client_secret of this environment, from the closed zip file \
             that developer@mobilepay.dk sent; if they have special characters, does the other Basic encoding work?",
        ),
        (_, Some("invalid_request")) => Some(
            "the form was refused: may the integrator act for this merchant? Or did a proxy on the way change the \
             content type or the body?",
        ),
        (_, Some("unsupported_grant_type")) => {
            Some("the grant type is not supported, or a proxy on the way changed the content type or the body")
        }
        (401 | 403, _) => Some(
            "not let through the API gateway: is x-ibm-client-id the id that it knows? developer@mobilepay.dk issued it",
        ),
        (404, _) => Some("is this the URL of the Integrator Authentication API? It ends in /integrator-authentication"),
        _ => None,
    }
}

/// "Environments", SandBox.
///
/// ```
/// assert_eq!(mobilepay_auth::SANDBOX, "https://api.sandbox.mobilepay.dk/integrator-authentication");
/// ```
pub const SANDBOX: &str = "https://api.sandbox.mobilepay.dk/integrator-authentication";

/// "Environments", Production.
///
/// ```
/// assert_eq!(mobilepay_auth::PRODUCTION, "https://api.mobilepay.dk/integrator-authentication");
/// ```
pub const PRODUCTION: &str = "https://api.mobilepay.dk/integrator-authentication";

/// `User-Agent`, and the name in errors.
pub(crate) const CALLER: Caller = Caller { vendor: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
