//! Secrets and client credentials: checked when given, shown to nobody.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::Error;
use crate::redact::percent_encode;

/// Text that is never shown and is wiped from memory when dropped.
///
/// ```
/// use auth_core::Secret;
///
/// let secret = Secret::new("an invented secret")?;
/// assert_eq!(secret.expose(), "an invented secret");
/// assert_eq!(format!("{secret:?}"), "Secret(hidden)");
/// assert!(Secret::new("pasted with a newline\n").is_err());
/// # Ok::<(), auth_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A secret as it was issued.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it is empty, has a blank at either end, or a control character anywhere.
    pub fn new(secret: impl Into<String>) -> Result<Self, Error> {
        Self::named("secret", secret)
    }

    /// [`Secret::new`], called `name` in the error.
    ///
    /// # Errors
    ///
    /// As [`Secret::new`].
    pub fn named(name: &str, secret: impl Into<String>) -> Result<Self, Error> {
        let secret = Zeroizing::new(secret.into());
        check(name, &secret)?;
        Ok(Self(secret))
    }

    /// [`Secret::named`] for a secret that travels in a header as it is.
    ///
    /// # Errors
    ///
    /// As [`Secret::new`], and [`Error::Config`] if it is not printable ASCII.
    pub fn for_header(name: &str, secret: impl Into<String>) -> Result<Self, Error> {
        let secret = Self::named(name, secret)?;
        sensitive_header(name, secret.expose())?;
        Ok(secret)
    }

    /// A secret out of a file's text: one LF or CRLF at the end is taken off, since editors add it.
    ///
    /// # Errors
    ///
    /// As [`Secret::new`], of what is left.
    pub fn from_file_text(name: &str, text: &str) -> Result<Self, Error> {
        let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        Self::named(name, line)
    }

    /// What a vendor answered, checked by its reader.
    pub(crate) fn unchecked(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The text itself. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A header value that `http` and its users mark as sensitive.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it is not printable ASCII, as a header must be.
    pub fn to_header(&self) -> Result<HeaderValue, Error> {
        sensitive_header("secret", self.expose())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// A client id and its secret (RFC 6749 §2.3.1).
///
/// ```
/// use auth_core::ClientCredentials;
///
/// let credentials = ClientCredentials::new("invented-client-4711", "invented-secret")?;
/// assert_eq!(format!("{credentials:?}"), r#"ClientCredentials { client_id: "…4711", client_secret: Secret(hidden) }"#);
/// # Ok::<(), auth_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCredentials {
    client_id: String,
    client_secret: Secret,
}

impl ClientCredentials {
    /// Credentials as they were issued.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if either is empty, has a blank at either end, or a control character anywhere.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Result<Self, Error> {
        Self::with_secret(client_id, Secret::named("client secret", client_secret)?)
    }

    /// [`ClientCredentials::new`] with a secret that is there already.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for the client id, as above.
    pub fn with_secret(client_id: impl Into<String>, client_secret: Secret) -> Result<Self, Error> {
        let client_id = client_id.into();
        check("client id", &client_id)?;
        Ok(Self { client_id, client_secret })
    }

    /// The client id. Two vendors ask to keep it private as well.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The client secret.
    #[must_use]
    pub fn client_secret(&self) -> &Secret {
        &self.client_secret
    }

    /// `Basic …`, sensitive: client id and secret in the header (RFC 6749 §2.3.1, RFC 7617).
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the encoding is raw and the client id has a colon: the server would split in the wrong place.
    pub fn basic(&self, encoding: BasicEncoding) -> Result<HeaderValue, Error> {
        encoding.check_client_id(&self.client_id)?;
        let pair = Zeroizing::new(match encoding {
            BasicEncoding::Raw => format!("{}:{}", self.client_id, self.client_secret.expose()),
            BasicEncoding::Form => {
                format!("{}:{}", percent_encode(&self.client_id), percent_encode(self.client_secret.expose()))
            }
        });
        let header = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
        sensitive_header("Basic credentials", &header)
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("client_id", &last_four(&self.client_id))
            .field("client_secret", &self.client_secret)
            .finish()
    }
}

/// How the two halves of Basic authentication are written before base64. Servers differ, and each refuses the other form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BasicEncoding {
    /// As they are (RFC 7617). A colon in the client id is refused.
    Raw,
    /// Each half form-urlencoded first, a blank as `%20` (RFC 6749 §2.3.1).
    Form,
}

impl BasicEncoding {
    /// Whether it can carry `client_id`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it is raw and the client id has a colon: the server would split in the wrong place.
    pub fn check_client_id(self, client_id: &str) -> Result<(), Error> {
        if self == Self::Raw && client_id.contains(':') {
            return Err(Error::config("the client id has a colon, which raw Basic authentication cannot carry"));
        }
        Ok(())
    }
}

