//! Cuts the credentials of a request out of what the vendor answered to it.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::CredentialSet;

/// Knows the credentials and tokens of one request, in every form in which a server may echo them.
pub struct Redactor {
    /// The parts of the credentials, in their order.
    credentials: Vec<Zeroizing<String>>,
    others: Vec<Zeroizing<String>>,
    /// In every form, each once; made when they are first looked for, since most answers are tokens.
    forms: OnceLock<Vec<Zeroizing<String>>>,
}

impl Redactor {
    /// Knows every part of `credentials`, and each neighbouring pair as Basic authentication writes it.
    #[must_use]
    pub fn new<C: CredentialSet>(credentials: &C) -> Self {
        let credentials = credentials.parts().into_iter().map(|part| Zeroizing::new(part.to_owned())).collect();
        Self { credentials, others: Vec::new(), forms: OnceLock::new() }
    }

    /// Knows `secret` as well: a code, a refresh token, a token just answered.
    pub fn add(&mut self, secret: &str) {
        self.others.push(Zeroizing::new(secret.to_owned()));
        self.forms.take();
    }

    /// The same, and `secrets` as well.
    pub(crate) fn knowing(&self, secrets: impl IntoIterator<Item = String>) -> Self {
        let (credentials, mut others) = (self.credentials.clone(), self.others.clone());
        others.extend(secrets.into_iter().map(Zeroizing::new));
        Self { credentials, others, forms: OnceLock::new() }
    }

    fn forms(&self) -> &[Zeroizing<String>] {
        self.forms.get_or_init(|| {
            let pairs = self.credentials.windows(2).flat_map(|pair| {
                let encoded = [percent_encode(&pair[0]), percent_encode(&pair[1])].map(Zeroizing::new);
                [format!("{}:{}", *pair[0], *pair[1]), format!("{}:{}", *encoded[0], *encoded[1])].map(Zeroizing::new)
            });
            let secrets = self.credentials.iter().chain(&self.others).cloned().chain(pairs);
            let mut forms: Vec<_> = secrets.flat_map(|secret| forms_of(&secret)).collect();
            forms.sort_by(|one, other| one.as_str().cmp(other.as_str()));
            forms.dedup();
            forms
        })
    }

    /// Whether `text` has any of them.
    #[must_use]
    pub fn finds(&self, text: &str) -> bool {
        let text = blanked(text);
        (0..text.len()).any(|at| self.form_at(text.as_bytes(), at).is_some())
    }

    /// `text` with each of them replaced, then cut to 200 printable characters.
    ///
    /// ```
    /// use auth_core::{ClientCredentials, Redactor};
    ///
    /// let redactor = Redactor::new(&ClientCredentials::new("invented-id", "invented-secret")?);
    /// assert_eq!(redactor.clean("client invented-id\tunknown"), "client [redacted] unknown");
    /// # Ok::<(), auth_core::Error>(())
    /// ```
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let text = blanked(text);
        let mut rest = text.trim();
        let (mut out, mut chars) = (String::new(), 0);
        while let Some(c) = rest.chars().next().filter(|_| chars < MAX_DESCRIPTION_CHARS) {
            let redacted = self.end_of_secret(rest.as_bytes());
            let taken = redacted.unwrap_or(c.len_utf8());
            out.push_str(if redacted.is_some() { REDACTED } else { &rest[..taken] });
            chars += if redacted.is_some() { REDACTED.len() } else { 1 };
            rest = &rest[taken..];
        }
        out.chars().take(MAX_DESCRIPTION_CHARS).collect()
    }

    /// Where the secret that `text` begins with ends, and any that begins inside it: of two that overlap nothing is left.
    fn end_of_secret(&self, text: &[u8]) -> Option<usize> {
        let (mut end, mut at) = (self.form_at(text, 0)?, 1);
        while at < end.min(LONGEST_OVERLAPPING) {
            end = self.form_at(text, at).map_or(end, |other| other.max(end));
            at += 1;
        }
        Some(end)
    }

    /// Where the longest form that stands in `text` from `at` on ends.
    fn form_at(&self, text: &[u8], at: usize) -> Option<usize> {
        let rest = &text[at..];
        self.forms().iter().filter_map(|form| Some(at + length_of(rest, form.as_bytes())?)).max()
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

/// Every form in which a server may echo `secret`.
fn forms_of(secret: &str) -> impl Iterator<Item = Zeroizing<String>> + use<> {
    let forms = [secret.to_owned(), percent_encode(secret)].into_iter().chain(base64_forms(secret));
    let forms = forms.chain(base64_cores(secret)).chain(json_forms(secret)).chain([hexadecimal(secret)]);
    // Looked for in text that is blanked as well: what only blanking would spell is not let through.
    forms.map(Zeroizing::new).filter(|form| !form.is_empty()).map(|form| Zeroizing::new(blanked(&form)))
}

/// Form-urlencoded (WHATWG URL §5.2), except that a blank is `%20`, which every server reads.
pub(crate) fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

/// The first `max` characters, each that is not printable as a blank.
pub(crate) fn printable(text: &str, max: usize) -> String {
    blanked(text).trim().chars().take(max).collect()
}

/// Each character that is not printable as a blank. The text may be a secret: one that grew would leave its beginnings in
/// memory that nobody overwrites.
fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    out.extend(text.chars().map(|c| if c.is_control() || is_invisible(c) { ' ' } else { c }));
    out
}

