//! The token endpoint: what it is told, and one attempt, of one or two calls.

use std::time::Duration;

use auth_core::{
    BaseUrl, CredentialSource, Document, Error, Fingerprint, HttpClient, Reach, Redactor, Request, RequestContext,
    Secret, TokenEndpoint, TokenResponse, async_trait, sensitive_header,
};
use http::{HeaderName, HeaderValue, Method, header};

use crate::wire::{
    BASIC, CALLER, CODE, CODE_PATH, CODE_RULES, INVALID_GRANT, REFRESH_TOKEN, REFRESH_TOKEN_EXPIRES_IN, TOKEN_PATH,
    TOKEN_RULES, TokenRequest,
};
use crate::{DEFAULT_LIFETIME, HeaderNames, S2sCredentials, Scope};

/// The server-to-server security API of Türkiye İş Bankası.
///
/// Give it to a [`auth_core::TokenSource`]. Each token costs two calls, one for a code and one that exchanges it; both
/// share one attempt's time. A code is exchanged once, whatever comes of it: the next attempt asks for another. One that is
/// refused as such (`invalid_grant`) says nothing of the next, which is asked for once more in the same attempt.
#[derive(Clone, Debug)]
pub struct S2sOAuth {
    code_endpoint: BaseUrl,
    token_endpoint: BaseUrl,
    credentials: CredentialSource<S2sCredentials>,
    scope: Scope,
    names: HeaderNames,
    method: Method,
    refreshing: bool,
    http: HttpClient,
}

impl S2sOAuth {
    /// The API host at `url`, which the bank names: the base, or with the path of either call at its end. The token is
    /// asked for with `scope`, of the service account and the app in `credentials`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the URL or the scope is refused ([`BaseUrl`] and [`Scope`] say which are), or the URL cannot be
    /// called from this program.
    pub fn new(
        url: impl TryInto<BaseUrl, Error: Into<Error>>,
        credentials: impl Into<CredentialSource<S2sCredentials>>,
        scope: impl TryInto<Scope, Error: Into<Error>>,
    ) -> Result<Self, Error> {
        let base = url.try_into().map_err(Into::into)?.without(CODE_PATH).without(TOKEN_PATH);
        let scope = scope.try_into().map_err(Into::into)?;
        let (code_endpoint, token_endpoint) = (base.join(CODE_PATH), base.join(TOKEN_PATH));
        let http = HttpClient::shared();
        http.check(&token_endpoint)?;
        Ok(Self {
            code_endpoint,
            token_endpoint,
            credentials: credentials.into(),
            scope,
            names: HeaderNames::default(),
            method: Method::GET,
            refreshing: false,
            http,
        })
    }

    /// Sends the token call as a POST, as RFC 6749 §3.2 has it, for a proxy that drops the body of a GET. Default: GET, as
    /// the bank's page has it.
    #[must_use]
    pub fn post(mut self) -> Self {
        self.method = Method::POST;
        self
    }

    /// Other header names, for another gateway. Default: the page's, as [`HeaderNames::default`].
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if two are the same, or one is a header that requests have anyway, or that HTTP itself
    /// goes by.
    pub fn header_names(mut self, names: HeaderNames) -> Result<Self, Error> {
        let all = names.all();
        for (at, name) in all.into_iter().enumerate() {
            if all[..at].contains(&name) || TAKEN.contains(name) {
                return Err(Error::config(format!(
                    "the header name {name} is in use already; expected one of its own"
                )));
            }
        }
        self.names = names;
        Ok(self)
    }

    /// Whether the next token is asked for with the refresh token that came with the last, in one call instead of two.
    /// Default: no, as the bank's page shows none of that.
    ///
    /// A refresh token works once and counts as spent from the moment it is sent. Whatever the bank answers that is not a
    /// token falls back to a code, in the same attempt; no answer, or a fault of the bank's own (5xx, 429), ends the attempt,
    /// and the next one asks for a code. After two refusals in a row the source leaves refreshing alone.
    #[must_use]
    pub fn refreshing(mut self, on: bool) -> Self {
        self.refreshing = on;
        self
    }