/// Credentials of any shape, as the core sees them: parts of text that may not be shown.
pub trait CredentialSet: Clone + Send + Sync + 'static {
    /// Every part, client ids included, always in the same order. Used to notice a rotation and to clean error texts.
    fn parts(&self) -> Vec<&str>;
}

impl CredentialSet for ClientCredentials {
    fn parts(&self) -> Vec<&str> {
        vec![&self.client_id, self.client_secret.expose()]
    }
}

/// A header value of `text`, sensitive, so that no client or middleware prints it.
///
/// # Errors
///
/// [`Error::Config`] naming `what` if it is not printable ASCII.
pub fn sensitive_header(what: &str, text: &str) -> Result<HeaderValue, Error> {
    if !text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return Err(Error::config(format!("the {what} travels in a header and must be printable ASCII")));
    }
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Error::config(format!("the {what} travels in a header and must be printable ASCII")))?;
    value.set_sensitive(true);
    Ok(value)
}

/// `…` and the last four characters of an id, fewer where those would be much of it: all that Debug may show of one.
///
/// ```
/// assert_eq!(auth_core::last_four("invented-client-4711"), "…4711");
/// assert_eq!(auth_core::last_four("ab"), "…");
/// ```
#[must_use]
pub fn last_four(id: &str) -> String {
    let shown = (id.chars().count() / 3).min(4);
    let tail: String = id.chars().skip(id.chars().count() - shown).collect();
    format!("…{tail}")
}

fn check(name: &str, text: &str) -> Result<(), Error> {
    let wrong = if text.is_empty() {
        "is empty"
    } else if text.chars().any(char::is_control) {
        "has a control character, perhaps a line end,"
    } else if text.contains(crate::redact::is_invisible) {
        "has an invisible character, perhaps a byte order mark,"
    } else if text.starts_with(char::is_whitespace) {
        "starts with a blank"
    } else if text.ends_with(char::is_whitespace) {
        "ends with a blank"
    } else {
        return Ok(());
    };
    Err(Error::config(format!("the {name} {wrong} and is expected exactly as it was issued")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_says_that_it_is_hidden() {
        assert_eq!(format!("{:?}", Secret::new("invented-secret").unwrap()), "Secret(hidden)");
    }

    #[test]
    fn classic_paste_errors_are_refused_with_what_was_expected() {
        for (bad, wrong) in [
            ("", "is empty"),
            (" a", "starts with a blank"),
            ("a ", "ends with a blank"),
            ("a\u{a0}", "ends with a blank"),
            ("a\n", "control character"),
            ("a\0b", "control character"),
        ] {
            let error = Secret::new(bad).unwrap_err().to_string();
            assert!(error.contains(wrong) && error.contains("expected"), "{bad:?}: {error}");
        }
        assert!(Secret::new("inner blanks are legal").is_ok());
    }

    #[test]
    fn secret_for_a_header_is_printable_ascii() {
        assert_eq!(Secret::for_header("id", "inner blank").unwrap().expose(), "inner blank");
        for (bad, wrong) in [("é", "the id travels in a header"), ("a\n", "the id has a control character")] {
            let error = Secret::for_header("id", bad).unwrap_err().to_string();
            assert!(error.contains(wrong), "{error}");
        }
    }

    #[test]
    fn one_line_end_of_a_file_is_taken_off_and_no_more() {
        for text in ["invented", "invented\n", "invented\r\n"] {
            assert_eq!(Secret::from_file_text("secret", text).unwrap().expose(), "invented");
        }
        for text in ["invented\n\n", "invented \n", "\n", ""] {
            assert!(Secret::from_file_text("secret", text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn basic_is_written_in_both_encodings() {
        let credentials = ClientCredentials::new("agent 1", "a:b+c/d%é").unwrap();
        let decoded = |encoding| {
            let header = credentials.basic(encoding).unwrap();
            assert!(header.is_sensitive());
            let text = header.to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
            String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
        };
        assert_eq!(decoded(BasicEncoding::Raw), "agent 1:a:b+c/d%é");
        assert_eq!(decoded(BasicEncoding::Form), "agent%201:a%3Ab%2Bc%2Fd%25%C3%A9");
    }

    #[test]
    fn colon_in_the_client_id_is_refused_where_basic_is_raw() {
        let credentials = ClientCredentials::new("agent:1", "invented").unwrap();
        assert!(credentials.basic(BasicEncoding::Raw).unwrap_err().to_string().contains("colon"));
        assert!(credentials.basic(BasicEncoding::Form).is_ok());
    }

    #[test]
    fn short_client_id_is_not_shown_whole() {
        assert_eq!(last_four("abc"), "…c");
        assert_eq!(last_four("ab"), "…");
        assert_eq!(last_four("invented-client-4711"), "…4711");
    }
}
