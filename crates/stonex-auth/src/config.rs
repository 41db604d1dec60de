//! What an integrator gives: the API version, and all of it from the environment.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt;

use auth_core::{BaseUrl, ClientCredentials, Error, Vars};

use crate::wire::{DEFAULT_API_VERSION, PATH_END, path};
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
pub struct ApiVersion(Cow<'static, str>);

impl ApiVersion {
    /// Where tokens are requested, below the host.
    pub(crate) fn path(&self) -> String {
        path(&self.0)
    }
}

impl Default for ApiVersion {
    fn default() -> Self {
        Self(DEFAULT_API_VERSION.into())
    }
}

impl From<u16> for ApiVersion {
    fn from(version: u16) -> Self {
        Self(version.to_string().into())
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
        Ok(Self(version.to_owned().into()))
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

/// The host's URL. The page shows host and path as one, so the whole is what gets pasted; the path's version would then
/// stand against [`StoneXAuth::api_version`].
pub(crate) fn check_base(url: &BaseUrl) -> Result<(), Error> {
    if url.as_str().ends_with(PATH_END) {
        return Err(Error::config(format!(
            "the URL ends with {PATH_END}, which is added here; expected the host alone, such as {SANDBOX}"
        )));
    }
    Ok(())
}

impl StoneXAuth {
    /// Reads `STONEX_ENVIRONMENT` (`sandbox` or `production`) or `STONEX_BASE_URL`, exactly one of the two, and
    /// `STONEX_CLIENT_ID` and `STONEX_CLIENT_SECRET`, once.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming every variable that is missing, or what is wrong with one.
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
        let (place, host) = vars.exactly_one(HOST_VARS);
        let (id, secret) = (vars.required(CREDENTIAL_VARS[0]), vars.required(CREDENTIAL_VARS[1]));
        vars.finish()?;
        let url = if place == 0 { host.as_str() } else { host_of(&host)? };
        Self::new(url, ClientCredentials::new(id, secret)?)
    }
}

/// The host of an environment, by its name. A name that is wrong is not repeated: it may be a secret in the wrong place.
fn host_of(environment: &str) -> Result<&'static str, Error> {
    match environment {
        "sandbox" => Ok(SANDBOX),
        "production" => Ok(PRODUCTION),
        _ => Err(Error::config("STONEX_ENVIRONMENT is neither of what is expected: sandbox or production")),
    }
}

const HOST_VARS: [&str; 2] = ["STONEX_BASE_URL", "STONEX_ENVIRONMENT"];
const CREDENTIAL_VARS: [&str; 2] = ["STONEX_CLIENT_ID", "STONEX_CLIENT_SECRET"];
const MAX_VERSION_LEN: usize = 16;