    /// Another HTTP client, with a proxy or roots of your own. Default: [`HttpClient::shared`].
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it cannot call the bank.
    pub fn http_client(mut self, client: HttpClient) -> Result<Self, Error> {
        client.check(&self.token_endpoint)?;
        self.http = client;
        Ok(self)
    }
}

#[async_trait]
impl TokenEndpoint for S2sOAuth {
    fn vendor(&self) -> &'static str {
        CALLER.vendor
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        self.credentials.fingerprint().await
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let credentials = cx.load(&self.credentials).await?;
        let redactor = Redactor::new(&credentials);
        let mut attempt = Attempt { endpoint: self, cx, credentials, redactor };
        if let Some(token) = cx.refresh_token().filter(|_| self.refreshing) {
            if let Some(response) = attempt.refresh(token).await? {
                return Ok(response);
            }
        }
        let first = attempt.code().await?;
        match attempt.exchange_code(&first).await {
            Err(error) if refuses_the_code(&error) => {
                let second = attempt.code().await?;
                attempt.exchange_code(&second).await
            }
            answer => answer,
        }
    }
}

/// One attempt: its credentials are loaded once, and it knows all that must not be seen in an answer.
pub(crate) struct Attempt<'a> {
    pub(crate) endpoint: &'a S2sOAuth,
    pub(crate) cx: &'a RequestContext<'a>,
    pub(crate) credentials: S2sCredentials,
    pub(crate) redactor: Redactor,
}

impl Attempt<'_> {
    /// "Code Request".
    async fn code(&self) -> Result<Secret, Error> {
        let (names, account) = (&self.endpoint.names, self.credentials.service_account());
        let [client_id, client_secret] = self.client_headers()?;
        let request = Request::new(CALLER, Method::GET, self.endpoint.code_endpoint.clone())
            .header(&names.service_account_id, sensitive_header("service account id", account.id())?)
            .header(&names.service_account_secret, sensitive_header("service account secret", account.secret())?)
            .header(client_id.0, client_id.1)
            .header(client_secret.0, client_secret.1)
            .header(&names.scope, scope_header(&self.endpoint.scope)?);
        let answer = self.endpoint.http.send(self.cx, request).await?;
        CODE_RULES.document(&answer, &self.redactor)?.take_secret(CODE)
    }

    /// "Token Request", as on the page. The code is cut out of whatever is answered from here on.
    async fn exchange_code(&mut self, code: &Secret) -> Result<TokenResponse, Error> {
        self.redactor.add(code.expose());
        self.exchange(TokenRequest::AuthorizationCode { code: code.expose() }).await
    }

    /// "Token Request", whatever the grant.
    async fn exchange(&self, grant: TokenRequest<'_>) -> Result<TokenResponse, Error> {
        let S2sOAuth { token_endpoint, method, http, .. } = self.endpoint;
        let form = serde_urlencoded::to_string(grant);
        let form = form.map_err(|_| Error::config("the grant cannot be written as a form"))?;
        let request = Request::new(CALLER, method.clone(), token_endpoint.clone())
            .header(header::AUTHORIZATION, self.credentials.client().basic(BASIC)?)
            .form(form);
        let answer = http.send(self.cx, request).await?;
        self.response(TOKEN_RULES.document(&answer, &self.redactor)?)
    }

    /// The token call with a refresh token; `None` if it was refused, so that a code is asked for.
    async fn refresh(&mut self, token: &Secret) -> Result<Option<TokenResponse>, Error> {
        self.redactor.add(token.expose());
        match self.exchange(TokenRequest::RefreshToken { refresh_token: token.expose() }).await {
            Ok(response) => Ok(Some(response)),
            Err(Error::Rejected(_) | Error::Malformed(_)) => {
                self.cx.refresh_token_refused();
                Ok(None)
            }
            Err(error) => {
                if never_left(&error) {
                    self.cx.refresh_token_unsent();
                }
                Err(error)
            }
        }
    }

    /// "Token Response", with the headers of later calls: a token travels with the credentials it was issued to.
    pub(crate) fn response(&self, mut document: Document) -> Result<TokenResponse, Error> {
        let refresh_token = self.refresh_token(&mut document);
        let mut response = document.into_token(DEFAULT_LIFETIME)?;
        // No scope in an answer means: as asked for (RFC 6749 §5.1).
        let ungranted = response.scope().map(|granted| self.endpoint.scope.missing_in(granted)).unwrap_or_default();
        for (name, value) in self.client_headers()? {
            response = response.with_header(name.clone(), value);
        }
        if let Some((token, lifetime)) = refresh_token {
            response = response.with_refresh_token(token, lifetime);
        }
        Ok(response.with_ungranted_scopes(ungranted))
    }

    /// A refresh token that can be used, and for how long if that is told. One that cannot does not spoil the access token.
    fn refresh_token(&self, document: &mut Document) -> Option<(Secret, Option<Duration>)> {
        let lifetime = document.seconds(REFRESH_TOKEN_EXPIRES_IN).map(|life| u64::try_from(life).unwrap_or_default());
        let token = document.take_secret(REFRESH_TOKEN).ok()?;
        let usable = self.endpoint.refreshing && lifetime != Some(0);
        usable.then_some((token, lifetime.map(Duration::from_secs)))
    }

    fn client_headers(&self) -> Result<[(&HeaderName, HeaderValue); 2], Error> {
        let (names, client) = (&self.endpoint.names, self.credentials.client());
        Ok([
            (&names.client_id, sensitive_header("client id", client.client_id())?),
            (&names.client_secret, sensitive_header("client secret", client.client_secret().expose())?),
        ])
    }
}

