//! Clients whose redirects keep tokens at home.

use auth_core::{Hosts, TokenSource};
use http::Uri;
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Url};
use reqwest_middleware::ClientWithMiddleware;

use crate::Authorization;

/// A client whose requests to `hosts` carry tokens of `tokens`, and whose redirects do not take them elsewhere.
/// They go by [`redirects`], whatever policy `builder` had.
///
/// # Errors
///
/// What reqwest's builder says.
pub fn client(
    builder: ClientBuilder,
    tokens: TokenSource,
    hosts: Hosts,
) -> Result<ClientWithMiddleware, reqwest::Error> {
    let client = builder.redirect(redirects(hosts.clone())).build()?;
    Ok(reqwest_middleware::ClientBuilder::new(client).with(Authorization::new(tokens, hosts)).build())
}

/// Follows redirects as reqwest does by default, but none from a host of `hosts` to one that is not among them, or to plain
/// http: the caller gets the 3xx.
#[must_use]
pub fn redirects(hosts: Hosts) -> Policy {
    Policy::custom(move |attempt| {
        let carries_token = attempt.previous().iter().any(|url| may_see_tokens(&hosts, url));
        if carries_token && (!may_see_tokens(&hosts, attempt.url()) || comes_back(&attempt)) {
            return attempt.stop();
        }
        Policy::default().redirect(attempt)
    })
}

/// Whether it leads back to where it began, from elsewhere. Reqwest has taken the token off on the way, and a 401 there would
/// be taken for a refusal of it.
fn comes_back(attempt: &reqwest::redirect::Attempt<'_>) -> bool {
    let origins = |url: &Url| url.origin();
    match (attempt.previous().first(), attempt.previous().last()) {
        (Some(first), Some(last)) => origins(last) != origins(first) && origins(attempt.url()) == origins(first),
        _ => false,
    }
}

fn may_see_tokens(hosts: &Hosts, url: &Url) -> bool {
    url.as_str().parse::<Uri>().is_ok_and(|uri| hosts.may_see_tokens(&uri).unwrap_or(false))
}
