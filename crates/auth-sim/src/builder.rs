use std::io;
use std::time::Duration;

use crate::{Credentials, Simulator, Vendor};

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
    pub(crate) delay: Duration,
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

    /// Starts the simulator. Needs a tokio runtime with I/O and time.
    ///
    /// # Errors
    ///
    /// The port cannot be bound, or no RSA key could be made.
    pub async fn start(self) -> io::Result<Simulator> {
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
        Self { lifetime: Duration::from_secs(lifetime), delay: Duration::ZERO }
    }
}
