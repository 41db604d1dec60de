use std::any::Any;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;

use crate::exchange::Listener;
use crate::{Credentials, Exchange, Simulator, Target, Vendor};

/// Sets up a [`Simulator`]; everything has a default.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    pub(crate) vendor: Vendor,
    pub(crate) port: u16,
    pub(crate) credentials: Credentials,
    pub(crate) options: Options,
}

/// How the simulated vendor behaves.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) lifetime: Duration,
    pub(crate) refresh_lifetime: Duration,
    pub(crate) code_lifetime: Duration,
    pub(crate) delay: Duration,
    pub(crate) api_version: String,
    pub(crate) integer_dates: bool,
    pub(crate) is_test: bool,
    pub(crate) token_by_post: bool,
    pub(crate) client_header_names: (String, String),
    pub(crate) raw_basic: bool,
    /// `None`: on later calls alone.
    pub(crate) demand_ibm_client_id: Option<bool>,
    pub(crate) demand_client_system_version: bool,
    pub(crate) watcher: Option<Watcher>,
    pub(crate) listener: Option<Listener>,
}

/// Sees every request; see [`Builder::on_request`].
#[derive(Clone)]
pub(crate) struct Watcher(Arc<Watch>);

type Watch = dyn Fn(Option<Target>, &HeaderMap) -> Box<dyn Any + Send> + Send + Sync;

impl Watcher {
    /// What is kept until the request is over.
    pub(crate) fn see(&self, target: Option<Target>, headers: &HeaderMap) -> Box<dyn Any + Send> {
        (self.0)(target, headers)
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}

impl Builder {
    pub(crate) fn new(vendor: Vendor) -> Self {
        Self { vendor, port: 0, credentials: Credentials::invented(vendor), options: Options::of(vendor) }
    }

    /// The port on 127.0.0.1; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How long a token lives. Default: what the vendor's page says or shows.
    ///
    /// A lifetime with a fraction of a second makes `expires_in` a fraction.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.options.lifetime = lifetime;
        self
    }

