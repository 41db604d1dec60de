//! The layer and its service.

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response, StatusCode, Uri, header};
use tower_layer::Layer;
use tower_service::Service;

use super::{Cloned, Never, Repeat};
use crate::quiet::quietly;
use crate::{AccessToken, Error, Hosts, Rejection, TokenSource};

/// Puts the vendor's headers on each request to a host that may see them, and heals a 401: the token is told to be rejected,
/// and the request is sent once more with the next one.
///
/// - An `Authorization` that is there already is left alone, and so is a request to any other host.
/// - Plain http to a host that may see tokens is an error, loopback excepted; a URI without a host is one too.
/// - A header that differs from call to call ([`AccessToken::needs_per_call`]) must be on the request already.
/// - The first answer is what the caller gets if there is no other token, or the body cannot be sent twice.
///
/// An error of the source's is a boxed [`Error`]; one of the service's below is that one, boxed. Of the layers of one client
/// those that count, time or retry belong outside this one, so that each try gets a token of its own. So do those that follow
/// redirects: then each hop is checked against the hosts anew, while one below would send the vendor's headers along.
#[derive(Clone)]
pub struct AuthorizationLayer<R = Cloned> {
    rules: Rules,
    repeat: R,
}

impl AuthorizationLayer {
    /// Tokens of `tokens` for requests to `hosts`. Bodies are cloned for the second try.
    #[must_use]
    pub fn new(tokens: TokenSource, hosts: Hosts) -> Self {
        let rules = Rules { tokens, hosts, also_on_403: false, valid_for: Duration::ZERO };
        Self { rules, repeat: Cloned }
    }
}

impl<R> AuthorizationLayer<R> {
    /// Takes a 403 for a 401: some gateways answer so to a token that has been revoked.
    #[must_use]
    pub fn also_on_403(mut self) -> Self {
        self.rules.also_on_403 = true;
        self
    }

    /// Only tokens with at least `life` left, for uploads.
    #[must_use]
    pub fn valid_for(mut self, life: Duration) -> Self {
        self.rules.valid_for = life;
        self
    }

    /// What the second try is sent with, for bodies that are not `Clone`; `None` from `copy`, and there is none.
    #[must_use]
    pub fn repeating<F>(self, copy: F) -> AuthorizationLayer<F> {
        AuthorizationLayer { rules: self.rules, repeat: copy }
    }

    /// No second try: a 401 goes to the caller, and the next request has another token.
    #[must_use]
    pub fn without_repeat(self) -> AuthorizationLayer<Never> {
        AuthorizationLayer { rules: self.rules, repeat: Never }
    }
}

impl<S, R: Clone> Layer<S> for AuthorizationLayer<R> {
    type Service = Authorization<S, R>;

    fn layer(&self, inner: S) -> Authorization<S, R> {
        Authorization { inner, rules: self.rules.clone(), repeat: self.repeat.clone() }
    }
}

impl<R> fmt::Debug for AuthorizationLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rules.show(f, "AuthorizationLayer")
    }
}

/// What [`AuthorizationLayer`] makes of a service.
#[derive(Clone)]
pub struct Authorization<S, R = Cloned> {
    inner: S,
    rules: Rules,
    repeat: R,
}

impl<S, R> fmt::Debug for Authorization<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rules.show(f, "Authorization")
    }
}

impl<S, R, B, A> Service<Request<B>> for Authorization<S, R>
where
    S: Service<Request<B>, Response = Response<A>, Future: Send, Error: Into<BoxError>> + Clone + Send + 'static,
    R: Repeat<B>,
    B: Send + 'static,
    A: Send + 'static,
{
    type Response = Response<A>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<A>, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that is ready is the one to call.
        let next = self.inner.clone();
        let inner = mem::replace(&mut self.inner, next);
        Box::pin(sent(inner, request, self.rules.clone(), self.repeat.clone()))
    }
}

async fn sent<S, R, B, A>(
    mut inner: S,
    mut request: Request<B>,
    rules: Rules,
    repeat: R,
) -> Result<Response<A>, BoxError>
where
    S: Service<Request<B>, Response = Response<A>, Error: Into<BoxError>>,
    R: Repeat<B>,
{
    let uri = request.uri().clone();
    if !rules.concern(&request)? {
        tell("left_alone", &uri, "left alone: the request carries no token");
        return inner.call(request).await.map_err(Into::into);
    }
    let second = repeat.copy(request.body()).map(|body| with_body(&request, body));
    let token = rules.token().await?;
    token.apply(request.headers_mut())?;
    let first = inner.call(request).await.map_err(Into::into)?;
    if !rules.refuses(&first) {
        return Ok(first);
    }
    tell("unauthorized", &uri, "unauthorized: the API did not accept the token");
    if rules.tokens.rejected(&token) == Rejection::Ignored {
        return Ok(first);
    }
    let Some(mut second) = second else { return Ok(first) };
    // Without another token the first answer says more than our error would.
    let Ok(fresh) = rules.token().await else { return Ok(first) };
    fresh.apply(second.headers_mut())?;
    drop(first);
    tell("repeated", &uri, "repeated: the request is sent once more, with the next token");
    poll_fn(|cx| inner.poll_ready(cx)).await.map_err(Into::into)?;
    inner.call(second).await.map_err(Into::into)
}

/// A line about a request. Of its URI the host alone is told.
fn tell(event: &str, uri: &Uri, words: &str) {
    quietly(|| tracing::debug!(target: "auth_core", event, host = uri.host(), "{words}"));
}

/// The same request with another body.
fn with_body<B>(request: &Request<B>, body: B) -> Request<B> {
    let mut copy = Request::new(body);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    copy
}

#[derive(Clone)]
struct Rules {
    tokens: TokenSource,
    hosts: Hosts,
    also_on_403: bool,
    valid_for: Duration,
}

impl Rules {
    /// Whether the request is one that gets a token.
    fn concern<B>(&self, request: &Request<B>) -> Result<bool, Error> {
        Ok(!request.headers().contains_key(header::AUTHORIZATION) && self.hosts.may_see_tokens(request.uri())?)
    }

    async fn token(&self) -> Result<AccessToken, Error> {
        match self.valid_for {
            Duration::ZERO => self.tokens.token().await,
            life => self.tokens.token_valid_for(life).await,
        }
    }

    /// Whether the token was not accepted. A gRPC server says so in a header of a 200.
    fn refuses<A>(&self, response: &Response<A>) -> bool {
        match response.status() {
            StatusCode::UNAUTHORIZED => true,
            StatusCode::FORBIDDEN => self.also_on_403,
            _ => response.headers().get(GRPC_STATUS).is_some_and(|status| status == GRPC_UNAUTHENTICATED),
        }
    }

    fn show(&self, f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
        f.debug_struct(name).field("hosts", &self.hosts).field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

type BoxError = Box<dyn StdError + Send + Sync>;

const GRPC_STATUS: &str = "grpc-status";
/// `UNAUTHENTICATED` of gRPC's status codes.
const GRPC_UNAUTHENTICATED: &str = "16";
