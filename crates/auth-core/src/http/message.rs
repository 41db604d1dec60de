//! What is sent and what comes back, without the sending.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use zeroize::Zeroizing;

use super::BaseUrl;

/// Who sends, for `User-Agent` and errors.
///
/// ```
/// use auth_core::Caller;
///
/// const CALLER: Caller = Caller { vendor: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
/// # let _ = CALLER;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The crate's name.
    pub vendor: &'static str,
    /// The crate's version.
    pub version: &'static str,
}

/// A token request, with `User-Agent` and `Accept: application/json` set.
///
/// Its Debug shows the method and the header names alone.
pub struct Request {
    pub(super) caller: Caller,
    method: Method,
    pub(super) url: BaseUrl,
    headers: HeaderMap,
    body: Option<Zeroizing<Vec<u8>>>,
}

impl Request {
    /// A request to `url`, without a body.
    #[must_use]
    pub fn new(caller: Caller, method: Method, url: BaseUrl) -> Self {
        let mut headers = HeaderMap::new();
        let agent = format!("{}/{}", caller.vendor, caller.version);
        headers.extend(HeaderValue::try_from(agent).ok().map(|agent| (header::USER_AGENT, agent)));
        headers.insert(header::ACCEPT, HeaderValue::from_static(JSON));
        Self { caller, method, url, headers, body: None }
    }

    /// Sets a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<HeaderName>, value: HeaderValue) -> Self {
        self.headers.insert(name.into(), value);
        self
    }

    /// Sets a form body, already encoded.
    #[must_use]
    pub fn form(self, encoded: String) -> Self {
        self.body(FORM, encoded.into_bytes())
    }

    /// Sets a JSON body, already encoded.
    #[must_use]
    pub fn json(self, encoded: Vec<u8>) -> Self {
        self.body(JSON, encoded)
    }

    fn body(mut self, kind: &'static str, bytes: Vec<u8>) -> Self {
        self.body = Some(Zeroizing::new(bytes));
        self.header(header::CONTENT_TYPE, HeaderValue::from_static(kind))
    }

    pub(super) fn into_reqwest(self, timeout: Duration) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method, self.url.url);
        *request.headers_mut() = self.headers;
        *request.timeout_mut() = Some(timeout);
        *request.body_mut() = self.body.map(|mut bytes| std::mem::take(&mut *bytes).into());
        request
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.keys().collect();
        f.debug_struct("Request").field("method", &self.method).field("headers", &names).finish_non_exhaustive()
    }
}

/// A whole answer. Its body is not shown, and its last place in memory is wiped when it is dropped.
pub struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// An answer made by hand, for tests of a reader.
    #[must_use]
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers, body: Zeroizing::new(body.into()) }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The header `name` as text, if it is ASCII; the first of several.
    #[must_use]
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
