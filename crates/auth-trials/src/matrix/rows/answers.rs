//! Whole answers: statuses, bodies, and errors where none should be.

use auth_sim::Fault;

use super::super::expect::{Expect, malformed, redirected, rejected, throttled, token, unavailable};
use super::super::script::answer;
use super::{Row, Rows, Trouble};

pub(super) fn rows(rows: &mut Rows) {
    statuses(rows);
    errors(rows);
    bodies(rows);
}

/// "Order of judgement": by the status alone, where the body says nothing.
fn statuses(rows: &mut Rows) {
    rows.group("statuses without a word");
    for status in [400, 401, 402, 403, 404, 405, 406, 409, 410, 411, 413, 414, 415, 418, 421, 422, 426, 431, 451] {
        rows.add(empty(status), rejected(status, None));
    }
    for status in [408, 425, 500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 599] {
        rows.add(empty(status), unavailable(status, None));
    }
    rows.add(empty(429), throttled(429, None));
    for status in [300, 304, 305] {
        rows.add(empty(status), redirected(status));
    }
    // Without a location, which would be told by another connection, and with one.
    for (status, reason) in
        [(301, "Moved Permanently"), (302, "Found"), (303, "See Other"), (308, "Permanent Redirect")]
    {
        let line = format!("{status} {reason}");
        let row = Row::spoilt(line.clone(), move |_| answer(&line, "Location: /elsewhere\r\n", ""));
        rows.add(row, redirected(status));
    }
    for status in [200, 201, 202, 204, 205] {
        rows.add(empty(status), malformed(status));
    }
    for status in [600, 999] {
        rows.add(empty(status), malformed(status));
    }
    let created = Row::spoilt("201 with a token", |mut healthy| {
        healthy.head = healthy.head.replacen("200 OK", "201 Created", 1);
        healthy.whole()
    });
    rows.add(created, token());
}

/// By the code, but for statuses that say more; a 2xx with an error in it is judged by that.
fn errors(rows: &mut Rows) {
    rows.group("errors by their code");
    for code in ["server_error", "temporarily_unavailable", "general_error"] {
        rows.add(coded(400, code), unavailable(400, code));
        rows.add(coded(200, code), unavailable(200, code));
    }
    for code in ["invalid_client", "unauthorized_client", "access_denied", "invented_code"] {
        rows.add(coded(400, code), rejected(400, code));
        rows.add(coded(200, code), rejected(200, code));
    }
    rows.add(coded(400, "slow_down"), throttled(400, "slow_down"));
    rows.add(coded(200, "slow_down"), throttled(200, "slow_down"));
    rows.add(coded(429, "invalid_client"), throttled(429, "invalid_client"));
    for status in [408, 425, 503] {
        rows.add(coded(status, "invalid_client"), unavailable(status, "invalid_client"));
    }
    rows.add(body("400, error is a number", 400, r#"{"error":42}"#), rejected(400, None));
    rows.add(body("400, error is empty", 400, r#"{"error":""}"#), rejected(400, None));
    rows.add(body("400, error of two words", 400, r#"{"error":"two words"}"#), rejected(400, None));
    let long = format!(r#"{{"error":"{}"}}"#, "x".repeat(65));
    rows.add(body("400, error of 65 characters", 400, &long), rejected(400, None));
    let beside = |name, value: &'static str| {
        Row::spoilt(name, move |healthy| healthy.with_text_first(&format!(r#""error":{value}"#)).whole())
    };
    rows.add(beside("200, a token and a server_error", r#""server_error""#), unavailable(200, "server_error"));
    rows.add(beside("200, a token and a null error", "null"), token());
    rows.add(beside("200, a token and an empty error", r#""""#), token());
}

/// "2xx unreadable → Malformed", by its text and not by its type.
fn bodies(rows: &mut Rows) {
    rows.group("bodies of a 200");
    for text in ["[]", "null", "42", "true", r#""invented""#, r#"["access_token","invented"]"#, "{", "{}{}", "\u{0}"] {
        rows.add(body(format!("{text:?}"), 200, text), malformed(200));
    }
    let html = "<html><body>Please log in to the Wi-Fi</body></html>";
    rows.add(body("HTML", 200, html), malformed(200));
    let changes: [(&str, Change, Expect); 8] = [
        ("byte order mark before it", |json| [b"\xef\xbb\xbf", &json[..]].concat(), token()),
        ("blanks round it", |json| [b" \r\n\t", &json[..], b"\r\n"].concat(), token()),
        ("UTF-16", |json| json.into_iter().flat_map(|byte| [byte, 0]).collect(), malformed(200)),
        ("something after it", |json| [&json[..], b";"].concat(), malformed(200)),
        ("XSSI prefix", |json| [b")]}',\n", &json[..]].concat(), malformed(200)),
        ("non-breaking spaces", |json| [&json[..1], "\u{a0}".as_bytes(), &json[1..]].concat(), malformed(200)),
        ("no UTF-8 in it", |json| [&json[..1], b"\"x\":\"\xff\",", &json[1..]].concat(), malformed(200)),
        ("nested a thousand deep", nested, malformed(200)),
    ];
    for (name, change, expect) in changes {
        rows.add(
            Row::spoilt(name, move |healthy| {
                let json = change(healthy.body.clone());
                healthy.with_body(json).whole()
            }),
            expect,
        );
    }
    let kinds = Row::spoilt("as text/html", |healthy| healthy.with_header("content-type", "text/html").whole());
    rows.add(kinds, token());
    let none = Row::spoilt("as nothing", |healthy| healthy.without_header("content-type").whole());
    rows.add(none, token());
}

/// What becomes of a healthy body.
type Change = fn(Vec<u8>) -> Vec<u8>;

fn nested(json: Vec<u8>) -> Vec<u8> {
    let deep = format!("\"x\":{}{},", "[".repeat(1000), "]".repeat(1000));
    [&json[..1], deep.as_bytes(), &json[1..]].concat()
}

fn empty(status: u16) -> Row {
    body(status.to_string(), status, "")
}

fn coded(status: u16, code: &str) -> Row {
    body(format!("{status} {code}"), status, &format!(r#"{{"error":"{code}"}}"#))
}

fn body(name: impl Into<String>, status: u16, body: &str) -> Row {
    let (content_type, body) = ("application/json".to_owned(), body.to_owned());
    Row::of(name, Trouble::Plan(Fault::Answer { status, content_type, body }))
}
