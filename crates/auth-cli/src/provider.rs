//! The five providers: their names, and a token source of each.

use std::ffi::OsString;

use auth_core::{BasicEncoding, Error, RefreshPolicy, TokenEndpoint, TokenSource};
use auth_sim::Vendor;
use clap::ValueEnum;

use crate::habits::Habits;

/// A provider, by the name of its crate or by the short one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Provider {
    /// MG+ "K2" Secure Token Service (short: mgplus)
    #[value(name = "mgplus-sts", alias = "mgplus")]
    MgPlus,
    /// StoneX Payments API (short: stonex)
    #[value(name = "stonex-auth", alias = "stonex")]
    StoneX,
    /// A partner booking API (short: partner)
    #[value(name = "partner-oauth", alias = "partner")]
    Partner,
    /// Türkiye İş Bankası, server to server (short: s2s)
    #[value(name = "s2s-oauth", alias = "s2s")]
    S2s,
    /// MobilePay PoS V10, which is closed (short: mobilepay)
    #[value(name = "mobilepay-auth", alias = "mobilepay")]
    MobilePay,
}

impl Provider {
    pub(crate) const ALL: [Self; 5] = [Self::MgPlus, Self::StoneX, Self::Partner, Self::S2s, Self::MobilePay];

    /// Whose side of the wire is simulated.
    pub(crate) fn vendor(self) -> Vendor {
        match self {
            Self::MgPlus => Vendor::MgPlus,
            Self::StoneX => Vendor::StoneX,
            Self::Partner => Vendor::Partner,
            Self::S2s => Vendor::S2s,
            Self::MobilePay => Vendor::MobilePay,
        }
    }

    /// The crate's name.
    pub(crate) fn name(self) -> &'static str {
        self.vendor().name()
    }

    /// The name for people in a hurry.
    pub(crate) fn short(self) -> &'static str {
        self.vendor().short()
    }

    /// The URL of the vendor's own environment of that name, where the provider knows any.
    pub(crate) fn environment(self, name: &str) -> Option<&'static str> {
        match (self, name) {
            (Self::StoneX, "sandbox") => Some(stonex_auth::SANDBOX),
            (Self::StoneX, "production") => Some(stonex_auth::PRODUCTION),
            (Self::MobilePay, "sandbox") => Some(mobilepay_auth::SANDBOX),
            (Self::MobilePay, "production") => Some(mobilepay_auth::PRODUCTION),
            _ => None,
        }
    }

    /// How many requests one token takes: the bank wants one for a code before.
    pub(crate) fn requests_per_token(self) -> u32 {
        if self == Self::S2s { 2 } else { 1 }
    }

    /// A source that is configured by the variables that `lookup` finds, with the vendor's policy as `adjust` leaves it.
    ///
    /// # Errors
    ///
    /// What the provider's `from_vars` refuses.
    pub(crate) fn source(
        self,
        lookup: impl Fn(&str) -> Option<OsString>,
        adjust: impl FnOnce(&mut RefreshPolicy),
    ) -> Result<TokenSource, Error> {
        self.source_with(lookup, &Habits::default(), adjust)
    }

    /// The same, of a vendor with these habits.
    pub(crate) fn source_with(
        self,
        lookup: impl Fn(&str) -> Option<OsString>,
        habits: &Habits,
        adjust: impl FnOnce(&mut RefreshPolicy),
    ) -> Result<TokenSource, Error> {
        Ok(match self {
            Self::MgPlus => build(mgplus_sts::MgPlusSts::from_vars(lookup)?, adjust),
            Self::StoneX => {
                let version = habits.api_version.clone().unwrap_or_default();
                build(stonex_auth::StoneXAuth::from_vars(lookup)?.api_version(version)?, adjust)
            }
            Self::Partner => build(partner_oauth::PartnerOAuth::from_vars(lookup)?, adjust),
            Self::S2s => {
                let s2s = s2s_oauth::S2sOAuth::from_vars(lookup)?.header_names(habits.header_names())?;
                build(if habits.post { s2s.post() } else { s2s }, adjust)
            }
            Self::MobilePay => {
                let mobilepay = mobilepay_auth::MobilePayAuth::from_vars(lookup)?;
                build(mobilepay.basic_encoding(habits.basic_encoding.unwrap_or(BasicEncoding::Form))?, adjust)
            }
        })
    }
}

fn build(endpoint: impl TokenEndpoint, adjust: impl FnOnce(&mut RefreshPolicy)) -> TokenSource {
    let mut policy = endpoint.policy();
    adjust(&mut policy);
    TokenSource::builder(endpoint).policy(policy).build()
}
