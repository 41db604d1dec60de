//! What an integrator gives: merchant, gateway id, version, and all of it from the environment.

use std::ffi::OsString;
use std::fmt;
use std::str::FromStr;

use auth_core::{ClientCredentials, Error, Secret, Vars, sensitive_header};
use http::HeaderValue;
use serde::Deserialize;

use crate::{MobilePayAuth, PRODUCTION, SANDBOX};

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

impl TryFrom<&str> for ClientSystemVersion {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        let is_number = |part: &str| is_digits(part) && part.parse::<u32>().is_ok();
        if text.split('.').count() != 3 || !text.split('.').all(is_number) {
            return Err(Error::config(
                "the client system version is not one; expected Major.Minor.Build in numbers, such as 1.2.3",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ClientSystemVersion {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::try_from(text.as_str())
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
            _ => Secret::for_header("IBM client id", text).map(Self::Other),
        }
    }
}

impl MobilePayAuth {
    /// Reads `MOBILEPAY_BASE_URL` or `MOBILEPAY_ENVIRONMENT` (`sandbox` or `production`), exactly one of the two,
    /// `MOBILEPAY_CLIENT_ID` and `MOBILEPAY_CLIENT_SECRET`, and if they are there `MOBILEPAY_MERCHANT_VAT`,
    /// `MOBILEPAY_IBM_CLIENT_ID` (`none` sends none) and `MOBILEPAY_CLIENT_SYSTEM_VERSION`, once. One that is empty counts
    /// as missing.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming every variable that is missing or wrong, with what was expected.
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
        let url = vars.url_or_environment([BASE_URL, ENVIRONMENT], &ENVIRONMENTS);
        let id = vars.needed(CLIENT_ID, |id| Secret::for_header("client id", id));
        let secret = vars.needed(CLIENT_SECRET, |secret| Secret::named("client secret", secret));
        let merchant_vat = vars.parsed(MERCHANT_VAT, MerchantVat::try_from);
        let ibm_client_id = vars.parsed(IBM_CLIENT_ID, IbmClientId::from_var).unwrap_or_default();
        let client_system_version = vars.parsed(CLIENT_SYSTEM_VERSION, ClientSystemVersion::try_from);
        let (url, id, secret) = vars.all(|| Some((url?, id?, secret?)))?;
        let mut endpoint = Self::new(url, ClientCredentials::with_secret(id.expose(), secret)?)?;
        endpoint.merchant_vat = merchant_vat;
        endpoint.ibm_client_id = ibm_client_id;
        endpoint.client_system_version = client_system_version;
        Ok(endpoint)
    }
}

/// Whether `text` is of ASCII digits; true if it is empty.
fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

const BASE_URL: &str = "MOBILEPAY_BASE_URL";
const ENVIRONMENT: &str = "MOBILEPAY_ENVIRONMENT";
const ENVIRONMENTS: [(&str, &str); 2] = [("sandbox", SANDBOX), ("production", PRODUCTION)];
const CLIENT_ID: &str = "MOBILEPAY_CLIENT_ID";
const CLIENT_SECRET: &str = "MOBILEPAY_CLIENT_SECRET";
const MERCHANT_VAT: &str = "MOBILEPAY_MERCHANT_VAT";
const IBM_CLIENT_ID: &str = "MOBILEPAY_IBM_CLIENT_ID";
const CLIENT_SYSTEM_VERSION: &str = "MOBILEPAY_CLIENT_SYSTEM_VERSION";
