//! What the token says about itself, beside what its answer said and the time.

use std::time::{Duration, SystemTime};

use auth_core::{AccessToken, FLOOR, Redactor, last_four};
use serde_json::{Map, Value};

use super::clock::LEEWAY;
use super::finding::{Checked, Finding, Outcome};
use crate::exit::Exit;
use crate::inspect::relative::{exactly, from_now};
use crate::inspect::table::numeric_date;
use crate::inspect::token::Token;

/// What a token is held against, by the server's clock as far as that is known.
pub(super) struct Terms<'a> {
    token: &'a str,
    now: i64,
    /// Until when it is handed out.
    served_until: i64,
    /// When it expires, by its answer.
    ends: i64,
    ids: Vec<&'a str>,
}

impl<'a> Terms<'a> {
    /// The token is handed out until `floor` before its end; `skew` is by how many seconds the server's clock is ahead.
    pub(super) fn of(token: &'a AccessToken, floor: Duration, skew: f64, ids: Vec<&'a str>) -> Self {
        let at = |at: SystemTime| {
            let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
            (since + skew) as i64
        };
        let ends = at(token.expires_at());
        let served_until = at(token.expires_at() - floor);
        Self { token: token.value(), now: at(SystemTime::now()), served_until, ends, ids }
    }

    /// Worst first: each thing that is odd about the times.
    fn odd(&self, claims: &Map<String, Value>) -> Vec<(Outcome, String)> {
        let at = |name: &str| claims.get(name).and_then(numeric_date);
        let mut odd = Vec::new();
        match at("exp") {
            None => odd.push((Outcome::Warning, "it has no exp, so its answer alone says when it ends".to_owned())),
            Some(exp) if exp <= self.now => {
                odd.push((Outcome::Failed, format!("by its exp it expired {}", from_now(exp - self.now))));
            }
            Some(exp) if exp < self.served_until => {
                let early = length(self.ends - exp);
                odd.push((Outcome::Failed, format!("by its exp it dies {early} before its answer says that it does")));
            }
            Some(exp) if exp - self.ends > leeway() => {
                let late = length(exp - self.ends);
                odd.push((Outcome::Warning, format!("by its exp it lives {late} longer than its answer says")));
            }
            Some(_) => {}
        }
        for name in ["nbf", "iat"] {
            let Some(early) = at(name).map(|at| at - self.now).filter(|early| *early > FLOOR.as_secs() as i64) else {
                continue;
            };
            let outcome = if early > leeway() { Outcome::Failed } else { Outcome::Warning };
            odd.push((outcome, format!("its {name} is {} in the future", length(early))));
        }
        odd.sort_by_key(|(outcome, _)| std::cmp::Reverse(*outcome));
        odd
    }

    /// Who issued it and for whom, as far as it says.
    fn shown(&self, claims: &Map<String, Value>, redactor: &Redactor) -> String {
        let shown = NAMED.iter().filter_map(|name| Some((name, claims.get(*name)?)));
        let shown: Vec<_> = shown.map(|(name, value)| format!("{name} {}", self.told(name, value, redactor))).collect();
        if shown.is_empty() { "it names nobody".to_owned() } else { shown.join(", ") }
    }

    /// Of a client's id its end alone, even of a stranger's: a proxy may have answered with the token of another tenant.
    fn told(&self, name: &str, value: &Value, redactor: &Redactor) -> String {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(all) => {
                let all: Vec<_> = all.iter().map(|value| self.told(name, value, redactor)).collect();
                return redactor.clean(&format!("[{}]", all.join(", ")));
            }
            other => other.to_string(),
        };
        let is_ours = text.is_empty() || self.ids.contains(&text.as_str());
        match is_ours || (is_client(name, &text) && !redactor.finds(&text)) {
            true => redactor.clean(&last_four(&text)),
            false => redactor.clean(&text),
        }
    }
}

/// An audience is an API's URL or name, or with some vendors the client.
fn is_client(name: &str, text: &str) -> bool {
    let may_be_an_id = !text.contains("://") && text.contains(|c: char| c.is_ascii_digit());
    CLIENTS.contains(&name) || (name == "aud" && may_be_an_id)
}

pub(super) fn check(terms: &Terms<'_>, redactor: &Redactor) -> Checked<()> {
    let claims = match Token::found_in(terms.token) {
        Ok(Token::Jwt { claims, .. }) => claims,
        Ok(Token::Encrypted { .. }) => {
            return Finding::skipped("the token is encrypted, for the API alone to read").alone();
        }
        _ => return Finding::skipped("the token is opaque: nothing can be read from it, and that is fine").alone(),
    };
    let (odd, shown) = (terms.odd(&claims), terms.shown(&claims, redactor));
    let words = odd.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>().join("; ");
    match odd.first().map(|(outcome, _)| *outcome) {
        None => Finding::ok(format!("its times fit the clock and the answer; {shown}")),
        Some(Outcome::Failed) => Finding::failed(Exit::Unexpected, format!("{words}; {shown}")).try_this(WRONG),
        Some(_) => Finding::warning(format!("{words}; {shown}")).try_this("ask the vendor whether that is meant"),
    }
    .alone()
}

