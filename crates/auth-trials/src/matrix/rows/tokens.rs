//! Tokens that no header can carry, token types, and members that stand there twice.

use super::super::expect::{malformed, token, token_for};
use super::{Healthy, Row, Rows};

pub(super) fn rows(rows: &mut Rows) {
    rows.group("access_token");
    for value in [
        r#""invented\u0000token""#,
        r#""invented\r\nx-injected: yes""#,
        r#""invented\n""#,
        r#""\rinvented""#,
        r#"" invented""#,
        r#""invented ""#,
        r#""invented\ttoken""#,
        r#""invented\u007ftoken""#,
        r#""invented\u0085token""#,
        r#""invented\u00a0token""#,
        r#""inv\u0435nted""#,
        r#""invented\u202etoken""#,
        r#""inve\ud83d\ude00ted""#,
        r#""""#,
        "42",
        "true",
        "null",
        r#"["invented"]"#,
        r#"{"value":"invented"}"#,
        // Half a character (RFC 8259 §8.2), which no string can hold.
        r#""invented\ud800""#,
    ] {
        rows.add(member("access_token", value), malformed(200));
    }
    rows.group("token_type");
    for value in [r#""bearer""#, r#""BEARER""#, r#""bEaReR""#, "null"] {
        rows.add(member("token_type", value), token());
    }
    let missing = |healthy: Healthy| healthy.with_object(|object| drop(object.remove("token_type"))).whole();
    rows.add(Row::spoilt("missing", missing).on_tokens(), token());
    for value in
        [r#""mac""#, r#""DPoP""#, r#""N_A""#, r#""""#, r#""Bearer ""#, r#""Bearer, mac""#, "7", "true", r#"["Bearer"]"#]
    {
        rows.add(member("token_type", value), malformed(200));
    }
    duplicates(rows);
    others(rows);
}

/// No JSON reader need notice that a name stands there twice (RFC 8259 §4); as with most, the last one counts.
fn duplicates(rows: &mut Rows) {
    rows.group("members twice");
    for (first, expect) in [
        (r#""access_token":"not a token""#, token()),
        (r#""expires_in":60"#, token()),
        (r#""expires_in":-1"#, token()),
        (r#""token_type":"mac""#, token()),
        (r#""access_token":"invented","access_token":null"#, token()),
    ] {
        rows.add(Row::spoilt(first, move |healthy| healthy.with_text_first(first).whole()).on_tokens(), expect);
    }
    for (last, expect) in [
        (r#""access_token":"not a token""#, malformed(200)),
        (r#""expires_in":60"#, token_for(60)),
        (r#""expires_in":-1"#, malformed(200)),
        (r#""token_type":"mac""#, malformed(200)),
    ] {
        let spoil = move |healthy: Healthy| {
            let text = String::from_utf8_lossy(&healthy.body).trim_end_matches('}').to_owned();
            healthy.with_body(format!("{text},{last}}}")).whole()
        };
        rows.add(Row::spoilt(format!("…, {last}"), spoil).on_tokens(), expect);
    }
}

/// What is not read, or not needed, spoils nothing.
fn others(rows: &mut Rows) {
    rows.group("other members");
    for name in ["scope", "refresh_token", "refresh_token_expires_in", "consented_on", "jti", "user"] {
        for value in ["null", "42", r#"["x"]"#, r#""läuft \r\n""#] {
            rows.add(member(name, value), token());
        }
    }
}

/// The answer with that member in place of its own.
fn member(name: &'static str, value: &'static str) -> Row {
    let spoil = move |healthy: Healthy| {
        let others = healthy.with_object(|object| drop(object.remove(name)));
        others.with_text_first(&format!("\"{name}\":{value}")).whole()
    };
    let title =
        if ["access_token", "token_type"].contains(&name) { value.to_owned() } else { format!("{name}: {value}") };
    Row::spoilt(title, spoil).on_tokens()
}
