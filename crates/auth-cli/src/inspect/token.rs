//! What kind of token a text is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::trouble::Trouble;

/// A token, as far as it can be read.
#[derive(Debug)]
pub(crate) enum Token {
    /// RFC 7519 in the compact form of RFC 7515: it says what it is.
    Jwt { text: String, header: Map<String, Value>, claims: Map<String, Value> },
    /// RFC 7516: only its header can be read.
    Encrypted { header: Map<String, Value> },
    /// Nothing can be read from it.
    Opaque { length: usize, why: &'static str },
}

impl Token {
    /// The token in `text`: alone, after `Bearer` or a header's name, or as the `access_token` of an answer in JSON.
    ///
    /// # Errors
    ///
    /// [`Trouble::Usage`] if there is none, or more than one word.
    pub(crate) fn found_in(text: &str) -> Result<Self, Trouble> {
        let word = word_of(text)?;
        let parts: Vec<&str> = word.split('.').collect();
        let length = word.chars().count();
        Ok(match parts.as_slice() {
            [header, claims, _] => match (object(header), object(claims)) {
                (Some(header), Some(claims)) => Self::Jwt { text: word.clone(), header, claims },
                _ => Self::Opaque { length, why: "it has three parts, as a JWT has, but they hold no JSON" },
            },
            [header, _, _, _, _] => match object(header) {
                Some(header) => Self::Encrypted { header },
                None => Self::Opaque { length, why: "it has five parts, as an encrypted JWT has, but no header" },
            },
            _ => Self::Opaque { length, why: "it is no JWT, which has three parts with dots between them" },
        })
    }
}

fn word_of(text: &str) -> Result<String, Trouble> {
    let from_json = serde_json::from_str::<Value>(text).ok();
    let text = match &from_json {
        Some(Value::String(token)) => token.as_str(),
        Some(Value::Object(answer)) => answer.get("access_token").and_then(Value::as_str).ok_or_else(|| {
            Trouble::Usage(
                "the JSON has no access_token; expected a token, or the answer of a token request".to_owned(),
            )
        })?,
        _ => text,
    };
    // Of several headers it is the one.
    let header = text.lines().find(|line| line.trim_start().to_ascii_lowercase().starts_with("authorization:"));
    let mut words =
        header.unwrap_or(text).trim_start_matches('\u{feff}').split_whitespace().skip_while(|word| is_prefix(word));
    match (words.next(), words.next()) {
        (Some(token), None) => Ok(token.to_owned()),
        (None, _) => Err(Trouble::Usage("there is no token; give a file, or pipe one in".to_owned())),
        (Some(_), Some(_)) => Err(Trouble::Usage("there are several words; expected one token".to_owned())),
    }
}

fn is_prefix(word: &str) -> bool {
    ["authorization:", "bearer"].iter().any(|prefix| word.eq_ignore_ascii_case(prefix))
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt() -> String {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        format!("{}.{}.invented", part(r#"{"alg":"RS256"}"#), part(r#"{"iss":"invented"}"#))
    }

    #[test]
    fn token_is_found_in_whatever_it_is_pasted_with() {
        let jwt = jwt();
        for text in [
            jwt.clone(),
            format!("  {jwt}\r\n"),
            format!("Bearer {jwt}"),
            format!("authorization: bearer {jwt}"),
            format!("X-Id: invented\nAuthorization: Bearer {jwt}\nX-Secret: invented\n"),
            format!("\u{feff}{jwt}"),
            format!(r#"{{"access_token":"{jwt}","expires_in":3600}}"#),
            format!("\"{jwt}\""),
        ] {
            let Ok(Token::Jwt { header, claims, .. }) = Token::found_in(&text) else { panic!("{text}") };
            assert_eq!((&header["alg"], &claims["iss"]), (&Value::from("RS256"), &Value::from("invented")));
        }
    }

    #[test]
    fn what_is_no_token_is_refused_and_says_what_is_expected() {
        for (text, says) in
            [("", "no token"), ("Bearer", "no token"), ("two words", "several"), ("{}", "no access_token")]
        {
            let error = Token::found_in(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn opaque_and_encrypted_tokens_are_recognised() {
        for opaque in ["invented-opaque", "a.b.c", "1.2.3.4.5", "7"] {
            assert!(matches!(Token::found_in(opaque), Ok(Token::Opaque { .. })), "{opaque}");
        }
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#);
        let encrypted = Token::found_in(&format!("{header}.a.b.c.d")).unwrap();
        assert!(matches!(encrypted, Token::Encrypted { header } if header["enc"] == "A256GCM"));
    }
}
