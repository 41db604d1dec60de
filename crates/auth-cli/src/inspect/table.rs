//! A token as a table: names on the left, times as dates, and a bar of its life.

use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value};

use super::relative;
use super::signature::Verdict;
use super::token::Token;
use crate::format::rfc3339;

/// The whole output. Colours are in it, for a stream that takes them out where nobody wants them.
pub(crate) fn of(token: &Token, verdict: Option<&Verdict>, now: SystemTime) -> String {
    let now = seconds(now);
    let mut table = String::new();
    match token {
        Token::Jwt { header, claims, .. } => {
            section(&mut table, "header", header, now);
            section(&mut table, "claims", claims, now);
            if let Some(life) = Life::of(claims) {
                row(&mut table, "life", &life.bar(now));
            }
        }
        Token::Encrypted { header } => {
            section(&mut table, "header", header, now);
            row(&mut table, "claims", "encrypted: only who it is for can read them (RFC 7516)");
        }
        Token::Opaque { length, why } => {
            row(&mut table, "opaque", &format!("{length} characters, from which nothing can be read: {why}"));
            row(&mut table, "", "only the vendor can say what it is; when it expires, the answer said that brought it");
        }
    }
    if verdict.is_some() || matches!(token, Token::Jwt { .. }) {
        row(&mut table, "signature", &told(verdict));
    }
    table
}

fn section(table: &mut String, title: &str, members: &Map<String, Value>, now: i64) {
    let _ = writeln!(table, "{BOLD}{title}{BOLD:#}");
    let width =
        members.keys().map(|name| shown(name).chars().count()).max().unwrap_or(0).clamp(LEAST_WIDTH, MOST_WIDTH);
    for (name, value) in members {
        let name = shown(name);
        let padding = " ".repeat(width.saturating_sub(name.chars().count()));
        let _ = writeln!(table, "  {name}{padding}  {}", text_of(&name, value, now));
    }
}

fn row(table: &mut String, title: &str, text: &str) {
    let _ = writeln!(table, "{BOLD}{title:LEAST_WIDTH$}{BOLD:#}  {text}");
}

/// A time of RFC 7519, or OpenID's, as a date and as people say it; a text as it is; anything else as JSON.
fn text_of(name: &str, value: &Value, now: i64) -> String {
    match (TIMES.contains(&name).then(|| numeric_date(value)).flatten(), value) {
        (Some(at), _) => format!("{}  {}", date(at), relative::from_now(at.saturating_sub(now))),
        (None, Value::String(text)) => shown(text),
        (None, other) => shown(&other.to_string()),
    }
}

fn told(verdict: Option<&Verdict>) -> String {
    match verdict {
        None => "not checked; --jwks FILE does, with the keys that the vendor publishes".to_owned(),
        Some(Verdict::Valid { algorithm, key }) => {
            let key = key.as_deref().map(|id| format!(", key {}", shown(id))).unwrap_or_default();
            format!("{GREEN}✓ valid{GREEN:#}: {algorithm}{key}")
        }
        Some(Verdict::Invalid(why)) => format!("{RED}✗ NOT valid{RED:#}: {}", shown(why)),
    }
}

/// From when to when a token is good, by its claims.
struct Life {
    begins: i64,
    ends: i64,
}

impl Life {
    fn of(claims: &Map<String, Value>) -> Option<Self> {
        let at = |name| claims.get(name).and_then(numeric_date);
        let (begins, ends) = (at("iat").or_else(|| at("nbf"))?, at("exp")?);
        (begins < ends).then_some(Self { begins, ends })
    }

    fn bar(&self, now: i64) -> String {
        let (whole, over) = (self.ends.saturating_sub(self.begins), now.saturating_sub(self.begins));
        let share = (over as f64 / whole as f64).clamp(0.0, 1.0);
        let filled = (share * BAR as f64).round() as usize;
        let colour = match share {
            share if share < 0.75 => GREEN,
            share if share < 1.0 => YELLOW,
            _ => RED,
        };
        let (filled, left) = ("█".repeat(filled), "░".repeat(BAR - filled));
        let ends = relative::from_now(self.ends.saturating_sub(now));
        let verb = if now < self.ends { "expires" } else { "expired" };
        let percent = (share * 100.0).floor();
        format!(
            "{colour}{filled}{colour:#}{left}  {percent} % of {} is over; it {verb} {ends}",
            relative::length(whole.unsigned_abs())
        )
    }
}

/// Whole seconds since 1970, of a number or of a number in a text.
pub(crate) fn numeric_date(value: &Value) -> Option<i64> {
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    // Beyond the year 9999 no calendar here goes.
    (0.0..=LAST_SECOND).contains(&number).then_some(number as i64)
}

pub(crate) fn date(at: i64) -> String {
    rfc3339(UNIX_EPOCH + Duration::from_secs(at.unsigned_abs()))
}

pub(crate) fn seconds(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or_default()
}

