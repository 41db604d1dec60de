//! What a client gets in place of a healthy answer, byte by byte.

use std::sync::Arc;

use serde_json::{Map, Value};

/// A simulator's whole answer, before it is spoilt.
#[derive(Clone, Debug)]
pub(super) struct Healthy {
    /// Status line and headers, without the blank line.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

/// Some bytes, and what happens to the connection after them.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) bytes: Vec<u8>,
    pub(super) then: Then,
}

#[derive(Clone, Debug)]
pub(super) enum Then {
    /// Our half is closed; what the client still sends is read.
    Close,
    /// The connection ends without TLS saying so.
    Vanish,
    Reset,
    /// Nothing more, and the connection stays.
    Hang,
    /// These bytes, one every [`DRIP`](super::line::DRIP).
    Drip(Vec<u8>),
    /// These bytes again and again, until the client goes away.
    Repeat(Vec<u8>),
}

/// Makes a script of the healthy answer.
pub(super) type Spoil = Arc<dyn Fn(Healthy) -> Script + Send + Sync>;

impl Healthy {
    /// The answer in `bytes`, as it came from the simulator.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
        Some(Self { head, body: bytes[end + 4..].to_vec() })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), b"\r\n\r\n", &self.body].concat()
    }

    /// With that header alone of its name.
    pub(super) fn with_header(self, name: &str, value: &str) -> Self {
        let mut healthy = self.without_header(name);
        healthy.head += &format!("\r\n{name}: {value}");
        healthy
    }

    pub(super) fn without_header(self, name: &str) -> Self {
        let is_it = |line: &str| line.split(':').next().is_some_and(|own| own.eq_ignore_ascii_case(name));
        let lines: Vec<&str> = self.head.split("\r\n").filter(|line| !is_it(line)).collect();
        Self { head: lines.join("\r\n"), ..self }
    }

    /// With another body, announced at its length.
    pub(super) fn with_body(self, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let healthy = self.without_header("transfer-encoding").with_header("content-length", &body.len().to_string());
        Self { body, ..healthy }
    }

    /// With another JSON object as its body.
    pub(super) fn with_object(self, change: impl FnOnce(&mut Map<String, Value>)) -> Self {
        let mut object = self.object();
        change(&mut object);
        self.with_body(Value::Object(object).to_string())
    }

    /// With `member` written before the others, whether or not its name stands there again.
    pub(super) fn with_text_first(self, member: &str) -> Self {
        let text = String::from_utf8_lossy(&self.body).replacen('{', &format!("{{{member},"), 1);
        self.with_body(text)
    }

    pub(super) fn object(&self) -> Map<String, Value> {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn whole(self) -> Script {
        Script { bytes: self.to_bytes(), then: Then::Close }
    }

    /// The head, then `length` bytes of the body at most, then that.
    pub(super) fn cut(self, length: usize, then: Then) -> Script {
        let mut bytes = self.to_bytes();
        bytes.truncate(self.head.len() + 4 + length);
        Script { bytes, then }
    }
}

/// An answer of nobody's: status line without the version, headers with CR LF at each end, body.
pub(super) fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Script {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n", body.len());
    Script { bytes: [head.as_bytes(), body].concat(), then: Then::Close }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy() -> Healthy {
        Healthy::read(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nDate: today\r\n\r\n{\"a\":1}").expect("an answer")
    }

    #[test]
    fn answer_is_taken_apart_and_put_together_again() {
        assert_eq!(healthy().to_bytes(), b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nDate: today\r\n\r\n{\"a\":1}");
    }

    #[test]
    fn another_body_is_announced_at_its_own_length() {
        let changed = healthy().with_object(|object| drop(object.insert("b".to_owned(), Value::Null)));
        assert_eq!(changed.head, "HTTP/1.1 200 OK\r\nDate: today\r\ncontent-length: 16");
        assert_eq!(changed.body, br#"{"a":1,"b":null}"#);
    }

    #[test]
    fn member_can_stand_there_twice() {
        assert_eq!(healthy().with_text_first(r#""a":0"#).body, br#"{"a":0,"a":1}"#);
    }
}
