//! An answer as a fuzzer writes it: the text of an HTTP answer, so that seeds can be read and their parts be exchanged.

use auth_core::{Answer, MAX_ANSWER};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::secrets::Secrets;

/// ```text
/// 429
/// Retry-After: 7
///
/// {"error":"slow_down"}
/// ```
///
/// In the body `{id}`, `{secret}` and the like stand for the credentials ([`Secrets::fill`]), and what stands between the
/// control characters 1E and 1F comes a thousand times: a small input that makes a long answer. What stands between 1C and
/// 1D are the claims of a JWT, which is written in their place.
pub(crate) struct Case {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Case {
    /// Whatever `bytes` are: what is no status and no header is left out.
    pub(crate) fn read(bytes: &[u8], secrets: &Secrets) -> Self {
        let (status, mut rest) = line(bytes);
        let status = std::str::from_utf8(status).ok().and_then(|text| text.trim().parse().ok());
        let status = status.and_then(|number| StatusCode::from_u16(number).ok()).unwrap_or(StatusCode::OK);
        let mut headers = HeaderMap::new();
        loop {
            let (one, after) = line(rest);
            rest = after;
            if one.is_empty() || headers.len() == MOST_HEADERS {
                break;
            }
            headers.extend(header_of(one));
        }
        let mut body = with_jwt(&secrets.fill(&repeated(rest)));
        body.truncate(MAX_ANSWER);
        Self { status, headers, body }
    }

    pub(crate) fn answer(&self) -> Answer {
        Answer::new(self.status, self.headers.clone(), self.body.clone())
    }

    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether reading it twice, a second apart, may give two results: a `Retry-After` in the form of a date, and no `Date`.
    pub(crate) fn depends_on_the_clock(&self) -> bool {
        let is_date = |name| self.header(name).is_some_and(|text| httpdate::parse_http_date(text.trim()).is_ok());
        is_date(&header::RETRY_AFTER) && !is_date(&header::DATE)
    }
}

/// The first line, and what follows it.
pub(crate) fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (bytes[..at].strip_suffix(b"\r").unwrap_or(&bytes[..at]), &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

fn header_of(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = HeaderName::from_bytes(&line[..colon]).ok()?;
    Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii_start()).ok()?))
}

fn repeated(body: &[u8]) -> Vec<u8> {
    let Some((before, within, after)) = divided(body, 0x1e, 0x1f) else { return body.to_vec() };
    let times = MAX_ANSWER.checked_div(within.len()).unwrap_or_default().min(REPEATED);
    [before, &within.repeat(times), after].concat()
}

fn with_jwt(body: &[u8]) -> Vec<u8> {
    let Some((before, claims, after)) = divided(body, 0x1c, 0x1d) else { return body.to_vec() };
    let token = format!("e30.{}.invented", URL_SAFE_NO_PAD.encode(claims));
    [before, token.as_bytes(), after].concat()
}

/// What stands before the first `begin`, from there to the first `end`, and after that.
fn divided(body: &[u8], begin: u8, end: u8) -> Option<(&[u8], &[u8], &[u8])> {
    let at = |wanted: u8| body.iter().position(|byte| *byte == wanted);
    let (begin, end) = (at(begin)?, at(end)?);
    (begin < end).then(|| (&body[..begin], &body[begin + 1..end], &body[end + 1..]))
}

const MOST_HEADERS: usize = 16;
const REPEATED: usize = 1000;
