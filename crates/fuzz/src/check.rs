//! What holds of every token and of every error, whatever the bytes were.

use std::error::Error as _;
use std::time::Duration;

use auth_core::{Error, Failure, MAX_LIFETIME, MAX_RETRY_AFTER, TokenResponse, fuzzing};
use http::HeaderValue;
use serde_json::Value;

use crate::case::Case;
use crate::secrets::{Pieces, Secrets, WINDOW, contains};

/// Reads `case` twice and checks what came.
pub(crate) fn twice(case: &Case, secrets: &Secrets, words: &Words, read: impl Fn() -> Result<TokenResponse, Error>) {
    let (first, second) = (read(), read());
    match &first {
        Ok(response) => token(response, case),
        Err(wrong) => error(wrong, case, secrets, words),
    }
    if !case.depends_on_the_clock() {
        assert_eq!(told(&first), told(&second), "the same bytes, two results");
    }
}

/// All that a result tells.
fn told(result: &Result<TokenResponse, Error>) -> String {
    match result {
        Ok(response) => {
            let headers: Vec<_> = response.headers().map(|(name, value)| (name, value.as_bytes().to_vec())).collect();
            let refresh = response.refresh_token().map(|token| token.expose().to_owned());
            let scopes = (response.scope(), response.ungranted_scopes());
            format!("{} {:?} {scopes:?} {headers:?} {refresh:?}", response.value(), response.lifetime())
        }
        Err(error) => {
            format!("{error} {error:?} {:?} {:?}", error.description(), error.correlation_id())
        }
    }
}

pub(crate) fn token(response: &TokenResponse, case: &Case) {
    let value = response.value();
    assert!(case.status.is_success(), "a token with status {}", case.status);
    assert!(!value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()), "no token for a header");
    assert!(HeaderValue::from_str(&format!("Bearer {value}")).is_ok(), "no token for a header");
    let life = fuzzing::lifetime(response);
    assert!(life > Duration::ZERO && life <= MAX_LIFETIME, "a life of {life:?}");
    // Read again, by nothing but serde_json.
    let body = case.body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&case.body);
    let object: Value = serde_json::from_slice(body).expect("a token out of what is no JSON");
    assert_eq!(object["access_token"].as_str(), Some(value), "another token than the answer's");
    assert!(object["error"].as_str().is_none_or(str::is_empty), "a token beside an error");
    let is_bearer = match &object["token_type"] {
        Value::Null => true,
        kind => kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")),
    };
    assert!(is_bearer, "no bearer token");
    let shown = format!("{response:?} {response:#?}");
    assert!(value.len() < WINDOW || !contains(shown.as_bytes(), value.as_bytes()), "the token is shown");
}

/// `words` are those that may stand in its Display and Debug.
pub(crate) fn error(error: &Error, case: &Case, secrets: &Secrets, words: &Words) {
    assert_eq!(error.status(), Some(case.status.as_u16()));
    shows_nothing_of(&case.body, error, secrets, words);
    names_are_well_formed(error, secrets);
    if let Some(description) = error.description() {
        is_clean(description, secrets);
    }
    waits_are_bounded(error, case);
    is_judged_by_status(error, case);
}

/// Neither Display nor Debug nor a source has eight bytes in a row of `body` or of a credential, but for a code.
pub(crate) fn shows_nothing_of(body: &[u8], error: &Error, secrets: &Secrets, words: &Words) {
    let mut shown = vec![error.to_string(), format!("{error:?}"), format!("{error:#?}")];
    let mut source = error.source();
    while let Some(inner) = source {
        shown.push(format!("{inner} {inner:?}"));
        source = inner.source();
    }
    let (body, secrets) = (Pieces::of([body]), secrets.pieces());
    for text in &shown {
        for piece in without_what_is_ours(text, error).iter().flat_map(|piece| piece.as_bytes().windows(WINDOW)) {
            let leaked = body.has(piece) && !words.0.has(piece);
            assert!(!leaked, "{:?} of the body stands in {text}", String::from_utf8_lossy(piece));
        }
        // A code with a whole credential in it is not shown; one with a piece of it is.
        let uncoded = error.code().map_or_else(|| vec![text.as_str()], |code| text.split(code).collect());
        let piece = uncoded.iter().find_map(|text| secrets.first_in(text));
        assert!(piece.is_none(), "{:?} of a credential stands in {text}", piece.map(String::from_utf8_lossy));
    }
}

/// `text` in pieces, between the code, the hint (which is ours by its type), the time to wait, the quotes and line ends that
/// Debug adds, and numbers of few digits.
fn without_what_is_ours(text: &str, error: &Error) -> Vec<String> {
    let wait = error.retry_after().map(|wait| format!("{wait:?}"));
    let hint = error.hint().map(|hint| format!("{hint:?}"));
    let ours = [error.code(), error.hint(), hint.as_deref(), wait.as_deref()];
    let mut pieces = vec![text.to_owned()];
    for words in ours.into_iter().flatten() {
        pieces = pieces.iter().flat_map(|piece| piece.split(words).map(str::to_owned)).collect();
    }
    pieces.iter().flat_map(|piece| piece.split(['"', '\n'])).flat_map(between_numbers).collect()
}

