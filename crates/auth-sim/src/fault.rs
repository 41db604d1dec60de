use std::time::Duration;

use crate::ping;
use crate::shape::Shape;
use crate::{
    ExpiresIn, MgPlusError, MobilePayError, OddToken, PartnerError, RetryAfter, S2sError, StoneXError, Target, Vendor,
};

/// What can go wrong on a vendor's side of the wire, or on the way to it.
///
/// Faults that alter a token answer let the healthy vendor answer first; if it refuses, its refusal is what the client gets.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// An error answer of MG+.
    MgPlus(MgPlusError),
    /// An error answer of StoneX.
    StoneX(StoneXError),
    /// An error answer of the partner API.
    Partner(PartnerError),
    /// An error answer of the bank.
    S2s(S2sError),
    /// An error answer of MobilePay.
    MobilePay(MobilePayError),

    /// The healthy answer, so much later.
    Delay(Duration),
    /// No answer, for as long as the client waits.
    Hang,
    /// The connection is reset before a byte of the answer.
    Reset,
    /// The answer ends half-way through the length it announced, and the connection with it.
    CutBody,
    /// The whole JSON document arrives in a chunked body that never ends properly: the last chunk is missing.
    CutChunked,
    /// 307 to that URL, which a client that follows would send the credentials to.
    Redirect(String),
    /// An HTML page of that status, as proxies and load balancers send it.
    Html(u16),
    /// 200 with a body that goes on for [`Fault::ENDLESS_BYTES`], or until the client goes away.
    Endless,
    /// 200 with a body that is not JSON, though it says so.
    Garbage,
    /// 200 with `{}`.
    EmptyObject,
    /// 200 without a body.
    Empty,
    /// 200 with an OAuth error as its body.
    ErrorInside200,
    /// The healthy answer, gzipped although nobody asked for it.
    Gzip,
    /// 429 or 503 with a `Retry-After`.
    RetryAfter {
        /// 429 or 503; any status is sent as it stands.
        status: u16,
        /// The header's form and value.
        after: RetryAfter,
    },
    /// Any answer at all.
    Answer {
        /// The status.
        status: u16,
        /// The `Content-Type`.
        content_type: String,
        /// The body.
        body: String,
    },

    /// A token answer with the token of the answer before it, if there was one.
    SameToken,
    /// A token answer with another `expires_in`; the token itself lives as long as it would have.
    ExpiresIn(ExpiresIn),
    /// A token answer with a token that no header can carry.
    Token(OddToken),
    /// A token answer with that `token_type`.
    TokenType(String),
    /// A token answer with its numbers as strings.
    NumbersAsText,
    /// A token answer without its `scope`.
    WithoutScope,
    /// A token answer with members that no page mentions.
    UnknownMembers,

    /// 401 with `WWW-Authenticate: Bearer error="invalid_token"`: what an API says to a dead token.
    ApiUnauthorized,
    /// 403 without `WWW-Authenticate`: what some gateways say to a dead token.
    ApiForbidden,
}

impl Fault {
    /// How much an [`Fault::Endless`] body sends to a client that never stops reading.
    pub const ENDLESS_BYTES: u64 = 256 * 1024 * 1024;

    /// Every error answer that is documented or known of that vendor.
    pub fn all_for(vendor: Vendor) -> Vec<Self> {
        match vendor {
            Vendor::MgPlus => all(MgPlusError::ALL, Self::MgPlus),
            Vendor::StoneX => all(StoneXError::ALL, Self::StoneX),
            Vendor::Partner => all(PartnerError::ALL, Self::Partner),
            Vendor::S2s => all(S2sError::ALL, Self::S2s),
            Vendor::MobilePay => all(MobilePayError::ALL, Self::MobilePay),
        }
    }

    /// What may come from any vendor, or from what stands between, and ends by itself and at once.
    ///
    /// Not among them: [`Fault::Hang`], [`Fault::Delay`], [`Fault::Redirect`], [`Fault::Answer`], which need a choice; and the
    /// answers of an API, [`Fault::ApiUnauthorized`] and [`Fault::ApiForbidden`].
    pub fn common() -> Vec<Self> {
        let mut faults = vec![
            Self::Reset,
            Self::CutBody,
            Self::CutChunked,
            Self::Html(502),
            Self::Endless,
            Self::Garbage,
            Self::EmptyObject,
            Self::Empty,
            Self::ErrorInside200,
            Self::Gzip,
            Self::SameToken,
            Self::TokenType("mac".to_owned()),
            Self::NumbersAsText,
            Self::WithoutScope,
            Self::UnknownMembers,
        ];
        faults.extend(RetryAfter::EXAMPLES.map(|(status, after)| Self::RetryAfter { status, after }));
        faults.extend(ExpiresIn::EXAMPLES.map(Self::ExpiresIn));
        faults.extend(OddToken::ALL.map(Self::Token));
        faults
    }