/// What is refused when a [`Scope`] is made is all that a header could refuse.
fn scope_header(scope: &Scope) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(scope.as_str()).map_err(|_| Error::config("the scope cannot be written as a header"))
}

/// Whether it was the code that was refused, and not the client: another code may do.
fn refuses_the_code(error: &Error) -> bool {
    matches!(error, Error::Rejected(_)) && error.code() == Some(INVALID_GRANT)
}

/// Whether nothing of the request can have arrived: a TLS handshake comes before it too. What [`Error::Config`] is about was
/// checked when the endpoint and its credentials were made, so no sending ends in one.
fn never_left(error: &Error) -> bool {
    let before = [Reach::Dns, Reach::Refused, Reach::Connect, Reach::Tls, Reach::Certificate];
    error.reach().is_some_and(|reach| before.contains(&reach))
}

/// What every request or every later call has already, or what HTTP itself goes by.
const TAKEN: [HeaderName; 9] = [
    header::ACCEPT,
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::HOST,
    header::TRANSFER_ENCODING,
    header::USER_AGENT,
];

#[cfg(test)]
mod tests {
    use auth_core::Failure;

    use super::*;

    #[test]
    fn request_never_left_if_and_only_if_there_was_no_connection_to_send_it_on() {
        for (reach, expected) in [
            (Reach::Dns, true),
            (Reach::Refused, true),
            (Reach::Connect, true),
            (Reach::Certificate, true),
            (Reach::Tls, true),
            (Reach::Deadline, false),
            (Reach::Cut, false),
        ] {
            assert_eq!(never_left(&Error::Unreachable(Failure::of(CALLER.vendor).reach(reach))), expected, "{reach}");
        }
        let answered = Failure::of(CALLER.vendor).status(503);
        for error in [Error::Unavailable(answered.clone()), Error::Throttled(answered), Error::config("a header")] {
            assert!(!never_left(&error), "{error}");
        }
    }
}