fn between_numbers(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for run in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = run.trim_end_matches(|c: char| !c.is_ascii_digit());
        if (1..WINDOW).contains(&digits.len()) {
            pieces.push(run[digits.len()..].to_owned());
        } else if let Some(last) = pieces.last_mut() {
            last.push_str(run);
        }
    }
    pieces
}

fn names_are_well_formed(error: &Error, secrets: &Secrets) {
    let of = |text: &str, others: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c));
    for (name, most, others) in [(error.code(), 64, "_.-"), (error.correlation_id(), 128, "_.:|-")] {
        let Some(name) = name else { continue };
        assert!((1..=most).contains(&name.len()) && of(name, others), "{name:?} is no name");
        assert_eq!(secrets.readable_in(name), None, "a credential in {name:?}");
    }
}

/// At most 200 printable characters, and no credential in plain, percent or base64 form.
pub(crate) fn is_clean(description: &str, secrets: &Secrets) {
    assert!((1..=200).contains(&description.chars().count()), "{} characters", description.chars().count());
    let odd = description.chars().find(|c| c.is_control() || is_format(*c));
    assert!(odd.is_none(), "{odd:?} in {description:?}");
    // A credential that has the mark's own text in it can be read across a mark, and is not there.
    for piece in description.split("[redacted]") {
        assert_eq!(secrets.readable_in(piece), None, "a credential in {description:?}");
    }
}

/// The format characters of Unicode 16 (general category Cf) that are not drawn, and the separators of lines and paragraphs.
fn is_format(c: char) -> bool {
    matches!(u32::from(c),
        0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x2064 | 0x2066..=0x206f | 0xfeff
        | 0xfff9..=0xfffb | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0001 | 0xe0020..=0xe007f)
}

/// Whatever was answered, nobody is kept waiting for longer than an hour, and never for no time at all.
pub(crate) fn waits_are_bounded(error: &Error, case: &Case) {
    let is_told = matches!(case.status.as_u16(), 429 | 503);
    assert!(is_told || error.retry_after().is_none(), "Retry-After with status {}", case.status);
    for failures in [1, 2, 7, u32::MAX] {
        for random in [0.0, 0.5, 1.0] {
            let hold = fuzzing::hold(error, failures, random);
            assert!(!hold.is_zero() && hold <= MAX_RETRY_AFTER, "held for {hold:?}");
            let wished = error.retry_after().unwrap_or_default().min(MAX_RETRY_AFTER);
            assert!(hold >= wished, "held for {hold:?} instead of {wished:?}");
        }
    }
}

fn is_judged_by_status(error: &Error, case: &Case) {
    let fits = match case.status.as_u16() {
        429 => matches!(error, Error::Throttled(_)),
        408 | 425 | 500..=599 => matches!(error, Error::Unavailable(_) | Error::Throttled(_)),
        _ => !matches!(error, Error::Config(_) | Error::Internal(_) | Error::Credentials(_) | Error::Unreachable(_)),
    };
    assert!(fits, "{error} with status {}", case.status);
}

/// Every eight bytes in a row of what our own code says, so that a body which happens to say the same is no finding.
pub(crate) struct Words(Pieces);

impl Words {
    /// Of `vendor`'s errors, whose code is `sources` besides the core's.
    pub(crate) fn of(vendor: &'static str, sources: &[&str]) -> Self {
        let bare = Failure::of(vendor).status(200);
        let full = bare.clone().detail("").hint("").retry_after(Duration::ZERO);
        let variants = [Error::Rejected, Error::Throttled, Error::Unavailable, Error::Malformed];
        let errors = variants.iter().flat_map(|variant| [variant(bare.clone()), variant(full.clone())]);
        // Divided as what is looked at is. A code cannot be given from outside: it looks like a hint.
        let frames = errors.map(|error| {
            let shown = format!("{error}\n{error:?}\n{error:#?}");
            let coded = shown.replace("(status 200)", "(status 200, code )").replace("code: None", "code: Some(\"");
            between_numbers(&format!("{shown}\n{coded}\n")).concat()
        });
        let frames: Vec<String> = frames.collect();
        let members = ["access_token", "refresh_token", "code"]
            .map(|name| format!("the answer has no {name}\n{name} is expected to be of visible ASCII characters"));
        let details = ["a JSON object is expected; line , column  does not fit"].into_iter();
        let details = details.chain(members.iter().chain(&frames).map(String::as_str));
        let all = CORE.iter().chain(sources).copied().chain(details);
        Self(Pieces::of(all))
    }
}

const CORE: [&str; 6] = [
    include_str!("../../auth-core/src/error.rs"),
    include_str!("../../auth-core/src/error/failure.rs"),
    include_str!("../../auth-core/src/response.rs"),
    include_str!("../../auth-core/src/response/document.rs"),
    include_str!("../../auth-core/src/response/token.rs"),
    include_str!("../../auth-core/src/token.rs"),
];
