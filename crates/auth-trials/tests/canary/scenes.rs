//! What a vendor answers, with everything it was told in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use auth_sim::Vendor;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::marker::{Kind, echoes};
use crate::server::{Asked, Reply};
use crate::vendors::known_to;

/// A vendor's answer to the token call, or to the code call that comes before it.
pub(crate) struct Scene {
    /// Whether the code call gets it already (s2s-oauth).
    pub(crate) to_the_code: bool,
    /// How long the client waits: long where an answer comes, however busy the machine is.
    pub(crate) patience: Duration,
    pub(crate) reply: Box<dyn Fn(&Asked) -> Reply + Send + Sync>,
}

impl Scene {
    fn always(reply: Reply) -> Self {
        Self::new(move |_| reply.clone())
    }

    fn new(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self { to_the_code: false, patience: PATIENCE, reply: Box::new(reply) }
    }

    /// What is answered to `asked`.
    pub(crate) fn answer(&self, asked: &Asked) -> Reply {
        let asks_a_code = asked.head.lines().next().is_some_and(|line| line.contains("/code "));
        match asks_a_code && !self.to_the_code {
            true => Reply::json("200 OK", &json!({"code": Kind::Code.value()})),
            false => (self.reply)(asked),
        }
    }
}

/// A healthy vendor.
pub(crate) fn healthy() -> Scene {
    Scene::always(Reply::json("200 OK", &granted()))
}

/// The answer of a healthy vendor, with words beside it.
pub(crate) fn granted() -> Value {
    json!({
        "access_token": Kind::Token.value(),
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "read:invented",
        "refresh_token": Kind::RefreshToken.value(),
        "refresh_token_expires_in": 7200,
        "note": Kind::Body.value(),
    })
}

/// Every way in which a vendor or the network fails, each with all there is to leak.
pub(crate) fn failures(vendor: Vendor) -> Vec<Scene> {
    let mut scenes = echoed(vendor);
    scenes.extend(by_status());
    scenes.extend(unreadable());
    scenes.extend(broken());
    if vendor == Vendor::S2s {
        let to_the_code = |scene: Scene| Scene { to_the_code: true, ..scene };
        scenes.extend(by_status().into_iter().chain(unreadable()).chain(broken()).map(to_the_code));
    }
    scenes
}

/// Each thing the request had, in each form, where each shape of error has its words.
fn echoed(vendor: Vendor) -> Vec<Scene> {
    let mut scenes = Vec::new();
    for (n, kind) in known_to(vendor).into_iter().enumerate() {
        for (m, echo) in echoes(kind.value()).into_iter().enumerate() {
            let words = format!("<{echo}> is not known: {}", Kind::Body.value());
            let shapes = shapes(&words);
            let shape = &shapes[(n + m) % shapes.len()];
            scenes.push(Scene::always(Reply::json("400 Bad Request", shape)));
        }
    }
    let all = known_to(vendor).into_iter().map(Kind::value).collect::<Vec<_>>().join(" ");
    scenes.extend(shapes(&all).iter().map(|shape| Scene::always(Reply::json("401 Unauthorized", shape))));
    scenes
}

/// The shapes of error that the five vendors have, with `words` as the vendor's own.
fn shapes(words: &str) -> Vec<Value> {
    vec![
        json!({"error": "invalid_client", "error_description": words}),
        json!({"error": words, "error_description": words}),
        json!({"error": "invalid_request", "error_description": {"message": words, "correlation_id": words}}),
        json!({"error": "invalid_client", "message": words, "hint": words}),
        json!({"message": words, "errors": {"client_id": [words]}}),
        json!({"httpCode": "401", "httpMessage": words, "moreInformation": words}),
        json!({"errorCode": "E0000004", "errorSummary": words, "errorId": words, "errorCauses": [{"errorSummary": words}]}),
        json!({"message": words, "errorCode": words, "isSuccess": false, "traceId": words}),
        json!({"type": words, "title": words, "status": 400, "detail": words, "traceId": words}),
    ]
}

/// An error of every class, whose words and headers are the request itself.
fn by_status() -> Vec<Scene> {
    let statuses = [
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "307 Temporary Redirect",
        "429 Too Many Requests",
        "500 Internal Server Error",
        "503 Service Unavailable",
    ];
    let page = |status| {
        let html = format!("<!DOCTYPE html><html><body>{} {}</body></html>", Kind::Body.value(), Kind::Token.value());
        Scene::always(Reply::whole(status, "Content-Type: text/html\r\n", html))
    };
    statuses.into_iter().map(echoing).chain(["403 Forbidden", "502 Bad Gateway", "200 OK"].map(page)).collect()
}

