//! The layer over a service in memory.

use std::future::{Ready, ready};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use auth_core::tower::{AuthorizationLayer, Repeat};
use auth_core::{Error, Hosts, TokenResponse, TokenSource};
use http::header::{AUTHORIZATION, HeaderName, HeaderValue, LOCATION};
use http::{Request, Response, StatusCode};
use tower_http::follow_redirect::FollowRedirect;
use tower_layer::Layer;
use tower_service::Service;

use crate::script::{Answer, HOUR, SECOND, Script, wrong_secret};
use crate::traced::Recorder;

mod contract;

type Answers = fn(&str, usize) -> Response<()>;

/// An API that keeps what it is sent, and answers by the `Authorization` and the number of the request.
#[derive(Clone)]
struct Api {
    answers: Answers,
    seen: Arc<Mutex<Vec<Request<String>>>>,
    /// Whether it was asked if it is ready since its last call, as tower demands.
    is_ready: bool,
}

impl Api {
    fn answering(answers: Answers) -> Self {
        Self { answers, seen: Arc::default(), is_ready: false }
    }

    fn seen(&self) -> Vec<Request<String>> {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The `Authorization` of each request so far.
    fn authorizations(&self) -> Vec<Option<HeaderValue>> {
        self.seen().iter().map(|request| request.headers().get(AUTHORIZATION).cloned()).collect()
    }
}

impl Service<Request<String>> for Api {
    type Response = Response<()>;
    type Error = io::Error;
    type Future = Ready<Result<Response<()>, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<String>) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called before it was asked whether it is ready");
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let header = request.headers().get(AUTHORIZATION).map_or("", |value| value.to_str().expect("text"));
        let response = (self.answers)(header, seen.len() + 1);
        seen.push(request);
        ready(Ok(response))
    }
}

fn ok(_: &str, _: usize) -> Response<()> {
    Response::new(())
}

fn status(status: StatusCode) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = status;
    response
}

/// The first token was revoked.
fn revoked(authorization: &str, _: usize) -> Response<()> {
    status(if authorization == "Bearer invented-1" { StatusCode::UNAUTHORIZED } else { StatusCode::OK })
}

fn layer(tokens: &TokenSource) -> AuthorizationLayer {
    AuthorizationLayer::new(tokens.clone(), Hosts::only("api.vendor.example").expect("a host"))
}

fn order() -> Request<String> {
    Request::post("https://api.vendor.example/orders")
        .header("x-own", "1")
        .body("an order".to_owned())
        .expect("a request")
}

async fn call<R: Repeat<String>>(
    layer: &AuthorizationLayer<R>,
    api: &Api,
    request: Request<String>,
) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
    let mut service = layer.layer(api.clone());
    std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
    Ok(service.call(request).await?.status())
}

#[tokio::test(start_paused = true)]
async fn request_to_a_host_that_is_named_carries_the_token_and_is_otherwise_as_it_was() {
    let (tokens, api) = (Script::tokens_of(HOUR).source(), Api::answering(ok));
    assert_eq!(call(&layer(&tokens), &api, order()).await.expect("an answer"), StatusCode::OK);
    let seen = api.seen();
    assert_eq!((seen.len(), seen[0].method().as_str(), seen[0].uri().path()), (1, "POST", "/orders"));
    assert_eq!((seen[0].body().as_str(), &seen[0].headers()["x-own"]), ("an order", &HeaderValue::from_static("1")));
    let authorization = &seen[0].headers()[AUTHORIZATION];
    assert!(authorization == "Bearer invented-1" && authorization.is_sensitive());
}

#[tokio::test(start_paused = true)]
async fn request_to_another_host_carries_nothing_and_costs_no_token() {
    let script = Script::tokens_of(HOUR);
    let api = Api::answering(ok);
    let elsewhere = Request::get("http://other.example/").body(String::new()).expect("a request");
    call(&layer(&script.source()), &api, elsewhere).await.expect("an answer");
    assert_eq!((api.authorizations(), script.requests()), (vec![None], 0));
}

