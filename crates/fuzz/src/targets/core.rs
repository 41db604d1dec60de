//! The readers that all vendors share.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use auth_core::{Answer, AnswerRules, Body, ClientCredentials, Fault, NumericDate, Redactor, TokenResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use super::client;
use crate::case::{Case, line};
use crate::check::{self, Words};
use crate::secrets::{Secrets, WINDOW, contains};

const RULES: AnswerRules = AnswerRules {
    vendor: "acme-auth",
    fault: |body| Fault::oauth(body).or_else(|| Fault::problem(body)).or_else(|| Fault::gateway(body)),
    hint: |status, _| (status == 403).then_some("ask Acme to allow this address"),
    default_lifetime: Duration::from_secs(3600),
};

static WORDS: LazyLock<Words> = LazyLock::new(|| Words::of("acme-auth", &[]));

/// The reader of answers: status, headers and body.
pub fn answer(bytes: &[u8]) {
    let (credentials, secrets) = client();
    let (case, redactor) = (Case::read(bytes, &secrets), Redactor::new(&credentials));
    check::twice(&case, &secrets, &WORDS, || RULES.token(&case.answer(), &redactor));
}

/// Each reader of errors, alone: what each makes of any body, with any status.
pub fn faults(bytes: &[u8]) {
    let (credentials, secrets) = client();
    let (case, redactor) = (Case::read(bytes, &secrets), Redactor::new(&credentials));
    let readers: [fn(&Body<'_>) -> Option<Fault>; 5] = [
        Fault::oauth,
        Fault::gateway,
        Fault::problem,
        |body| Fault::bare(body, &["invalid_client", "general_error"]),
        |body| Some(Fault { description: Some(body.refused_members()?), ..Fault::default() }),
    ];
    for fault in readers {
        let rules = AnswerRules { fault, ..RULES };
        check::twice(&case, &secrets, &WORDS, || rules.token(&case.answer(), &redactor));
    }
    let json = serde_json::from_slice::<serde_json::Map<String, Value>>(&case.body).ok();
    let text = std::str::from_utf8(&case.body).unwrap_or_default().trim();
    let body = Body { status: case.status.as_u16(), json: json.as_ref(), text };
    for fault in readers.into_iter().filter_map(|reader| reader(&body)) {
        assert_eq!(format!("{fault:?} {body:?}"), format!("Fault {{ .. }} Body {{ status: {}, .. }}", body.status));
        let words = fault.description.unwrap_or_default();
        assert!(words.len() <= 8 * case.body.len() + 8, "{} bytes out of {}", words.len(), case.body.len());
    }
}

/// The dates that decide on a token's life.
#[derive(Debug, Deserialize)]
struct Times {
    iat: Option<NumericDate>,
    exp: Option<NumericDate>,
}

/// What a token says about itself: the bytes are its claims, or after `raw:` the token.
pub fn claims(bytes: &[u8]) {
    let token = match bytes.strip_prefix(b"raw:") {
        Some(raw) => String::from_utf8_lossy(raw).into_owned(),
        None => format!("e30.{}.invented", URL_SAFE_NO_PAD.encode(bytes)),
    };
    let Ok(response) = TokenResponse::new(token.clone(), Duration::from_secs(60)) else {
        assert!(token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()), "{token} is refused");
        return;
    };
    if let Some(Times { iat, exp }) = read::<Times>(&response, bytes) {
        [iat, exp].into_iter().flatten().for_each(date);
        let told = answer_with(&token, "");
        let seconds = exp.zip(iat).map(|(exp, iat)| (exp.as_secs_f64() - iat.as_secs_f64()).floor());
        match seconds {
            Some(life) if life >= 1.0 => assert_eq!(told.map(|life| life.as_secs_f64()), Some(life.min(2f64.powi(63)))),
            Some(_) => assert_eq!(told, None, "a token without life"),
            None => assert_eq!(told, Some(RULES.default_lifetime)),
        }
    }
    read::<Value>(&response, bytes);
    read::<mgplus_sts::Claims>(&response, bytes);
    read::<stonex_auth::Claims>(&response, bytes);
    read::<partner_oauth::Claims>(&response, bytes);
    read::<mobilepay_auth::Claims>(&response, bytes);
}

/// The claims as `T`, if they fit. If not, the error says nothing of them.
fn read<T: serde::de::DeserializeOwned + std::fmt::Debug>(response: &TokenResponse, claims: &[u8]) -> Option<T> {
    let first = response.claims::<T>();
    assert_eq!(format!("{first:?}"), format!("{:?}", response.claims::<T>()), "the same token, two results");
    match first {
        Ok(claims) => Some(claims),
        Err(error) => {
            let secrets = Secrets::of([response.value()]);
            check::shows_nothing_of(claims, &error, &secrets, &WORDS);
            None
        }
    }
}

/// A point in time is the one it was made of, to the precision of a double.
fn date(date: NumericDate) {
    if let Some(time) = date.to_system_time() {
        let seconds = time.duration_since(SystemTime::UNIX_EPOCH).expect("not before 1970").as_secs_f64();
        assert!((seconds - date.as_secs_f64()).abs() <= 1e-6 + date.as_secs_f64() * 1e-15, "{date:?} is {seconds}");
    }
}