/// An error whose words and headers are the request itself.
fn echo(status: &str, asked: &Asked) -> Reply {
    let told = format!("{} {} {}", Kind::Body.value(), asked.head, asked.body);
    let own = format!("{} {}", Kind::ClientId.value(), Kind::Body.value());
    let headers = format!(
        "X-Request-Id: {}\r\nRetry-After: {own}\r\nLocation: http://127.0.0.1:9/{}\r\nWWW-Authenticate: Basic realm=\"{own}\"\r\n",
        Kind::ClientId.value(),
        Kind::Code.value(),
    );
    let body = json!({"error": "invalid_client", "error_description": told, "message": told, "request": own});
    Reply::whole(status, &headers, body.to_string())
}

/// A vendor that answers every request with that error.
pub(crate) fn echoing(status: &'static str) -> Scene {
    Scene::new(move |asked| echo(status, asked))
}

/// A vendor that takes no refresh token, and grants what nobody asked for: all there is to leak.
pub(crate) fn reluctant() -> Scene {
    let mut granted = granted();
    granted["scope"] = Kind::ALL.map(Kind::value).join(" ").into();
    let granted = Reply::json("200 OK", &granted);
    Scene::new(move |asked| match asked.body.contains("grant_type=refresh_token") {
        true => echo("400 Bad Request", asked),
        false => granted.clone(),
    })
}

/// The same, but that the first request meets an outage.
pub(crate) fn faltering() -> Scene {
    let (once, healthy) = (AtomicBool::new(true), reluctant());
    Scene::new(move |asked| match once.swap(false, SeqCst) {
        true => echo("503 Service Unavailable", asked),
        false => healthy.answer(asked),
    })
}

/// A vendor that tells `asked` of a request, begins to grant a token, and never ends.
pub(crate) fn hesitant(asked: Arc<Notify>) -> Scene {
    Scene::new(move |_| {
        asked.notify_one();
        Reply::Stall(cut())
    })
}

/// Successful answers that are no token.
fn unreadable() -> Vec<Scene> {
    let (body, token) = (Kind::Body.value(), Kind::Token.value());
    let with = |name: &str, value: Value| {
        let mut granted = granted();
        granted[name] = value;
        granted.to_string()
    };
    let texts = [
        body.to_owned(),
        format!(r#"{{"access_token":"{token}","expires_in":{body}}}"#),
        format!(r#"{{"access_token":{token}}}"#),
        format!(r#"["{token}","{body}"]"#),
        with("access_token", json!(format!("{token} {body}"))),
        with("access_token", json!({"value": token})),
        with("access_token", json!(format!("{token}\r\nX-Injected: {body}"))),
        with("token_type", json!(format!("{body} {token}"))),
        with("expires_in", json!(-1)),
        // Both a token and an error.
        with("error", json!(format!("{token} {body}"))),
        with("error_description", json!(format!("{token} {body}"))).replace("\"note\"", "\"error\""),
        body.repeat(4000),
    ];
    let spoilt = texts.map(|text| Scene::always(Reply::whole("200 OK", "", text)));
    let gzip = Reply::whole("200 OK", "Content-Encoding: gzip\r\n", granted().to_string());
    spoilt.into_iter().chain([Scene::always(gzip)]).collect()
}

/// What is no whole answer.
fn broken() -> Vec<Scene> {
    let noise = format!("{} {}\r\n\r\n", Kind::Body.value(), Kind::Token.value());
    let header = format!("HTTP/1.1 200 OK\r\n{}\r\n\r\n{}", Kind::Token.value(), granted());
    let replies = [Reply::Bytes(cut()), Reply::Nothing, Reply::Bytes(noise.into()), Reply::Bytes(header.into())];
    let stalled = Scene { patience: LITTLE_PATIENCE, ..Scene::always(Reply::Stall(cut())) };
    replies.into_iter().map(Scene::always).chain([stalled]).collect()
}

/// The beginning of an answer.
fn cut() -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{}", granted()).into()
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
const LITTLE_PATIENCE: Duration = Duration::from_millis(300);
