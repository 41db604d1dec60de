//! The only thing that sends: https, no redirects, a bounded answer, a deadline.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{HeaderMap, header};
use reqwest::ClientBuilder;
use zeroize::Zeroizing;

use crate::{Error, Failure, RequestContext};

mod message;
pub use message::{Answer, Caller, Request};

mod unreachable;
use unreachable::{unreachable, words_of};

mod url;
pub use url::BaseUrl;
use url::Route;
pub(crate) use url::is_loopback;

/// Sends token requests under rules that cannot be lost. Cheap to clone.
///
/// No redirects (a 307 would resend the secret elsewhere), HTTP/1.1, a connection for each request, no cookies, no referer,
/// no decompression, no retries of its own, [`CONNECT_TIMEOUT`], an answer of at most [`MAX_ANSWER`] bytes read to its end.
/// Loopback and plain http go past proxies.
#[derive(Clone)]
pub struct HttpClient {
    inner: Arc<Inner>,
}

struct Inner {
    adjust: Option<Adjust>,
    clients: [OnceLock<reqwest::Client>; 3],
}

type Adjust = Box<dyn Fn(ClientBuilder) -> ClientBuilder + Send + Sync>;

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
    /// // The vendor's firewall lets in this address of ours alone.
    /// let from = std::net::IpAddr::from([192, 0, 2, 7]);
    /// let client = HttpClient::configured(move |builder| builder.local_address(from));
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
            let why = words_of(&e);
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
        .pool_max_idle_per_host(KEPT_CONNECTIONS)
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

/// Longest answer in bytes; a token answer has a few hundred.
pub const MAX_ANSWER: usize = 64 * 1024;
/// How long a connection may take to come about, TLS included.
///
/// ```
/// assert_eq!(auth_core::CONNECT_TIMEOUT.as_secs(), 5);
/// ```
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A kept connection is driven by the runtime that opened it, and stands still with that, though requests come from all
/// runtimes of the process. Nor would one survive a suspend, and the next request is most of an hour away.
const KEPT_CONNECTIONS: usize = 0;
