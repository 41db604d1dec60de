//! The tolerant reader of token answers (RFC 6749 §5.1) and of their errors (§5.2), shared by every provider.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::redact::printable;
use crate::token::{NumericDate, claims_of};
use crate::{Answer, Error, Failure, Redactor, Secret};

/// What an endpoint hands to the source: a token and what came with it.
///
/// No Debug of its own value: it shows the lifetime alone.
pub struct TokenResponse {
    pub(crate) value: Secret,
    pub(crate) lifetime: Duration,
    pub(crate) scope: Option<String>,
    pub(crate) ungranted: Vec<String>,
    pub(crate) refresh: Option<RefreshToken>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) per_call: Option<HeaderName>,
}

/// A refresh token (RFC 6749 §6) and how long it may be used.
#[derive(Clone, Debug)]
pub(crate) struct RefreshToken {
    pub(crate) value: Secret,
    pub(crate) lifetime: Option<Duration>,
}

impl TokenResponse {
    /// A token that lives `lifetime` from the moment before it was requested.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if the token is not of visible ASCII characters, or lives no time at all.
    pub fn new(token: impl Into<String>, lifetime: Duration) -> Result<Self, Error> {
        let value = Secret::unchecked(token.into());
        if !is_visible_ascii(value.expose()) {
            return Err(Error::malformed("", "the access token is expected to be of visible ASCII characters"));
        }
        if lifetime.is_zero() {
            return Err(Error::malformed("", "the access token had expired when it came"));
        }
        let (scope, refresh, per_call) = (None, None, None);
        Ok(Self { value, lifetime, scope, ungranted: Vec::new(), refresh, headers: Vec::new(), per_call })
    }

    /// The scopes granted, separated by blanks.
    #[must_use]
    pub fn with_scope(mut self, scope: Option<String>) -> Self {
        self.scope = scope;
        self
    }

    /// Scopes that were asked for and not granted: an event, not an error. They must hold nothing of the answer's text.
    #[must_use]
    pub fn with_ungranted_scopes(mut self, scopes: Vec<String>) -> Self {
        self.ungranted = scopes;
        self
    }

    /// A header for later calls. It is marked sensitive: most of them are credentials.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.headers.push((name, value));
        self
    }

    /// Later calls need the header `name`, whose value differs from call to call.
    #[must_use]
    pub fn needs_per_call(mut self, name: HeaderName) -> Self {
        self.per_call = Some(name);
        self
    }

    /// A refresh token to spend on the next request, good for `lifetime` if that is known.
    #[must_use]
    pub fn with_refresh_token(mut self, token: Secret, lifetime: Option<Duration>) -> Self {
        self.refresh = Some(RefreshToken { value: token, lifetime });
        self
    }

    /// The token itself. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn value(&self) -> &str {
        self.value.expose()
    }

    /// Its life, as answered.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// The scopes granted, separated by blanks.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Scopes that were asked for and not granted.
    #[must_use]
    pub fn ungranted_scopes(&self) -> &[String] {
        &self.ungranted
    }

    /// The headers of later calls, besides `Authorization`.
    pub fn headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.headers.iter().map(|(name, value)| (name, value))
    }

    /// The refresh token, if one came and is wanted.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.refresh.as_ref().map(|refresh| &refresh.value)
    }

    /// What the token says about itself, unverified; see [`crate::AccessToken::claims`].
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if it is no JWT or its claims do not fit `T`.
    pub fn claims<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        claims_of(self.value())
    }
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

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

/// A body as an error reader sees it. Debug shows its status alone.
pub struct Body<'a> {
    /// The status it came with.
    pub status: u16,
    /// The JSON object that it is, if it is one.
    pub json: Option<&'a Map<String, Value>>,
    /// The same as text, without blanks at its ends; empty if it is not UTF-8.
    pub text: &'a str,
}

/// A vendor's error, as far as its body tells. Debug shows nothing of it: it is not cleaned yet.
#[derive(Clone, Default)]
pub struct Fault {
    /// The error code.
    pub code: Option<String>,
    /// The vendor's words, as they came.
    pub description: Option<String>,
    /// What the vendor's support needs to find the request.
    pub correlation_id: Option<String>,
}

impl Fault {
    /// `{"error", "error_description"}` (RFC 6749 §5.2). Some servers describe in an object with a `message` and a
    /// `correlation_id`, some beside the code in a `message`.
    #[must_use]
    pub fn oauth(body: &Body<'_>) -> Option<Self> {
        let code = body.text_of("error")?;
        let object = body.json?.get("error_description").and_then(Value::as_object);
        let inner = |name: &str| object?.get(name)?.as_str().map(str::to_owned);
        let description = inner("message").or_else(|| body.words_of("error_description"));
        let description = description.or_else(|| body.words_of("message"));
        Some(Self { code: Some(code), description, correlation_id: inner("correlation_id") })
    }

    /// IBM API Connect's gateway: `{"httpCode", "httpMessage", "moreInformation"}`, the code a string or a number.
    #[must_use]
    pub fn gateway(body: &Body<'_>) -> Option<Self> {
        let code = body.words_of("httpCode")?;
        let words = [body.words_of("httpMessage"), body.words_of("moreInformation")];
        let description = Some(words.into_iter().flatten().collect::<Vec<_>>().join(": ")).filter(|d| !d.is_empty());
        Some(Self { code: Some(code), description, correlation_id: None })
    }

