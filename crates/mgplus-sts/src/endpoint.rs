//! The token endpoint: what it is told, and one request.

use std::time::Duration;

use auth_core::{
    BaseUrl, ClientCredentials, CredentialSource, Error, Fingerprint, HttpClient, KeepWarm, Redactor, RefreshPolicy,
    Renew, Request, RequestContext, TokenEndpoint, TokenResponse, async_trait,
};
use http::Method;

use crate::wire::{CALLER, GRANT_TYPE, PATH, RULES, TokenRequest};

/// The Secure Token Service of MG+.
///
/// Give it to a [`auth_core::TokenSource`]. It renews 15 minutes before expiry, in the background from the first call
/// on, as the vendor recommends; the old token stays valid meanwhile.
#[derive(Clone, Debug)]
pub struct MgPlusSts {
    token_endpoint: BaseUrl,
    credentials: CredentialSource<ClientCredentials>,
    http: HttpClient,
}

impl MgPlusSts {
    /// The operator's own STS, as the MG+ Backoffice shows its `url`: the base, or with `/connect/token` at its end. The
    /// credentials are the Agent Code ID (client id) and the Agent Secret.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the URL is refused ([`BaseUrl`] says which are), or cannot be called from this program.
    pub fn new(
        url: impl TryInto<BaseUrl, Error: Into<Error>>,
        credentials: impl Into<CredentialSource<ClientCredentials>>,
    ) -> Result<Self, Error> {
        let token_endpoint = url.try_into().map_err(Into::into)?.without(PATH).join(PATH);
        let http = HttpClient::shared();
        http.check(&token_endpoint)?;
        Ok(Self { token_endpoint, credentials: credentials.into(), http })
    }

    /// Another HTTP client, with a proxy or roots of your own. Default: [`HttpClient::shared`].
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it cannot call the STS.
    pub fn http_client(mut self, client: HttpClient) -> Result<Self, Error> {
        client.check(&self.token_endpoint)?;
        self.http = client;
        Ok(self)
    }
}

#[async_trait]
impl TokenEndpoint for MgPlusSts {
    fn vendor(&self) -> &'static str {
        CALLER.vendor
    }

    fn policy(&self) -> RefreshPolicy {
        let mut policy = RefreshPolicy::default();
        policy.renew = Renew::ahead_by(LEAD);
        policy.keep_warm = KeepWarm::Always;
        policy
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        self.credentials.fingerprint().await
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let credentials = cx.load(&self.credentials).await?;
        let form = serde_urlencoded::to_string(TokenRequest {
            grant_type: GRANT_TYPE,
            client_id: credentials.client_id(),
            client_secret: credentials.client_secret().expose(),
        });
        let form = form.map_err(|_| Error::config("the credentials cannot be written as a form"))?;
        let request = Request::new(CALLER, Method::POST, self.token_endpoint.clone()).form(form);
        let answer = self.http.send(cx, request).await?;
        RULES.token(&answer, &Redactor::new(&credentials))
    }
}

/// "It's recommended to obtain a new token … 15 minutes before the token expiry time." On a token that lives less than
/// half an hour it is half the life.
///
/// ```
/// assert_eq!(mgplus_sts::LEAD.as_secs(), 15 * 60);
/// ```
pub const LEAD: Duration = Duration::from_secs(900);