fn length(seconds: i64) -> String {
    exactly(Duration::from_secs(seconds.unsigned_abs()))
}

fn leeway() -> i64 {
    LEEWAY.as_secs() as i64
}

const WRONG: &str =
    "an API that checks the token refuses it: tell the vendor, whose clocks or settings contradict each other";
/// In the order in which they are told.
const NAMED: [&str; 5] = ["iss", "aud", "client_id", "cid", "azp"];
const CLIENTS: [&str; 3] = ["client_id", "cid", "azp"];

#[cfg(test)]
mod tests {
    use auth_core::ClientCredentials;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_700_049_600;

    fn judged(claims: &Value) -> Finding {
        let token = format!("e30.{}.invented", URL_SAFE_NO_PAD.encode(claims.to_string()));
        of_token(&token)
    }

    fn of_token(token: &str) -> Finding {
        let redactor = Redactor::new(&ClientCredentials::new("invented-client-4711", "invented-secret").unwrap());
        let ids = vec!["invented-client-4711"];
        check(&Terms { token, now: NOW, served_until: NOW + 3590, ends: NOW + 3600, ids }, &redactor).0
    }

    #[test]
    fn times_are_held_against_the_clock_and_the_answer() {
        for (claims, outcome, words) in [
            (json!({ "iat": NOW, "nbf": NOW, "exp": NOW + 3600 }), Outcome::Ok, "its times fit"),
            (json!({ "exp": NOW + 3590 }), Outcome::Ok, "its times fit"),
            (json!({ "iat": NOW + 10, "exp": NOW + 3660 }), Outcome::Ok, "its times fit"),
            (json!({ "iat": NOW }), Outcome::Warning, "no exp"),
            (json!({ "exp": NOW }), Outcome::Failed, "expired now"),
            (json!({ "exp": NOW - 300 }), Outcome::Failed, "expired 5 min ago"),
            (json!({ "exp": NOW + 1800 }), Outcome::Failed, "dies 30 min before its answer says"),
            (json!({ "exp": NOW + 7200 }), Outcome::Warning, "lives 1 h longer"),
            (json!({ "iat": NOW + 11, "exp": NOW + 3600 }), Outcome::Warning, "its iat is 11 s in the future"),
            (json!({ "iat": NOW + 61, "exp": NOW + 3600 }), Outcome::Failed, "its iat is 1 min 1 s in the future"),
            (json!({ "nbf": NOW + 900, "exp": NOW + 3600 }), Outcome::Failed, "its nbf is 15 min in the future"),
        ] {
            let finding = judged(&claims);
            assert!(finding.outcome == outcome && finding.found.contains(words), "{claims}: {finding:?}");
            assert_eq!(finding.exit == Exit::Unexpected, outcome == Outcome::Failed);
        }
    }

    #[test]
    fn worst_is_told_first() {
        let finding = judged(&json!({ "iat": NOW + 30, "exp": NOW - 1 }));
        assert!(
            finding.found.starts_with("by its exp it expired 1 s ago; its iat is 30 s in the future"),
            "{finding:?}"
        );
    }

    #[test]
    fn issuer_and_client_are_told_but_never_a_credential() {
        let claims =
            json!({ "exp": NOW + 3600, "iss": "https://sts.example/invented-secret", "aud": "invented-client-4711" });
        let found = judged(&claims).found;
        assert!(found.ends_with("iss https://sts.example/[redacted], aud …4711"), "{found}");
        let found = judged(&json!({ "exp": NOW + 3600, "aud": ["a", "invented-client-4711"] })).found;
        assert!(found.ends_with("aud [a, …4711]"), "{found}");
    }

    #[test]
    fn of_the_id_of_another_client_the_end_is_told_and_of_a_secret_in_its_place_nothing() {
        for (claims, shown) in [
            (json!({ "client_id": "invented-tenant-8152" }), "client_id …8152"),
            (json!({ "cid": 81_528_152, "azp": "invented-tenant" }), "cid …52, azp …nant"),
            (json!({ "aud": "invented-tenant-8152" }), "aud …8152"),
            (json!({ "aud": ["https://api.example/v10", "orders"] }), "aud [https://api.example/v10, orders]"),
            (json!({ "client_id": "invented-secret" }), "client_id [redacted]"),
        ] {
            let mut claims = claims;
            claims["exp"] = json!(NOW + 3600);
            let found = judged(&claims).found;
            assert!(found.ends_with(shown), "{found}");
        }
    }

    #[test]
    fn token_that_cannot_be_read_is_not_checked_and_says_why() {
        let encrypted = format!("{}.a.b.c.d", URL_SAFE_NO_PAD.encode(r#"{"alg":"RSA-OAEP"}"#));
        for (token, words) in [("invented-opaque", "opaque"), (encrypted.as_str(), "encrypted")] {
            let finding = of_token(token);
            assert!(finding.outcome == Outcome::Skipped && finding.found.contains(words), "{finding:?}");
        }
    }
}
