use std::fmt;

/// A vendor whose side of the wire can be simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Vendor {
    /// MG+ "K2" Common Wallet: `mgplus-sts`.
    MgPlus,
    /// StoneX Payments: `stonex-auth`.
    StoneX,
    /// A partner booking API on Laravel Passport: `partner-oauth`.
    Partner,
    /// Türkiye İş Bankası, server to server: `s2s-oauth`.
    S2s,
    /// MobilePay PoS V10: `mobilepay-auth`.
    MobilePay,
}

impl Vendor {
    /// Every vendor, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::MgPlus, Self::StoneX, Self::Partner, Self::S2s, Self::MobilePay];

    /// The name of the provider crate: `mgplus-sts`, `stonex-auth`, `partner-oauth`, `s2s-oauth` or `mobilepay-auth`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MgPlus => "mgplus-sts",
            Self::StoneX => "stonex-auth",
            Self::Partner => "partner-oauth",
            Self::S2s => "s2s-oauth",
            Self::MobilePay => "mobilepay-auth",
        }
    }

    /// The short name: `mgplus`, `stonex`, `partner`, `s2s` or `mobilepay`.
    pub const fn short(self) -> &'static str {
        match self {
            Self::MgPlus => "mgplus",
            Self::StoneX => "stonex",
            Self::Partner => "partner",
            Self::S2s => "s2s",
            Self::MobilePay => "mobilepay",
        }
    }

    /// The vendor of that crate name or short name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| name == vendor.name() || name == vendor.short())
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
