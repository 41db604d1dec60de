use std::ffi::OsString;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::counts::Counters;
use crate::grants::Grants;
use crate::jwt::Key;
use crate::state::{Shared, State};
use crate::tokens::Tokens;
use crate::{Builder, Counts, Credentials, Faults, Vendor, call, server};

/// One vendor's side of the wire, on a port of 127.0.0.1, until it is dropped.
#[must_use = "a simulator stops when it is dropped"]
pub struct Simulator {
    credentials: Credentials,
    state: Shared,
    server: JoinHandle<()>,
    stop: Arc<Notify>,
}

impl Simulator {
    /// Starts a healthy vendor on a free port.
    ///
    /// # Errors
    ///
    /// No port can be bound, or no RSA key could be made.
    pub async fn start(vendor: Vendor) -> io::Result<Self> {
        Self::builder(vendor).start().await
    }

    /// Chooses port, lifetimes, credentials and habits before the start.
    pub fn builder(vendor: Vendor) -> Builder {
        Builder::new(vendor)
    }

    pub(crate) async fn from_builder(builder: Builder) -> io::Result<Self> {
        let key = tokio::task::spawn_blocking(Key::of_the_process);
        let key = key.await.map_err(io::Error::other)??;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, builder.port)).await?;
        let url = format!("http://{}{}", listener.local_addr()?, server::base_path(builder.vendor));
        let state = Arc::new(State {
            vendor: builder.vendor,
            url,
            options: builder.options,
            key,
            tokens: Tokens::default(),
            codes: Grants::default(),
            refresh_tokens: Grants::default(),
            counters: Counters::default(),
            faults: Faults::default(),
            credentials: Mutex::new(builder.credentials.clone()),
            last_token: Mutex::default(),
        });
        let stop = Arc::<Notify>::default();
        let server = tokio::spawn(server::serve(listener, server::router(Arc::clone(&state)), Arc::clone(&stop)));
        Ok(Self { credentials: builder.credentials, state, server, stop })
    }

    /// The simulated vendor.
    pub fn vendor(&self) -> Vendor {
        self.state.vendor
    }

    /// The base URL, which the provider's constructor and its `…_URL` variable take.
    pub fn url(&self) -> &str {
        &self.state.url
    }

    /// `GET` this with a token and the vendor's headers of later calls: 200, or what is wrong with them.
    pub fn ping_url(&self) -> String {
        format!("{}{}", self.state.url, server::PING_PATH)
    }

    /// Calls [`Simulator::ping_url`] with `headers`, which are sent as they are, and says the status that was answered: 200,
    /// or 401 and the like for what is wrong with them. The answer's body is not read.
    ///
    /// # Errors
    ///
    /// No connection, or what came over it is no HTTP answer: a [`crate::Fault`] does that.
    pub fn ping(
        &self,
        headers: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<[u8]>)>,
    ) -> impl Future<Output = io::Result<u16>> {
        call::status_of(call::get(&self.ping_url(), headers))
    }

    /// The credentials that were good at the start.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The environment variables of the provider crate, with the credentials that are good now.
    pub fn vars(&self) -> Vec<(&'static str, String)> {
        self.state.credentials().vars(self.state.vendor, &self.state.url)
    }

    /// One of [`Simulator::vars`], for the provider's `from_vars(|name| sim.var(name))`.
    pub fn var(&self, name: &str) -> Option<OsString> {
        let found = self.vars().into_iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.into())
    }

    /// The fault plan.
    pub fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// What was seen and done so far.
    pub fn counts(&self) -> Counts {
        self.state.counters.read()
    }

    /// From now on the ping answers 401 to that token. Says whether the token was good until now.
    pub fn revoke(&self, token: &str) -> bool {
        self.state.tokens.revoke(token)
    }

    /// From now on the ping answers 401 to every token issued until now.
    pub fn revoke_all(&self) {
        self.state.tokens.revoke_all();
    }

    /// From now on only this client secret is let in. Tokens issued before stay good, each with the secret it was issued to.
    pub fn rotate_secret(&self, secret: impl Into<String>) {
        self.state.credentials().client_secret = secret.into();
    }

    /// From now on only this secret of the service account is let in (s2s-oauth).
    pub fn rotate_service_account_secret(&self, secret: impl Into<String>) {
        self.state.credentials().service_account_secret = secret.into();
    }

    /// From now on every refresh token issued until now is refused (s2s-oauth).
    pub fn revoke_refresh_tokens(&self) {
        self.state.refresh_tokens.revoke_all();
    }

    /// The public half of the key that signs: a DER-encoded `RSAPublicKey` (RFC 8017 A.1.1).
    pub fn public_key_der(&self) -> &[u8] {
        self.state.key.public_der()
    }

    /// Stops: the port is closed and every connection cut when this returns. It waits for no request.
    pub async fn shutdown(mut self) {
        self.stop.notify_one();
        // If its runtime is gone it has ended, and says so.
        let _ = (&mut self.server).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("vendor", &self.state.vendor)
            .field("url", &self.state.url)
            .field("counts", &self.counts())
            .field("faults", &self.state.faults)
            .finish_non_exhaustive()
    }
}
