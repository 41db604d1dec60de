//! Real signed tokens: RS256 under one key per process.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Made by the first simulator of the process and shared: making an RSA key is slow.
static KEY: Mutex<Option<Arc<Key>>> = Mutex::new(None);

pub(crate) struct Key {
    pair: KeyPair,
}

impl Key {
    /// The key of this process. Blocks for some hundred milliseconds the first time.
    pub(crate) fn of_the_process() -> io::Result<Arc<Self>> {
        let mut key = KEY.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &*key {
            return Ok(Arc::clone(key));
        }
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| io::Error::other("no RSA key could be made"))?;
        Ok(Arc::clone(key.insert(Arc::new(Self { pair }))))
    }

    /// Signs claims under that header, which names RS256.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let signed = self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature);
        debug_assert!(signed.is_ok(), "an RSA key of 2048 bits signs SHA-256");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims of a token signed by this key.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let (message, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key())
            .verify(message.as_bytes(), &signature)
            .ok()?;
        let (_, claims) = message.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }

    /// The public half: a DER-encoded `RSAPublicKey` (RFC 8017 A.1.1).
    pub(crate) fn public_der(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }
}

/// Now as a NumericDate (RFC 7519 §2), with microseconds.
pub(crate) fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since.map_or(0, |since| since.as_micros());
    micros as f64 / 1e6
}

/// So many random lower-case hexadecimal digits.
pub(crate) fn hex(digits: usize) -> String {
    let digit = |_| char::from_digit(fastrand::u32(..16), 16).unwrap_or('0');
    (0..digits).map(digit).collect()
}

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}
