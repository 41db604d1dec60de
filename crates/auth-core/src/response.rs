//! The tolerant reader of token answers (RFC 6749 §5.1) and of their errors (§5.2), shared by every provider.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use http::{HeaderName, StatusCode, header};
use serde_json::{Map, Value};

use crate::redact::printable;
use crate::{Answer, Error, Failure, Redactor};

mod document;
pub use document::Document;

mod fault;
pub use fault::{Body, Fault};

mod token;
pub(crate) use token::RefreshToken;
pub use token::TokenResponse;

/// How one vendor's answers are read: what differs between vendors, as plain functions.
#[derive(Clone, Copy, Debug)]
pub struct AnswerRules {
    /// The crate's name.
    pub vendor: &'static str,
    /// Finds the vendor's error in a body, by its documented shapes.
    pub fault: fn(&Body<'_>) -> Option<Fault>,
    /// What to do or whom to ask, by status and error code.
    pub hint: fn(u16, Option<&str>) -> Option<&'static str>,
    /// The life of a token whose answer does not tell one in any way.
    pub default_lifetime: Duration,
}

impl AnswerRules {
    /// The JSON object of a successful answer.
    ///
    /// Judged in this order: 429 and `slow_down` throttle; the vendor's own faults (`server_error`,
    /// `temporarily_unavailable`, `general_error`, 408, 425, 5xx) are transient whatever the code; other codes and other
    /// 4xx are refusals; a redirect is malformed for good; a 2xx with an error in it is judged by that error.
    ///
    /// # Errors
    ///
    /// As judged; [`Error::Malformed`] for a 2xx that is no JSON object, with line and column and never its text.
    pub fn document(&self, answer: &Answer, redactor: &Redactor) -> Result<Document, Error> {
        let parsed = parse(answer.body());
        let text = std::str::from_utf8(answer.body()).unwrap_or_default().trim_start_matches('\u{feff}').trim();
        let status = answer.status().as_u16();
        let body = Body { status, json: parsed.as_ref().ok(), text };
        let fault = (self.fault)(&body);
        if !answer.status().is_success() || fault.is_some() {
            // A token beside an error is nobody's, and a secret all the same.
            let redactor = redactor.knowing(TOKENS.iter().filter_map(|name| body.text_of(name)));
            return Err(self.judge(answer, fault.unwrap_or_default(), &redactor));
        }
        match parsed {
            Ok(members) => Ok(Document { vendor: self.vendor, status, members, date: date_of(answer) }),
            Err(place) => Err(self.unreadable(answer, text, place)),
        }
    }

    /// The access token in a successful answer.
    ///
    /// # Errors
    ///
    /// As [`AnswerRules::document`], and [`Error::Malformed`] for a missing token, one that is not visible ASCII, a token
    /// type other than Bearer, or a life that is over.
    pub fn token(&self, answer: &Answer, redactor: &Redactor) -> Result<TokenResponse, Error> {
        self.document(answer, redactor)?.into_token(self.default_lifetime)
    }

    fn judge(&self, answer: &Answer, fault: Fault, redactor: &Redactor) -> Error {
        let status = answer.status();
        let clean = |text: Option<String>| text.filter(|text| text.len() <= LONGEST_CODE && !redactor.finds(text));
        // Judged as it came: a client that is called `server` must not turn a server_error into a refusal.
        let code = fault.code;
        let hint = (self.hint)(status.as_u16(), code.as_deref());
        let mut failure = Failure::of(self.vendor)
            .status(status.as_u16())
            .code(clean(code.clone()))
            .description(fault.description.map(|words| redactor.clean(&words)).filter(|words| !words.is_empty()))
            .correlation_id(clean(fault.correlation_id.or_else(|| correlation_header(answer))));
        if let Some(hint) = hint {
            failure = failure.hint(hint);
        }
        sort(status, code.as_deref(), failure, retry_after(answer))
    }

    fn unreadable(&self, answer: &Answer, text: &str, place: (usize, usize)) -> Error {
        let what: Cow<'static, str> = match (text.as_bytes().first(), place) {
            (None, _) if answer.body().is_empty() => "the body is empty; a JSON object is expected".into(),
            (Some(b'<'), _) => "the body looks like HTML; a JSON object is expected".into(),
            (_, (line, column)) => {
                format!("a JSON object is expected; line {line}, column {column} does not fit").into()
            }
        };
        Error::Malformed(Failure::of(self.vendor).status(answer.status().as_u16()).detail(what))
    }
}

/// Members that hold tokens, whatever else an answer has.
const TOKENS: [&str; 3] = ["access_token", "refresh_token", "id_token"];

/// Puts a failure into the variant that says what to do.
fn sort(status: StatusCode, code: Option<&str>, failure: Failure, retry_after: Option<Duration>) -> Error {
    let failure = match retry_after {
        Some(wait) => failure.retry_after(wait),
        None => failure,
    };
    let own_fault = matches!(code, Some("server_error" | "temporarily_unavailable" | "general_error"));
    match status.as_u16() {
        429 => Error::Throttled(failure),
        _ if code == Some("slow_down") => Error::Throttled(failure),
        408 | 425 | 500..=599 => Error::Unavailable(failure),
        _ if own_fault => Error::Unavailable(failure),
        300..=399 => Error::Malformed(failure.permanent().detail("a redirect, which is not followed with a secret")),
        200..=299 | 400..=499 => Error::Rejected(failure),
        _ => Error::Malformed(failure.detail("no status of a token endpoint")),
    }
}

/// The JSON object in `body`, or the line and column at which it is none. serde_json's own message quotes the text.
fn parse(body: &[u8]) -> Result<Map<String, Value>, (usize, usize)> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    serde_json::from_slice(body).map_err(|e| (e.line(), e.column()))
}

/// Seconds or a date against the answer's own `Date` (RFC 9110 §10.2.3), read on 429 and 503 only.
fn retry_after(answer: &Answer) -> Option<Duration> {
    if !matches!(answer.status().as_u16(), 429 | 503) {
        return None;
    }
    let text = answer.header(&header::RETRY_AFTER)?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    let now = date_of(answer).unwrap_or_else(SystemTime::now);
    Some(at.duration_since(now).unwrap_or_default())
}

fn date_of(answer: &Answer) -> Option<SystemTime> {
    httpdate::parse_http_date(answer.header(&header::DATE)?).ok()
}

fn correlation_header(answer: &Answer) -> Option<String> {
    let found = CORRELATION_HEADERS.iter().find_map(|name| answer.header(&HeaderName::from_static(name)))?;
    Some(printable(found, found.len()))
}

/// Longer than any code or correlation id that is kept.
const LONGEST_CODE: usize = 128;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The names in use for it, the more specific first.
const CORRELATION_HEADERS: [&str; 5] =
    ["x-correlation-id", "correlationid", "x-request-id", "request-id", "x-global-transaction-id"];
