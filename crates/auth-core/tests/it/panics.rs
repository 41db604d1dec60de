//! An endpoint and a credential source that panic, wherever they can: an error for those who wait, and the next flight works.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use auth_core::{
    ClientCredentials, CredentialSource, Error, Fingerprint, PausedClock, RequestContext, TokenEndpoint, TokenResponse,
    TokenSource, async_trait,
};

use crate::script::{HOUR, SECOND, pass, settle, wrong_secret};

type Requested<'a> = Pin<Box<dyn Future<Output = Result<TokenResponse, Error>> + Send + 'a>>;

/// Where it goes off.
#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Call,
    FirstPoll,
    LaterPoll,
    /// As the answered request is dropped.
    Drop,
    /// As a request that was given up is dropped.
    DropUnanswered,
}

const PLACES: [At; 5] = [At::Call, At::FirstPoll, At::LaterPoll, At::Drop, At::DropUnanswered];

/// Goes off in the first request, and answers the others at their second poll.
struct Mine {
    at: At,
    requests: Arc<AtomicUsize>,
}

/// One request of a [`Mine`].
struct Fuse {
    at: Option<At>,
    polls: usize,
}

impl Future for Fuse {
    type Output = Result<TokenResponse, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.polls += 1;
        match (self.at, self.polls) {
            (Some(At::FirstPoll), _) | (Some(At::LaterPoll), 2) => panic!("a poll that panics, on purpose"),
            (Some(At::DropUnanswered), _) => Poll::Pending,
            (_, 1) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => Poll::Ready(TokenResponse::new("invented-token", HOUR)),
        }
    }
}

impl Drop for Fuse {
    fn drop(&mut self) {
        if matches!(self.at, Some(At::Drop | At::DropUnanswered)) {
            panic!("a drop that panics, on purpose");
        }
    }
}

impl TokenEndpoint for Mine {
    fn vendor(&self) -> &'static str {
        "mine"
    }

    fn fingerprint<'a: 'b, 'b>(&'a self) -> Pin<Box<dyn Future<Output = Result<Fingerprint, Error>> + Send + 'b>>
    where
        Self: 'b,
    {
        Box::pin(async { Ok(Fingerprint::of_parts(&[])) })
    }

    fn request_token<'a, 'b, 'c, 'd>(&'a self, _: &'b RequestContext<'c>) -> Requested<'d>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
        Self: 'd,
    {
        let is_first = self.requests.fetch_add(1, Ordering::SeqCst) == 0;
        assert!(!is_first || self.at != At::Call, "a call that panics, on purpose");
        Box::pin(Fuse { at: is_first.then_some(self.at), polls: 0 })
    }
}

/// What `count` callers at once get, each in a task of its own.
async fn callers(tokens: &TokenSource, count: usize) -> Vec<Result<String, Error>> {
    let call = |tokens: TokenSource| async move { tokens.token().await.map(|token| token.value().to_owned()) };
    let tasks: Vec<_> = (0..count).map(|_| tokio::spawn(call(tokens.clone()))).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.expect("a caller that does not panic"));
    }
    results
}

#[tokio::test(start_paused = true)]
async fn endpoint_that_panics_anywhere_is_one_internal_error_for_all_and_heals() {
    for at in PLACES {
        let requests = Arc::<AtomicUsize>::default();
        let tokens =
            TokenSource::builder(Mine { at, requests: Arc::clone(&requests) }).clock(PausedClock::new()).build();
        let first = tokio::time::timeout(60 * SECOND, callers(&tokens, 10)).await;
        let errors: Vec<_> = first.unwrap_or_else(|_| panic!("{at:?}: somebody hangs")).into_iter().collect();
        for result in &errors {
            let error = result.as_ref().expect_err("a panic");
            assert!(matches!(error, Error::Internal(_)), "{at:?}: {error}");
            assert!(errors[0].as_ref().is_err_and(|shared| shared.is_same_failure(error)), "{at:?}: not shared");
        }
        assert_eq!(requests.load(Ordering::SeqCst), 1, "{at:?}");
        pass(5 * SECOND).await;
        assert_eq!(tokens.token().await.expect("it heals").value(), "invented-token", "{at:?}");
        assert_eq!(requests.load(Ordering::SeqCst), 2, "{at:?}");
    }
}

