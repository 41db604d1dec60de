//! Dates before 1970, after 9999 and at odds with each other, in the token and in the answer that brings it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::super::expect::{malformed, token, token_for};
use super::lifetimes::default_lifetime;
use super::{Healthy, Row, Rows};

pub(super) fn rows(rows: &mut Rows) {
    rows.group("dates, without expires_in");
    // exp and a Date, two hours apart.
    let in_time = r#"{"exp":1767232800}"#;
    rows.add(dated("exp − Date", in_time, Some(NEW_YEAR_2026)), token_for(7200));
    rows.add(
        dated("exp − iat, whatever Date", r#"{"iat":1767225600,"exp":1767229200}"#, Some(END_9999)),
        token_for(3600),
    );
    rows.add(dated("exp − iat, with fractions", r#"{"iat":1767225600.4,"exp":1767229200.3}"#, None), token_for(3599));
    for (name, date) in [
        ("Date before 1970", Some("Wed, 31 Dec 1969 23:59:59 GMT")),
        ("Date after 9999", Some("Sat, 01 Jan 10000 00:00:00 GMT")),
        ("Date of words", Some("yesterday")),
        ("Date is empty", Some("")),
        ("no Date", None),
    ] {
        rows.add_each(dated(name, in_time, date), |column| token_for(default_lifetime(column)));
    }
    rows.add(dated("Date at the end of 9999", in_time, Some(END_9999)), malformed(200));
    for (claims, expect) in [
        (r#"{"exp":253402300800}"#, token_for(DAY)),
        (r#"{"exp":1e300}"#, token_for(DAY)),
        (r#"{"iat":0,"exp":1767225600}"#, token_for(DAY)),
        (r#"{"iat":-3600,"exp":0}"#, token_for(3600)),
        (r#"{"iat":-1e300,"exp":1e300}"#, token_for(DAY)),
        (r#"{"exp":-1}"#, malformed(200)),
        (r#"{"exp":-1e300}"#, malformed(200)),
        (r#"{"iat":1767229200,"exp":1767225600}"#, malformed(200)),
        (r#"{"iat":1767225600,"exp":1767225600}"#, malformed(200)),
    ] {
        rows.add(dated(claims, claims, Some(NEW_YEAR_2026)), expect);
    }
    for claims in [r#"{"exp":"1767232800"}"#, r#"{"exp":null}"#, r#"{"iat":1767225600}"#, "{", r#"{"exp":1e400}"#] {
        rows.add_each(dated(claims, claims, Some(NEW_YEAR_2026)), |column| token_for(default_lifetime(column)));
    }
    rows.group("dates, with expires_in");
    for (claims, date) in [
        (r#"{"exp":0}"#, NEW_YEAR_2026),
        (r#"{"nbf":253402300800,"exp":253402300801}"#, NEW_YEAR_2026),
        (r#"{"exp":1767232800}"#, END_9999),
        (r#"{"exp":1767232800}"#, "Wed, 31 Dec 1969 23:59:59 GMT"),
    ] {
        rows.add(promised(claims, date), token());
    }
}

/// A token of those claims alone, and that `Date`.
fn dated(name: &str, claims: &str, date: Option<&'static str>) -> Row {
    let jwt = jwt(claims);
    let spoil = move |healthy: Healthy| {
        let healthy = with_token(healthy, &jwt).with_object(|object| drop(object.remove("expires_in")));
        match date {
            Some(date) => healthy.with_header("date", date).whole(),
            None => healthy.without_header("date").whole(),
        }
    };
    Row::spoilt(name, spoil).on_tokens()
}

/// The same beside the healthy `expires_in`, which counts.
fn promised(claims: &str, date: &'static str) -> Row {
    let jwt = jwt(claims);
    let spoil = move |healthy: Healthy| with_token(healthy, &jwt).with_header("date", date).whole();
    Row::spoilt(format!("{claims}, Date {date}"), spoil).on_tokens()
}

fn with_token(healthy: Healthy, token: &str) -> Healthy {
    healthy.with_object(|object| drop(object.insert("access_token".to_owned(), token.into())))
}

fn jwt(claims: &str) -> String {
    format!("e30.{}.invented", URL_SAFE_NO_PAD.encode(claims))
}

const NEW_YEAR_2026: &str = "Thu, 01 Jan 2026 00:00:00 GMT";
const END_9999: &str = "Fri, 31 Dec 9999 23:59:59 GMT";
const DAY: u64 = auth_core::MAX_LIFETIME.as_secs();
