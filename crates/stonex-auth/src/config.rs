//! What an integrator gives: the API version, and all of it from the environment.

use std::ffi::OsString;
use std::fmt;

use auth_core::{BaseUrl, Error, Vars};

use crate::wire::{DEFAULT_API_VERSION, PATH_END};
use crate::{PRODUCTION, SANDBOX, StoneXAuth};

/// The API version in the path: `1` for `/api/v1/authentication`, which is the default.
///
/// A digit, then digits, letters, dots or hyphens, 16 characters at most. A `v` before it is taken off.
///
/// ```
/// use stonex_auth::ApiVersion;
///
/// assert_eq!(ApiVersion::default(), ApiVersion::from(1));
/// assert_eq!(ApiVersion::try_from("v2")?, ApiVersion::from(2));
/// assert_eq!(ApiVersion::try_from("2.1")?.to_string(), "2.1");
/// assert!(ApiVersion::try_from("2/../1").is_err());
/// # Ok::<(), stonex_auth::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ApiVersion(String);

impl Default for ApiVersion {
    fn default() -> Self {
        Self::from(DEFAULT_API_VERSION)
    }
}

impl From<u16> for ApiVersion {
    fn from(version: u16) -> Self {
        Self(version.to_string())
    }
}

impl TryFrom<&str> for ApiVersion {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        let version = text.strip_prefix('v').unwrap_or(text);
        let others = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
        let begins = version.starts_with(|c: char| c.is_ascii_digit());
        if !begins || version.len() > MAX_VERSION_LEN || !version.bytes().all(others) {
            return Err(Error::config("the API version is expected to be as in /api/v1/: 1, or 2.1"));
        }
        Ok(Self(version.to_owned()))
    }
}

impl TryFrom<String> for ApiVersion {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::try_from(text.as_str())
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `url`, if it has no path of the API. The page shows host and path as one, so the whole is what gets pasted; the path's
/// version would then stand against [`StoneXAuth::api_version`].
pub(crate) fn host_alone(url: BaseUrl) -> Result<BaseUrl, Error> {
    if url.as_str().ends_with(PATH_END) {
        return Err(Error::config(format!(
            "the URL ends with {PATH_END}, which is added here; expected the host alone, such as {SANDBOX}"
        )));
    }
    Ok(url)
}

impl StoneXAuth {
    /// Reads `STONEX_BASE_URL` or `STONEX_ENVIRONMENT` (`sandbox` or `production`), exactly one of the two, and
    /// `STONEX_CLIENT_ID` and `STONEX_CLIENT_SECRET`, once. One that is empty counts as missing.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming every variable that is missing or wrong, with what was expected.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_vars(|name| std::env::var_os(name))
    }

    /// [`StoneXAuth::from_env`] with variables from elsewhere.
    ///
    /// # Errors
    ///
    /// As [`StoneXAuth::from_env`].
    pub fn from_vars(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let mut vars = Vars::new(lookup);
        let url = vars.url_or_environment([BASE_URL, ENVIRONMENT], &ENVIRONMENTS);
        let url = url.and_then(|url| vars.kept(BASE_URL, host_alone(url)));
        let credentials = vars.credentials([CLIENT_ID, CLIENT_SECRET]);
        let (url, credentials) = vars.all(|| Some((url?, credentials?)))?;
        Self::new(url, credentials)
    }
}

const BASE_URL: &str = "STONEX_BASE_URL";
const ENVIRONMENT: &str = "STONEX_ENVIRONMENT";
const ENVIRONMENTS: [(&str, &str); 2] = [("sandbox", SANDBOX), ("production", PRODUCTION)];
const CLIENT_ID: &str = "STONEX_CLIENT_ID";
const CLIENT_SECRET: &str = "STONEX_CLIENT_SECRET";
const MAX_VERSION_LEN: usize = 16;