/// Characters that cannot be seen, or that change how a terminal shows the text round them: Unicode's format characters,
/// but for those that are drawn, and the separators of lines and paragraphs.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e007f}')
}

fn base64_forms(secret: &str) -> [String; 4] {
    [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD].map(|engine| engine.encode(secret))
}

/// What base64 always makes of `secret` within something longer, by how many bytes stand before it: the characters at
/// either end depend on its neighbours. A short secret is looked for as a whole alone, or its core would be any text's.
fn base64_cores(secret: &str) -> Vec<String> {
    let core = |before: usize, engine: &base64::engine::GeneralPurpose| {
        let bytes = Zeroizing::new([&[0; 2][..before], secret.as_bytes()].concat());
        let own = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
        engine.encode(&*bytes).get(own).map(str::to_owned)
    };
    let cores = (0..3).flat_map(|before| [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD].map(|engine| core(before, engine)));
    cores.flatten().filter(|core| core.len() >= LEAST_CORE).collect()
}

fn hexadecimal(secret: &str) -> String {
    secret.bytes().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(HEX[usize::from(digit)])).collect()
}

/// As JSON writes it: plainly, with slashes escaped, and with all but ASCII escaped as well.
fn json_forms(secret: &str) -> [String; 3] {
    let quoted = serde_json::Value::from(secret).to_string();
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
    let slashed = inner.replace('/', r"\/");
    let mut units = [0; 2];
    let ascii = slashed.chars().map(|c| match c {
        ' '..='~' => c.to_string(),
        _ => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    });
    let ascii = ascii.collect();
    [inner.to_owned(), slashed, ascii]
}

/// How much of the beginning of `text` is `form`. Percent forms come in both cases; a secret in another case is as good as
/// the secret to whoever reads it.
fn length_of(text: &[u8], form: &[u8]) -> Option<usize> {
    // As it is goes first: in a secret that has `%25` itself that is no percent sign.
    let plain = text.get(..form.len()).is_some_and(|head| head.eq_ignore_ascii_case(form));
    if plain { Some(form.len()) } else { matched(text, form) }
}

