//! The token endpoint: what it is told, and one request.

use auth_core::{
    BaseUrl, ClientCredentials, CredentialSource, Error, Failure, Fingerprint, HttpClient, Redactor, Request,
    RequestContext, TokenEndpoint, TokenResponse, async_trait,
};
use http::Method;

use crate::wire::{CALLER, GRANT_TYPE, PATH, RULES, TestMark, TokenRequest};

/// The token endpoint of the Partner API.
///
/// Give it to a [`auth_core::TokenSource`]. The page gives no advice on renewal, so a token is renewed as
/// [`auth_core::RefreshPolicy::default`] says.
#[derive(Clone, Debug)]
pub struct PartnerOAuth {
    token_endpoint: BaseUrl,
    credentials: CredentialSource<ClientCredentials>,
    http: HttpClient,
    live_only: bool,
}

impl PartnerOAuth {
    /// The API at `url`, which comes with the credentials: the base, or with `/api/oauth/token` at its end. The
    /// credentials are the Client ID and the Client Secret.
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
        Ok(Self { token_endpoint, credentials: credentials.into(), http, live_only: false })
    }

    /// Takes live tokens alone, so that test credentials in production are found at the first request. Default: takes all.
    ///
    /// A token whose claim `is_test` is true becomes [`Error::Rejected`]. One that does not say, because it is no JWT or its
    /// `is_test` is missing or neither true nor false, is not taken for a live one: it becomes [`Error::Malformed`].
    ///
    /// Either way nobody gets it, a person must act, and the source waits as after any refusal
    /// ([`auth_core::PERMANENT_HOLD`]) or until the credentials change; a token from before is served for as long as it
    /// lives. Like all claims, this one is read without checking the signature.
    #[must_use]
    pub fn require_live(mut self) -> Self {
        self.live_only = true;
        self
    }

    /// Another HTTP client, with a proxy or roots of your own. Default: [`HttpClient::shared`].
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it cannot call the API.
    pub fn http_client(mut self, client: HttpClient) -> Result<Self, Error> {
        client.check(&self.token_endpoint)?;
        self.http = client;
        Ok(self)
    }
}

#[async_trait]
impl TokenEndpoint for PartnerOAuth {
    fn vendor(&self) -> &'static str {
        CALLER.vendor
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        self.credentials.fingerprint().await
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let credentials = cx.load(&self.credentials).await?;
        let body = serde_json::to_vec(&TokenRequest {
            grant_type: GRANT_TYPE,
            client_id: credentials.client_id(),
            client_secret: credentials.client_secret().expose(),
        });
        let body = body.map_err(|_| Error::config("the credentials cannot be written as JSON"))?;
        let request = Request::new(CALLER, Method::POST, self.token_endpoint.clone()).json(body);
        let answer = self.http.send(cx, request).await?;
        let token = RULES.token(&answer, &Redactor::new(&credentials))?;
        if self.live_only { live(token) } else { Ok(token) }
    }
}

/// `token`, if it says that it is no test token.
pub(crate) fn live(token: TokenResponse) -> Result<TokenResponse, Error> {
    let failure = Failure::of(CALLER.vendor);
    match token.claims().ok().and_then(|TestMark { is_test }| is_test) {
        Some(false) => Ok(token),
        Some(true) => Err(Error::Rejected(
            failure
                .detail("a test token came, where require_live() takes live ones alone")
                .hint("use the Client ID and the Client Secret of the live partner, not those for tests"),
        )),
        None => Err(Error::Malformed(
            failure
                .permanent()
                .detail("the token has no claim is_test, so require_live() does not take it for a live one")
                .hint("ask the partner API's support how live tokens are known; without require_live() it is taken"),
        )),
    }
}
