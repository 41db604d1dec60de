//! How a request that gets no token fails.

use std::error::Error as StdError;
use std::iter;

use auth_core::Error;

/// Why a request got no token, if that is what it failed with. It is found below other middleware's errors, too.
///
/// ```
/// use auth_core::Error;
///
/// # fn f(error: reqwest_middleware::Error) {
/// match auth_reqwest::token_error(&error) {
///     Some(error) if error.is_transient() => println!("again in {:?}", error.retry_after()),
///     Some(error) => println!("somebody must act: {error}"),
///     None => println!("the call itself failed: {error}"),
/// }
/// # }
/// ```
#[must_use]
pub fn token_error(error: &reqwest_middleware::Error) -> Option<&Error> {
    let mut chain = iter::successors::<&(dyn StdError + 'static), _>(Some(error), |error| (*error).source());
    chain.find_map(|error| error.downcast_ref())
}

/// As a source of what is shown, and not that itself: what wraps it, as retries do, often shows its sources alone. It reads
/// the same, since few programs print more than the first line.
pub(crate) fn refused(error: Error) -> reqwest_middleware::Error {
    let shown = error.to_string();
    match reqwest_middleware::Error::middleware(error) {
        reqwest_middleware::Error::Middleware(error) => reqwest_middleware::Error::Middleware(error.context(shown)),
        error => error,
    }
}
