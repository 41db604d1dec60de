//! What an integrator gives: the STS URL, and all of it from the environment.

use std::ffi::OsString;

use auth_core::{BaseUrl, ClientCredentials, Error, Vars};

use crate::MgPlusSts;
use crate::wire::PATH;

/// The operator's own STS URL, as the MG+ Backoffice shows it: the base, or with `/connect/token` at its end.
///
/// ```
/// use mgplus_sts::StsUrl;
///
/// let base = StsUrl::try_from("https://sts-operator.example")?;
/// let full = StsUrl::try_from("https://sts-operator.example/connect/token/")?;
/// assert_eq!(base, full);
/// # Ok::<(), mgplus_sts::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StsUrl(BaseUrl);

impl StsUrl {
    /// Where tokens are requested.
    pub(crate) fn token_endpoint(&self) -> BaseUrl {
        self.0.join(PATH)
    }
}

impl From<BaseUrl> for StsUrl {
    fn from(url: BaseUrl) -> Self {
        Self(url.without(PATH))
    }
}

impl TryFrom<&str> for StsUrl {
    type Error = Error;

    fn try_from(url: &str) -> Result<Self, Error> {
        BaseUrl::try_from(url).map(Self::from)
    }
}

impl TryFrom<String> for StsUrl {
    type Error = Error;

    fn try_from(url: String) -> Result<Self, Error> {
        Self::try_from(url.as_str())
    }
}

impl MgPlusSts {
    /// Reads `MGPLUS_STS_URL`, `MGPLUS_CLIENT_ID` and `MGPLUS_CLIENT_SECRET`, once.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming every variable that is missing, or what is wrong with one.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_vars(|name| std::env::var_os(name))
    }

    /// [`MgPlusSts::from_env`] with variables from elsewhere.
    ///
    /// # Errors
    ///
    /// As [`MgPlusSts::from_env`].
    pub fn from_vars(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let mut vars = Vars::new(lookup);
        let (url, id, secret) = (vars.required(VARS[0]), vars.required(VARS[1]), vars.required(VARS[2]));
        vars.finish()?;
        Self::new(url, ClientCredentials::new(id, secret)?)
    }
}

const VARS: [&str; 3] = ["MGPLUS_STS_URL", "MGPLUS_CLIENT_ID", "MGPLUS_CLIENT_SECRET"];
