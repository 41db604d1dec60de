//! What an integrator gives: the API's URL, and all of it from the environment.

use std::ffi::OsString;

use auth_core::{BaseUrl, ClientCredentials, Error, Vars};

use crate::PartnerOAuth;
use crate::wire::PATH;

/// The partner API's URL, which comes with the credentials: the base, or with `/api/oauth/token` at its end.
///
/// ```
/// use partner_oauth::PartnerUrl;
///
/// let base = PartnerUrl::try_from("https://partner-api.example")?;
/// let full = PartnerUrl::try_from("https://partner-api.example/api/oauth/token/")?;
/// assert_eq!(base, full);
/// assert!(PartnerUrl::try_from("http://partner-api.example").is_err());
/// # Ok::<(), partner_oauth::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerUrl(BaseUrl);

impl PartnerUrl {
    /// Where tokens are requested.
    pub(crate) fn token_endpoint(&self) -> BaseUrl {
        self.0.join(PATH)
    }
}

impl From<BaseUrl> for PartnerUrl {
    fn from(url: BaseUrl) -> Self {
        Self(url.without(PATH))
    }
}

impl TryFrom<&str> for PartnerUrl {
    type Error = Error;

    fn try_from(url: &str) -> Result<Self, Error> {
        BaseUrl::try_from(url).map(Self::from)
    }
}

impl TryFrom<String> for PartnerUrl {
    type Error = Error;

    fn try_from(url: String) -> Result<Self, Error> {
        Self::try_from(url.as_str())
    }
}

impl TryFrom<&String> for PartnerUrl {
    type Error = Error;

    fn try_from(url: &String) -> Result<Self, Error> {
        Self::try_from(url.as_str())
    }
}

impl PartnerOAuth {
    /// Reads `PARTNER_BASE_URL`, `PARTNER_CLIENT_ID` and `PARTNER_CLIENT_SECRET`, once.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming every variable that is missing or empty, or what is wrong with one.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_vars(|name| std::env::var_os(name))
    }

    /// [`PartnerOAuth::from_env`] with variables from elsewhere.
    ///
    /// # Errors
    ///
    /// As [`PartnerOAuth::from_env`].
    pub fn from_vars(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let mut vars = Vars::new(lookup);
        let (url, id, secret) = (vars.required(VARS[0]), vars.required(VARS[1]), vars.required(VARS[2]));
        vars.finish()?;
        Self::new(url, ClientCredentials::new(id, secret)?)
    }
}

const VARS: [&str; 3] = ["PARTNER_BASE_URL", "PARTNER_CLIENT_ID", "PARTNER_CLIENT_SECRET"];