/// How much of the beginning of `text` is `form`, each byte as it is or as `%XX`, a blank also as `+`: encoders differ in
/// what they leave alone.
fn matched(text: &[u8], form: &[u8]) -> Option<usize> {
    let mut at = 0;
    for byte in form {
        at += match text.get(at..)? {
            [b'%', high, low, ..] if hex(*high, *low).is_some_and(|b| b.eq_ignore_ascii_case(byte)) => 3,
            [b, ..] if b.eq_ignore_ascii_case(byte) || (*b == b'+' && *byte == b' ') => 1,
            _ => return None,
        };
    }
    Some(at)
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";
const REDACTED: &str = "[redacted]";
/// Six bytes: fewer may stand in a text that has nothing to do with the secret.
const LEAST_CORE: usize = 8;
const MAX_DESCRIPTION_CHARS: usize = 200;
/// How far into a secret another is looked for. A server chooses its tokens: without a bound, one of 30,000 equal letters
/// would cost the square of that.
const LONGEST_OVERLAPPING: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClientCredentials;

    #[test]
    fn credentials_are_cut_out_in_plain_percent_base64_and_json_form() {
        let credentials = ClientCredentials::new("invented id", "invented+secret/é").unwrap();
        let mut redactor = Redactor::new(&credentials);
        redactor.add(r#"invented"quoted\"#);
        for echo in [
            r"invented+secret\/é".to_owned(),
            r"invented+secret\/\u00E9".to_owned(),
            r#"invented\"quoted\\"#.to_owned(),
            "invented id".to_owned(),
            "invented+secret/é".to_owned(),
            percent_encode("invented+secret/é"),
            percent_encode("invented+secret/é").to_lowercase(),
            STANDARD.encode("invented+secret/é"),
            URL_SAFE_NO_PAD.encode("invented+secret/é"),
            STANDARD.encode("invented id:invented+secret/é"),
        ] {
            assert_eq!(redactor.clean(&format!("<{echo}>")), "<[redacted]>");
            assert!(redactor.finds(&echo));
        }
    }

    #[test]
    fn credentials_within_an_encoded_whole_and_in_hexadecimal_are_cut_out() {
        let redactor = Redactor::new(&ClientCredentials::new("invented-id", "invented+secret/é").unwrap());
        for before in ["", "a", "ab", "abc"] {
            let whole = format!("{before}invented+secret/é&more=of+it");
            for echo in [STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
                let cleaned = redactor.clean(&echo);
                assert!(cleaned.contains("[redacted]"), "{cleaned}");
                // What is left is the neighbours', and less than a character of the secret.
                assert!(cleaned.len() <= echo.len() - 22 + "[redacted]".len(), "{cleaned}");
            }
        }
        let hex: String = "invented+secret/é".bytes().map(|byte| format!("{byte:02x}")).collect();
        for echo in [hex.to_ascii_uppercase(), hex] {
            assert_eq!(redactor.clean(&echo), "[redacted]");
        }
    }

    #[test]
    fn secrets_side_by_side_are_replaced_each_and_those_that_overlap_together() {
        let redactor = Redactor::new(&ClientCredentials::new("invented-id", "id-invented-secret").unwrap());
        assert_eq!(redactor.clean("invented-idinvented-id"), "[redacted][redacted]");
        assert_eq!(redactor.clean("invented-id-invented-secret"), "[redacted]");
    }

    #[test]
    fn what_only_resembles_a_secret_is_left() {
        let redactor = Redactor::new(&ClientCredentials::new("invented id", "invented-secret").unwrap());
        for text in ["invented_id", "inven+ed id", "inven%41ed id", "invented%2Did", "invented-secre"] {
            assert_eq!(redactor.clean(text), text);
            assert!(!redactor.finds(text), "{text}");
        }
        assert_eq!(redactor.clean("inven%74ed+id"), "[redacted]");
        assert_eq!(format!("{redactor:?}"), "Redactor { .. }");
    }

    #[test]
    fn short_secret_is_looked_for_in_base64_as_a_whole_alone() {
        let redactor = Redactor::new(&ClientCredentials::new("ab", "cd").unwrap());
        assert_eq!(redactor.clean("a YW and a d are nothing"), "a YW and a d are nothing");
    }

    #[test]
    fn secret_at_the_cut_does_not_leave_its_first_half() {
        let redactor = Redactor::new(&ClientCredentials::new("id-x", "invented-secret").unwrap());
        let text = format!("{}invented-secret", "a".repeat(195));
        assert!(!redactor.clean(&text).contains("inven"));
        assert_eq!(redactor.clean(&text).chars().count(), 200);
    }

    #[test]
    fn control_and_direction_characters_become_blanks() {
        assert_eq!(printable("a\u{1b}[31m\r\n\u{202e}b", 99), "a [31m   b");
    }
}
