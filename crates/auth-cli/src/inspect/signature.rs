//! Whether a token was signed by one of the keys in a file.

use jsonwebtoken::jwk::{Jwk, JwkSet, KeyOperations, PublicKeyUse};
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

use super::token::Token;
use crate::trouble::Trouble;

/// Keys of RFC 7517.
pub(crate) struct Keys(JwkSet);

/// What became of a look at the signature.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Signed by the key of that id.
    Valid { algorithm: String, key: Option<String> },
    /// Not by any of them, and why.
    Invalid(String),
}

impl Keys {
    /// # Errors
    ///
    /// [`Trouble::Usage`] if `text` is no set of keys.
    pub(crate) fn parse(text: &str) -> Result<Self, Trouble> {
        let keys: JwkSet = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Trouble::Usage(format!(
                "--jwks: expected {{\"keys\": […]}} of RFC 7517; line {line}, column {column} does not fit"
            ))
        })?;
        if keys.keys.is_empty() {
            return Err(Trouble::Usage("--jwks: the file has no keys".to_owned()));
        }
        Ok(Self(keys))
    }

    /// Whether one of the keys signed `token`. Times are not looked at: the table tells those.
    pub(crate) fn verify(&self, token: &Token) -> Verdict {
        let Token::Jwt { text, header: members, .. } = token else {
            return Verdict::Invalid("the token is no signed JWT".to_owned());
        };
        // RFC 7515 §4.1.11: whoever does not understand all of it must refuse.
        if members.contains_key("crit") {
            return Verdict::Invalid("its header has crit, of which nothing is understood here".to_owned());
        }
        let Ok(header) = decode_header(text) else {
            return Verdict::Invalid(
                "its header is odd, or its alg none that proves anything, as RS256 and ES256 do".to_owned(),
            );
        };
        let fits = |key: &&Jwk| header.kid.is_none() || key.common.key_id == header.kid;
        let candidates: Vec<&Jwk> = self.0.keys.iter().filter(fits).collect();
        if candidates.is_empty() {
            let ids: Vec<&str> = self.0.keys.iter().filter_map(|key| key.common.key_id.as_deref()).collect();
            let ids = if ids.is_empty() { "which have none".to_owned() } else { ids.join(", ") };
            return Verdict::Invalid(format!("its kid is none of the file's: {ids}; are the keys old?"));
        }
        let algorithm = format!("{:?}", header.alg);
        let candidates: Vec<&Jwk> = candidates.into_iter().filter(|key| may_verify(key)).collect();
        if candidates.is_empty() {
            return Verdict::Invalid("the key of its kid is not for signatures, by its use or key_ops".to_owned());
        }
        match candidates.into_iter().find(|key| is_signed_by(text, key, header.alg)) {
            Some(key) => Verdict::Valid { algorithm, key: key.common.key_id.clone() },
            None => Verdict::Invalid("it was not signed by this key, or was changed since".to_owned()),
        }
    }
}

/// Whether the key is there for signatures (RFC 7517 §4.2, §4.3); one that says nothing about it is.
fn may_verify(key: &Jwk) -> bool {
    let of_use = key.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    let operations = key.common.key_operations.as_ref();
    of_use && operations.is_none_or(|operations| operations.contains(&KeyOperations::Verify))
}

