//! An error answer of a vendor, as data.

use axum::response::Response;

use crate::answer;

/// Stands for the client id in a body that repeats it.
const CLIENT_ID: &str = "{client_id}";
/// Stands for the epoch second at which a rate limit ends.
const RESET: &str = "{reset}";
/// How long a rate limit lasts where the answer says it twice: in `Retry-After` and as an epoch second.
pub(crate) const RATE_LIMIT_SECONDS: u64 = 60;

/// What an error looks like on the wire.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) body: &'static str,
}

impl Shape {
    pub(crate) const fn json(name: &'static str, status: u16, body: &'static str) -> Self {
        Self::new(name, status, "application/json", body)
    }

    pub(crate) const fn text(name: &'static str, status: u16, body: &'static str) -> Self {
        Self::new(name, status, "text/plain; charset=utf-8", body)
    }

    pub(crate) const fn html(name: &'static str, status: u16, body: &'static str) -> Self {
        Self::new(name, status, "text/html; charset=utf-8", body)
    }

    pub(crate) const fn new(name: &'static str, status: u16, content_type: &'static str, body: &'static str) -> Self {
        let headers = &[];
        Self { name, status, content_type, headers, body }
    }

    pub(crate) const fn with(self, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self { headers, ..self }
    }

    pub(crate) fn respond(&self, client_id: &str) -> Response {
        let body = self.body.replace(CLIENT_ID, &escaped(client_id));
        let mut response = answer::with_body(self.status, self.content_type, body);
        for (name, value) in self.headers {
            let value = value.replace(RESET, &reset().to_string());
            answer::set(&mut response, name, &value);
        }
        response
    }
}

/// As it stands within a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
}

fn reset() -> u64 {
    crate::jwt::now() as u64 + RATE_LIMIT_SECONDS
}
