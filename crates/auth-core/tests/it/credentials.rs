//! Credential sources through a token source: what a rotation, a panic and a hang come to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    CREDENTIALS_TIMEOUT, ClientCredentials, CredentialSource, Error, Failure, Fingerprint, PausedClock, RefreshPolicy,
    RequestContext, TokenEndpoint, TokenResponse, TokenSource,
};

/// A vendor in memory: the token is the secret that was sent, and `wrong` is refused.
struct Vendor {
    credentials: CredentialSource<ClientCredentials>,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl TokenEndpoint for Vendor {
    fn vendor(&self) -> &'static str {
        "acme-auth"
    }

    fn policy(&self) -> RefreshPolicy {
        RefreshPolicy::default()
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        self.credentials.fingerprint().await
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let credentials = cx.load(&self.credentials).await?;
        self.asked.fetch_add(1, SeqCst);
        match credentials.client_secret().expose() {
            "wrong" => Err(Error::Rejected(Failure::of("acme-auth").status(401))),
            secret => TokenResponse::new(format!("{}.{secret}", credentials.client_id()), Duration::from_secs(3600)),
        }
    }
}

/// A source on tokio's clock, and how often its vendor was asked.
fn source(credentials: impl Into<CredentialSource<ClientCredentials>>) -> (TokenSource, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let vendor = Vendor { credentials: credentials.into(), asked: Arc::clone(&asked) };
    (TokenSource::builder(vendor).clock(PausedClock::new()).build(), asked)
}

async fn value(tokens: &TokenSource) -> String {
    tokens.token().await.expect("a token").value().to_owned()
}

/// The error of a source that never comes to ask its vendor.
async fn failure(credentials: CredentialSource<ClientCredentials>) -> Error {
    let (tokens, asked) = source(credentials);
    let error = tokens.token().await.expect_err("no token");
    assert_eq!(asked.load(SeqCst), 0, "nothing was sent");
    assert!(error.is_transient(), "{error}");
    error
}

#[tokio::test(start_paused = true)]
async fn fixed_credentials_are_sent_as_they_are() {
    let (tokens, _) = source(ClientCredentials::new("id", "invented-secret").unwrap());
    assert_eq!(value(&tokens).await, "id.invented-secret");
}

#[tokio::test(start_paused = true)]
async fn closure_is_asked_before_each_request() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let vault = CredentialSource::from_fn(move || {
        let nth = counted.fetch_add(1, SeqCst) + 1;
        async move { ClientCredentials::new("id", format!("invented-{nth}")) }
    });
    let (tokens, _) = source(vault);
    assert_eq!(value(&tokens).await, "id.invented-1");
    assert_eq!(value(&tokens).await, "id.invented-1");
    assert_eq!(calls.load(SeqCst), 1, "a warm read asks no vault");
    assert_eq!(tokens.refresh().await.unwrap().value(), "id.invented-2");
}

#[tokio::test(start_paused = true)]
async fn variables_of_the_environment_are_sent() {
    // Set by cargo for each test.
    let names = ["CARGO_PKG_NAME", "CARGO_PKG_VERSION"];
    let (tokens, _) = source(CredentialSource::environment(names, |[id, secret]| ClientCredentials::new(id, secret)));
    assert_eq!(value(&tokens).await, concat!("auth-core.", env!("CARGO_PKG_VERSION")));
}

#[tokio::test(start_paused = true)]
async fn variables_that_are_missing_are_all_named() {
    let names = ["ACME_NO_CLIENT_ID", "ACME_NO_SECRET"];
    let error = failure(CredentialSource::environment(names, |[id, secret]| ClientCredentials::new(id, secret))).await;
    assert!(matches!(error, Error::Credentials(_)), "{error}");
    let told = "the credential source failed: missing variables: ACME_NO_CLIENT_ID, ACME_NO_SECRET";
    assert_eq!(error.to_string(), told);
}

#[tokio::test]
async fn rotated_file_is_used_by_the_next_request_without_a_restart() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "invented-one\n").unwrap();
    let (tokens, asked) = source(CredentialSource::secret_file("id", file.path()));
    assert_eq!(value(&tokens).await, "id.invented-one");
    std::fs::write(file.path(), "invented-two\r\n").unwrap();
    assert_eq!(value(&tokens).await, "id.invented-one", "the token lives on");
    assert_eq!(tokens.refresh().await.unwrap().value(), "id.invented-two");
    assert_eq!(asked.load(SeqCst), 2);
}

#[tokio::test]
async fn file_that_is_replaced_as_orchestrators_do_is_read_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (path, next) = (dir.path().join("secret"), dir.path().join("..next"));
    std::fs::write(&path, "invented-one").unwrap();
    let (tokens, _) = source(CredentialSource::secret_file("id", &path));
    assert_eq!(value(&tokens).await, "id.invented-one");
    std::fs::write(&next, "invented-two").unwrap();
    std::fs::rename(&next, &path).unwrap();
    assert_eq!(tokens.refresh().await.unwrap().value(), "id.invented-two");
}

