//! The token endpoint: what it is told, one request, and the headers of later calls.

use auth_core::{
    AccessToken, BaseUrl, BasicEncoding, ClientCredentials, CredentialSource, Error, Failure, Fingerprint, HeaderSet,
    HttpClient, Redactor, Request, RequestContext, TokenEndpoint, TokenResponse, async_trait, sensitive_header,
};
use http::{HeaderName, HeaderValue, Method, header};
use serde::de::IgnoredAny;

use crate::wire::{
    Binding, CALLER, CLIENT_SYSTEM_VERSION, GRANT_TYPE, IBM_CLIENT_ID, MERCHANT_VAT, PATH, PRODUCTION, RULES, SANDBOX,
    TokenRequest,
};
use crate::{ClientSystemVersion, IbmClientId, MerchantVat};

/// The Integrator Authentication API of MobilePay.
///
/// Give it to a [`auth_core::TokenSource`]. With a merchant ([`MobilePayAuth::merchant_vat`]) its tokens work for that
/// one alone: one source for each merchant. Without, they work for all of the integrator's, and each call names its own:
/// keep a clone for [`MobilePayAuth::headers_for`].
///
/// The vendor advises to try again after 5xx and network failures alone, twice, at most five times, as
/// [`auth_core::RefreshPolicy::default`] does.
#[derive(Clone, Debug)]
pub struct MobilePayAuth {
    token_endpoint: BaseUrl,
    credentials: CredentialSource<ClientCredentials>,
    basic_encoding: BasicEncoding,
    pub(crate) ibm_client_id: IbmClientId,
    pub(crate) merchant_vat: Option<MerchantVat>,
    pub(crate) client_system_version: Option<ClientSystemVersion>,
    http: HttpClient,
}

impl MobilePayAuth {
    /// The sandbox, [`SANDBOX`].
    ///
    /// # Errors
    ///
    /// As [`MobilePayAuth::new`].
    pub fn sandbox(credentials: impl Into<CredentialSource<ClientCredentials>>) -> Result<Self, Error> {
        Self::new(SANDBOX, credentials)
    }

    /// Production, [`PRODUCTION`].
    ///
    /// # Errors
    ///
    /// As [`MobilePayAuth::new`].
    pub fn production(credentials: impl Into<CredentialSource<ClientCredentials>>) -> Result<Self, Error> {
        Self::new(PRODUCTION, credentials)
    }

    /// Another host, such as a simulator: the URL that `/connect/token` stands below, with or without that at its end.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the URL is refused ([`BaseUrl`] says which are) or cannot be called from this program, or if
    /// the client id is not printable ASCII (RFC 6749 §A.1): it travels in a header.
    pub fn new(
        url: impl TryInto<BaseUrl, Error: Into<Error>>,
        credentials: impl Into<CredentialSource<ClientCredentials>>,
    ) -> Result<Self, Error> {
        let url = url.try_into().map_err(Into::into)?;
        let endpoint = Self {
            token_endpoint: url.without(PATH).join(PATH),
            credentials: credentials.into(),
            basic_encoding: BasicEncoding::Form,
            ibm_client_id: IbmClientId::default(),
            merchant_vat: None,
            client_system_version: None,
            http: HttpClient::shared(),
        };
        endpoint.http.check(&endpoint.token_endpoint)?;
        endpoint.checked()
    }

    /// Binds the tokens to one merchant, by a claim in them. Default: not bound, and each call names its merchant.
    ///
    /// A token that came for another merchant, or for one where none was asked for, becomes [`Error::Malformed`], which no
    /// waiting mends: it is held as a refusal is ([`auth_core::PERMANENT_HOLD`]).
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it is not `DK` or `FI` and eight digits.
    pub fn merchant_vat(mut self, vat: impl TryInto<MerchantVat, Error: Into<Error>>) -> Result<Self, Error> {
        self.merchant_vat = Some(vat.try_into().map_err(Into::into)?);
        Ok(self)
    }

    /// How the halves of Basic are written. Default: [`BasicEncoding::Form`], which this server decodes (RFC 6749 §2.3.1).
    /// They differ only where client id or secret has characters other than letters, digits, `*`, `-`, `.` and `_`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it is raw and the client id has a colon.
    pub fn basic_encoding(mut self, encoding: BasicEncoding) -> Result<Self, Error> {
        self.basic_encoding = encoding;
        self.checked()
    }

    /// What goes into `x-ibm-client-id`. Default: [`IbmClientId::Same`], the client id.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it is not printable ASCII.
    pub fn ibm_client_id(mut self, id: IbmClientId) -> Result<Self, Error> {
        // By a stand-in, since the credentials may not be known yet.
        id.to_header(HeaderValue::from_static(""))?;
        self.ibm_client_id = id;
        Ok(self)
    }

    /// The caller's version, for `x-mobilepay-client-system-version` on later calls: `Major.Minor.Build`, as
    /// `env!("CARGO_PKG_VERSION")` mostly is. Default: the header is not sent, though the PoS V10 API asks for it.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it is not three numbers.
    pub fn client_system_version(
        mut self,
        version: impl TryInto<ClientSystemVersion, Error: Into<Error>>,
    ) -> Result<Self, Error> {
        self.client_system_version = Some(version.try_into().map_err(Into::into)?);
        Ok(self)
    }

