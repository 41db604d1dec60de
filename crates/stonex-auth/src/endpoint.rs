//! The token endpoint: what it is told, and one request.

use auth_core::{
    BaseUrl, ClientCredentials, CredentialSource, Error, Fingerprint, HttpClient, Reach, Redactor, Request,
    RequestContext, TokenEndpoint, TokenResponse, async_trait,
};
use http::Method;

use crate::config::host_alone;
use crate::wire::{CALLER, RULES, TLS_HINT, TokenRequest, path};
use crate::{ApiVersion, PRODUCTION, SANDBOX};

/// The authentication of the StoneX Payments API.
///
/// Give it to a [`auth_core::TokenSource`]. The page gives no advice on renewal, so a token is renewed as
/// [`auth_core::RefreshPolicy::default`] says.
#[derive(Clone, Debug)]
pub struct StoneXAuth {
    base: BaseUrl,
    api_version: ApiVersion,
    credentials: CredentialSource<ClientCredentials>,
    http: HttpClient,
}

impl StoneXAuth {
    /// The sandbox, [`SANDBOX`], with the credentials that the account management team issued for it.
    ///
    /// # Errors
    ///
    /// As [`StoneXAuth::new`].
    pub fn sandbox(credentials: impl Into<CredentialSource<ClientCredentials>>) -> Result<Self, Error> {
        Self::new(SANDBOX, credentials)
    }

    /// Production, [`PRODUCTION`], with the credentials that the account management team issued for it.
    ///
    /// # Errors
    ///
    /// As [`StoneXAuth::new`].
    pub fn production(credentials: impl Into<CredentialSource<ClientCredentials>>) -> Result<Self, Error> {
        Self::new(PRODUCTION, credentials)
    }

    /// Another host, such as a simulator: the URL that `/api/v1/authentication` stands below, without that at its end.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the URL is refused ([`BaseUrl`] says which are), has the path at its end already, or cannot be
    /// called from this program.
    pub fn new(
        url: impl TryInto<BaseUrl, Error: Into<Error>>,
        credentials: impl Into<CredentialSource<ClientCredentials>>,
    ) -> Result<Self, Error> {
        let base = host_alone(url.try_into().map_err(Into::into)?)?;
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

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        self.credentials.fingerprint().await
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let credentials = cx.load(&self.credentials).await?;
        let body = serde_json::to_vec(&TokenRequest {
            client_id: credentials.client_id(),
            client_secret: credentials.client_secret().expose(),
        });
        let body = body.map_err(|_| Error::config("the credentials cannot be written as JSON"))?;
        let request = Request::new(CALLER, Method::POST, self.base.join(&path(&self.api_version))).json(body);
        let answer = self.http.send(cx, request).await.map_err(with_tls_hint)?;
        RULES.token(&answer, &Redactor::new(&credentials))
    }
}

fn with_tls_hint(error: Error) -> Error {
    if error.reach() == Some(Reach::Tls) { error.with_hint(TLS_HINT) } else { error }
}
