//! Carrying out faults.

use std::future::{Future, pending};
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, LOCATION, RETRY_AFTER, TRANSFER_ENCODING};
use axum::response::Response;
use serde_json::{Value, json};

use crate::body::{cut_after, endless, gzip};
use crate::server::Reset;
use crate::state::State;
use crate::{Fault, RetryAfter, Target, answer};

/// The answer of a vendor that has no fault, counted.
pub(crate) async fn healthy(state: &State, target: Option<Target>, answer: impl Future<Output = Response>) -> Response {
    let response = answer.await;
    match target {
        _ if !response.status().is_success() => state.counters.refused(target),
        Some(Target::Token) => state.counters.minted(),
        _ => {}
    }
    response
}

/// What a request gets that meets a fault.
pub(crate) async fn meet(
    state: &State,
    fault: Fault,
    reset: &Reset,
    healthy: impl Future<Output = Response>,
) -> Response {
    state.counters.faulted();
    match fault {
        Fault::Delay(delay) => {
            tokio::time::sleep(delay).await;
            healthy.await
        }
        Fault::Hang => pending().await,
        Fault::Reset => {
            reset.notify_one();
            pending().await
        }
        fault => match instead(state, &fault) {
            Some(response) => response,
            None => altered(state, &fault, healthy).await,
        },
    }
}

/// The answer that takes the healthy one's place.
fn instead(state: &State, fault: &Fault) -> Option<Response> {
    const JSON: &str = "application/json";
    let response = match fault {
        Fault::Redirect(url) => redirect(url),
        Fault::Html(status) => answer::with_body(*status, "text/html; charset=utf-8", html(*status)),
        Fault::Endless => answer::with_body(200, JSON, endless(Fault::ENDLESS_BYTES)),
        Fault::Garbage => answer::with_body(200, JSON, "}certainly not JSON{"),
        Fault::EmptyObject => answer::with_body(200, JSON, "{}"),
        Fault::Empty => answer::with_body(200, JSON, ""),
        Fault::ErrorInside200 => answer::with_body(200, JSON, r#"{"error":"server_error"}"#),
        Fault::RetryAfter { status, after } => retry_after(*status, *after),
        Fault::Answer { status, content_type, body } => answer::with_body(*status, content_type, body.clone()),
        fault => fault.shape()?.respond(&state.credentials().client_id),
    };
    Some(response)
}

fn redirect(url: &str) -> Response {
    let mut response = answer::with_body(307, "text/plain", "");
    answer::set(&mut response, LOCATION.as_str(), url);
    response
}

fn html(status: u16) -> String {
    format!("<!DOCTYPE html>\n<html><head><title>{status}</title></head><body>Try later.</body></html>\n")
}

fn retry_after(status: u16, after: RetryAfter) -> Response {
    let mut response = answer::with_body(status, "text/plain", "Later.");
    let value = match after {
        RetryAfter::Seconds(seconds) => seconds.to_string(),
        RetryAfter::DateIn(time) => {
            // Both dates of one answer are made from one reading of the clock.
            let now = SystemTime::now();
            answer::set(&mut response, "date", &httpdate::fmt_http_date(now));
            httpdate::fmt_http_date(now + time.min(A_MILLENNIUM))
        }
    };
    answer::set(&mut response, RETRY_AFTER.as_str(), &value);
    response
}

/// The healthy answer, spoilt. A refusal passes as it is.
async fn altered(state: &State, fault: &Fault, healthy: impl Future<Output = Response>) -> Response {
    let earlier = state.last_token().clone();
    let response = healthy.await;
    if !response.status().is_success() {
        return response;
    }
    let (mut head, body) = response.into_parts();
    // Our own answer, whole and in memory.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    head.headers.remove(CONTENT_LENGTH);
    let body = match fault {
        Fault::CutBody => {
            head.headers.insert(CONTENT_LENGTH, body.len().into());
            cut_after(body.slice(..body.len() / 2))
        }
        Fault::CutChunked => {
            head.headers.insert(TRANSFER_ENCODING, CHUNKED);
            cut_after(body)
        }
        Fault::Gzip => {
            head.headers.insert(CONTENT_ENCODING, GZIP);
            Body::from(gzip(&body))
        }
        Fault::SameToken => Body::from(same_token(state, earlier, &body)),
        fault => Body::from(changed(fault, &body)),
    };
    Response::from_parts(head, body)
}

/// The answer with the token of the answer before it; nobody ever sees the one just made.
fn same_token(state: &State, earlier: Option<String>, body: &Bytes) -> Vec<u8> {
    match earlier {
        Some(earlier) if object(body).contains_key("access_token") => {
            state.counters.unminted();
            *state.last_token() = Some(earlier.clone());
            with_member(body, "access_token", Some(json!(earlier)))
        }
        _ => body.to_vec(),
    }
}

/// The answer with one member, or all of them, changed.
fn changed(fault: &Fault, body: &Bytes) -> Vec<u8> {
    match fault {
        Fault::ExpiresIn(form) => with_member(body, "expires_in", form.json()),
        Fault::Token(odd) => with_member(body, "access_token", odd.json()),
        Fault::TokenType(kind) => with_member(body, "token_type", Some(json!(kind))),
        Fault::WithoutScope => with_member(body, "scope", None),
        Fault::UnknownMembers => {
            let body = with_member(body, "x_invented", Some(json!({"nested": [1, null, "text"]})));
            with_member(&body, "error_uri_of_nothing", Some(Value::Null))
        }
        Fault::NumbersAsText => numbers_as_text(body),
        _ => body.to_vec(),
    }
}

fn with_member(body: &[u8], name: &str, value: Option<Value>) -> Vec<u8> {
    let mut object = object(body);
    match value {
        Some(value) => drop(object.insert(name.to_owned(), value)),
        None => drop(object.remove(name)),
    }
    Value::Object(object).to_string().into_bytes()
}

fn numbers_as_text(body: &[u8]) -> Vec<u8> {
    let mut object = object(body);
    for value in object.values_mut().filter(|value| value.is_number()) {
        *value = Value::String(value.to_string());
    }
    Value::Object(object).to_string().into_bytes()
}

fn object(body: &[u8]) -> serde_json::Map<String, Value> {
    serde_json::from_slice(body).unwrap_or_default()
}

const CHUNKED: HeaderValue = HeaderValue::from_static("chunked");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
/// HTTP-dates end with the year 9999.
const A_MILLENNIUM: Duration = Duration::from_secs(1000 * 365 * 24 * 3600);
