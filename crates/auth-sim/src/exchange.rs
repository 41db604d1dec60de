//! Requests that are over, for whoever watches.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::StatusCode;

use crate::Target;

/// A request that is over, as [`crate::Builder::on_exchange`] shows it. Query, headers and bodies may hold credentials, and are
/// not here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// As it was sent: `POST`.
    pub method: String,
    /// As it was sent, without the query.
    pub path: String,
    /// What the path leads to; `None` where the vendor has nothing.
    pub target: Option<Target>,
    /// The answer's, also if a fault cuts that on its way. `None` if there was none: the client has gone, or a fault reset the
    /// connection.
    pub status: Option<u16>,
    /// From the request's arrival to the answer or the end.
    pub took: Duration,
}

/// See [`crate::Builder::on_exchange`].
#[derive(Clone)]
pub(crate) struct Listener(Arc<dyn Fn(&Exchange) + Send + Sync>);

impl Listener {
    pub(crate) fn new(listen: impl Fn(&Exchange) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listen))
    }

    pub(crate) fn follow(&self, request: &Request, target: Option<Target>) -> Following {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let exchange = Exchange { method, path, target, status: None, took: Duration::ZERO };
        Following { listener: self.clone(), exchange, began: Instant::now() }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

/// An exchange that goes on. It is over when this is dropped, which is how a client that has gone shows.
pub(crate) struct Following {
    listener: Listener,
    exchange: Exchange,
    began: Instant,
}

impl Following {
    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.exchange.status = Some(status.as_u16());
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.exchange.took = self.began.elapsed();
        (self.listener.0)(&self.exchange);
    }
}
