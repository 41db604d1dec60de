//! Why no whole answer came.

use std::error::Error as StdError;

use crate::redact::printable;
use crate::{Error, Failure, Reach};

/// Why no whole answer came. The URL and reqwest's own words stay out of it.
pub(super) fn unreachable(vendor: &'static str, error: &reqwest::Error) -> Error {
    let inner = innermost(error);
    let refused =
        inner.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::ConnectionRefused);
    // Not the error itself, whose words have the URL in them.
    let any = |what: &str| chain(error).skip(1).any(|e| e.to_string().contains(what));
    // What rustls refuses to read, an alert included, comes as this kind and in words of no fixed form.
    let is_odd = |e: &std::io::Error| e.kind() == std::io::ErrorKind::InvalidData;
    let tls = chain(error).filter_map(|e| e.downcast_ref()).any(is_odd);
    let reach = match () {
        () if error.is_connect() && error.is_timeout() => Reach::Connect,
        () if error.is_timeout() => Reach::Deadline,
        () if !error.is_connect() => Reach::Cut,
        () if refused => Reach::Refused,
        () if any("dns error") => Reach::Dns,
        () if any("certificate") => Reach::Certificate,
        () if tls || TLS_WORDS.iter().any(|word| any(word)) => Reach::Tls,
        () => Reach::Connect,
    };
    let failure = Failure::of(vendor).reach(reach);
    Error::Unreachable(match reach {
        Reach::Certificate | Reach::Tls => failure.detail(words_of(error)),
        _ => failure,
    })
}

/// The innermost error's, short and printable: it speaks of TLS or of certificates, and not of the URL.
pub(super) fn words_of(error: &reqwest::Error) -> String {
    printable(&innermost(error).to_string(), MAX_TLS_TEXT)
}

fn innermost<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    chain(error).last().unwrap_or(error)
}

/// Sources, looking through `io::Error`, which hides the error it wraps behind that one's own source.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |e| next_source(*e))
}

fn next_source<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// What rustls and the platforms' libraries say of a handshake that failed.
const TLS_WORDS: [&str; 7] =
    ["handshake", "TLS", "tls", "SSL", "fatal alert", "peer is incompatible", "peer misbehaved"];
const MAX_TLS_TEXT: usize = 200;
