//! The middleware.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{AccessToken, Error, Hosts, Rejection, TokenSource};
use http::{Extensions, StatusCode, Uri, header};
use reqwest::{Request, Response, Url};
use reqwest_middleware::{Middleware, Next};

use crate::error::refused;

/// Puts the vendor's headers on each request to a host that may see them, and sends it once more, with the next token, when
/// it is answered 401.
///
/// Redirects are the client's, which [`crate::client()`] and [`crate::redirects`] see to. A request that was answered by one and
/// is not idempotent is not sent again: it may be done already.
#[derive(Clone, Debug)]
pub struct Authorization {
    tokens: TokenSource,
    hosts: Hosts,
    also_on_403: bool,
    valid_for: Duration,
}

impl Authorization {
    /// Tokens of `tokens` for requests to `hosts`.
    #[must_use]
    pub fn new(tokens: TokenSource, hosts: Hosts) -> Self {
        Self { tokens, hosts, also_on_403: false, valid_for: Duration::ZERO }
    }

    /// Takes a 403 for a 401: some gateways answer so to a token that has been revoked.
    #[must_use]
    pub fn also_on_403(mut self) -> Self {
        self.also_on_403 = true;
        self
    }

    /// Only tokens with at least `life` left, for uploads.
    #[must_use]
    pub fn valid_for(mut self, life: Duration) -> Self {
        self.valid_for = life;
        self
    }

    /// Whether the request is one that gets a token.
    fn concerns(&self, request: &Request) -> Result<bool, Error> {
        if request.headers().contains_key(header::AUTHORIZATION) {
            return Ok(false);
        }
        match request.url().as_str().parse::<Uri>() {
            Ok(uri) => self.hosts.may_see_tokens(&uri),
            // No http URL: reqwest will say so.
            Err(_) => Ok(false),
        }
    }

    async fn token(&self) -> Result<AccessToken, Error> {
        match self.valid_for {
            Duration::ZERO => self.tokens.token().await,
            life => self.tokens.token_valid_for(life).await,
        }
    }

    /// Puts a token on `request`, and says which.
    async fn authorize(&self, request: &mut Request) -> Result<AccessToken, Error> {
        let token = self.token().await?;
        token.apply(request.headers_mut())?;
        Ok(token)
    }

    /// Whether `response` says that the token of a request to `url` is not accepted. After a redirect to another host it says
    /// nothing: reqwest has taken the token off.
    fn is_refusal(&self, response: &Response, url: &Url) -> bool {
        let status = response.status();
        let refuses = status == StatusCode::UNAUTHORIZED || self.also_on_403 && status == StatusCode::FORBIDDEN;
        refuses && response.url().origin() == url.origin()
    }
}

#[async_trait]
impl Middleware for Authorization {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        if !self.concerns(&request).map_err(refused)? {
            tell("left_alone", request.url(), "left alone: the request carries no token");
            return next.run(request, extensions).await;
        }
        let (second, url) = (request.try_clone(), request.url().clone());
        let is_idempotent = request.method().is_idempotent();
        let token = self.authorize(&mut request).await.map_err(refused)?;
        let first = next.clone().run(request, extensions).await?;
        if !self.is_refusal(&first, &url) {
            return Ok(first);
        }
        tell("unauthorized", &url, "unauthorized: the API did not accept the token");
        if self.tokens.rejected(&token) == Rejection::Ignored {
            return Ok(first);
        }
        // A POST that was answered by a redirect may be done: what was refused is the GET of its result.
        let may_repeat = is_idempotent || !is_redirected(&first, &url);
        let Some(mut second) = second.filter(|_| may_repeat) else { return Ok(first) };
        match self.authorize(&mut second).await {
            Ok(_) => {
                // Its connection is free for the second try.
                drop(first);
                tell("repeated", &url, "repeated: the request is sent once more, with the next token");
                next.run(second, extensions).await
            }
            // Without another token the first answer says more than our error would.
            Err(_) => Ok(first),
        }
    }
}

/// Whether `response` is that of another URL than the one that was asked. A fragment is never sent.
fn is_redirected(response: &Response, url: &Url) -> bool {
    let sent = |url: &Url| {
        let mut url = url.clone();
        url.set_fragment(None);
        url
    };
    sent(response.url()) != sent(url)
}

/// A line about a request. Of its URL the host alone is told. A subscriber that panics costs no request.
fn tell(event: &str, url: &Url, words: &str) {
    let told = || tracing::debug!(target: "auth_reqwest", event, host = url.host_str(), "{words}");
    let _ = catch_unwind(AssertUnwindSafe(told));
}