    /// Another HTTP client, with a proxy or roots of your own. Default: [`HttpClient::shared`].
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it cannot call the environment.
    pub fn http_client(mut self, client: HttpClient) -> Result<Self, Error> {
        client.check(&self.token_endpoint)?;
        self.http = client;
        Ok(self)
    }

    /// Every header of a call on behalf of the merchant `vat`, given a token of this endpoint's source.
    ///
    /// `X-MobilePay-Merchant-VAT-Number` is among them unless the token is bound. Costs an allocation; for a bound token
    /// [`auth_core::TokenSource::headers`] is enough, and costs none.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if this endpoint, or the token by its own claim, is bound to another merchant.
    pub fn headers_for(&self, token: &AccessToken, vat: &MerchantVat) -> Result<HeaderSet, Error> {
        // A token that needs the header was found to be without the claim when it came.
        let needs_header = token.needs_per_call().is_some();
        let is_foreign = || is_foreign(token.claims(), token.claims(), Some(vat));
        if self.merchant_vat.as_ref().is_some_and(|bound| bound != vat) || (!needs_header && is_foreign()) {
            return Err(Error::config(
                "the token is bound to another merchant; expected that one's VAT number, or a source of its own",
            ));
        }
        if self.merchant_vat.is_some() && !needs_header {
            return token.headers().cloned();
        }
        Ok(token.headers_with(HeaderName::from_static(MERCHANT_VAT), vat.to_header()?))
    }
}

#[async_trait]
impl TokenEndpoint for MobilePayAuth {
    fn vendor(&self) -> &'static str {
        CALLER.vendor
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        self.credentials.fingerprint().await
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let credentials = cx.load(&self.credentials).await?;
        let (basic, gateway_id) = self.client_headers(&credentials)?;
        let mut request = Request::new(CALLER, Method::POST, self.token_endpoint.clone())
            .header(header::AUTHORIZATION, basic)
            .form(self.form()?);
        if let Some(id) = &gateway_id {
            request = request.header(HeaderName::from_static(IBM_CLIENT_ID), id.clone());
        }
        let answer = self.http.send(cx, request).await?;
        let response = RULES.token(&answer, &self.redactor(&credentials))?;
        self.refuse_foreign(&response)?;
        self.with_later_headers(response, gateway_id)
    }
}

impl MobilePayAuth {
    /// Itself, if credentials that are known already can be sent.
    fn checked(self) -> Result<Self, Error> {
        self.credentials.check_now(|credentials| self.client_headers(credentials).map(drop))?;
        Ok(self)
    }

    /// `Authorization`, and `x-ibm-client-id` if it is sent.
    fn client_headers(&self, credentials: &ClientCredentials) -> Result<(HeaderValue, Option<HeaderValue>), Error> {
        let client_id = sensitive_header("client id", credentials.client_id())?;
        Ok((credentials.basic(self.basic_encoding)?, self.ibm_client_id.to_header(client_id)?))
    }

    fn form(&self) -> Result<String, Error> {
        let merchant_vat = self.merchant_vat.as_ref().map(MerchantVat::as_str);
        serde_urlencoded::to_string(TokenRequest { grant_type: GRANT_TYPE, merchant_vat })
            .map_err(|_| Error::config("the merchant VAT number cannot be written as a form"))
    }

    /// Knows what the vendor could echo: client id, secret, and the gateway's id.
    fn redactor(&self, credentials: &ClientCredentials) -> Redactor {
        let mut redactor = Redactor::new(credentials);
        if let IbmClientId::Other(id) = &self.ibm_client_id {
            redactor.add(id.expose());
        }
        redactor
    }

    /// Refuses another merchant's token, however it came here. For good: what hands out other clients' tokens hands ours to
    /// them, so it is not asked often until a person has seen to it.
    pub(crate) fn refuse_foreign(&self, response: &TokenResponse) -> Result<(), Error> {
        if !is_foreign(response.claims(), response.claims(), self.merchant_vat.as_ref()) {
            return Ok(());
        }
        let failure = Failure::of(CALLER.vendor).permanent();
        let failure = failure.detail("the token is bound to another merchant than was asked for");
        Err(Error::Malformed(failure.hint("does a cache or a proxy on the way mix up answers?")))
    }

    /// The answer with what later calls need besides the token.
    pub(crate) fn with_later_headers(
        &self,
        mut response: TokenResponse,
        gateway_id: Option<HeaderValue>,
    ) -> Result<TokenResponse, Error> {
        if let Some(id) = gateway_id {
            response = response.with_header(HeaderName::from_static(IBM_CLIENT_ID), id);
        }
        if let Some(version) = &self.client_system_version {
            response = response.with_header(HeaderName::from_static(CLIENT_SYSTEM_VERSION), version.to_header()?);
        }
        Ok(match self.merchant_vat {
            Some(_) => response,
            None => response.needs_per_call(HeaderName::from_static(MERCHANT_VAT)),
        })
    }
}

/// Whether a token is bound to another merchant than `vat`, given its claims twice: as what they say of a merchant, and as
/// JSON of any kind. Where they are JSON and the merchant cannot be read (named twice, or in no UTF-8), it is. An opaque
/// token has no claims, and passes.
fn is_foreign(binding: Result<Binding, Error>, any: Result<IgnoredAny, Error>, vat: Option<&MerchantVat>) -> bool {
    match binding {
        Ok(binding) => binding.is_foreign_to(vat),
        Err(_) => any.is_ok(),
    }
}
