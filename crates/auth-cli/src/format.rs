//! What standard output gets: one token in one of four forms, and nothing else.

use std::time::{SystemTime, UNIX_EPOCH};

use auth_core::{AccessToken, Error};
use clap::ValueEnum;
use serde::Serialize;

use crate::provider::Provider;
use crate::setting;

/// The form of a token on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The token alone
    Token,
    /// All headers of a call, one `Name: value` a line, for `curl -H @-`
    Headers,
    /// access_token, token_type, expires_in, expires_at, scope
    Json,
    /// `export` lines for `eval` in a shell: …_ACCESS_TOKEN and …_ACCESS_TOKEN_EXPIRES_AT
    Env,
}

impl Format {
    /// The text for `token`, with a line end.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if headers are wanted and one of them differs from call to call.
    pub(crate) fn write(self, provider: Provider, token: &AccessToken) -> Result<String, Error> {
        match self {
            Self::Token => Ok(format!("{}\n", token.value())),
            Self::Headers => headers(token),
            Self::Json => json(token),
            Self::Env => Ok(env(provider, token)),
        }
    }
}

fn headers(token: &AccessToken) -> Result<String, Error> {
    let mut lines = String::new();
    for (name, value) in token.headers()?.iter() {
        let value = value.to_str().map_err(|_| Error::config(format!("the {name} header is not printable")))?;
        lines.push_str(&format!("{}: {value}\n", title_case(name.as_str())));
    }
    Ok(lines)
}

/// Names of headers are the same in any case; people and pages write them so.
pub(crate) fn title_case(name: &str) -> String {
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    name.split('-')
        .map(|word| if word.is_empty() { String::new() } else { capital(word) })
        .collect::<Vec<_>>()
        .join("-")
}

/// RFC 6749 §5.1, and the moment of expiry.
#[derive(Serialize)]
struct Json<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    expires_at: String,
    scope: Option<&'a str>,
}

fn json(token: &AccessToken) -> Result<String, Error> {
    let answer = Json {
        access_token: token.value(),
        token_type: "Bearer",
        expires_in: token.lifetime().as_secs(),
        expires_at: rfc3339(token.expires_at()),
        scope: token.scope(),
    };
    let text =
        serde_json::to_string_pretty(&answer).map_err(|_| Error::config("the token cannot be written as JSON"))?;
    Ok(text + "\n")
}

fn env(provider: Provider, token: &AccessToken) -> String {
    let name = format!("{}_ACCESS_TOKEN", setting::prefix(provider));
    let export = |name: &str, value: &str| format!("{}\n", setting::export(name, value));
    export(&name, token.value()) + &export(&format!("{name}_EXPIRES_AT"), &rfc3339(token.expires_at()))
}

/// UTC, whole seconds. The calendar is a dozen lines; the smallest crate for it is a dozen files.
pub(crate) fn rfc3339(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar. Years are counted from March, so
/// that the leap day is the last; 719,468 days lie between 0000-03-01 and 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (400 * era + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_735_689_600, "2025-01-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..146_097 {
            assert_eq!(civil(days), (year, month, day));
            let longest = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            day += 1;
            if day > longest[month as usize - 1] {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }

    #[test]
    fn header_names_are_written_as_people_write_them() {
        assert_eq!(title_case("authorization"), "Authorization");
        assert_eq!(title_case("x-ibm-client-id"), "X-Ibm-Client-Id");
    }
}
