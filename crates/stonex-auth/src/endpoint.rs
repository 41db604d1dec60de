//! The token endpoint: what it is told, and one request.

use auth_core::{
    BaseUrl, ClientCredentials, CredentialSource, Error, Fingerprint, HttpClient, Reach, Redactor, RefreshPolicy,
    Request, RequestContext, TokenEndpoint, TokenResponse, async_trait,
};
use http::Method;

use crate::config::check_base;
use crate::wire::{CALLER, RULES, TLS_HINT, TokenRequest};
use crate::{ApiVersion, PRODUCTION, SANDBOX};

/// The authentication of the StoneX Payments API.
///
/// Give it to a [`auth_core::TokenSource`]. The page names no time of renewal, so it is the core's: at 75 % of the life at
/// the latest, and the old token is used meanwhile.
#[derive(Clone, Debug)]
pub struct StoneXAuth {
    base: BaseUrl,
    api_version: ApiVersion,
    credentials: CredentialSource<ClientCredentials>,
    http: HttpClient,
}

impl StoneXAuth {
    /// StoneX's sandbox, [`SANDBOX`], for the client id and secret that the account management team issued for it.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it cannot be called from this program: no TLS built in, no CA certificates on the system.
    pub fn sandbox(credentials: impl Into<CredentialSource<ClientCredentials>>) -> Result<Self, Error> {
        Self::new(SANDBOX, credentials)
    }

    /// Live payments, [`PRODUCTION`], for the client id and secret that the account management team issued for them.
    ///
    /// # Errors
    ///
    /// As [`StoneXAuth::sandbox`].
    pub fn production(credentials: impl Into<CredentialSource<ClientCredentials>>) -> Result<Self, Error> {
        Self::new(PRODUCTION, credentials)
    }

    /// The API at another host: a simulator, a gateway of your own. `url` is what stands before `/api/v1/authentication`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the URL is refused ([`BaseUrl`] says which are), has the path at its end already, or cannot be
    /// called from this program.
    pub fn new(
        url: impl TryInto<BaseUrl, Error: Into<Error>>,
        credentials: impl Into<CredentialSource<ClientCredentials>>,
    ) -> Result<Self, Error> {
        let base = url.try_into().map_err(Into::into)?;
        check_base(&base)?;
        let http = HttpClient::shared();
        http.check(&base)?;
        Ok(Self { base, api_version: ApiVersion::default(), credentials: credentials.into(), http })
    }

    /// Another API version: a number, or text such as `"2.1"`. Default: 1.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the text is none; [`ApiVersion`] says what is.
    pub fn api_version(mut self, version: impl TryInto<ApiVersion, Error: Into<Error>>) -> Result<Self, Error> {
        self.api_version = version.try_into().map_err(Into::into)?;
        Ok(self)
    }

    /// Another HTTP client, with a proxy or roots of your own. Default: [`HttpClient::shared`].
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it cannot call the host.
    pub fn http_client(mut self, client: HttpClient) -> Result<Self, Error> {
        client.check(&self.base)?;
        self.http = client;
        Ok(self)
    }
}

#[async_trait]
impl TokenEndpoint for StoneXAuth {
    fn vendor(&self) -> &'static str {
        CALLER.vendor
    }

    fn policy(&self) -> RefreshPolicy {
        RefreshPolicy::default()
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        self.credentials.fingerprint().await
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let credentials = cx.load(&self.credentials).await?;
        let (client_id, client_secret) = (credentials.client_id(), credentials.client_secret().expose());
        let body = json(&TokenRequest { client_id, client_secret })?;
        let url = self.base.join(&self.api_version.path());
        let request = Request::new(CALLER, Method::POST, url).json(body);
        let answer = self.http.send(cx, request).await.map_err(with_tls_hint)?;
        RULES.token(&answer, &redactor(&credentials)?)
    }
}

/// Knows the credentials as JSON escapes them too: an error that quotes the request has them in that form.
fn redactor(credentials: &ClientCredentials) -> Result<Redactor, Error> {
    let mut redactor = Redactor::new(credentials);
    for part in [credentials.client_id(), credentials.client_secret().expose()] {
        let quoted = json(part)?;
        let inner = quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
        redactor.add(std::str::from_utf8(inner.unwrap_or_default()).unwrap_or_default());
    }
    Ok(redactor)
}

fn json(value: &(impl serde::Serialize + ?Sized)) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|_| Error::config("the credentials cannot be written as JSON"))
}

fn with_tls_hint(error: Error) -> Error {
    match (error.reach(), error) {
        (Some(Reach::Tls), Error::Unreachable(failure)) => Error::Unreachable(failure.hint(TLS_HINT)),
        (_, other) => other,
    }
}
