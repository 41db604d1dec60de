//! A vendor in memory.

use std::time::Duration;

use auth_core::{Error, Fingerprint, RefreshPolicy, RequestContext, TokenEndpoint, TokenResponse, async_trait};

/// As long as a signed token usually is.
pub(crate) const TOKEN: &str = concat!(
    "invented-token-0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
);

/// Answers at once, with an hour.
#[derive(Debug)]
pub(crate) struct Vendor;

#[async_trait]
impl TokenEndpoint for Vendor {
    fn vendor(&self) -> &'static str {
        "invented"
    }

    fn policy(&self) -> RefreshPolicy {
        RefreshPolicy::default()
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, _: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        TokenResponse::new(TOKEN, Duration::from_secs(3600))
    }
}
