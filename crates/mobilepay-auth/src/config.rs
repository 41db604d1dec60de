//! What an integrator gives: merchant, gateway id, version, and all of it from the environment.

use std::ffi::OsString;
use std::fmt;
use std::str::FromStr;

use auth_core::{ClientCredentials, Error, Secret, Vars, sensitive_header};
use http::HeaderValue;
use serde::Deserialize;

use crate::MobilePayAuth;

/// The VAT number of a merchant: `DK` or `FI` and eight digits.
///
/// ```
/// use mobilepay_auth::MerchantVat;
///
/// let vat: MerchantVat = "FI00000042".parse()?;
/// assert_eq!(vat.as_str(), "FI00000042");
/// for bad in ["SE00000042", "dk00000042", "DK0000042", "DK 0000042"] {
///     assert!(MerchantVat::try_from(bad).is_err());
/// }
/// # Ok::<(), mobilepay_auth::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct MerchantVat(String);

impl MerchantVat {
    /// Country prefix and digits, as they are sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn to_header(&self) -> Result<HeaderValue, Error> {
        sensitive_header("merchant VAT number", self.as_str())
    }
}

impl FromStr for MerchantVat {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = text.strip_prefix("DK").or_else(|| text.strip_prefix("FI")).unwrap_or_default();
        if digits.len() != 8 || !is_digits(digits) {
            return Err(Error::config("the merchant VAT number is not one; expected DK or FI and eight digits"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<&str> for MerchantVat {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        text.parse()
    }
}

impl TryFrom<String> for MerchantVat {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl fmt::Display for MerchantVat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The version of the calling system: `Major.Minor.Build`, three whole numbers.
///
/// ```
/// use mobilepay_auth::ClientSystemVersion;
///
/// assert_eq!(ClientSystemVersion::try_from("12.0.345")?.as_str(), "12.0.345");
/// for bad in ["1.2", "1.2.3.4", "1.2.3-rc.1", "v1.2.3"] {
///     assert!(ClientSystemVersion::try_from(bad).is_err());
/// }
/// # Ok::<(), mobilepay_auth::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientSystemVersion(String);

impl ClientSystemVersion {
    /// The version, as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn to_header(&self) -> Result<HeaderValue, Error> {
        sensitive_header("client system version", self.as_str())
    }
}

impl FromStr for ClientSystemVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let is_number = |part: &str| is_digits(part) && part.parse::<u32>().is_ok();
        if text.split('.').count() != 3 || !text.split('.').all(is_number) {
            return Err(Error::config(
                "the client system version is not one; expected Major.Minor.Build in numbers, such as 1.2.3",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<&str> for ClientSystemVersion {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        text.parse()
    }
}

impl TryFrom<String> for ClientSystemVersion {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl fmt::Display for ClientSystemVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What goes into `x-ibm-client-id`, on the token request and on later calls.
///
/// ```
/// use mobilepay_auth::{IbmClientId, Secret};
///
/// let id = IbmClientId::Other(Secret::new("invented-gateway-id")?);
/// assert_eq!(format!("{id:?}"), "Other(Secret(hidden))");
/// assert_eq!(IbmClientId::default(), IbmClientId::Same);
/// # Ok::<(), mobilepay_auth::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IbmClientId {
    /// The client id of the credentials just used.
    #[default]
    Same,
    /// An id of the gateway's own, of printable ASCII.
    Other(Secret),
    /// Nothing: the header is not sent.
    None,
}

impl IbmClientId {
    /// The header's value, beside the client id that is sent in `Authorization`.
    pub(crate) fn to_header(&self, client_id: HeaderValue) -> Result<Option<HeaderValue>, Error> {
        match self {
            Self::Same => Ok(Some(client_id)),
            Self::Other(id) => sensitive_header("IBM client id", id.expose()).map(Some),
            Self::None => Ok(None),
        }
    }

    fn from_var(text: String) -> Result<Self, Error> {
        match text.as_str() {
            "none" => Ok(Self::None),
            _ => Secret::named("IBM client id", text).map(Self::Other),
        }
    }
}

impl MobilePayAuth {
    /// Reads, once: `MOBILEPAY_BASE_URL` or `MOBILEPAY_ENVIRONMENT` (`sandbox` or `production`), exactly one of the two;
    /// `MOBILEPAY_CLIENT_ID` and `MOBILEPAY_CLIENT_SECRET`; and if they are there `MOBILEPAY_MERCHANT_VAT`,
    /// `MOBILEPAY_IBM_CLIENT_ID` (`none` sends none) and `MOBILEPAY_CLIENT_SYSTEM_VERSION`.
    ///
    /// A variable that is empty counts as missing.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming every variable that is missing, or what is wrong with one.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_vars(|name| std::env::var_os(name))
    }

    /// [`MobilePayAuth::from_env`] with variables from elsewhere.
    ///
    /// # Errors
    ///
    /// As [`MobilePayAuth::from_env`].
    pub fn from_vars(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let mut vars = Vars::new(lookup);
        let place = vars.exactly_one(PLACE);
        let (id, secret) = (vars.required(CREDENTIALS[0]), vars.required(CREDENTIALS[1]));
        let [vat, ibm_client_id, version] = OPTIONS.map(|name| vars.optional(name));
        vars.finish()?;
        let mut endpoint = Self::at(place, ClientCredentials::new(id, secret)?)?;
        if let Some(vat) = vat {
            endpoint = endpoint.merchant_vat(vat)?;
        }
        if let Some(id) = ibm_client_id {
            endpoint = endpoint.ibm_client_id(IbmClientId::from_var(id)?)?;
        }
        match version {
            Some(version) => endpoint.client_system_version(version),
            None => Ok(endpoint),
        }
    }

    /// `place` is which of [`PLACE`] is set, and its text.
    fn at((which, text): (usize, String), credentials: ClientCredentials) -> Result<Self, Error> {
        match (PLACE[which], text.as_str()) {
            ("MOBILEPAY_BASE_URL", url) => Self::new(url, credentials),
            (_, "sandbox") => Self::sandbox(credentials),
            (_, "production") => Self::production(credentials),
            _ => Err(Error::config("MOBILEPAY_ENVIRONMENT is neither of the two; expected sandbox or production")),
        }
    }
}

/// Whether `text` is of ASCII digits; true if it is empty.
fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

const PLACE: [&str; 2] = ["MOBILEPAY_BASE_URL", "MOBILEPAY_ENVIRONMENT"];
const CREDENTIALS: [&str; 2] = ["MOBILEPAY_CLIENT_ID", "MOBILEPAY_CLIENT_SECRET"];
const OPTIONS: [&str; 3] = ["MOBILEPAY_MERCHANT_VAT", "MOBILEPAY_IBM_CLIENT_ID", "MOBILEPAY_CLIENT_SYSTEM_VERSION"];
