//! The only thing that sends: https, no redirects, a bounded answer, a deadline.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use reqwest::{ClientBuilder, Url};
use zeroize::Zeroizing;

use crate::redact::printable;
use crate::{Error, Failure, Reach, RequestContext};

/// Sends token requests under rules that cannot be lost. Cheap to clone.
///
/// No redirects (a 307 would resend the secret elsewhere), HTTP/1.1, no cookies, no referer, no decompression, no retries
/// of its own, [`CONNECT_TIMEOUT`], an answer of at most [`MAX_ANSWER`] bytes read to its end. Loopback and plain http go
/// past proxies.
#[derive(Clone)]
pub struct HttpClient {
    inner: Arc<Inner>,
}

struct Inner {
    adjust: Option<Adjust>,
    clients: [OnceLock<reqwest::Client>; 3],
}

type Adjust = Box<dyn Fn(ClientBuilder) -> ClientBuilder + Send + Sync>;

/// Which way a request goes; each has a client of its own, built when it is first needed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    /// Plain http: no proxy, no certificates to load.
    Plain,
    /// https on loopback: no proxy.
    Local,
    /// https: through the proxy that the user or the system names.
    Outside,
}

impl HttpClient {
    /// The process's own client, built on first use (about 20 ms with rustls) and shared from then on.
    #[must_use]
    pub fn shared() -> Self {
        static SHARED: OnceLock<HttpClient> = OnceLock::new();
        SHARED.get_or_init(|| Self::with(None)).clone()
    }

    /// A client of your own: `adjust` may set a proxy, roots, an identity or default headers on reqwest's builder. It is
    /// called once for each way a request may go, and our rules are applied after it.
    ///
    /// ```
    /// use auth_core::HttpClient;
    ///
    /// let client = HttpClient::configured(|builder| builder.tcp_keepalive(None));
    /// # let _ = client;
    /// ```
    #[must_use]
    pub fn configured(adjust: impl Fn(ClientBuilder) -> ClientBuilder + Send + Sync + 'static) -> Self {
        Self::with(Some(Box::new(adjust)))
    }

    fn with(adjust: Option<Adjust>) -> Self {
        Self { inner: Arc::new(Inner { adjust, clients: Default::default() }) }
    }

    /// Builds what a request to `url` needs, so that a constructor can refuse it.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if there is no TLS in the program for an https URL, no certificates on the system, or `adjust`
    /// asked for something that cannot be built.
    pub fn check(&self, url: &BaseUrl) -> Result<(), Error> {
        self.client(url).map(drop)
    }

    /// Sends `request` and reads its answer to the end, within the time left in `cx`.
    ///
    /// Dropping the future closes the connection.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] if no whole answer came; [`Error::Malformed`] if a successful one is too long or compressed.
    /// An unsuccessful one of that kind is judged by its status alone, with an empty body. [`Error::Config`] as
    /// [`HttpClient::check`].
    pub async fn send(&self, cx: &RequestContext<'_>, request: Request) -> Result<Answer, Error> {
        let client = self.client(&request.url)?;
        let vendor = request.caller.vendor;
        let response = client.execute(request.into_reqwest(cx.time_left())).await;
        read(vendor, response.map_err(|e| unreachable(vendor, &e))?).await
    }

    fn client(&self, url: &BaseUrl) -> Result<&reqwest::Client, Error> {
        let route = url.route();
        if route != Route::Plain && !cfg!(any(feature = "rustls", feature = "native-tls")) {
            return Err(Error::config(
                "https needs TLS, and none is built in: turn on the feature `rustls` or `native-tls`",
            ));
        }
        let slot = &self.inner.clients[route as usize];
        // A failure is not kept: certificates may come later.
        match slot.get() {
            Some(client) => Ok(client),
            None => {
                let built = self.build(route)?;
                Ok(slot.get_or_init(|| built))
            }
        }
    }

    fn build(&self, route: Route) -> Result<reqwest::Client, Error> {
        // Before `adjust`, so that a TLS configuration of the user's own (a pinned verifier, a key in hardware) stands.
        let fresh = ClientBuilder::new();
        #[cfg(feature = "rustls")]
        let fresh = fresh.tls_backend_rustls();
        let builder = match &self.inner.adjust {
            Some(adjust) => adjust(fresh),
            None => fresh,
        };
        under_rules(builder, route).build().map_err(|e| {
            let why = printable(&innermost(&e).to_string(), MAX_TLS_TEXT);
            Error::config(format!("no HTTP client can be built; expected CA certificates on the system: {why}"))
        })
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("configured", &self.inner.adjust.is_some()).finish_non_exhaustive()
    }
}

