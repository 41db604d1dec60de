//! How a token gets onto a request.

use http::{HeaderMap, header};
use reqwest::{Client, Request, RequestBuilder};

use crate::hosts::plain_http;
use crate::http::is_loopback;
use crate::{AccessToken, Error, TokenSource};

impl TokenSource {
    /// `request` with everything the vendor wants on a call: [`AccessToken::authorize`] with the current token.
    ///
    /// The client that sends it is the caller's, and so is what it does at a redirect: reqwest takes `Authorization` off when
    /// the host changes, but no header of the vendor's own. A client without redirects, or the crate `auth-reqwest`, is on the
    /// safe side.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::token`] and [`AccessToken::authorize`].
    pub async fn authorize(&self, request: RequestBuilder) -> Result<RequestBuilder, Error> {
        let mut request = Prepared::of(request)?;
        if request.wants_token {
            self.token().await?.apply(request.request.headers_mut())?;
        }
        Ok(request.finish())
    }
}

impl AccessToken {
    /// `request` with everything the vendor wants on a call. One that has an `Authorization` stays as it is.
    ///
    /// With the token at hand a 401 is healed by two more lines:
    ///
    /// ```no_run
    /// # async fn f(tokens: auth_core::TokenSource, client: auth_core::reqwest::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut may_repeat = true;
    /// let response = loop {
    ///     let token = tokens.token().await?;
    ///     let response = token.authorize(client.get("https://api.vendor.example/orders"))?.send().await?;
    ///     if response.status() != 401 || !may_repeat {
    ///         break response;
    ///     }
    ///     tokens.rejected(&token);
    ///     may_repeat = false;
    /// };
    /// # let _ = response; Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the request cannot be built, goes over plain http (loopback excepted), or lacks the header that
    /// differs from call to call ([`AccessToken::needs_per_call`] names it).
    pub fn authorize(&self, request: RequestBuilder) -> Result<RequestBuilder, Error> {
        let mut request = Prepared::of(request)?;
        if request.wants_token {
            self.apply(request.request.headers_mut())?;
        }
        Ok(request.finish())
    }

    /// Puts everything the vendor wants on a call into `headers`, for clients that have no adapter.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the header that differs from call to call is not there already.
    pub fn apply(&self, headers: &mut HeaderMap) -> Result<(), Error> {
        let set = match self.needs_per_call() {
            None => self.headers()?.clone(),
            Some(name) => match headers.get(name).cloned() {
                Some(value) => self.headers_with(name.clone(), value),
                None => {
                    return Err(Error::config(format!("the request is expected to have a {name} header of its own")));
                }
            },
        };
        set.apply(headers);
        Ok(())
    }
}

/// A request that was looked at before a token is asked for.
struct Prepared {
    client: Client,
    request: Request,
    wants_token: bool,
}

impl Prepared {
    fn of(request: RequestBuilder) -> Result<Self, Error> {
        let (client, request) = request.build_split();
        // Not its own words, which have the URL in them.
        let request = request.map_err(|_| Error::config("the request cannot be built: is its URL right?"))?;
        let wants_token = !request.headers().contains_key(header::AUTHORIZATION);
        if wants_token && request.url().scheme() != "https" && !is_loopback(request.url()) {
            return Err(plain_http());
        }
        Ok(Self { client, request, wants_token })
    }

    fn finish(self) -> RequestBuilder {
        RequestBuilder::from_parts(self.client, self.request)
    }
}
