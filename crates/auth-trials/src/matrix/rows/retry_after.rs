//! `Retry-After` in every shape: read on 429 and 503 alone, an hour at most, a date against the answer's own `Date`.

use super::super::expect::{Expect, Hold, rejected, throttled, throttled_for, unavailable, unavailable_for};
use super::super::script::answer;
use super::{Row, Rows};

pub(super) fn rows(rows: &mut Rows) {
    rows.group("Retry-After");
    for (shape, seconds) in [
        ("1800", 1800),
        ("  7  ", 7),
        ("3600", HOUR),
        ("86400", HOUR),
        ("99999999999999999999", HOUR),
        ("Thu, 01 Jan 2026 00:00:07 GMT", 7),
        ("Thursday, 01-Jan-26 00:00:07 GMT", 7),
        ("Thu Jan  1 00:00:07 2026", 7),
        ("Fri, 31 Dec 9999 23:59:59 GMT", HOUR),
    ] {
        both(rows, shape, throttled_for(seconds), unavailable_for(seconds));
    }
    // Nothing to wait for, or a date that has passed: it is backed off all the same, and there is time to try again.
    for shape in ["0", "Wed, 31 Dec 2025 23:59:59 GMT"] {
        both(rows, shape, throttled_for(0).held(Hold::Transient), unavailable(503, None));
    }
    // No time is named: 30 s where the vendor throttles, and as if nothing had been said where it is down.
    for shape in
        ["", "-5", "+5", "7.5", "7 s", "soon", "Wed, 31 Dec 1969 23:59:59 GMT", "Sat, 01 Jan 10000 00:00:00 GMT"]
    {
        both(rows, shape, throttled(429, None), unavailable(503, None));
    }
    let headers = "Retry-After: 7\r\nRetry-After: 1800\r\n";
    rows.add(at("429, two of them", "429 Too Many Requests", headers), throttled_for(7));
    let far = "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n";
    rows.add(at("429, a date and no Date", "429 Too Many Requests", far), throttled_for(HOUR));
    let odd = "Date: yesterday\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n";
    rows.add(at("429, a date and an odd Date", "429 Too Many Requests", odd), throttled_for(HOUR));
    let seven = "Retry-After: 7\r\n";
    rows.add(at("500, where it is not read", "500 Internal Server Error", seven), unavailable(500, None));
    rows.add(at("400, where it is not read", "400 Bad Request", seven), rejected(400, None));
}

fn both(rows: &mut Rows, shape: &str, throttling: Expect, down: Expect) {
    let headers = format!("Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nRetry-After: {shape}\r\n");
    rows.add(at(&format!("429, {shape:?}"), "429 Too Many Requests", &headers), throttling);
    rows.add(at(&format!("503, {shape:?}"), "503 Service Unavailable", &headers), down);
}

fn at(name: &str, status: &'static str, headers: &str) -> Row {
    let headers = headers.to_owned();
    Row::spoilt(name, move |_| answer(status, &headers, ""))
}

/// The longest that is believed.
const HOUR: u64 = auth_core::MAX_RETRY_AFTER.as_secs();
