//! No secret, token, code or body shows anywhere, and of a client id at most the last four characters.
//!
//! Every secret here starts with one word, so that a single look finds it, in base64 as well.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    AnswerRules, BaseUrl, BasicEncoding, ClientCredentials, CredentialSource, Error, Fault, Fingerprint, HttpClient,
    KeepWarm, Redactor, RefreshPolicy, Rejection, Request, RequestContext, Secret, TokenEndpoint, TokenResponse,
    TokenSource, Vars,
};
use http::{HeaderName, HeaderValue, Method, header};

mod watcher;
use watcher::{LOGGED, TRACED, Watcher, is_leak, leaks, watch};

use crate::raw::{CALLER, Reply, Server, closed_port, url_of};

const ID: &str = "canary-client-id-9Q7Z";
const SECRET: &str = "canary secret one/two";
const CODE: &str = "canary-code";
const REFRESH: &str = "canary-refresh-token";
const BODY: &str = "canary-word-of-a-body";
const TOKEN: &str =
    r#"{"access_token":"canary.token","expires_in":3600,"scope":"read","note":"canary-word-of-a-body"}"#;

/// Shows a value in all ways in which Debug may be asked.
fn show<T: Debug>(value: &T) {
    watch(format!("{value:?} {value:#?}"));
}

/// Shows an error and everything that it can be asked, and lets it be unwrapped.
fn show_error(error: &Error) {
    show(error);
    watch(error.to_string());
    for part in [error.code(), error.hint(), error.correlation_id()] {
        watch(part.unwrap_or_default());
    }
    // The one place for the vendor's words, and no place for a credential.
    watch(error.description().unwrap_or_default().replace(BODY, ""));
    let mut cause = StdError::source(error);
    while let Some(inner) = cause {
        watch(format!("{inner} {inner:?}"));
        cause = inner.source();
    }
    let boxed: Box<dyn StdError> = error.clone().into();
    watch(format!("{boxed} {boxed:?}"));
    unwrapped(Err(error));
}

/// What a user's own unwrap says goes to the watcher.
fn unwrapped<E: Debug>(failed: Result<(), E>) {
    panics(|| failed.expect("no failure"));
}

fn panics(what: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(what)).is_err(), "it is expected to panic");
}

fn variant(error: &Error) -> &'static str {
    match error {
        Error::Rejected(_) => "rejected",
        Error::Throttled(_) => "throttled",
        Error::Unavailable(_) => "unavailable",
        Error::Unreachable(_) => "unreachable",
        Error::Malformed(_) => "malformed",
        Error::Config(_) => "config",
        Error::Credentials(_) => "credentials",
        Error::TooShort { .. } => "too short",
        Error::Internal(_) => "internal",
        _ => "another",
    }
}

/// A vendor that is sent every secret there is, by a client that was asked to be talkative.
struct Vendor {
    url: BaseUrl,
    credentials: CredentialSource<ClientCredentials>,
}

const RULES: AnswerRules =
    AnswerRules { vendor: "acme-auth", fault: Fault::oauth, hint: |_, _| Some("ask Acme"), default_lifetime: HOUR };
const HOUR: Duration = Duration::from_secs(3600);

#[async_trait]
impl TokenEndpoint for Vendor {
    fn vendor(&self) -> &'static str {
        RULES.vendor
    }

    /// One attempt each, and a short one.
    fn policy(&self) -> RefreshPolicy {
        let mut policy = RefreshPolicy::default();
        policy.max_attempts = 1;
        policy.keep_warm = KeepWarm::OnDemand;
        policy
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        self.credentials.fingerprint().await
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let credentials = cx.load(&self.credentials).await?;
        let mut redactor = Redactor::new(&credentials);
        redactor.add(CODE);
        let refresh = cx.refresh_token().map(Secret::expose);
        refresh.into_iter().for_each(|token| redactor.add(token));
        let body =
            serde_json::json!({"client_id": ID, "client_secret": SECRET, "code": CODE, "refresh_token": refresh});
        let request = Request::new(CALLER, Method::POST, self.url.join("/token"))
            .header(header::AUTHORIZATION, credentials.basic(BasicEncoding::Raw)?)
            .json(body.to_string().into_bytes());
        show(&(&credentials, &redactor, &request, cx));
        let client = HttpClient::configured(|builder| builder.connection_verbose(true));
        show(&client);
        let answer = client.send(cx, request).await?;
        show(&answer);
        show(&RULES.document(&answer, &redactor)?);
        let response = RULES.token(&answer, &redactor)?.with_refresh_token(Secret::new(REFRESH)?, None);
        // Not marked as sensitive by the vendor, so that it is the core that does.
        let response = response.with_header(HeaderName::from_static("x-secret"), HeaderValue::from_static(SECRET));
        show(&response);
        Ok(response)
    }
}

fn fixed() -> CredentialSource<ClientCredentials> {
    ClientCredentials::new(ID, SECRET).expect("credentials").into()
}

