//! `expires_in` in every shape.

use super::super::expect::{Expect, LIFETIME, malformed, token_for, token_for_barely};
use super::{Column, Row, Rows};

/// "Absent, null or no number": `exp` − `iat` of the token, else `exp` − the answer's `Date`, else the provider's constant.
pub(super) fn as_the_token_says(column: Column) -> Expect {
    match column {
        Column::StoneX => token_for(LIFETIME),
        // `iat` with microseconds, or none and a `Date` to go by.
        Column::Partner | Column::MgPlus | Column::MobilePay => token_for_barely(LIFETIME),
        Column::S2sCode | Column::S2sToken => token_for(default_lifetime(column)),
    }
}

/// "Else the provider's constant (3600; 900 for s2s-oauth)".
pub(super) fn default_lifetime(column: Column) -> u64 {
    if column == Column::S2sToken { 900 } else { 3600 }
}

pub(super) fn rows(rows: &mut Rows) {
    rows.group("expires_in");
    for (shape, seconds) in [
        ("1", 1),
        ("59", 59),
        ("3600.0", 3600),
        ("3.6e3", 3600),
        ("3600.999", 3600),
        ("\"3600.999\"", 3600),
        ("\" 3600 \"", 3600),
        ("\"3.6e3\"", 3600),
        ("86400", 86_400),
        // Milliseconds, a date, and what does not fit into anything: a day.
        ("86401", 86_400),
        ("3600000", 86_400),
        ("1767225600", 86_400),
        ("18446744073709551615", 86_400),
        ("18446744073709551616", 86_400),
        ("1e308", 86_400),
        ("\"1e308\"", 86_400),
    ] {
        rows.add(of(shape), token_for(seconds));
    }
    for shape in ["0.5", "-0.0", "-1e308", "-9223372036854775808", "\"0\"", "\"-5\"", "\"0.9\""] {
        rows.add(of(shape), malformed(200));
    }
    for shape in ["\"\"", "\" \"", "true", "[3600]", "{\"seconds\":3600}", "\"0x10\"", "\"1h\"", "\"NaN\"", "\"inf\""] {
        rows.add_each(of(shape), as_the_token_says);
    }
    // No number of JSON readers, so no JSON.
    for shape in ["1e400", "NaN", "Infinity", "0x10", "03600"] {
        rows.add(of(shape), malformed(200));
    }
}

fn of(shape: &str) -> Row {
    let member = format!("\"expires_in\":{shape}");
    let spoil = move |healthy: super::Healthy| {
        healthy.with_object(|object| drop(object.remove("expires_in"))).with_text_first(&member).whole()
    };
    Row::spoilt(shape, spoil).on_tokens()
}
