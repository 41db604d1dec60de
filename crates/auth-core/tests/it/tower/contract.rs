//! What tower asks of a service, over one that is ready when it likes.

use std::future::{Ready, poll_fn, ready};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use super::{layer, order};
use crate::script::{Answer, HOUR, SECOND, Script, wrong_secret};

type Body = Arc<&'static str>;

/// Refuses each token, keeps no body of its own, and is busy once after each call.
#[derive(Clone, Default)]
struct Busy {
    is_busy: bool,
    waited: Arc<AtomicUsize>,
    called: Arc<AtomicUsize>,
    /// The body of the last answer, and whether somebody still held it when the next call came.
    last: Arc<Mutex<Weak<&'static str>>>,
    was_held: Arc<AtomicUsize>,
}

impl Busy {
    fn count(counter: &AtomicUsize) -> usize {
        counter.load(Ordering::SeqCst)
    }
}

impl Service<Request<String>> for Busy {
    type Response = Response<Body>;
    type Error = io::Error;
    type Future = Ready<Result<Response<Body>, io::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        if std::mem::take(&mut self.is_busy) {
            self.waited.fetch_add(1, Ordering::SeqCst);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<String>) -> Self::Future {
        assert!(!self.is_busy, "called while it was busy");
        self.is_busy = true;
        self.called.fetch_add(1, Ordering::SeqCst);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        self.was_held.fetch_add(usize::from(last.strong_count() > 0), Ordering::SeqCst);
        let body: Body = Arc::new("why the token is refused");
        *last = Arc::downgrade(&body);
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        ready(Ok(response))
    }
}

#[tokio::test(start_paused = true)]
async fn service_that_is_busy_is_waited_for_before_the_second_try() {
    let (tokens, api) = (Script::tokens_of(HOUR).source(), Busy::default());
    let mut service = layer(&tokens).layer(api.clone());
    poll_fn(|cx| service.poll_ready(cx)).await.expect("ready");
    service.call(order()).await.expect("an answer");
    assert_eq!((Busy::count(&api.called), Busy::count(&api.waited)), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn first_answer_is_let_go_of_before_the_second_try() {
    let (tokens, api) = (Script::tokens_of(HOUR).source(), Busy::default());
    layer(&tokens).layer(api.clone()).call(order()).await.expect("an answer");
    // A connection that has an answer to be read takes no other request.
    assert_eq!((Busy::count(&api.called), Busy::count(&api.was_held)), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn first_answer_that_stands_has_its_body() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Token(HOUR), Answer::Fail(wrong_secret())]);
    let (tokens, api) = (script.source(), Busy::default());
    let answer = layer(&tokens).layer(api.clone()).call(order()).await.expect("an answer");
    assert_eq!((Busy::count(&api.called), answer.status()), (1, StatusCode::UNAUTHORIZED));
    assert_eq!(**answer.body(), "why the token is refused");
}

#[tokio::test(start_paused = true)]
async fn request_dropped_while_it_waits_for_a_token_sends_nothing_and_loses_nobody() {
    let script = Script::tokens_of(HOUR).takes(SECOND);
    let (tokens, api) = (script.source(), Busy::default());
    let mut service = layer(&tokens).without_repeat().layer(api.clone());
    let impatient = tokio::time::timeout(SECOND / 2, service.call(order())).await;
    assert!(impatient.is_err());
    let patient = tokio::spawn(service.call(order()));
    assert_eq!(patient.await.expect("no panic").expect("an answer").status(), StatusCode::UNAUTHORIZED);
    assert_eq!((Busy::count(&api.called), script.requests()), (1, 1));
}
