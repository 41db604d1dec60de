//! The JSON object of a successful answer, read with tolerance for what real servers send.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::TokenResponse;
use super::token::is_visible_ascii;
use crate::token::{NumericDate, claims_of};
use crate::{Error, Failure, Secret};

/// The JSON object of a successful answer.
pub struct Document {
    pub(super) vendor: &'static str,
    pub(super) status: u16,
    pub(super) members: Map<String, Value>,
    pub(super) date: Option<SystemTime>,
}

impl Document {
    /// Takes out the member `name`, a secret of visible ASCII characters such as an authorization code.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] naming the member.
    pub fn take_secret(&mut self, name: &'static str) -> Result<Secret, Error> {
        match self.members.remove(name) {
            Some(Value::String(text)) if is_visible_ascii(&text) => Ok(Secret::unchecked(text)),
            Some(Value::String(_)) => {
                Err(self.malformed(format!("{name} is expected to be of visible ASCII characters")))
            }
            _ => Err(self.malformed(format!("the answer has no {name}"))),
        }
    }

    /// The member `name`, if it is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str()
    }

    /// The member `name` in whole seconds, if it is a number or a numeric string; a fraction is cut off.
    #[must_use]
    pub fn seconds(&self, name: &str) -> Option<i64> {
        seconds_of(self.members.get(name)?)
    }

    /// The access token in it; `default_lifetime` counts if nothing else tells its life.
    ///
    /// # Errors
    ///
    /// As [`AnswerRules::token`](crate::AnswerRules::token).
    pub fn into_token(mut self, default_lifetime: Duration) -> Result<TokenResponse, Error> {
        let token = self.take_secret("access_token")?;
        if !self.is_bearer() {
            return Err(self.malformed("token_type is expected to be Bearer".to_owned()));
        }
        let lifetime = self.lifetime(token.expose(), default_lifetime)?;
        let scope = self.text("scope").map(str::to_owned);
        Ok(TokenResponse::new(token.expose(), lifetime)?.with_scope(scope))
    }

    fn is_bearer(&self) -> bool {
        match self.members.get("token_type") {
            None | Some(Value::Null) => true,
            Some(Value::String(kind)) => kind.eq_ignore_ascii_case("bearer"),
            Some(_) => false,
        }
    }

    /// `expires_in`; else what the JWT says, against the answer's `Date` if it has no `iat`; else the default.
    fn lifetime(&self, token: &str, default: Duration) -> Result<Duration, Error> {
        let seconds = self.seconds("expires_in").or_else(|| jwt_lifetime(token, self.date));
        match seconds.map(u64::try_from) {
            None => Ok(default),
            Some(Ok(seconds)) if seconds > 0 => Ok(Duration::from_secs(seconds)),
            Some(_) => Err(self.malformed("the token had expired when it came".to_owned())),
        }
    }

    fn malformed(&self, what: String) -> Error {
        Error::Malformed(Failure::of(self.vendor).status(self.status).detail(what))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("vendor", &self.vendor).finish_non_exhaustive()
    }
}

/// Whole seconds in a number or a numeric string. What is beyond an `i64` is the nearest one.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which is what is wanted")]
fn seconds_of(value: &Value) -> Option<i64> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => {
            let text = text.trim();
            // A double may also be called `inf` or `nan`, which is no number of seconds.
            let numeric = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) && !text.starts_with('+');
            text.parse().ok().filter(|_| numeric)?
        }
        _ => return None,
    };
    Some(f64::floor(seconds) as i64)
}

#[derive(Deserialize)]
struct Times {
    iat: Option<NumericDate>,
    exp: NumericDate,
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which is what is wanted")]
fn jwt_lifetime(token: &str, date: Option<SystemTime>) -> Option<i64> {
    let Times { iat, exp } = claims_of(token).ok()?;
    let since_1970 = |date: SystemTime| date.duration_since(SystemTime::UNIX_EPOCH).ok();
    let from = iat.map(NumericDate::as_secs_f64).or_else(|| Some(since_1970(date?)?.as_secs_f64()))?;
    Some((exp.as_secs_f64() - from).floor() as i64)
}
