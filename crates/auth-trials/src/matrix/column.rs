//! The columns: a vendor, and which of its calls meets the fault.

use std::fmt;

use auth_sim::{Target, Vendor};

/// One column of the matrix. The bank has two, since each of its two calls may meet a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// mgplus-sts.
    MgPlus,
    /// stonex-auth.
    StoneX,
    /// partner-oauth.
    Partner,
    /// mobilepay-auth.
    MobilePay,
    /// s2s-oauth, whose code call meets the fault.
    S2sCode,
    /// s2s-oauth, whose token call does.
    S2sToken,
}

impl Column {
    /// Every column, from left to right.
    pub const ALL: [Self; 6] =
        [Self::MgPlus, Self::StoneX, Self::Partner, Self::MobilePay, Self::S2sCode, Self::S2sToken];

    /// Whose column it is.
    #[must_use]
    pub fn vendor(self) -> Vendor {
        match self {
            Self::MgPlus => Vendor::MgPlus,
            Self::StoneX => Vendor::StoneX,
            Self::Partner => Vendor::Partner,
            Self::MobilePay => Vendor::MobilePay,
            Self::S2sCode | Self::S2sToken => Vendor::S2s,
        }
    }

    /// The call that meets the fault.
    pub(super) fn target(self) -> Target {
        if self == Self::S2sCode { Target::Code } else { Target::Token }
    }

    /// Requests of an attempt that meets the fault.
    pub(super) fn spoilt_requests(self) -> u64 {
        if self == Self::S2sToken { 2 } else { 1 }
    }

    /// Requests of an attempt that meets none.
    pub(super) fn healthy_requests(self) -> u64 {
        if self.vendor() == Vendor::S2s { 2 } else { 1 }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S2sCode => f.write_str("s2s-oauth: code"),
            Self::S2sToken => f.write_str("s2s-oauth: token"),
            other => f.write_str(other.vendor().name()),
        }
    }
}
