//! A token source of any of the five.

use std::ffi::OsString;

use auth_core::{Clock, Error, HttpClient, RefreshPolicy, SystemClock, TokenEndpoint, TokenSource};
use auth_sim::Vendor;
use mgplus_sts::MgPlusSts;
use mobilepay_auth::MobilePayAuth;
use partner_oauth::PartnerOAuth;
use s2s_oauth::S2sOAuth;
use stonex_auth::StoneXAuth;

/// What a source is made with, besides its variables.
#[derive(Debug)]
pub struct Setup<C = SystemClock> {
    /// Sends the requests.
    pub client: HttpClient,
    /// Measures expiry.
    pub clock: C,
    /// Changes the vendor's own policy.
    pub adjust: fn(&mut RefreshPolicy),
}

impl Default for Setup {
    fn default() -> Self {
        Self { client: HttpClient::shared(), clock: SystemClock, adjust: |_| {} }
    }
}

/// A source that talks to `vendor`, configured by the variables of its crate ([`auth_sim::Simulator::vars`]).
///
/// # Errors
///
/// [`Error::Config`], as the provider's `from_vars` and `http_client`.
pub fn source(vendor: Vendor, vars: &[(&str, String)], setup: Setup<impl Clock>) -> Result<TokenSource, Error> {
    let lookup = |name: &str| vars.iter().find(|(var, _)| *var == name).map(|(_, value)| OsString::from(value));
    let client = setup.client.clone();
    Ok(match vendor {
        Vendor::MgPlus => build(MgPlusSts::from_vars(lookup)?.http_client(client)?, setup),
        Vendor::StoneX => build(StoneXAuth::from_vars(lookup)?.http_client(client)?, setup),
        Vendor::Partner => build(PartnerOAuth::from_vars(lookup)?.http_client(client)?, setup),
        Vendor::S2s => build(S2sOAuth::from_vars(lookup)?.http_client(client)?, setup),
        Vendor::MobilePay => build(MobilePayAuth::from_vars(lookup)?.http_client(client)?, setup),
        other => return Err(Error::config(format!("no provider is known for {other:?}"))),
    })
}

fn build(endpoint: impl TokenEndpoint, setup: Setup<impl Clock>) -> TokenSource {
    let mut policy = endpoint.policy();
    (setup.adjust)(&mut policy);
    TokenSource::builder(endpoint).policy(policy).clock(setup.clock).build()
}
