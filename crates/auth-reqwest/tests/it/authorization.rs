//! The middleware, over a server on loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_core::{
    Error, Failure, Fingerprint, Hosts, RequestContext, TokenEndpoint, TokenResponse, TokenSource, async_trait,
};
use auth_reqwest::{Authorization, token_error};
use http::Extensions;
use httpmock::MockServer;
use reqwest::{Body, Client, Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use tokio::sync::Semaphore;

/// Tokens `invented-1`, `invented-2` and so on, up to as many as there are.
#[derive(Clone)]
pub(crate) struct Tokens {
    asked: Arc<AtomicUsize>,
    there_are: usize,
}

impl Tokens {
    pub(crate) fn many() -> Self {
        Self { asked: Arc::default(), there_are: usize::MAX }
    }

    fn one() -> Self {
        Self { there_are: 1, ..Self::many() }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn source(&self) -> TokenSource {
        TokenSource::new(self.clone())
    }
}

#[async_trait]
impl TokenEndpoint for Tokens {
    fn vendor(&self) -> &'static str {
        "invented-auth"
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, _: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let nth = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        if nth > self.there_are {
            return Err(Error::Rejected(Failure::of("invented-auth").status(401)));
        }
        TokenResponse::new(format!("invented-{nth}"), Duration::from_secs(3600))
    }
}

/// Past a proxy that the environment may name: the servers are on loopback.
fn direct() -> Client {
    Client::builder().no_proxy().build().expect("a client")
}

fn client(authorization: Authorization) -> ClientWithMiddleware {
    ClientBuilder::new(direct()).with(authorization).build()
}

fn to_loopback(tokens: &Tokens) -> Authorization {
    Authorization::new(tokens.source(), Hosts::only("127.0.0.1").expect("a host"))
}

/// Answers `status` to requests that carry `token`.
async fn answers<'a>(server: &'a MockServer, token: &str, status: u16) -> httpmock::Mock<'a> {
    let value = format!("Bearer {token}");
    server
        .mock_async(|when, then| {
            when.path("/orders").header("authorization", value);
            then.status(status).body("an answer");
        })
        .await
}

#[tokio::test]
async fn request_to_a_host_that_is_named_carries_the_token() {
    let (server, tokens) = (MockServer::start_async().await, Tokens::many());
    let mock = answers(&server, "invented-1", 200).await;
    let client = client(to_loopback(&tokens));
    for _ in 0..3 {
        let response = client.get(server.url("/orders")).send().await.expect("an answer");
        assert_eq!(response.text().await.expect("a body"), "an answer");
    }
    assert_eq!((mock.calls_async().await, tokens.asked()), (3, 1));
}

#[tokio::test]
async fn request_to_another_host_or_with_an_authorization_of_its_own_carries_no_token() {
    let (server, tokens) = (MockServer::start_async().await, Tokens::many());
    let bare = server.mock_async(|when, then| {
        when.path("/orders").header_missing("authorization");
        then.status(401);
    });
    let bare = bare.await;
    let basic = server.mock_async(|when, then| {
        when.path("/orders").header("authorization", "Basic invented");
        then.status(401);
    });
    let basic = basic.await;
    let elsewhere = Authorization::new(tokens.source(), Hosts::only("api.vendor.example").expect("a host"));
    client(elsewhere).get(server.url("/orders")).send().await.expect("an answer");
    let own = client(to_loopback(&tokens)).get(server.url("/orders")).header("authorization", "Basic invented");
    own.send().await.expect("an answer");
    assert_eq!((bare.calls_async().await, basic.calls_async().await, tokens.asked()), (1, 1, 0));
}

#[tokio::test]
async fn request_that_meets_a_401_is_sent_once_more_whole_and_with_the_next_token() {
    let (server, tokens) = (MockServer::start_async().await, Tokens::many());
    let first = answers(&server, "invented-1", 401).await;
    let second = server.mock_async(|when, then| {
        when.method("POST").path("/orders").header("authorization", "Bearer invented-2").body("an order");
        then.status(201);
    });
    let second = second.await;
    let response = client(to_loopback(&tokens)).post(server.url("/orders")).body("an order").send().await;
    assert_eq!(response.expect("an answer").status(), 201);
    assert_eq!((first.calls_async().await, second.calls_async().await, tokens.asked()), (1, 1, 2));
}

#[tokio::test]
async fn forbidden_is_taken_for_a_401_only_where_that_was_said() {
    let server = MockServer::start_async().await;
    answers(&server, "invented-1", 403).await;
    answers(&server, "invented-2", 200).await;
    for (also_on_403, status) in [(false, 403), (true, 200)] {
        let tokens = Tokens::many();
        let authorization = to_loopback(&tokens);
        let authorization = if also_on_403 { authorization.also_on_403() } else { authorization };
        let response = client(authorization).get(server.url("/orders")).send().await.expect("an answer");
        assert_eq!(response.status(), status);
    }
}