/// Panics in every request.
struct Hopeless(Arc<AtomicUsize>);

#[async_trait]
impl TokenEndpoint for Hopeless {
    fn vendor(&self) -> &'static str {
        "hopeless"
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, _: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let nth = self.0.fetch_add(1, Ordering::SeqCst);
        panic!("request {nth} panics, on purpose");
    }
}

#[tokio::test(start_paused = true)]
async fn refresh_of_an_endpoint_that_always_panics_is_one_flight_and_its_error() {
    let requests = Arc::<AtomicUsize>::default();
    let tokens = TokenSource::builder(Hopeless(Arc::clone(&requests))).clock(PausedClock::new()).build();
    let both = async { tokio::join!(tokens.refresh(), tokens.refresh()) };
    let (one, other) = tokio::time::timeout(60 * SECOND, both).await.expect("nobody hangs");
    let (one, other) = (one.expect_err("a panic"), other.expect_err("a panic"));
    assert!(matches!(one, Error::Internal(_)) && one.is_same_failure(&other), "{one} and {other}");
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

/// Loads its credentials from a source that may panic, and is refused at first.
struct Loader {
    source: CredentialSource<ClientCredentials>,
    requests: Arc<AtomicUsize>,
}

#[async_trait]
impl TokenEndpoint for Loader {
    fn vendor(&self) -> &'static str {
        "loader"
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        self.source.fingerprint().await
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        cx.load(&self.source).await?;
        match self.requests.fetch_add(1, Ordering::SeqCst) {
            0 => Err(wrong_secret()),
            nth => TokenResponse::new(format!("invented-{nth}"), HOUR),
        }
    }
}

/// A source of credentials whose load number `bad` panics, at its call or at a later poll, and who counts loads.
fn bad_source(bad: usize, at_call: bool) -> (CredentialSource<ClientCredentials>, Arc<AtomicUsize>) {
    let loads = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&loads);
    let source = CredentialSource::from_fn(move || {
        let is_bad = counted.fetch_add(1, Ordering::SeqCst) + 1 == bad;
        assert!(!(is_bad && at_call), "a credential source that panics at its call, on purpose");
        async move {
            tokio::task::yield_now().await;
            assert!(!is_bad, "a credential source that panics at a later poll, on purpose");
            ClientCredentials::new("invented-id", "invented-secret")
        }
    });
    (source, loads)
}

#[tokio::test(start_paused = true)]
async fn credential_source_that_panics_is_an_internal_error_and_heals() {
    for at_call in [true, false] {
        let (source, _) = bad_source(1, at_call);
        let requests = Arc::new(AtomicUsize::new(1));
        let tokens = TokenSource::builder(Loader { source, requests }).clock(PausedClock::new()).build();
        for result in callers(&tokens, 10).await {
            assert!(matches!(result, Err(Error::Internal(_))), "{result:?}");
        }
        pass(5 * SECOND).await;
        assert_eq!(tokens.token().await.expect("it heals").value(), "invented-1");
    }
}

#[tokio::test(start_paused = true)]
async fn fingerprint_that_panics_costs_nobody_anything_but_the_early_end_of_the_hold() {
    for at_call in [true, false] {
        // The second load is the look during the hold.
        let (source, loads) = bad_source(2, at_call);
        let requests = Arc::<AtomicUsize>::default();
        let tokens = TokenSource::builder(Loader { source, requests }).clock(PausedClock::new()).build();
        tokens.token().await.expect_err("refused");
        pass(Duration::from_millis(1500)).await;
        tokens.token().await.expect_err("held; this call looks at the credentials");
        settle().await;
        assert_eq!(loads.load(Ordering::SeqCst), 2);
        tokens.token().await.expect_err("still held, and no panic of the caller's");
        pass(20 * SECOND).await;
        assert_eq!(tokens.token().await.expect("the hold is over").value(), "invented-1");
    }
}
