use std::time::Duration;

use crate::ping;
use crate::shape::Shape;
use crate::{MgPlusError, MobilePayError, PartnerError, S2sError, StoneXError, Target, Vendor};

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

/// The forms in which `expires_in` arrives.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ExpiresIn {
    /// A JSON integer: huge, zero and negative ones included.
    Integer(i64),
    /// A JSON number with a fraction.
    Float(f64),
    /// A number in a string.
    Text(i64),
    /// A string that is no number.
    Words,
    /// `null`.
    Null,
    /// No such member.
    Missing,
}

/// Tokens that must not become a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OddToken {
    /// With CR LF and what looks like a header behind it.
    CrLf,
    /// With a blank in the middle.
    Blank,
    /// With a control character.
    Control,
    /// With letters outside ASCII.
    NonAscii,
    /// The empty string.
    Empty,
    /// `null`.
    Null,
    /// No such member.
    Missing,
}

/// The two forms of `Retry-After` (RFC 9110 §10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// So many seconds.
    Seconds(u64),
    /// An HTTP-date so far after the answer's own `Date`, in whole seconds.
    DateIn(Duration),
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
        if let Some(shape) = self.shape() {
            return shape.name.to_owned();
        }
        match self {
            Self::Html(status) => format!("html-{status}"),
            Self::RetryAfter { status, after } => format!("retry-after-{status}-{}", after.name()),
            Self::Answer { status, .. } => format!("answer-{status}"),
            Self::ExpiresIn(form) => format!("expires-in-{}", form.name()),
            Self::Token(odd) => format!("token-{}", odd.name()),
            other => other.plain_name().to_owned(),
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

    fn plain_name(&self) -> &'static str {
        match self {
            Self::Delay(_) => "delay",
            Self::Hang => "hang",
            Self::Reset => "reset",
            Self::CutBody => "cut-body",
            Self::CutChunked => "cut-chunked",
            Self::Redirect(_) => "redirect",
            Self::Endless => "endless",
            Self::Garbage => "garbage",
            Self::EmptyObject => "empty-object",
            Self::Empty => "empty",
            Self::ErrorInside200 => "error-inside-200",
            Self::Gzip => "gzip",
            Self::SameToken => "same-token",
            Self::TokenType(_) => "token-type",
            Self::NumbersAsText => "numbers-as-text",
            Self::WithoutScope => "without-scope",
            Self::UnknownMembers => "unknown-members",
            _ => "vendor-error",
        }
    }
}

impl ExpiresIn {
    const EXAMPLES: [Self; 9] = [
        Self::Integer(1800),
        Self::Integer(0),
        Self::Integer(-1),
        Self::Integer(i64::MAX),
        Self::Float(1799.5),
        Self::Text(1800),
        Self::Words,
        Self::Null,
        Self::Missing,
    ];

    fn name(self) -> String {
        match self {
            Self::Integer(i64::MAX) => "huge".to_owned(),
            Self::Integer(seconds) => format!("integer-{seconds}"),
            Self::Float(seconds) => format!("float-{seconds}"),
            Self::Text(seconds) => format!("text-{seconds}"),
            Self::Words => "words".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Missing => "missing".to_owned(),
        }
    }
}

impl OddToken {
    const ALL: [Self; 7] =
        [Self::CrLf, Self::Blank, Self::Control, Self::NonAscii, Self::Empty, Self::Null, Self::Missing];

    fn name(self) -> &'static str {
        match self {
            Self::CrLf => "cr-lf",
            Self::Blank => "blank",
            Self::Control => "control",
            Self::NonAscii => "non-ascii",
            Self::Empty => "empty",
            Self::Null => "null",
            Self::Missing => "missing",
        }
    }
}

impl RetryAfter {
    const EXAMPLES: [(u16, Self); 4] = [
        (429, Self::Seconds(7)),
        (429, Self::DateIn(Duration::from_secs(7))),
        (503, Self::Seconds(7)),
        (503, Self::DateIn(Duration::from_secs(7))),
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Seconds(_) => "seconds",
            Self::DateIn(_) => "date",
        }
    }
}

fn all<E: Copy>(errors: &[E], fault: fn(E) -> Fault) -> Vec<Fault> {
    errors.iter().copied().map(fault).collect()
}
