//! The accept loop, the router round every vendor's endpoints, and what happens to each request.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{self, Extension, Request};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::ping::ping;
use crate::state::{Shared, State};
use crate::{Target, Vendor, mgplus, misbehave, mobilepay, partner, s2s, stonex};

/// What a handler tells to have its connection reset.
pub(crate) type Reset = Arc<Notify>;

/// The protected call, below every base URL.
pub(crate) const PING_PATH: &str = "/api/ping";
/// Between two tries to accept a connection where the first failed.
const ACCEPT_AGAIN: Duration = Duration::from_millis(10);

/// The path that a vendor's base URL ends in.
pub(crate) fn base_path(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::MobilePay => "/integrator-authentication",
        _ => "",
    }
}

/// The path of a vendor's token call, below its base URL.
fn token_path(state: &State) -> String {
    match state.vendor {
        Vendor::MgPlus => mgplus::PATH.to_owned(),
        Vendor::StoneX => stonex::path(&state.options.api_version),
        Vendor::Partner => partner::PATH.to_owned(),
        Vendor::S2s => s2s::TOKEN_PATH.to_owned(),
        Vendor::MobilePay => mobilepay::PATH.to_owned(),
    }
}

/// What a request is, by its path; the method is for the vendor to judge.
fn target(state: &State, path: &str) -> Option<Target> {
    match path.strip_prefix(base_path(state.vendor))? {
        PING_PATH => Some(Target::Ping),
        s2s::CODE_PATH if state.vendor == Vendor::S2s => Some(Target::Code),
        path if path == token_path(state) => Some(Target::Token),
        _ => None,
    }
}

pub(crate) fn router(state: Shared) -> Router {
    let routes = match state.vendor {
        Vendor::MgPlus => mgplus::routes(),
        Vendor::StoneX => stonex::routes(&state.options.api_version),
        Vendor::Partner => partner::routes(),
        Vendor::S2s => s2s::routes(&state.options),
        Vendor::MobilePay => mobilepay::routes(),
    };
    let routes = routes.route(PING_PATH, get(ping));
    let based = match base_path(state.vendor) {
        "" => routes,
        path => Router::new().nest(path, routes),
    };
    based.layer(from_fn_with_state(Arc::clone(&state), attend)).with_state(state)
}

/// Counts a request, gives it its fault if one is planned, and counts how it ended.
async fn attend(
    extract::State(state): extract::State<Shared>,
    Extension(reset): Extension<Reset>,
    request: Request,
    next: Next,
) -> Response {
    let target = target(&state, request.uri().path());
    let _in_flight = state.counters.arrived(target);
    let _seen = state.options.watcher.as_ref().map(|watcher| watcher.see(target, request.headers()));
    let mut followed = state.options.listener.as_ref().map(|listener| listener.follow(&request, target));
    if !state.options.delay.is_zero() {
        tokio::time::sleep(state.options.delay).await;
    }
    let fault = target.and_then(|target| state.faults.take(target));
    let healthy = misbehave::healthy(&state, target, next.run(request));
    let response = match fault {
        None => healthy.await,
        Some(fault) => misbehave::meet(&state, fault, &reset, healthy).await,
    };
    if let Some(followed) = &mut followed {
        followed.answered(response.status());
    }
    response
}

/// Serves until it is told to stop, and returns when every connection has ended. If it is aborted they end soon after.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: Arc<Notify>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.notified() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(converse(stream, router.clone()))),
                // No file descriptor left, for example: others may be returned.
                Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// One connection, until its end or a reset.
async fn converse(stream: TcpStream, router: Router) {
    // Without it only latency suffers.
    let _ = stream.set_nodelay(true);
    let reset = Reset::default();
    let router = TowerToHyperService::new(router);
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&reset));
        router.call(request)
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // A client that went away is no fault of ours.
        _ = &mut connection => {}
        () = reset.notified() => {
            let stream = connection.into_parts().io.into_inner();
            // Closing with linger 0 sends RST instead of FIN.
            let _ = stream.set_zero_linger();
        }
    }
}