fn under_rules(builder: ClientBuilder, route: Route) -> ClientBuilder {
    let builder = builder
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .connection_verbose(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd();
    let builder = if route == Route::Outside { builder } else { builder.no_proxy() };
    with_tls(builder, route)
}

/// With both libraries built in, rustls it is, wherever reqwest's own default may go.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn with_tls(builder: ClientBuilder, route: Route) -> ClientBuilder {
    if route == Route::Plain { builder.tls_certs_only([]) } else { builder }
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
fn with_tls(builder: ClientBuilder, _: Route) -> ClientBuilder {
    builder
}

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
    caller: Caller,
    method: Method,
    url: BaseUrl,
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

    fn into_reqwest(self, timeout: Duration) -> reqwest::Request {
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
    status: StatusCode,
    headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
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

async fn read(vendor: &'static str, mut response: reqwest::Response) -> Result<Answer, Error> {
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let mut body = Zeroizing::new(Vec::new());
    let mut wrong = encoding_of(&headers);
    while wrong.is_none() {
        let Some(chunk) = response.chunk().await.map_err(|e| unreachable(vendor, &e))? else { break };
        if body.len() + chunk.len() > MAX_ANSWER {
            wrong = Some("the answer is longer than 64 KiB");
        } else {
            body.extend_from_slice(&chunk);
        }
    }
    match wrong {
        Some(what) if status.is_success() => {
            Err(Error::Malformed(Failure::of(vendor).status(status.as_u16()).detail(what)))
        }
        Some(_) => Ok(Answer::new(status, headers, Vec::new())),
        None => Ok(Answer { status, headers, body }),
    }
}

fn encoding_of(headers: &HeaderMap) -> Option<&'static str> {
    let encoding = headers.get(header::CONTENT_ENCODING)?;
    let plain = encoding.as_bytes().eq_ignore_ascii_case(b"identity");
    (!plain).then_some("the answer is compressed, which was not asked for")
}

/// Why no whole answer came. The URL and reqwest's own words stay out of it.
fn unreachable(vendor: &'static str, error: &reqwest::Error) -> Error {
    let inner = innermost(error);
    let words = inner.to_string();
    let refused =
        inner.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::ConnectionRefused);
    // Not the error itself, whose words have the URL in them.
    let any = |what: &str| chain(error).skip(1).any(|e| e.to_string().contains(what));
    // What rustls refuses to read, an alert included, comes as this kind and in words of no fixed form.
    let is_odd = |e: &std::io::Error| e.kind() == std::io::ErrorKind::InvalidData;
    let tls = chain(error).filter_map(|e| e.downcast_ref()).any(is_odd);
    let reach = match () {
        () if error.is_connect() && error.is_timeout() => Reach::Connect,
        () if error.is_timeout() => Reach::Deadline,
        () if !error.is_connect() => Reach::Cut,
        () if refused => Reach::Refused,
        () if any("dns error") => Reach::Dns,
        () if any("certificate") => Reach::Certificate,
        () if tls || TLS_WORDS.iter().any(|word| any(word)) => Reach::Tls,
        () => Reach::Connect,
    };
    let failure = Failure::of(vendor).reach(reach);
    Error::Unreachable(match reach {
        Reach::Certificate | Reach::Tls => failure.detail(printable(&words, MAX_TLS_TEXT)),
        _ => failure,
    })
}

fn innermost<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    chain(error).last().unwrap_or(error)
}

/// Sources, looking through `io::Error`, which hides the error it wraps behind that one's own source.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |e| next_source(*e))
}

fn next_source<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// A vendor's URL, checked: https (or loopback), without user info, query or fragment, without a slash at its end.
///
/// ```
/// use auth_core::BaseUrl;
///
/// assert_eq!(BaseUrl::try_from("https://sts.example/tenant/")?.as_str(), "https://sts.example/tenant");
/// assert_eq!(BaseUrl::try_from("http://127.0.0.1:8080")?.join("/connect/token").as_str(), "http://127.0.0.1:8080/connect/token");
/// assert!(BaseUrl::try_from("http://sts.example").is_err());
/// assert!(BaseUrl::allow_insecure_http("http://sts.example").is_ok());
/// # Ok::<(), auth_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    text: String,
}

impl BaseUrl {
    /// A URL that may be plain http on any host: the secret is then readable to everyone on the way.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for everything else that is refused.
    pub fn allow_insecure_http(url: &str) -> Result<Self, Error> {
        Self::parse(url, true)
    }

