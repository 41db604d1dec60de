//! What a body says that is no token: the shapes of errors that vendors share.

use std::fmt;

use serde_json::{Map, Value};

/// A body as an error reader sees it. Debug shows its status alone.
pub struct Body<'a> {
    /// The status it came with.
    pub status: u16,
    /// The JSON object that it is, if it is one.
    pub json: Option<&'a Map<String, Value>>,
    /// The same as text, without blanks at its ends; empty if it is not UTF-8.
    pub text: &'a str,
}

/// A vendor's error, as far as its body tells. Debug shows nothing of it: it is not cleaned yet.
#[derive(Clone, Default)]
pub struct Fault {
    /// The error code.
    pub code: Option<String>,
    /// The vendor's words, as they came.
    pub description: Option<String>,
    /// What the vendor's support needs to find the request.
    pub correlation_id: Option<String>,
}

impl Fault {
    /// `{"error", "error_description"}` (RFC 6749 §5.2). Some servers describe in an object with a `message` and a
    /// `correlation_id`, some beside the code in a `message`.
    #[must_use]
    pub fn oauth(body: &Body<'_>) -> Option<Self> {
        let code = body.text_of("error")?;
        let object = body.json?.get("error_description").and_then(Value::as_object);
        let inner = |name: &str| object?.get(name)?.as_str().map(str::to_owned);
        let description = inner("message").or_else(|| body.words_of("error_description"));
        let description = description.or_else(|| body.words_of("message"));
        Some(Self { code: Some(code), description, correlation_id: inner("correlation_id") })
    }

    /// IBM API Connect's gateway: `{"httpCode", "httpMessage", "moreInformation"}`, the code a string or a number. It is an
    /// HTTP status, and one of success is no error.
    #[must_use]
    pub fn gateway(body: &Body<'_>) -> Option<Self> {
        let code = body.words_of("httpCode").filter(|code| !code.starts_with('2'))?;
        let words = [body.words_of("httpMessage"), body.words_of("moreInformation")];
        let description = Some(words.into_iter().flatten().collect::<Vec<_>>().join(": ")).filter(|d| !d.is_empty());
        Some(Self { code: Some(code), description, correlation_id: None })
    }

    /// Problem details (RFC 9457): `{"title", "status", "detail", "traceId"}`, none of which must be there. They name no
    /// code. Beside an access token they are no error.
    #[must_use]
    pub fn problem(body: &Body<'_>) -> Option<Self> {
        let words: Vec<_> = ["title", "detail"].into_iter().filter_map(|name| body.words_of(name)).collect();
        let correlation_id = body.text_of("traceId");
        let is_problem = !words.is_empty() || correlation_id.is_some();
        let description = Some(words.join(": ")).filter(|words| !words.is_empty());
        (is_problem && body.text_of("access_token").is_none()).then_some(Self {
            code: None,
            description,
            correlation_id,
        })
    }

    /// A body that is exactly one of `codes`, as bare text or as a JSON string: who is asked for JSON may write text so.
    #[must_use]
    pub fn bare(body: &Body<'_>, codes: &[&str]) -> Option<Self> {
        let quoted = body.text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let code = codes.iter().find(|code| **code == quoted.unwrap_or(body.text))?;
        Some(Self { code: Some((*code).to_owned()), ..Self::default() })
    }
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("status", &self.status).finish_non_exhaustive()
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault").finish_non_exhaustive()
    }
}

impl Body<'_> {
    /// The member `name`, if it is a string that is not empty.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<String> {
        self.json?.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The member `name` as text, whatever its type; `None` if it is null or missing.
    #[must_use]
    pub fn words_of(&self, name: &str) -> Option<String> {
        match self.json?.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            other => Some(other.to_string()),
        }
    }

    /// `"errors": {name: [words, …], …}`, as Laravel and ASP.NET write it, in one line: the members of the request that were
    /// refused, and why. `None` if there are none.
    #[must_use]
    pub fn refused_members(&self) -> Option<String> {
        let all = self.json?.get("errors")?.as_object()?.iter().map(|(name, words)| {
            let words: Vec<&str> = words.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            format!("{name}: {}", words.join(" "))
        });
        Some(all.collect::<Vec<_>>().join("; ")).filter(|all| !all.is_empty())
    }
}
