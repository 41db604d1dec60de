//! Tokens for `http` requests, as a layer of tower's.
//!
//! ```no_run
//! use auth_core::tower::AuthorizationLayer;
//! use auth_core::{Hosts, TokenSource};
//! # use std::{future::{Ready, ready}, task::{Context, Poll}};
//! use tower_layer::Layer;
//! # use tower_service::Service;
//! # #[derive(Clone)] struct Client;
//! # impl Service<http::Request<String>> for Client {
//! #     type Response = http::Response<String>;
//! #     type Error = std::io::Error;
//! #     type Future = Ready<Result<Self::Response, Self::Error>>;
//! #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> { Poll::Ready(Ok(())) }
//! #     fn call(&mut self, _: http::Request<String>) -> Self::Future { ready(Ok(http::Response::default())) }
//! # }
//!
//! # fn f(tokens: TokenSource, client: Client) -> Result<(), auth_core::Error> {
//! let layer = AuthorizationLayer::new(tokens, Hosts::only("api.vendor.example")?);
//! let client = layer.layer(client); // hyper-util's, tonic's: any service of `http::Request`
//! # let _ = client; Ok(()) }
//! ```
//!
//! tonic's bodies are not `Clone`, and its generated clients leave the host to the channel, which stands below a layer. So with
//! tonic: `AuthorizationLayer::new(tokens, hosts).without_repeat()`, and `GreeterClient::with_origin(service, uri)`. Where
//! there is no token, the source's error is the `source()` of tonic's `Status`.
//!
//! A call that is answered `UNAUTHENTICATED` is made once more by its caller. gRPC says that in `grpc-status`, under a status of
//! 200. Where it is the whole answer, as to a call that is refused at once, it stands among the headers, and the layer tells the
//! source. Behind messages, as of a stream that breaks off, it stands in trailers, which the layer does not see: take the token
//! by [`TokenSource::token`](crate::TokenSource::token) there, put its headers on the request, and tell it to
//! [`TokenSource::rejected`](crate::TokenSource::rejected).
//!
//! While a request waits for a token, it holds what `poll_ready` has reserved for it: below a limit of concurrency, a cold token
//! holds up the requests behind it, those to other hosts included.

mod layer;
pub use layer::{Authorization, AuthorizationLayer};

mod repeat;
pub use repeat::{Cloned, Never, Repeat};