fn is_signed_by(token: &str, key: &Jwk, algorithm: jsonwebtoken::Algorithm) -> bool {
    let mut rules = Validation::new(algorithm);
    rules.required_spec_claims.clear();
    (rules.validate_exp, rules.validate_nbf, rules.validate_aud) = (false, false, false);
    DecodingKey::from_jwk(key).is_ok_and(|key| decode::<Value>(token, &key, &rules).is_ok())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use serde_json::json;

    use super::*;

    /// A key of its own, a token that it signed, and the set with its public half.
    fn signed(kid: &str) -> (Token, Keys) {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let key = EncodingKey::from_ec_der(&pair.serialize_der());
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::ES256) };
        // Long over, which is no matter of the signature's.
        let token = encode(&header, &json!({ "iss": "invented", "exp": 1 }), &key).unwrap();
        let mut public = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        public.common.key_id = Some(kid.to_owned());
        let set = serde_json::to_string(&JwkSet { keys: vec![public] }).unwrap();
        (Token::found_in(&token).unwrap(), Keys::parse(&set).unwrap())
    }

    fn why(verdict: Verdict) -> String {
        match verdict {
            Verdict::Invalid(why) => why,
            valid @ Verdict::Valid { .. } => panic!("{valid:?}"),
        }
    }

    #[test]
    fn token_is_valid_by_its_key_whatever_the_time() {
        let (token, keys) = signed("invented-key");
        let key = Some("invented-key".to_owned());
        assert_eq!(keys.verify(&token), Verdict::Valid { algorithm: "ES256".to_owned(), key });
    }

    #[test]
    fn another_key_of_the_same_name_is_told_apart() {
        let ((token, _), (_, others)) = (signed("invented-key"), signed("invented-key"));
        assert!(why(others.verify(&token)).contains("not signed by this key"));
    }

    #[test]
    fn key_that_is_not_in_the_file_is_told_with_those_that_are() {
        let ((token, _), (_, others)) = (signed("new-key"), signed("old-key"));
        assert!(why(others.verify(&token)).contains("old-key"));
    }

    #[test]
    fn critical_header_that_is_not_understood_is_no_valid_signature() {
        let key = EncodingKey::from_secret(b"invented-invented-invented-invented");
        let k = URL_SAFE_NO_PAD.encode("invented-invented-invented-invented");
        let keys = Keys::parse(&format!(r#"{{"keys":[{{"kty":"oct","k":"{k}"}}]}}"#)).unwrap();
        let text = |part: &str| URL_SAFE_NO_PAD.encode(part);
        let signed = format!("{}.{}", text(r#"{"alg":"HS256","crit":["invented"],"invented":1}"#), text("{}"));
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
        let token = Token::found_in(&format!("{signed}.{signature}")).unwrap();
        assert!(why(keys.verify(&token)).contains("crit"));
    }

    #[test]
    fn key_that_is_for_something_else_proves_nothing_even_if_it_signed() {
        for (purpose, is_good) in [
            (json!({ "use": "sig" }), true),
            (json!({ "use": "enc" }), false),
            (json!({ "key_ops": ["verify"] }), true),
            (json!({ "key_ops": ["encrypt", "wrapKey"] }), false),
            (json!({ "use": "sig", "key_ops": ["sign"] }), false),
        ] {
            let (token, keys) = signed("invented-key");
            let mut set = serde_json::to_value(keys.0).unwrap();
            set["keys"][0].as_object_mut().unwrap().extend(purpose.as_object().cloned().unwrap());
            let verdict = Keys::parse(&set.to_string()).unwrap().verify(&token);
            assert_eq!(matches!(verdict, Verdict::Valid { .. }), is_good, "{purpose}: {verdict:?}");
            assert!(is_good || why(verdict).contains("not for signatures"), "{purpose}");
        }
    }

    #[test]
    fn key_for_something_else_proves_nothing_beside_one_for_signatures_either() {
        let ((token, keys), (_, others)) = (signed("invented-key"), signed("invented-key"));
        let mut set = serde_json::to_value(keys.0).unwrap();
        set["keys"][0]["use"] = json!("enc");
        let other = serde_json::to_value(others.0).unwrap()["keys"][0].clone();
        set["keys"].as_array_mut().unwrap().push(other);
        assert!(why(Keys::parse(&set.to_string()).unwrap().verify(&token)).contains("not signed by this key"));
    }

    #[test]
    fn changed_claims_are_found() {
        let (Token::Jwt { text, .. }, keys) = signed("invented-key") else { panic!("no JWT") };
        let (header, signature) = (text.split('.').next().unwrap(), text.rsplit('.').next().unwrap());
        let forged = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(r#"{"iss":"another"}"#));
        assert!(why(keys.verify(&Token::found_in(&forged).unwrap())).contains("changed since"));
    }

    #[test]
    fn token_without_a_signature_proves_nothing() {
        let keys = signed("invented-key").1;
        let unsigned = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode("{}"));
        assert!(why(keys.verify(&Token::found_in(&unsigned).unwrap())).contains("proves anything"));
        assert!(why(keys.verify(&Token::found_in("invented-opaque").unwrap())).contains("no signed JWT"));
    }

    #[test]
    fn what_is_no_set_of_keys_is_told_by_its_place() {
        for (text, says) in [("{}", "line 1"), ("[", "RFC 7517"), (r#"{"keys":[]}"#, "no keys")] {
            let Err(error) = Keys::parse(text) else { panic!("{text}") };
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