    /// Problem details (RFC 9457): `{"title", "status", "detail", "traceId"}`, none of which must be there. They name no
    /// code. Beside an access token they are no error.
    #[must_use]
    pub fn problem(body: &Body<'_>) -> Option<Self> {
        let words: Vec<_> = ["title", "detail"].into_iter().filter_map(|name| body.words_of(name)).collect();
        let correlation_id = body.text_of("traceId");
        let is_problem = !words.is_empty() || correlation_id.is_some();
        let description = Some(words.join(": ")).filter(|words| !words.is_empty());
        (is_problem && body.text_of("access_token").is_none()).then_some(Self {
            code: None,
            description,
            correlation_id,
        })
    }

    /// A body that is exactly one of `codes`, as bare text.
    #[must_use]
    pub fn bare(body: &Body<'_>, codes: &[&str]) -> Option<Self> {
        let code = codes.iter().find(|code| **code == body.text)?;
        Some(Self { code: Some((*code).to_owned()), ..Self::default() })
    }
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("status", &self.status).finish_non_exhaustive()
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault").finish_non_exhaustive()
    }
}

impl Body<'_> {
    /// The member `name`, if it is a string that is not empty.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<String> {
        self.json?.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The member `name` as text, whatever its type; `None` if it is null or missing.
    #[must_use]
    pub fn words_of(&self, name: &str) -> Option<String> {
        match self.json?.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            other => Some(other.to_string()),
        }
    }

    /// `"errors": {name: [words, …], …}`, as Laravel and ASP.NET write it, in one line: the members of the request that were
    /// refused, and why. `None` if there are none.
    #[must_use]
    pub fn refused_members(&self) -> Option<String> {
        let all = self.json?.get("errors")?.as_object()?.iter().map(|(name, words)| {
            let words: Vec<&str> = words.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            format!("{name}: {}", words.join(" "))
        });
        Some(all.collect::<Vec<_>>().join("; ")).filter(|all| !all.is_empty())
    }
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

/// The JSON object of a successful answer.
pub struct Document {
    vendor: &'static str,
    status: u16,
    members: Map<String, Value>,
    date: Option<SystemTime>,
}

impl Document {
    /// Takes out the member `name`, a secret of visible ASCII characters such as an authorization code.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] naming the member.
    pub fn take_secret(&mut self, name: &'static str) -> Result<Secret, Error> {
        match self.members.remove(name) {
            Some(Value::String(text)) if is_visible_ascii(&text) => Ok(Secret::unchecked(text)),
            Some(Value::String(_)) => {
                Err(self.malformed(format!("{name} is expected to be of visible ASCII characters")))
            }
            _ => Err(self.malformed(format!("the answer has no {name}"))),
        }
    }

    /// The member `name`, if it is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str()
    }

    /// The member `name` in whole seconds, if it is a number or a numeric string; a fraction is cut off.
    #[must_use]
    pub fn seconds(&self, name: &str) -> Option<i64> {
        seconds_of(self.members.get(name)?)
    }

    /// The access token in it; `default_lifetime` counts if nothing else tells its life.
    ///
    /// # Errors
    ///
    /// As [`AnswerRules::token`].
    pub fn into_token(mut self, default_lifetime: Duration) -> Result<TokenResponse, Error> {
        let token = self.take_secret("access_token")?;
        if !self.is_bearer() {
            return Err(self.malformed("token_type is expected to be Bearer".to_owned()));
        }
        let lifetime = self.lifetime(token.expose(), default_lifetime)?;
        let scope = self.text("scope").map(str::to_owned);
        Ok(TokenResponse::new(token.expose(), lifetime)?.with_scope(scope))
    }

    fn is_bearer(&self) -> bool {
        match self.members.get("token_type") {
            None | Some(Value::Null) => true,
            Some(Value::String(kind)) => kind.eq_ignore_ascii_case("bearer"),
            Some(_) => false,
        }
    }

    /// `expires_in`; else what the JWT says, against the answer's `Date` if it has no `iat`; else the default.
    fn lifetime(&self, token: &str, default: Duration) -> Result<Duration, Error> {
        let seconds = self.seconds("expires_in").or_else(|| jwt_lifetime(token, self.date));
        match seconds.map(u64::try_from) {
            None => Ok(default),
            Some(Ok(seconds)) if seconds > 0 => Ok(Duration::from_secs(seconds)),
            Some(_) => Err(self.malformed("the token had expired when it came".to_owned())),
        }
    }

    fn malformed(&self, what: String) -> Error {
        Error::Malformed(Failure::of(self.vendor).status(self.status).detail(what))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("vendor", &self.vendor).finish_non_exhaustive()
    }
}

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

/// Whole seconds in a number or a numeric string. What is beyond an `i64` is the nearest one.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which is what is wanted")]
fn seconds_of(value: &Value) -> Option<i64> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => {
            let text = text.trim();
            // A double may also be called `inf` or `nan`, which is no number of seconds.
            let numeric = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) && !text.starts_with('+');
            text.parse().ok().filter(|_| numeric)?
        }
        _ => return None,
    };
    Some(f64::floor(seconds) as i64)
}

#[derive(Deserialize)]
struct Times {
    iat: Option<NumericDate>,
    exp: NumericDate,
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which is what is wanted")]
fn jwt_lifetime(token: &str, date: Option<SystemTime>) -> Option<i64> {
    let Times { iat, exp } = claims_of(token).ok()?;
    let since_1970 = |date: SystemTime| date.duration_since(SystemTime::UNIX_EPOCH).ok();
    let from = iat.map(NumericDate::as_secs_f64).or_else(|| Some(since_1970(date?)?.as_secs_f64()))?;
    Some((exp.as_secs_f64() - from).floor() as i64)
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

fn is_visible_ascii(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Longer than any code or correlation id that is kept.
const LONGEST_CODE: usize = 128;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The names in use for it, the more specific first.
const CORRELATION_HEADERS: [&str; 5] =
    ["x-correlation-id", "correlationid", "x-request-id", "request-id", "x-global-transaction-id"];