    /// This URL with `path`, which starts with a slash, after its own.
    #[must_use]
    pub fn join(&self, path: &str) -> Self {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.url.path().trim_end_matches('/')));
        Self::from_url(url)
    }

    /// This URL without `path` at its end, if it has it there.
    #[must_use]
    pub fn without(&self, path: &str) -> Self {
        let mut url = self.url.clone();
        let own = url.path().trim_end_matches('/').to_owned();
        url.set_path(own.strip_suffix(path).unwrap_or(&own));
        Self::from_url(url)
    }

    /// The URL as text, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn parse(text: &str, insecure: bool) -> Result<Self, Error> {
        let refuse = |what: &str| Err(Error::config(format!("the URL {what}; expected https://host[/path]")));
        if text.trim() != text {
            return refuse("has a blank at an end");
        }
        // What a parser of URLs silently mends.
        if text.contains(|c: char| c.is_control() || c == '\\') || !text.contains("://") {
            return refuse("cannot be read");
        }
        let Ok(url) = Url::parse(text) else { return refuse("cannot be read") };
        match url.scheme() {
            "https" => {}
            "http" if insecure || is_loopback(&url) => {}
            "http" => return refuse("is plain http, which shows the secret to everyone on the way"),
            _ => return refuse("has another scheme"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("has user info");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("has a query or a fragment");
        }
        Ok(Self::from_url(url))
    }

    fn from_url(url: Url) -> Self {
        let text = url.as_str().trim_end_matches('/').to_owned();
        Self { url, text }
    }

    fn route(&self) -> Route {
        match (self.url.scheme(), is_loopback(&self.url)) {
            ("http", _) => Route::Plain,
            (_, true) => Route::Local,
            (_, false) => Route::Outside,
        }
    }
}

impl TryFrom<&str> for BaseUrl {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        Self::parse(text, false)
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text, false)
    }
}

impl TryFrom<&String> for BaseUrl {
    type Error = Error;

    fn try_from(text: &String) -> Result<Self, Error> {
        Self::parse(text, false)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({})", self.text)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let v6 = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<Ipv4Addr>()
            .map(IpAddr::from)
            .or_else(|_| v6.parse::<Ipv6Addr>().map(IpAddr::from))
            .is_ok_and(|ip| ip.is_loopback())
}

/// Longest answer in bytes; a token answer has a few hundred.
pub const MAX_ANSWER: usize = 64 * 1024;
/// How long a connection may take to come about, TLS included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept: it would not survive a suspend, and the next request is most of an hour away.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);
/// What rustls and the platforms' libraries say of a handshake that failed.
const TLS_WORDS: [&str; 7] =
    ["handshake", "TLS", "tls", "SSL", "fatal alert", "peer is incompatible", "peer misbehaved"];
const MAX_TLS_TEXT: usize = 200;
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_would_lose_the_secret_are_refused_and_say_what_is_expected() {
        for (bad, wrong) in [
            ("http://sts.example", "plain http"),
            ("http://127.0.0.1.example", "plain http"),
            ("http://localhost.example", "plain http"),
            ("ftp://sts.example", "scheme"),
            ("sts.example", "cannot be read"),
            ("", "cannot be read"),
            ("https://user:invented@sts.example", "user info"),
            ("https://user@sts.example", "user info"),
            ("https://sts.example?key=invented", "query"),
            ("https://sts.example#top", "fragment"),
            ("https://sts.example ", "blank"),
        ] {
            let error = BaseUrl::try_from(bad).unwrap_err();
            assert!(matches!(error, Error::Config(_)));
            let error = error.to_string();
            assert!(error.contains(wrong) && error.contains("expected https://"), "{bad}: {error}");
            assert!(!error.contains("invented"), "{error}");
        }
    }

    #[test]
    fn loopback_may_be_plain_http_in_every_form() {
        for good in
            ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:80", "http://localhost:8080", "http://LOCALHOST"]
        {
            assert!(BaseUrl::try_from(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn path_is_joined_and_taken_off_with_or_without_a_slash() {
        for text in [
            "https://a.example/x",
            "https://a.example/x/",
            "https://a.example/x/connect/token",
            "https://a.example/x/connect/token/",
        ] {
            let base = BaseUrl::try_from(text).unwrap().without("/connect/token");
            assert_eq!(base.as_str(), "https://a.example/x");
            assert_eq!(base.join("/connect/token").as_str(), "https://a.example/x/connect/token");
        }
        assert_eq!(BaseUrl::try_from("https://a.example").unwrap().join("/y").as_str(), "https://a.example/y");
    }
}
