//! What an integrator gives: two pairs of credentials, the scope, and all of it from the environment.

use std::ffi::OsString;
use std::fmt;

use auth_core::{BaseUrl, ClientCredentials, CredentialSet, Error, Secret, Vars, last_four};

use crate::S2sOAuth;
use crate::wire::BASIC;

/// The service account that authorization codes are issued to.
///
/// ```
/// use s2s_oauth::ServiceAccount;
///
/// let account = ServiceAccount::new("invented-account-4711", "invented-secret")?;
/// assert_eq!(format!("{account:?}"), r#"ServiceAccount { id: "…4711", secret: Secret(hidden) }"#);
/// # Ok::<(), s2s_oauth::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    id: Secret,
    secret: Secret,
}

impl ServiceAccount {
    /// Service Account ID and Secret as the bank issued them.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if either is empty, has a blank at either end, or is not printable ASCII: both travel in headers.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Result<Self, Error> {
        Ok(Self { id: Self::checked_id(id)?, secret: Self::checked_secret(secret)? })
    }

    fn checked_id(id: impl Into<String>) -> Result<Secret, Error> {
        Secret::for_header("service account id", id)
    }

    fn checked_secret(secret: impl Into<String>) -> Result<Secret, Error> {
        Secret::for_header("service account secret", secret)
    }

    /// The Service Account ID.
    pub(crate) fn id(&self) -> &str {
        self.id.expose()
    }

    /// The Service Account Secret.
    pub(crate) fn secret(&self) -> &str {
        self.secret.expose()
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("id", &last_four(self.id())).field("secret", &self.secret).finish()
    }
}

/// Both pairs that the bank wants: the service account's, and those of the app that is subscribed to the API.
///
/// ```
/// use s2s_oauth::{ClientCredentials, S2sCredentials, ServiceAccount};
///
/// let account = ServiceAccount::new("invented-account", "invented-account-secret")?;
/// let client = ClientCredentials::new("invented-client", "invented-client-secret")?;
/// let credentials = S2sCredentials::new(account, client)?;
/// # let _ = credentials;
/// # Ok::<(), s2s_oauth::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S2sCredentials {
    service_account: ServiceAccount,
    client: ClientCredentials,
}

impl S2sCredentials {
    /// The service account, and the app's client id and secret.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if client id or secret is not printable ASCII (both travel in headers), or the client id has a
    /// colon, which raw Basic authentication cannot carry.
    pub fn new(service_account: ServiceAccount, client: ClientCredentials) -> Result<Self, Error> {
        client_id(client.client_id())?;
        client_secret(client.client_secret().expose())?;
        Ok(Self { service_account, client })
    }

    pub(crate) fn service_account(&self) -> &ServiceAccount {
        &self.service_account
    }

    pub(crate) fn client(&self) -> &ClientCredentials {
        &self.client
    }
}

/// `id`, if headers can carry it, and raw Basic.
fn client_id(id: impl Into<String>) -> Result<Secret, Error> {
    let id = Secret::for_header("client id", id)?;
    BASIC.check_client_id(id.expose())?;
    Ok(id)
}

/// `secret`, if headers can carry it.
fn client_secret(secret: impl Into<String>) -> Result<Secret, Error> {
    Secret::for_header("client secret", secret)
}

impl CredentialSet for S2sCredentials {
    fn parts(&self) -> Vec<&str> {
        let (account, client) = (&self.service_account, &self.client);
        vec![account.id(), account.secret(), client.client_id(), client.client_secret().expose()]
    }
}

/// The scopes to ask for, with one blank between them (RFC 6749 §3.3). There is at least one.
///
/// ```
/// use s2s_oauth::Scope;
///
/// assert_eq!(Scope::try_from("read:accounts all:eft")?.as_str(), "read:accounts all:eft");
/// for bad in ["", " all:eft", "all:eft  read:accounts", "all:\"eft\""] {
///     assert!(Scope::try_from(bad).is_err());
/// }
/// # Ok::<(), s2s_oauth::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(String);

impl Scope {
    /// The scopes as they are sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Those that are not among `granted`, a list with blanks between. Their order means nothing.
    pub(crate) fn missing_in(&self, granted: &str) -> Vec<String> {
        let granted: Vec<&str> = granted.split(' ').collect();
        self.0.split(' ').filter(|asked| !granted.contains(asked)).map(str::to_owned).collect()
    }
}

impl TryFrom<String> for Scope {
    type Error = Error;

    fn try_from(scope: String) -> Result<Self, Error> {
        let wrong = if scope.is_empty() {
            "is empty"
        } else if scope.split(' ').any(str::is_empty) {
            "has a blank at an end, or two in a row"
        } else if !scope.bytes().all(is_scope_byte) {
            "has a character that no scope has"
        } else {
            return Ok(Self(scope));
        };
        let expected = "expected scopes of visible ASCII without \" and \\, and one blank between them";
        Err(Error::config(format!("the scope {wrong}; {expected}")))
    }
}

impl TryFrom<&str> for Scope {
    type Error = Error;

    fn try_from(scope: &str) -> Result<Self, Error> {
        Self::try_from(scope.to_owned())
    }
}

impl TryFrom<&String> for Scope {
    type Error = Error;

    fn try_from(scope: &String) -> Result<Self, Error> {
        Self::try_from(scope.clone())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `scope-token` of RFC 6749 §3.3, and the blank between two.
fn is_scope_byte(byte: u8) -> bool {
    matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~')
}

impl S2sOAuth {
    /// Reads `S2S_BASE_URL`, `S2S_SERVICE_ACCOUNT_ID`, `S2S_SERVICE_ACCOUNT_SECRET`, `S2S_CLIENT_ID`, `S2S_CLIENT_SECRET`
    /// and `S2S_SCOPE`, once. One that is empty counts as missing.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming every variable that is missing or wrong, with what was expected.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_vars(|name| std::env::var_os(name))
    }

    /// [`S2sOAuth::from_env`] with variables from elsewhere.
    ///
    /// # Errors
    ///
    /// As [`S2sOAuth::from_env`].
    pub fn from_vars(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let mut vars = Vars::new(lookup);
        let url = vars.needed(BASE_URL, BaseUrl::try_from);
        let account_id = vars.needed(SERVICE_ACCOUNT_ID, ServiceAccount::checked_id);
        let account_secret = vars.needed(SERVICE_ACCOUNT_SECRET, ServiceAccount::checked_secret);
        let id = vars.needed(CLIENT_ID, client_id);
        let secret = vars.needed(CLIENT_SECRET, client_secret);
        let scope = vars.needed(SCOPE, Scope::try_from);
        let account = || Some(ServiceAccount { id: account_id?, secret: account_secret? });
        let (url, account, id, secret, scope) = vars.all(|| Some((url?, account()?, id?, secret?, scope?)))?;
        let client = ClientCredentials::with_secret(id.expose(), secret)?;
        Self::new(url, S2sCredentials::new(account, client)?, scope)
    }
}

const BASE_URL: &str = "S2S_BASE_URL";
const SERVICE_ACCOUNT_ID: &str = "S2S_SERVICE_ACCOUNT_ID";
const SERVICE_ACCOUNT_SECRET: &str = "S2S_SERVICE_ACCOUNT_SECRET";
const CLIENT_ID: &str = "S2S_CLIENT_ID";
const CLIENT_SECRET: &str = "S2S_CLIENT_SECRET";
const SCOPE: &str = "S2S_SCOPE";