#[tokio::test(start_paused = true)]
async fn wrong_secret_is_asked_once_and_the_right_one_ends_the_hold() {
    let secret = Arc::new(std::sync::Mutex::new("wrong"));
    let shared = Arc::clone(&secret);
    let vault = CredentialSource::from_fn(move || {
        let secret = *shared.lock().expect("a lock");
        async move { ClientCredentials::new("id", secret) }
    });
    let (tokens, asked) = source(vault);
    for _ in 0..20 {
        assert!(matches!(tokens.token().await, Err(Error::Rejected(_))));
    }
    assert_eq!(asked.load(SeqCst), 1);
    *secret.lock().unwrap() = "right";
    let waited = tokio::time::Instant::now();
    tokens.ready(Duration::from_secs(9)).await.unwrap();
    assert!(waited.elapsed() < auth_core::PERMANENT_HOLD, "the hold was sat out");
    assert_eq!((value(&tokens).await.as_str(), asked.load(SeqCst)), ("id.right", 2));
}

#[tokio::test]
async fn file_that_cannot_be_used_is_an_error_of_the_source_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    for (text, why) in [
        (None, "cannot be read"),
        (Some(&b"trailing blank "[..]), "ends with a blank"),
        (Some(b""), "is empty"),
        (Some(b"two\nlines\n"), "control character"),
        (Some(b"\xff\xfe"), "cannot be read"),
    ] {
        text.into_iter().for_each(|text| std::fs::write(&path, text).unwrap());
        let error = failure(CredentialSource::secret_file("id", &path)).await;
        assert!(matches!(error, Error::Credentials(_)) && error.to_string().contains(why), "{text:?}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn source_that_panics_is_an_internal_failure_and_not_the_end() {
    let calls = Arc::new(AtomicUsize::new(0));
    let vault = CredentialSource::from_fn(move || {
        let nth = calls.fetch_add(1, SeqCst);
        async move {
            // As a panic, but without a message on the test's output.
            if nth == 0 {
                std::panic::resume_unwind(Box::new("invented"));
            }
            ClientCredentials::new("id", "invented-secret")
        }
    });
    let (tokens, _) = source(vault);
    let error = tokens.token().await.unwrap_err();
    assert!(matches!(error, Error::Internal(_)) && error.to_string().contains("panicked"), "{error}");
    tokens.ready(Duration::from_secs(60)).await.unwrap();
    assert_eq!(value(&tokens).await, "id.invented-secret");
}

#[tokio::test(start_paused = true)]
async fn source_that_hangs_is_an_error_of_its_own_after_five_seconds() {
    let began = tokio::time::Instant::now();
    let error = failure(CredentialSource::from_fn(std::future::pending)).await;
    assert!(matches!(error, Error::Credentials(_)), "{error}");
    assert_eq!(error.to_string(), "the credential source failed: it did not answer within 5 s");
    assert_eq!((began.elapsed(), CREDENTIALS_TIMEOUT.as_secs()), (CREDENTIALS_TIMEOUT, 5));
}

#[tokio::test(start_paused = true)]
async fn source_that_hangs_longer_than_an_attempt_may_take_is_not_told_as_a_vendor_out_of_reach() {
    for (seconds, within) in [(3, "the attempt's time"), (5, "5 s")] {
        let (asked, mut policy) = (Arc::default(), RefreshPolicy::default());
        policy.attempt_timeout = Duration::from_secs(seconds);
        let vendor = Vendor { credentials: CredentialSource::from_fn(std::future::pending), asked: Arc::clone(&asked) };
        let tokens = TokenSource::builder(vendor).policy(policy).clock(PausedClock::new()).build();
        let began = tokio::time::Instant::now();
        let error = tokens.token().await.expect_err("no credentials");
        assert!(matches!(error, Error::Credentials(_)), "{error}");
        assert_eq!(error.to_string(), format!("the credential source failed: it did not answer within {within}"));
        assert_eq!((began.elapsed().as_secs(), asked.load(SeqCst)), (seconds, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn failed_source_costs_no_caller_anything_while_the_token_lives() {
    let calls = Arc::new(AtomicUsize::new(0));
    let vault = CredentialSource::from_fn(move || {
        let nth = calls.fetch_add(1, SeqCst);
        async move { if nth == 0 { ClientCredentials::new("id", "one") } else { Err(Error::credentials("sealed")) } }
    });
    let (tokens, asked) = source(vault);
    assert_eq!(value(&tokens).await, "id.one");
    assert!(matches!(tokens.refresh().await, Err(Error::Credentials(_))));
    assert_eq!(value(&tokens).await, "id.one");
    assert_eq!(asked.load(SeqCst), 1);
}