/// A source whose vendor is at `url`, with `credentials`, waiting 300 ms for an answer.
fn source_at(url: BaseUrl, credentials: CredentialSource<ClientCredentials>) -> TokenSource {
    let vendor = Vendor { url, credentials };
    let mut policy = vendor.policy();
    (policy.attempt_timeout, policy.min_interval) = (Duration::from_millis(300), Duration::from_millis(100));
    let builder = TokenSource::builder(vendor).policy(policy);
    show(&builder);
    builder.build()
}

/// Asks, and shows all that the source can tell about it.
async fn ask(tokens: &TokenSource) -> Error {
    let error = tokens.token().await.expect_err("no token");
    show_error(&error);
    show_all(tokens);
    error
}

fn show_all(tokens: &TokenSource) {
    show(&(tokens, tokens.status(), tokens.recent_events(), tokens.events()));
    tokens.recent_events().iter().for_each(|event| watch(event.to_string()));
}

async fn asked_of(reply: Reply) -> &'static str {
    let server = Server::answering([reply]).await;
    variant(&ask(&source_at(server.url(), fixed())).await)
}

/// The errors of a vendor and of the way to it.
async fn vendors_failures() -> BTreeSet<&'static str> {
    let mut seen = BTreeSet::new();
    for status in ["400 Bad Request", "401 Unauthorized", "429 Too Many Requests", "503 Service Unavailable", "200 OK"]
    {
        seen.insert(asked_of(Reply::Echo(status)).await);
    }
    let headers = format!("X-Request-Id: {ID}\r\nRetry-After: {BODY}\r\nLocation: http://{BODY}.invalid/\r\n");
    let code = format!(r#"{{"error":"{ID}","error_description":"{CODE} of {SECRET}: {BODY}"}}"#);
    for status in ["307 Temporary Redirect", "401 Unauthorized", "500 Internal Server Error"] {
        seen.insert(asked_of(Reply::with(&headers, status, &code)).await);
    }
    for body in [
        BODY.to_owned(),
        format!("<html>{BODY}</html>"),
        format!(r#"{{"access_token":"{BODY} {BODY}"}}"#),
        format!(r#"{{"access_token":"{BODY}","token_type":"{BODY}"}}"#),
        format!(r#"{{"access_token":{BODY}}}"#),
        BODY.repeat(4000),
    ] {
        assert_eq!(asked_of(Reply::whole("200 OK", body)).await, "malformed");
    }
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{TOKEN}");
    let gzip = Reply::with("Content-Encoding: canary\r\n", "200 OK", TOKEN);
    for broken in [Reply::Bytes(cut.clone().into()), Reply::Stall(cut.into()), Reply::Reset, gzip] {
        seen.insert(asked_of(broken).await);
    }
    seen.insert(asked_of(Reply::Bytes(format!("{BODY}\r\n\r\n").into())).await);
    seen.insert(variant(&ask(&source_at(url_of(closed_port()), fixed())).await));
    let nowhere = BaseUrl::allow_insecure_http(&format!("http://{}.invalid", "a".repeat(64))).expect("a URL");
    seen.insert(variant(&ask(&source_at(nowhere, fixed())).await));
    seen
}

/// The errors of what the user gives.
async fn users_failures() -> BTreeSet<&'static str> {
    let mut seen = BTreeSet::new();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{SECRET} \n")).expect("a file that can be written");
    let odd = || async { Err(Error::config("the vault is sealed")) };
    // Not through the hook: what a user's own panic says is the user's.
    let panics = || async { resume_unwind(Box::new(format!("{SECRET} is wrong"))) };
    let sources = [
        CredentialSource::secret_file(ID, file.path()),
        CredentialSource::file(file.path(), |text| ClientCredentials::new(format!("{text}\0"), text)),
        CredentialSource::from_fn(odd),
        CredentialSource::from_fn(panics),
    ];
    for source in sources {
        show(&source);
        seen.insert(variant(&ask(&source_at(url_of(closed_port()), source)).await));
    }
    let url = |text: &str| BaseUrl::try_from(text).map(drop);
    let credentials = |id: &str, secret: &str| ClientCredentials::new(id, secret).map(drop);
    let mut vars = Vars::new(|_| Some("canary\u{0}".into()));
    vars.url_or_environment(["ACME_URL", "ACME_ENVIRONMENT"], &[]);
    vars.credentials(["ACME_CLIENT_ID", "ACME_CLIENT_SECRET"]);
    show(&vars);
    for refused in [
        url("https://canary:canary@sts.example"),
        url("http://canary.example/canary"),
        url("https://sts.example?canary=canary"),
        url("canary"),
        credentials("canary\n", SECRET),
        credentials(ID, " canary"),
        Secret::new("canaryé").and_then(|secret| secret.to_header()).map(drop),
        ClientCredentials::new("canary:client", SECRET).and_then(|c| c.basic(BasicEncoding::Raw)).map(drop),
        TokenSource::fixed("canary token").token().await.map(drop),
        TokenResponse::new("canary\ntoken", HOUR).map(drop),
        TokenResponse::new("canary.canary.canary", HOUR).and_then(|token| token.claims::<u64>()).map(drop),
        vars.finish(),
    ] {
        let error = refused.expect_err("refused");
        show_error(&error);
        seen.insert(variant(&error));
    }
    seen
}

/// A token that is got, used, rejected and renewed with its refresh token.
async fn life_of_a_token() -> BTreeSet<&'static str> {
    let ok = || Reply::whole("200 OK", TOKEN);
    let server = Server::answering([ok(), ok(), Reply::Echo("400 Bad Request")]).await;
    let tokens = source_at(server.url(), fixed());
    let token = tokens.token().await.expect("a token");
    let (headers, authorization) = (token.headers().expect("headers"), token.authorization());
    show(&(&token, token.id(), headers, authorization, headers.iter().collect::<Vec<_>>()));
    let mut request = http::HeaderMap::new();
    headers.apply(&mut request);
    show(&request);
    show(&token.headers_with(HeaderName::from_static("x-own"), HeaderValue::from_static("own")));
    let too_short = tokens.token_valid_for(2 * HOUR).await.expect_err("too long a wish");
    show_error(&too_short);
    let claims = token.claims::<u64>().expect_err("no JWT");
    show_error(&claims);
    let current = tokens.token().await.expect("a token");
    assert_eq!(current.value(), "canary.token");
    assert_eq!(tokens.rejected(&current), Rejection::Accepted);
    let refused = tokens.refresh().await.expect_err("refused");
    show_error(&refused);
    show_all(&tokens);
    let sent: Vec<_> = server.requests().await.into_iter().map(|seen| seen.body).collect();
    assert!(!sent[0].contains(REFRESH) && sent[1].contains(REFRESH), "the refresh token was sent");
    [variant(&too_short), variant(&refused)].into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_secret_shows_in_any_error_event_log_line_or_panic() {
    Watcher::install();
    let (mut seen, users, life) = (vendors_failures().await, users_failures().await, life_of_a_token().await);
    seen.extend(users.into_iter().chain(life));
    let all = "config credentials internal malformed rejected throttled too short unavailable unreachable";
    assert_eq!(seen.into_iter().collect::<Vec<_>>().join(" "), all, "every error was met");
    assert_eq!(leaks(), Vec::<String>::new());
    assert!(TRACED.load(SeqCst) > 0, "nothing was traced, so nothing was watched");
    assert!(LOGGED.load(SeqCst) > 0, "nothing was logged, so nothing was watched");
}

#[test]
fn panic_over_credentials_shows_none() {
    Watcher::install();
    let secret = |text: &str| Secret::new(text).unwrap();
    panics(|| assert_eq!(secret(SECRET), secret(CODE)));
    let one = ClientCredentials::new(ID, SECRET).unwrap();
    let two = ClientCredentials::new(ID, CODE).unwrap();
    panics(|| assert_eq!(one, two));
    panics(|| assert_eq!(Fingerprint::of(&one), Fingerprint::of(&two)));
    unwrapped(Err(secret(SECRET)));
    unwrapped(Err(one.basic(BasicEncoding::Raw).unwrap()));
    unwrapped(Err(TokenResponse::new(CODE, HOUR).unwrap()));
    assert_eq!(leaks(), Vec::<String>::new());
}

#[test]
fn client_id_shows_its_last_four_characters_and_no_more() {
    let shown = format!("{:?}", ClientCredentials::new(ID, SECRET).unwrap());
    assert!(shown.contains("…9Q7Z") && !is_leak(&shown), "{shown}");
}

#[test]
fn body_and_fault_show_nothing_of_the_vendors_text() {
    let rules = AnswerRules {
        fault: |body| {
            let fault = Fault::oauth(body);
            assert!(fault.is_some());
            watch(format!("{body:?} {body:#?} {fault:?} {fault:#?}"));
            fault
        },
        ..RULES
    };
    let words = format!(r#"{{"error":"{BODY}","error_description":"{BODY}"}}"#);
    let answer = auth_core::Answer::new(http::StatusCode::BAD_REQUEST, http::HeaderMap::new(), words);
    let redactor = Redactor::new(&ClientCredentials::new(ID, SECRET).unwrap());
    rules.token(&answer, &redactor).unwrap_err();
    assert_eq!(leaks(), Vec::<String>::new());
}

#[test]
fn tokens_beside_an_error_are_cut_out_of_its_words() {
    let redactor = Redactor::new(&ClientCredentials::new("invented-id", "invented-secret").unwrap());
    for name in ["access_token", "refresh_token", "id_token"] {
        let words = format!("the token canary.token, {BODY}, is not for you");
        let body = serde_json::json!({name: "canary.token", "error": "canary.token", "error_description": words});
        let id = (HeaderName::from_static("x-request-id"), HeaderValue::from_static("canary.token"));
        let headers = http::HeaderMap::from_iter([id]);
        let answer = auth_core::Answer::new(http::StatusCode::BAD_REQUEST, headers, body.to_string());
        let error = RULES.token(&answer, &redactor).unwrap_err();
        let expected = format!("the token [redacted], {BODY}, is not for you");
        assert_eq!(error.description(), Some(expected.as_str()), "{name}");
        assert_eq!((error.code(), error.correlation_id()), (None, None), "{name}");
    }
}