/// Without what would move a terminal's cursor or turn its text round.
fn shown(text: &str) -> String {
    let shown = |c: char| if is_plain(c) { c.to_string() } else { c.escape_unicode().to_string() };
    text.chars().map(shown).collect()
}

fn is_plain(c: char) -> bool {
    !c.is_control() && !UNSEEN.iter().any(|range| range.contains(&c))
}

/// Characters without a width, and those that turn text round.
const UNSEEN: [RangeInclusive<char>; 7] = [
    '\u{ad}'..='\u{ad}',
    '\u{61c}'..='\u{61c}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{2069}',
    '\u{feff}'..='\u{feff}',
    '\u{e0000}'..='\u{e007f}',
];
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const RED: Style = AnsiColor::Red.on_default();
const TIMES: [&str; 5] = ["exp", "iat", "nbf", "auth_time", "updated_at"];
/// Characters of the bar.
const BAR: usize = 20;
const LEAST_WIDTH: usize = 9;
/// A longer name pushes its own value aside, and no other.
const MOST_WIDTH: usize = 32;
/// Of the year 9999.
const LAST_SECOND: f64 = 253_402_300_799.0;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOON: u64 = 1_700_049_600;

    fn table(claims: &Value, verdict: Option<&Verdict>) -> String {
        let object = |value: &Value| value.as_object().cloned().unwrap();
        let header = object(&json!({ "alg": "RS256", "kid": "invented-key" }));
        let token = Token::Jwt { text: String::new(), header, claims: object(claims) };
        let coloured = of(&token, verdict, UNIX_EPOCH + Duration::from_secs(NOON));
        anstream::adapter::strip_str(&coloured).to_string()
    }

    #[test]
    fn header_and_claims_are_a_table_with_times_as_dates_and_a_bar_of_the_life() {
        let claims = json!({
            "iss": "https://sts.invented.example",
            "exp": NOON + 2520,
            "iat": NOON - 1080,
            "scope": ["read", "write"],
        });
        let expected = "\
header
  alg        RS256
  kid        invented-key
claims
  exp        2023-11-15T12:42:00Z  in 42 min
  iat        2023-11-15T11:42:00Z  18 min ago
  iss        https://sts.invented.example
  scope      [\"read\",\"write\"]
life       ██████░░░░░░░░░░░░░░  30 % of 60 min is over; it expires in 42 min
signature  not checked; --jwks FILE does, with the keys that the vendor publishes
";
        assert_eq!(table(&claims, None), expected);
    }

    #[test]
    fn token_that_is_over_says_since_when() {
        let shown = table(&json!({ "iat": NOON - 7200, "exp": NOON - 3600 }), None);
        assert!(shown.contains("████████████████████  100 % of 60 min is over; it expired 60 min ago"), "{shown}");
    }

    #[test]
    fn dates_in_texts_and_fractions_are_read_and_odd_ones_shown_as_they_are() {
        let shown =
            table(&json!({ "iat": "1700049600", "nbf": 1_700_049_660.9, "exp": 1e300, "auth_time": "soon" }), None);
        for row in [
            "iat        2023-11-15T12:00:00Z  now",
            "nbf        2023-11-15T12:01:00Z  in 60 s",
            "exp        1e+300",
            "auth_time  soon",
        ] {
            assert!(shown.contains(row), "{row}: {shown}");
        }
        assert!(!shown.contains("life"), "{shown}");
    }

    #[test]
    fn nothing_in_a_token_reaches_the_terminal_as_a_command() {
        let shown = table(&json!({ "sub": "a\u{1b}[2Jb\r\u{202e}c", "\u{7}x": 1 }), None);
        assert!(!shown.contains(['\u{1b}', '\r', '\u{202e}', '\u{7}']), "{shown:?}");
        assert!(shown.contains(r"a\u{1b}[2Jb\u{d}\u{202e}c"), "{shown}");
    }

    #[test]
    fn name_of_any_length_is_shown() {
        let shown = table(&json!({ "x".repeat(70_000): 1, "b": 2 }), None);
        assert!(shown.contains("\n  b ") && shown.len() < 71_000, "{}", shown.len());
    }

    #[test]
    fn verdict_on_what_is_no_jwt_is_told_too() {
        let invalid = Verdict::Invalid("the token is no signed JWT".to_owned());
        let opaque = Token::Opaque { length: 7, why: "invented" };
        assert!(of(&opaque, Some(&invalid), SystemTime::now()).contains("no signed JWT"));
    }

    #[test]
    fn verdict_is_a_tick_or_a_cross() {
        let valid = Verdict::Valid { algorithm: "ES256".to_owned(), key: Some("invented-key".to_owned()) };
        assert!(table(&json!({}), Some(&valid)).ends_with("signature  ✓ valid: ES256, key invented-key\n"));
        let invalid = Verdict::Invalid("it was changed".to_owned());
        assert!(table(&json!({}), Some(&invalid)).ends_with("signature  ✗ NOT valid: it was changed\n"));
    }
}
