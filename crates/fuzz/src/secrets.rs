//! Credentials, and a search for them that shares no code with the one under test.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What must not show.
pub(crate) struct Secrets {
    /// In the order of `CredentialSet::parts`: each id before its secret.
    parts: Vec<String>,
}

impl Secrets {
    pub(crate) fn of(parts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { parts: parts.into_iter().map(Into::into).collect() }
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(String::as_str)
    }

    /// `template` with the credentials where it names them: what a server that echoes them answers.
    pub(crate) fn fill(&self, template: &[u8]) -> Vec<u8> {
        let (id, secret) = (self.parts[0].as_str(), self.parts[1].as_str());
        let fields: [(&str, String); 7] = [
            ("{id}", id.to_owned()),
            ("{secret}", secret.to_owned()),
            ("{id%}", percent(id)),
            ("{secret%}", percent(secret)),
            ("{id64}", STANDARD.encode(id)),
            ("{secret64}", URL_SAFE_NO_PAD.encode(secret)),
            ("{basic}", STANDARD.encode(format!("{id}:{secret}"))),
        ];
        let mut out = Vec::with_capacity(template.len());
        let mut rest = template;
        while let Some((byte, after)) = rest.split_first() {
            match fields.iter().find(|(name, _)| rest.starts_with(name.as_bytes())) {
                Some((name, value)) => {
                    out.extend_from_slice(value.as_bytes());
                    rest = &rest[name.len()..];
                }
                None => {
                    out.push(*byte);
                    rest = after;
                }
            }
        }
        out
    }

    /// The first credential that can be read out of `text`: as it is, through any percent-encoding, or from base64.
    pub(crate) fn readable_in(&self, text: &str) -> Option<&str> {
        let readings = [text.as_bytes().to_vec(), percent_decoded(text, false), percent_decoded(text, true)];
        let has = |words: &str| readings.iter().any(|reading| contains(reading, words.as_bytes()));
        let shows = |part: &str| {
            let base64 = [STANDARD_NO_PAD.encode(part), URL_SAFE_NO_PAD.encode(part)];
            has(part) || base64.iter().any(|form| has(form))
        };
        self.parts().filter(|part| !is_of_our_own(part)).find(|part| shows(part))
    }

    /// Every eight bytes in a row of a credential.
    pub(crate) fn pieces(&self) -> Pieces {
        Pieces::of(self.parts())
    }
}

/// Texts as the set of all that stands in them eight bytes in a row.
pub(crate) struct Pieces(Vec<[u8; WINDOW]>);

impl Pieces {
    pub(crate) fn of(texts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let mut pieces = Vec::new();
        for text in texts {
            pieces.extend(text.as_ref().windows(WINDOW).filter_map(|piece| <[u8; WINDOW]>::try_from(piece).ok()));
        }
        pieces.sort_unstable();
        pieces.dedup();
        Self(pieces)
    }

    /// Whether `piece`, of eight bytes, is in it.
    pub(crate) fn has(&self, piece: &[u8]) -> bool {
        self.0.binary_search_by(|own| own.as_slice().cmp(piece)).is_ok()
    }

    /// The first of them in `text`.
    pub(crate) fn first_in<'a>(&self, text: &'a str) -> Option<&'a [u8]> {
        text.as_bytes().windows(WINDOW).find(|piece| self.has(piece))
    }
}

/// The least that counts as a piece of something.
pub(crate) const WINDOW: usize = 8;

/// A credential, or its base64, that stands in what it is replaced with cannot be told from it.
fn is_of_our_own(part: &str) -> bool {
    let forms = [part.to_ascii_lowercase(), STANDARD_NO_PAD.encode(part).to_ascii_lowercase()];
    forms.iter().any(|form| "[redacted]".contains(form.as_str()))
}

pub(crate) fn contains(text: &[u8], words: &[u8]) -> bool {
    !words.is_empty() && text.windows(words.len()).any(|window| window == words)
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02x}") })
        .collect()
}

fn percent_decoded(text: &str, plus_is_blank: bool) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 2;
            }
            (b'+', ..) if plus_is_blank => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    out
}