#[tokio::test(start_paused = true)]
async fn authorization_that_is_there_is_left_alone_and_its_401_is_the_callers() {
    let script = Script::tokens_of(HOUR);
    let api = Api::answering(|_, _| status(StatusCode::UNAUTHORIZED));
    let mut request = order();
    request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Basic invented"));
    let answered = call(&layer(&script.source()), &api, request).await.expect("an answer");
    assert_eq!(answered, StatusCode::UNAUTHORIZED);
    assert_eq!((api.authorizations(), script.requests()), (vec![Some(HeaderValue::from_static("Basic invented"))], 0));
}

#[tokio::test(start_paused = true)]
async fn plain_http_and_a_uri_without_a_host_are_errors_and_nothing_is_sent() {
    let script = Script::tokens_of(HOUR);
    let api = Api::answering(ok);
    for (uri, says) in [("http://api.vendor.example/", "plain http"), ("/orders", "names no host")] {
        let request = Request::get(uri).body(String::new()).expect("a request");
        let error = call(&layer(&script.source()), &api, request).await.expect_err("a refusal");
        assert!(matches!(error.downcast_ref(), Some(Error::Config(_))) && error.to_string().contains(says), "{error}");
    }
    assert_eq!((api.seen().len(), script.requests()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn of_a_request_nothing_is_told_but_its_host() {
    let recorder = Recorder::default();
    let _listening = recorder.listen();
    let (tokens, api) = (Script::tokens_of(HOUR).source(), Api::answering(revoked));
    let uri = "https://user:invented-password@api.vendor.example/invented-path?invented=query";
    call(&layer(&tokens), &api, Request::get(uri).body(String::new()).expect("a request")).await.expect("an answer");
    let elsewhere = Request::get("http://other.example/invented-path").body(String::new()).expect("a request");
    call(&layer(&tokens), &api, elsewhere).await.expect("an answer");
    let lines = recorder.lines().into_iter().filter(|line| line.fields.contains_key("host"));
    let told: Vec<_> = lines
        .map(|mut line| {
            assert_eq!((line.target.as_str(), line.level), ("auth_core", tracing::Level::DEBUG));
            let words = line.fields.remove("message").expect("a message");
            assert!(!words.contains("invented"), "{words}");
            line.fields.into_values().collect::<Vec<_>>().join(" of ")
        })
        .collect();
    let expected =
        ["unauthorized of api.vendor.example", "repeated of api.vendor.example", "left_alone of other.example"];
    assert_eq!(told, expected);
}

#[tokio::test(start_paused = true)]
async fn subscriber_that_panics_costs_no_request() {
    let _listening = crate::traced::Bomb::listens();
    let (tokens, api) = (Script::tokens_of(HOUR).source(), Api::answering(revoked));
    let healed = call(&layer(&tokens), &api, order()).await.expect("an answer");
    assert_eq!((healed, api.seen().len()), (StatusCode::OK, 2));
    let elsewhere = Request::get("http://other.example/").body(String::new()).expect("a request");
    call(&layer(&tokens), &api, elsewhere).await.expect("an answer");
}

#[tokio::test(start_paused = true)]
async fn request_that_meets_a_401_is_sent_once_more_whole_and_with_the_next_token() {
    let (tokens, api) = (Script::tokens_of(HOUR).source(), Api::answering(revoked));
    assert_eq!(call(&layer(&tokens), &api, order()).await.expect("an answer"), StatusCode::OK);
    let seen = api.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(
        (&seen[1].headers()[AUTHORIZATION], seen[1].body().as_str()),
        (&HeaderValue::from_static("Bearer invented-2"), "an order")
    );
    assert_eq!(
        (seen[1].method(), seen[1].uri(), &seen[1].headers()["x-own"]),
        (seen[0].method(), seen[0].uri(), &seen[0].headers()["x-own"])
    );
}

#[tokio::test(start_paused = true)]
async fn second_401_is_the_callers() {
    let script = Script::tokens_of(HOUR);
    let api = Api::answering(|_, _| status(StatusCode::UNAUTHORIZED));
    assert_eq!(call(&layer(&script.source()), &api, order()).await.expect("an answer"), StatusCode::UNAUTHORIZED);
    assert_eq!((api.seen().len(), script.requests()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn forbidden_is_taken_for_a_401_only_where_that_was_said() {
    let forbidden: Answers = |_, nth| status(if nth == 1 { StatusCode::FORBIDDEN } else { StatusCode::OK });
    for (said, requests) in [(false, 1), (true, 2)] {
        let (tokens, api) = (Script::tokens_of(HOUR).source(), Api::answering(forbidden));
        let layer = if said { layer(&tokens).also_on_403() } else { layer(&tokens) };
        call(&layer, &api, order()).await.expect("an answer");
        assert_eq!(api.seen().len(), requests, "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn unauthenticated_in_a_grpc_header_is_taken_for_a_401() {
    fn answers(authorization: &str, _: usize) -> Response<()> {
        let code = if authorization == "Bearer invented-1" { "16" } else { "0" };
        let mut response = Response::new(());
        response.headers_mut().insert("grpc-status", HeaderValue::from_static(code));
        response
    }
    let (tokens, api) = (Script::tokens_of(HOUR).source(), Api::answering(answers));
    call(&layer(&tokens), &api, order()).await.expect("an answer");
    assert_eq!(
        api.authorizations(),
        ["Bearer invented-1", "Bearer invented-2"].map(|v| Some(HeaderValue::from_static(v)))
    );
}

#[tokio::test(start_paused = true)]
async fn body_that_cannot_be_sent_twice_costs_one_401_and_the_next_request_is_healed() {
    let tokens = Script::tokens_of(HOUR).source();
    let api = Api::answering(revoked);
    let once = layer(&tokens).without_repeat();
    assert_eq!(call(&once, &api, order()).await.expect("an answer"), StatusCode::UNAUTHORIZED);
    assert_eq!(call(&once, &api, order()).await.expect("an answer"), StatusCode::OK);
    assert_eq!(api.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn second_try_has_the_body_that_the_caller_copies() {
    for (copies, answered, sent) in [(true, StatusCode::OK, 2), (false, StatusCode::UNAUTHORIZED, 1)] {
        let (tokens, api) = (Script::tokens_of(HOUR).source(), Api::answering(revoked));
        let repeating = layer(&tokens).repeating(move |body: &String| copies.then(|| body.clone()));
        assert_eq!(call(&repeating, &api, order()).await.expect("an answer"), answered);
        assert_eq!(api.seen().len(), sent);
    }
}

#[tokio::test(start_paused = true)]
async fn first_answer_stands_where_no_other_token_can_be_had() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Token(HOUR), Answer::Fail(wrong_secret())]);
    let api = Api::answering(|_, _| status(StatusCode::UNAUTHORIZED));
    assert_eq!(call(&layer(&script.source()), &api, order()).await.expect("an answer"), StatusCode::UNAUTHORIZED);
    assert_eq!((api.seen().len(), script.requests()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn rejection_that_is_not_believed_repeats_nothing() {
    let script = Script::tokens_of(HOUR);
    let (tokens, api) = (script.source(), Api::answering(|_, _| status(StatusCode::UNAUTHORIZED)));
    for _ in 0..auth_core::MAX_REJECTIONS {
        call(&layer(&tokens), &api, order()).await.expect("an answer");
    }
    let (sent, asked) = (api.seen().len(), script.requests());
    assert!(sent > 0 && asked > 1);
    call(&layer(&tokens), &api, order()).await.expect("an answer");
    assert_eq!((api.seen().len(), script.requests()), (1, asked));
}

#[tokio::test(start_paused = true)]
async fn failure_to_get_a_token_is_the_sources_own_error_and_nothing_is_sent() {
    let script = Script::default();
    script.always(Answer::Fail(wrong_secret()));
    let api = Api::answering(ok);
    let error = call(&layer(&script.source()), &api, order()).await.expect_err("a wrong secret");
    assert!(matches!(error.downcast_ref(), Some(Error::Rejected(_))), "{error}");
    assert_eq!(api.seen().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn upload_is_sent_with_a_token_that_lives_long_enough() {
    let script = Script::tokens_of(HOUR);
    let (tokens, api) = (script.source(), Api::answering(ok));
    call(&layer(&tokens), &api, order()).await.expect("an answer");
    crate::script::pass(1800 * SECOND).await;
    call(&layer(&tokens).valid_for(2700 * SECOND), &api, order()).await.expect("an answer");
    assert_eq!(
        api.authorizations(),
        ["Bearer invented-1", "Bearer invented-2"].map(|v| Some(HeaderValue::from_static(v)))
    );
}

#[tokio::test]
async fn header_that_differs_from_call_to_call_is_the_requests_own_and_must_be_there() {
    let tokens = TokenSource::new(PerCall);
    let api = Api::answering(ok);
    let error = call(&layer(&tokens), &api, order()).await.expect_err("no merchant");
    assert!(error.to_string().contains("x-merchant") && api.seen().is_empty(), "{error}");
    let mut request = order();
    request.headers_mut().insert(MERCHANT, HeaderValue::from_static("invented-merchant"));
    call(&layer(&tokens), &api, request).await.expect("an answer");
    let seen = api.seen();
    assert_eq!(
        (&seen[0].headers()[MERCHANT], seen[0].headers().get_all(MERCHANT).iter().count()),
        (&HeaderValue::from_static("invented-merchant"), 1)
    );
    assert_eq!(seen[0].headers()[AUTHORIZATION], "Bearer invented-token");
}

#[tokio::test]
async fn redirect_followed_outside_the_layer_gets_no_header_of_the_vendor_on_another_host() {
    fn leads_elsewhere(_: &str, nth: usize) -> Response<()> {
        let mut response = status(if nth == 1 { StatusCode::TEMPORARY_REDIRECT } else { StatusCode::OK });
        response.headers_mut().insert(LOCATION, HeaderValue::from_static("https://other.example/orders"));
        response
    }
    let (tokens, api) = (TokenSource::new(TwoHeaders), Api::answering(leads_elsewhere));
    let mut service = FollowRedirect::new(layer(&tokens).layer(api.clone()));
    let orders = Request::get("https://api.vendor.example/orders").body(String::new()).expect("a request");
    std::future::poll_fn(|cx| service.poll_ready(cx)).await.expect("a service that is ready");
    assert_eq!(service.call(orders).await.expect("an answer").status(), StatusCode::OK);
    let seen = api.seen();
    let hosts: Vec<_> = seen.iter().filter_map(|request| request.uri().host()).collect();
    assert_eq!(hosts, ["api.vendor.example", "other.example"]);
    let carries = |name| seen.iter().map(|request| request.headers().contains_key(&name)).collect::<Vec<_>>();
    assert_eq!((carries(AUTHORIZATION), carries(SUBSCRIPTION)), (vec![true, false], vec![true, false]));
}

#[tokio::test]
async fn layer_and_service_show_their_hosts_and_no_token() {
    let tokens = TokenSource::fixed("invented-token");
    tokens.token().await.expect("a token");
    let layer = layer(&tokens);
    for (shown, name) in
        [(format!("{layer:?}"), "AuthorizationLayer {"), (format!("{:?}", layer.layer(())), "Authorization {")]
    {
        assert!(
            shown.starts_with(name) && shown.contains("api.vendor.example") && !shown.contains("invented-token"),
            "{shown}"
        );
    }
}

const MERCHANT: HeaderName = HeaderName::from_static("x-merchant");
const SUBSCRIPTION: HeaderName = HeaderName::from_static("x-subscription");

/// A vendor that wants a header of each call's own.
struct PerCall;

#[auth_core::async_trait]
impl auth_core::TokenEndpoint for PerCall {
    fn vendor(&self) -> &'static str {
        "per-call-auth"
    }

    async fn fingerprint(&self) -> Result<auth_core::Fingerprint, Error> {
        Ok(auth_core::Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, _: &auth_core::RequestContext<'_>) -> Result<TokenResponse, Error> {
        Ok(TokenResponse::new("invented-token", Duration::from_secs(600))?.needs_per_call(MERCHANT))
    }
}

/// A vendor that wants a header of its own beside `Authorization`, which no follower of redirects knows to be secret.
struct TwoHeaders;

#[auth_core::async_trait]
impl auth_core::TokenEndpoint for TwoHeaders {
    fn vendor(&self) -> &'static str {
        "two-headers-auth"
    }

    async fn fingerprint(&self) -> Result<auth_core::Fingerprint, Error> {
        Ok(auth_core::Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, _: &auth_core::RequestContext<'_>) -> Result<TokenResponse, Error> {
        let subscription = HeaderValue::from_static("invented-subscription");
        Ok(TokenResponse::new("invented-token", Duration::from_secs(600))?.with_header(SUBSCRIPTION, subscription))
    }
}
