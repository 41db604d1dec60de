//! What the middleware tells `tracing`.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use auth_core::Hosts;
use httpmock::MockServer;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::authorization::Tokens;

/// Keeps the middleware's lines, each as its level and its fields.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

/// Panics at the middleware's lines.
struct Bomb;

impl<S: Subscriber> Layer<S> for Bomb {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        assert_ne!(event.metadata().target(), "auth_reqwest", "a subscriber that panics, on purpose");
    }
}

struct Line(String);

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "auth_reqwest" {
            assert_eq!(*event.metadata().level(), Level::DEBUG);
            let mut line = Line(String::new());
            event.record(&mut line);
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.0);
        }
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!("{field}: {value:?}; ");
    }
}

#[tokio::test]
async fn of_a_request_nothing_is_told_but_its_host() {
    let recorder = Recorder::default();
    let _listening = tracing::subscriber::set_default(tracing_subscriber::registry().with(recorder.clone()));
    let server = MockServer::start_async().await;
    for (token, status) in [("invented-1", 401), ("invented-2", 200)] {
        let value = format!("Bearer {token}");
        let answers = server.mock_async(|when, then| {
            when.path("/invented-path").header("authorization", value);
            then.status(status);
        });
        answers.await;
    }
    let hosts = Hosts::only("127.0.0.1").expect("a host");
    let client =
        auth_reqwest::client(reqwest::Client::builder().no_proxy(), Tokens::many().source(), hosts).expect("a client");
    let url = server.url("/invented-path?invented=query");
    let response = client.get(&url).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    client.get(url.replace("127.0.0.1", "localhost")).send().await.expect("an answer");
    let lines = recorder.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let expected = [
        r#"message: unauthorized: the API did not accept the token; event: "unauthorized"; host: "127.0.0.1"; "#,
        r#"message: repeated: the request is sent once more, with the next token; event: "repeated"; host: "127.0.0.1"; "#,
        r#"message: left alone: the request carries no token; event: "left_alone"; host: "localhost"; "#,
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn subscriber_that_panics_costs_no_request() {
    let _listening = tracing::subscriber::set_default(tracing_subscriber::registry().with(Bomb));
    let server = MockServer::start_async().await;
    let answers = server.mock_async(|when, then| {
        when.path("/");
        then.status(401);
    });
    let answers = answers.await;
    let hosts = Hosts::only("127.0.0.1").expect("a host");
    let client =
        auth_reqwest::client(reqwest::Client::builder().no_proxy(), Tokens::many().source(), hosts).expect("a client");
    let response = client.get(server.url("/")).send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), answers.calls_async().await), (401, 2));
    client.get(server.url("/").replace("127.0.0.1", "localhost")).send().await.expect("an answer");
}