#[tokio::test]
async fn body_that_cannot_be_sent_twice_costs_one_401_and_the_next_request_is_healed() {
    let (server, tokens) = (MockServer::start_async().await, Tokens::many());
    answers(&server, "invented-1", 401).await;
    answers(&server, "invented-2", 200).await;
    let client = client(to_loopback(&tokens));
    let mut statuses = Vec::new();
    for _ in 0..2 {
        let once = Body::wrap(Once(Some("an order")));
        statuses.push(client.post(server.url("/orders")).body(once).send().await.expect("an answer").status().as_u16());
    }
    assert_eq!(statuses, [401, 200]);
}

#[tokio::test]
async fn first_answer_stands_where_no_other_token_can_be_had() {
    let (server, tokens) = (MockServer::start_async().await, Tokens::one());
    let refusing = answers(&server, "invented-1", 401).await;
    let response = client(to_loopback(&tokens)).get(server.url("/orders")).send().await.expect("an answer");
    assert_eq!(response.status(), 401);
    assert_eq!((refusing.calls_async().await, tokens.asked()), (1, 2));
}

#[tokio::test]
async fn failure_to_get_a_token_and_plain_http_are_errors_of_auth_core() {
    let none = Tokens { there_are: 0, ..Tokens::many() };
    let vendor = Authorization::new(Tokens::many().source(), Hosts::only("api.vendor.example").expect("a host"));
    for (authorization, url, says) in [
        (to_loopback(&none), "http://127.0.0.1:9/", "refused the request"),
        (vendor, "http://api.vendor.example/", "plain http"),
    ] {
        let error = client(authorization).get(url).send().await.expect_err("no token");
        assert!(token_error(&error).is_some_and(|error| error.to_string().contains(says)), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[tokio::test]
async fn failure_to_get_a_token_is_found_below_retries_and_is_not_retried() {
    let none = Tokens { there_are: 0, ..Tokens::many() };
    let policy = ExponentialBackoff::builder().retry_bounds(Duration::ZERO, Duration::ZERO).build_with_max_retries(2);
    let client = ClientBuilder::new(direct())
        .with(RetryTransientMiddleware::new_with_policy(policy))
        .with(to_loopback(&none))
        .build();
    let error = client.get("http://127.0.0.1:9/").send().await.expect_err("no token");
    assert!(matches!(token_error(&error), Some(Error::Rejected(_))), "{error:?}");
    assert_eq!(none.asked(), 1);
}

#[tokio::test]
async fn first_answer_is_let_go_of_before_the_second_try() {
    let (server, tokens) = (MockServer::start_async().await, Tokens::many());
    answers(&server, "invented-1", 401).await;
    answers(&server, "invented-2", 200).await;
    let one_at_a_time = OneAtATime(Arc::new(Semaphore::new(1)));
    let client = ClientBuilder::new(direct()).with(to_loopback(&tokens)).with(one_at_a_time).build();
    let sent = tokio::time::timeout(Duration::from_secs(30), client.get(server.url("/orders")).send()).await;
    assert_eq!(sent.expect("it does not wait for itself").expect("an answer").status(), 200);
}

/// Lets one request pass at a time, until its answer is let go of.
struct OneAtATime(Arc<Semaphore>);

#[async_trait]
impl Middleware for OneAtATime {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let permit = Arc::clone(&self.0).acquire_owned().await.expect("it is never closed");
        let mut response = next.run(request, extensions).await?;
        response.extensions_mut().insert(Arc::new(permit));
        Ok(response)
    }
}

#[tokio::test]
async fn retries_outside_get_a_fresh_token_at_each_try() {
    let (server, tokens) = (MockServer::start_async().await, Tokens::many());
    let revoked = answers(&server, "invented-1", 401).await;
    let failing = answers(&server, "invented-2", 503).await;
    let policy = ExponentialBackoff::builder().retry_bounds(Duration::ZERO, Duration::ZERO).build_with_max_retries(2);
    let client = ClientBuilder::new(direct())
        .with(RetryTransientMiddleware::new_with_policy(policy))
        .with(to_loopback(&tokens))
        .build();
    let response = client.get(server.url("/orders")).send().await.expect("an answer");
    // Three tries of the outer one; the first of them healed a 401 on its way.
    assert_eq!((response.status().as_u16(), revoked.calls_async().await, failing.calls_async().await), (503, 1, 3));
    assert_eq!(tokens.asked(), 2);
}

#[tokio::test]
async fn upload_wants_a_token_that_lives_long_enough() {
    let (server, tokens) = (MockServer::start_async().await, Tokens::many());
    answers(&server, "invented-1", 200).await;
    let within = client(to_loopback(&tokens).valid_for(Duration::from_secs(60)));
    within.get(server.url("/orders")).send().await.expect("an answer");
    let beyond = client(to_loopback(&tokens).valid_for(Duration::from_secs(7200)));
    let error = beyond.get(server.url("/orders")).send().await.expect_err("none lives so long");
    assert!(matches!(token_error(&error), Some(Error::TooShort { .. })), "{error:?}");
    let reqwest_middleware::Error::Middleware(error) = error else { panic!("{error}") };
    assert!(error.downcast_ref::<Error>().is_some(), "by hand, where no other middleware is in between");
}

/// A body that is there once.
struct Once(Option<&'static str>);

impl http_body::Body for Once {
    type Data = &'static [u8];
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        let text = self.0.take();
        std::task::Poll::Ready(text.map(|text| Ok(http_body::Frame::data(text.as_bytes()))))
    }
}