    /// The fault in a few lower-case words joined by hyphens, unique among those of one vendor.
    pub fn name(&self) -> String {
        let (name, _) = self.words();
        match self {
            Self::Html(status) | Self::Answer { status, .. } => format!("{name}-{status}"),
            Self::RetryAfter { status, after } => format!("{name}-{status}-{}", after.name()),
            Self::ExpiresIn(form) => format!("{name}-{}", form.name()),
            Self::Token(odd) => format!("{name}-{}", odd.name()),
            _ => name.to_owned(),
        }
    }

    /// What the client meets, in words that do not judge it.
    pub fn description(&self) -> String {
        match self.shape() {
            Some(shape) => format!("answers {} as {}", shape.status, shape.content_type),
            None => self.words().1.to_owned(),
        }
    }

    /// The status of the answer; `None` where there is no answer, or the healthy one's is kept.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Redirect(_) => Some(307),
            Self::Html(status) | Self::RetryAfter { status, .. } | Self::Answer { status, .. } => Some(*status),
            Self::Endless | Self::Garbage | Self::EmptyObject | Self::Empty | Self::ErrorInside200 => Some(200),
            other => other.shape().map(|shape| shape.status),
        }
    }

    /// Whether the answer still holds a token that a client can use.
    pub fn yields_token(&self) -> bool {
        match self {
            Self::Delay(_) | Self::SameToken | Self::NumbersAsText => true,
            Self::WithoutScope | Self::UnknownMembers => true,
            Self::ExpiresIn(ExpiresIn::Integer(seconds) | ExpiresIn::Text(seconds)) => *seconds > 0,
            Self::ExpiresIn(ExpiresIn::Float(seconds)) => *seconds > 0.0,
            Self::ExpiresIn(_) => true,
            Self::TokenType(kind) => kind.eq_ignore_ascii_case("bearer"),
            _ => false,
        }
    }

    /// The requests that [`Faults::next`](crate::Faults::next) gives it to.
    pub fn target(&self) -> Target {
        match self {
            Self::ApiUnauthorized | Self::ApiForbidden => Target::Ping,
            Self::SameToken | Self::ExpiresIn(_) | Self::Token(_) | Self::TokenType(_) => Target::Token,
            Self::NumbersAsText | Self::WithoutScope | Self::UnknownMembers => Target::Token,
            Self::S2s(error) => error.target(),
            _ => Target::Auth,
        }
    }

    pub(crate) fn shape(&self) -> Option<Shape> {
        match self {
            Self::MgPlus(error) => Some(error.shape()),
            Self::StoneX(error) => Some(error.shape()),
            Self::Partner(error) => Some(error.shape()),
            Self::S2s(error) => Some(error.shape()),
            Self::MobilePay(error) => Some(error.shape()),
            Self::ApiUnauthorized => Some(ping::INVALID_TOKEN),
            Self::ApiForbidden => Some(ping::FORBIDDEN),
            _ => None,
        }
    }

    /// Name and description.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Delay(_) => ("delay", "answers late"),
            Self::Hang => ("hang", "never answers"),
            Self::Reset => ("reset", "resets the connection instead of answering"),
            Self::CutBody => ("cut-body", "ends the body half-way through its announced length"),
            Self::CutChunked => ("cut-chunked", "sends the whole document and leaves out the last chunk"),
            Self::Redirect(_) => ("redirect", "answers 307 to another place"),
            Self::Html(_) => ("html", "answers with an HTML page"),
            Self::Endless => ("endless", "answers 200 with a body that goes on and on"),
            Self::Garbage => ("garbage", "answers 200 with what is no JSON"),
            Self::EmptyObject => ("empty-object", "answers 200 with an empty object"),
            Self::Empty => ("empty", "answers 200 with nothing"),
            Self::ErrorInside200 => ("error-inside-200", "answers 200 with an OAuth error"),
            Self::Gzip => ("gzip", "gzips the answer unasked"),
            Self::RetryAfter { .. } => ("retry-after", "answers with a Retry-After"),
            Self::Answer { .. } => ("answer", "answers what it was told to"),
            Self::SameToken => ("same-token", "answers with the token of the answer before"),
            Self::ExpiresIn(_) => ("expires-in", "answers with an unusual expires_in"),
            Self::Token(_) => ("token", "answers with a token that no header can carry"),
            Self::TokenType(_) => ("token-type", "answers with an unusual token_type"),
            Self::NumbersAsText => ("numbers-as-text", "answers with its numbers as strings"),
            Self::WithoutScope => ("without-scope", "answers without a scope"),
            Self::UnknownMembers => ("unknown-members", "answers with members that no page mentions"),
            other => (other.shape().map_or("error", |shape| shape.name), "answers with an error"),
        }
    }
}

fn all<E: Copy>(errors: &[E], fault: fn(E) -> Fault) -> Vec<Fault> {
    errors.iter().copied().map(fault).collect()
}
