//! What an integrator gives, from the environment.

use std::ffi::OsString;

use auth_core::{BaseUrl, Error, Vars};

use crate::MgPlusSts;

impl MgPlusSts {
    /// Reads `MGPLUS_STS_URL`, `MGPLUS_CLIENT_ID` and `MGPLUS_CLIENT_SECRET`, once. One that is empty counts as missing.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming every variable that is missing or wrong, with what was expected.
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
        let url = vars.needed(STS_URL, BaseUrl::try_from);
        let credentials = vars.credentials([CLIENT_ID, CLIENT_SECRET]);
        let (url, credentials) = vars.all(|| Some((url?, credentials?)))?;
        Self::new(url, credentials)
    }
}

const STS_URL: &str = "MGPLUS_STS_URL";
const CLIENT_ID: &str = "MGPLUS_CLIENT_ID";
const CLIENT_SECRET: &str = "MGPLUS_CLIENT_SECRET";