/// The life of `token` in an answer with these members besides.
fn answer_with(token: &str, members: &str) -> Option<Duration> {
    let body = format!(r#"{{"access_token":{}{members}}}"#, Value::from(token));
    let answer = Answer::new(StatusCode::OK, HeaderMap::new(), body);
    let (credentials, _) = client();
    RULES.token(&answer, &Redactor::new(&credentials)).ok().map(|response| response.lifetime())
}

/// `Retry-After` in the first line, `Date` in the second; the rest is `expires_in`, as it stands in JSON.
pub fn retry_after(bytes: &[u8]) {
    let (wait, rest) = line(bytes);
    let (date, expires_in) = line(rest);
    let header = |name, value| HeaderValue::from_bytes(value).ok().map(|value| (name, value));
    let named = [header(header::RETRY_AFTER, wait), header(header::DATE, date)];
    let headers: HeaderMap = named.into_iter().flatten().collect();
    let (_, secrets) = client();
    for status in [429, 503, 200, 302, 400, 500] {
        let status = StatusCode::from_u16(status).expect("a status");
        let case = Case { status, headers: headers.clone(), body: Vec::new() };
        let (credentials, _) = client();
        let redactor = Redactor::new(&credentials);
        check::twice(&case, &secrets, &WORDS, || RULES.token(&case.answer(), &redactor));
        let error = RULES.token(&case.answer(), &redactor).expect_err("no token");
        let text = case.header(&header::RETRY_AFTER).unwrap_or_default().trim();
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match error.retry_after() {
            Some(told) if is_number => assert_eq!(told.as_secs(), text.parse().unwrap_or(u64::MAX)),
            Some(_) => assert!(httpdate::parse_http_date(text).is_ok(), "{text:?} is a date"),
            None => assert!(!is_number || !matches!(status.as_u16(), 429 | 503), "{text:?} is no number"),
        }
    }
    lifetime(expires_in);
}

/// `expires_in` counts if it is a number, or text that is one; else the token says its life, or nobody.
fn lifetime(expires_in: &[u8]) {
    let Ok(text) = str::from_utf8(expires_in) else { return };
    let Ok(value) = serde_json::from_str::<Value>(text) else { return };
    let number = match &value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if is_number(text.trim()) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    // As it stands: a number that was read and written may be read as the double beside it.
    let told = answer_with("invented-token", &format!(r#","expires_in":{text}"#));
    match number.map(f64::floor) {
        None => assert_eq!(told, Some(RULES.default_lifetime), "{value}"),
        Some(seconds) if seconds >= 1.0 => {
            assert_eq!(told.map(|life| life.as_secs_f64()), Some(seconds.min(2f64.powi(63))), "{value}");
        }
        Some(_) => assert_eq!(told, None, "{value}"),
    }
}

/// Of digits, with a sign, a point and an exponent where JSON has them, and without the digits before the point too.
fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.')
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
}

/// Any credentials: the first line is an id, the second its secret, the third a code; the rest is what the vendor said.
pub fn redactor(bytes: &[u8]) {
    let (id, rest) = line(bytes);
    let (secret, rest) = line(rest);
    let (code, rest) = line(rest);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let Ok(credentials) = ClientCredentials::new(text(id), text(secret)) else { return };
    let mut parts = vec![text(id), text(secret)];
    let mut redactor = Redactor::new(&credentials);
    if !code.is_empty() && code.iter().all(u8::is_ascii_graphic) {
        redactor.add(&text(code));
        parts.push(text(code));
    }
    let secrets = Secrets::of(parts);
    let words = text(&secrets.fill(rest));
    let cleaned = redactor.clean(&words);
    assert_eq!(cleaned, redactor.clean(&words), "the same words, two results");
    if !cleaned.is_empty() {
        check::is_clean(&cleaned, &secrets);
    }
    assert!(redactor.finds(&words) || secrets.readable_in(&words).is_none(), "not found in {words:?}");
    halves(&mut redactor, &secrets, words.len());
}

/// A long text is cut, and so is one in which a long credential stands: no half of one is left where it is.
fn halves(redactor: &mut Redactor, secrets: &Secrets, length: usize) {
    let usable = |part: &&str| (WINDOW..100).contains(&part.len()) && !part.contains('~');
    let parts: Vec<&str> = secrets.parts().filter(usable).collect();
    let Some(part) = parts.get(length % parts.len().max(1)) else { return };
    // Mostly a few times, and now and then more than any description is long.
    let long = part.repeat(if length % 32 == 31 { 400 } else { 1 + length % 31 });
    redactor.add(&long);
    let before = 199usize.saturating_sub(length % (part.len() + 2));
    let cleaned = redactor.clean(&format!("{}{long}{}", "~".repeat(before), "~".repeat(300)));
    let left = part.as_bytes().windows(WINDOW).find(|piece| contains(cleaned.as_bytes(), piece));
    let ours = left.is_some_and(|piece| contains(b"[redacted]", &piece.to_ascii_lowercase()));
    assert!(left.is_none() || ours, "a piece of {part:?} in {cleaned:?}");
}
