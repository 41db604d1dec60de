//! The shapes of errors that vendors share, and what an endpoint can ask of a token that came.

use std::time::Duration;

use auth_core::{Body, Fault, Secret, TokenResponse};
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

/// With the members of `json`, and no text.
fn body(json: &Value) -> Body<'_> {
    Body { status: 400, json: json.as_object(), text: "" }
}

#[test]
fn problem_has_a_title_or_a_detail_or_a_trace() {
    for (json, description, trace) in [
        (json!({"title": "Forbidden"}), Some("Forbidden"), None),
        (json!({"detail": "no such shop"}), Some("no such shop"), None),
        (json!({"title": "Forbidden", "detail": "no such shop"}), Some("Forbidden: no such shop"), None),
        (json!({"traceId": "invented-trace"}), None, Some("invented-trace")),
        (json!({"title": "Forbidden", "traceId": "invented-trace"}), Some("Forbidden"), Some("invented-trace")),
    ] {
        let fault = Fault::problem(&body(&json)).unwrap_or_else(|| panic!("{json} is no problem"));
        assert_eq!(fault.code, None, "{json}");
        assert_eq!(fault.description.as_deref(), description, "{json}");
        assert_eq!(fault.correlation_id.as_deref(), trace, "{json}");
    }
}

#[test]
fn object_without_any_of_them_is_no_problem_and_neither_is_a_token() {
    for json in [json!({}), json!({"status": 400}), json!({"title": "Granted", "access_token": "invented-token"})] {
        assert!(Fault::problem(&body(&json)).is_none(), "{json}");
    }
}

#[test]
fn bare_code_is_the_whole_body() {
    let codes = ["invalid_client", "invalid_grant"];
    let read = |text| Fault::bare(&Body { status: 400, json: None, text }, &codes);
    for text in ["invalid_grant", r#""invalid_grant""#] {
        assert_eq!(read(text).expect("a fault").code.as_deref(), Some("invalid_grant"));
    }
    for text in ["", "invalid", "invalid_grant!", "error: invalid_client", "\"", r#""invalid_grant"#] {
        assert!(read(text).is_none(), "{text}");
    }
}

#[test]
fn members_that_were_refused_are_told_in_one_line() {
    let errors = json!({"errors": {"client_id": ["is unknown.", "is short."], "scope": ["is missing."]}});
    assert_eq!(
        body(&errors).refused_members().as_deref(),
        Some("client_id: is unknown. is short.; scope: is missing.")
    );
    for json in [json!({}), json!({"errors": []}), json!({"errors": {}}), json!({"errors": "many"})] {
        assert_eq!(body(&json).refused_members(), None, "{json}");
    }
}

#[test]
fn body_shows_its_status_and_a_fault_nothing() {
    let shown = format!("{:?}", body(&json!({"error": "invented-words"})));
    assert_eq!(shown, "Body { status: 400, .. }");
    let fault = Fault { code: Some("invented-words".to_owned()), ..Fault::default() };
    assert_eq!(format!("{fault:?}"), "Fault { .. }");
}

#[test]
fn what_came_with_a_token_can_be_asked_for_and_is_not_shown() {
    let (name, value) = (HeaderName::from_static("x-invented"), HeaderValue::from_static("invented-value"));
    let minute = Duration::from_secs(60);
    let response = TokenResponse::new("invented-token", minute).unwrap();
    assert_eq!((response.scope(), response.ungranted_scopes().len(), response.headers().count()), (None, 0, 0));
    assert!(response.refresh_token().is_none());

    let response = response.with_scope(Some("read".to_owned())).with_ungranted_scopes(vec!["write".to_owned()]);
    let response = response.with_header(name.clone(), value.clone());
    let response = response.with_refresh_token(Secret::new("invented-refresh").unwrap(), None);
    assert_eq!(response.scope(), Some("read"));
    assert_eq!(response.ungranted_scopes(), ["write"]);
    assert!(response.headers().eq([(&name, &value)]));
    assert_eq!(response.refresh_token().map(Secret::expose), Some("invented-refresh"));
    assert_eq!(format!("{response:?}"), "TokenResponse { lifetime: 60s, .. }");
}