    /// How long every answer takes. Default: no time.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.options.delay = delay;
        self
    }

    /// Calls `watch` with the kind and the headers of each request as it arrives, faults or not. What it returns is dropped
    /// when the answer is made or the client has gone, so a guard tells how long the request was here. Default: nothing.
    ///
    /// Where several clients share a simulator, a header of their own tells them apart, as [`crate::Counts`] cannot.
    pub fn on_request<G: Send + 'static>(
        mut self,
        watch: impl Fn(Option<Target>, &HeaderMap) -> G + Send + Sync + 'static,
    ) -> Self {
        self.options.watcher = Some(Watcher(Arc::new(move |target, headers| Box::new(watch(target, headers)))));
        self
    }

    /// Calls `listen` with each request that is over, answered or not. Default: nothing.
    pub fn on_exchange(mut self, listen: impl Fn(&Exchange) + Send + Sync + 'static) -> Self {
        self.options.listener = Some(Listener::new(listen));
        self
    }

    /// The client id that is let in.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.credentials.client_id = id.into();
        self
    }

    /// The client secret that is let in.
    pub fn client_secret(mut self, secret: impl Into<String>) -> Self {
        self.credentials.client_secret = secret.into();
        self
    }

    /// The service account that is let in (s2s-oauth).
    pub fn service_account(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.credentials.service_account_id = id.into();
        self.credentials.service_account_secret = secret.into();
        self
    }

    /// The scopes that [`Credentials::scope`] names, space-separated. The simulator grants whatever is asked for (s2s-oauth).
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.credentials.scope = scope.into();
        self
    }

    /// How long a refresh token can be used. Default: 2,682,000 s (s2s-oauth).
    pub fn refresh_lifetime(mut self, lifetime: Duration) -> Self {
        self.options.refresh_lifetime = lifetime;
        self
    }

    /// How long a code can be used. Default: 60 s (s2s-oauth).
    pub fn code_lifetime(mut self, lifetime: Duration) -> Self {
        self.options.code_lifetime = lifetime;
        self
    }

    /// Whether the token call may be a POST as well. Default: no, GET alone (s2s-oauth).
    pub fn token_by_post(mut self, accepted: bool) -> Self {
        self.options.token_by_post = accepted;
        self
    }

    /// The headers that carry client id and secret. Default: `X-IBM-client-id` and `X-IBM-client-secret` (s2s-oauth).
    pub fn client_header_names(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.options.client_header_names = (id.into(), secret.into());
        self
    }

    /// The API version in the path. Default: `1` (stonex-auth).
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.options.api_version = version.into();
        self
    }

    /// Whether the dates in tokens are whole seconds. Default: no, they have microseconds (partner-oauth).
    pub fn integer_dates(mut self, whole: bool) -> Self {
        self.options.integer_dates = whole;
        self
    }

    /// The `is_test` claim of tokens. Default: false (partner-oauth).
    pub fn is_test(mut self, is_test: bool) -> Self {
        self.options.is_test = is_test;
        self
    }

    /// The merchant that [`Credentials::merchant_vat`] names; `None` for unbound tokens. The simulator binds to whichever
    /// merchant is asked for (mobilepay-auth).
    pub fn merchant_vat(mut self, vat: Option<&str>) -> Self {
        self.credentials.merchant_vat = vat.map(str::to_owned);
        self
    }

    /// The `x-ibm-client-id` that the gateway knows, where it is not the client id; it is demanded then (mobilepay-auth).
    pub fn ibm_client_id(mut self, id: impl Into<String>) -> Self {
        self.credentials.ibm_client_id = Some(id.into());
        self.demand_ibm_client_id(true)
    }

    /// Whether the gateway demands `x-ibm-client-id`, on the token call and on later calls. Default: on later calls alone,
    /// since the vendor came to do without it late in 2022; `false` lets in clients that leave it out (mobilepay-auth).
    pub fn demand_ibm_client_id(mut self, demand: bool) -> Self {
        self.options.demand_ibm_client_id = Some(demand);
        self
    }

    /// Whether later calls must carry `x-mobilepay-client-system-version`, Major.Minor.Build. Default: yes (mobilepay-auth).
    pub fn demand_client_system_version(mut self, demand: bool) -> Self {
        self.options.demand_client_system_version = demand;
        self
    }

    /// Whether the halves of Basic are taken as they stand. Default: no, they are form-decoded (mobilepay-auth).
    pub fn raw_basic(mut self, raw: bool) -> Self {
        self.options.raw_basic = raw;
        self
    }

    /// Starts the simulator. Needs a tokio runtime with I/O and time.
    ///
    /// # Errors
    ///
    /// The port cannot be bound, the API version is no part of a path, or no RSA key could be made.
    pub async fn start(self) -> io::Result<Simulator> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if !self.options.api_version.bytes().all(plain) {
            let expected = "an API version has letters, digits, dots, hyphens and underscores";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, expected));
        }
        Simulator::from_builder(self).await
    }
}

impl Options {
    fn of(vendor: Vendor) -> Self {
        let lifetime = match vendor {
            Vendor::MgPlus | Vendor::StoneX | Vendor::Partner => 3600,
            Vendor::S2s => 1095,
            Vendor::MobilePay => 3700,
        };
        Self {
            lifetime: Duration::from_secs(lifetime),
            refresh_lifetime: Duration::from_secs(2_682_000),
            code_lifetime: Duration::from_secs(60),
            delay: Duration::ZERO,
            api_version: "1".to_owned(),
            integer_dates: false,
            is_test: false,
            token_by_post: false,
            client_header_names: ("X-IBM-client-id".to_owned(), "X-IBM-client-secret".to_owned()),
            raw_basic: false,
            demand_ibm_client_id: None,
            demand_client_system_version: true,
            watcher: None,
            listener: None,
        }
    }
}
