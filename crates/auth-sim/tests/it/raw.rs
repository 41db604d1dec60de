//! A client that sends what it is told to, however wrong, and takes answers apart.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::timeout;

/// After this a test that would hang fails instead; none comes near it.
const HANGS: Duration = Duration::from_secs(30);

/// A request, written by hand.
#[derive(Clone)]
pub(crate) struct Request {
    authority: String,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// An answer, as it stood on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

/// A request to the host of that URL; the path is the URL's own and what follows.
pub(crate) fn request(method: &str, url: &str) -> Request {
    let rest = url.strip_prefix("http://").expect("a plain URL");
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    Request {
        authority: authority.to_owned(),
        method: method.to_owned(),
        path: format!("/{path}"),
        headers: Vec::new(),
        body: String::new(),
    }
}

/// Lets the simulator work until it has come to that.
pub(crate) async fn until(seen: impl Fn() -> bool) {
    let wait = async {
        while !seen() {
            yield_now().await;
        }
    };
    timeout(HANGS, wait).await.expect("what the test waits for");
}

impl Request {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes every header of that name away.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self
    }

    /// Puts one header in the place of those of that name.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).header(name, value)
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        self.path = path.to_owned();
        self
    }

    pub(crate) fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn method(mut self, method: &str) -> Self {
        self.method = method.to_owned();
        self
    }

    pub(crate) async fn send(&self) -> Answer {
        self.try_send().await.expect("an answer")
    }

    /// Everything until the server closes.
    pub(crate) async fn try_send(&self) -> io::Result<Answer> {
        let mut stream = self.begin().await?;
        let mut bytes = Vec::new();
        timeout(HANGS, stream.read_to_end(&mut bytes)).await??;
        Answer::parse(&bytes)
    }

    /// The connection with the request sent.
    pub(crate) async fn begin(&self) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(&self.authority).await?;
        stream.write_all(self.text().as_bytes()).await?;
        Ok(stream)
    }

    fn text(&self) -> String {
        let Self { authority, method, path, headers, body } = self;
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n");
        for (name, value) in headers {
            write!(text, "{name}: {value}\r\n").expect("a string takes everything");
        }
        if !body.is_empty() {
            write!(text, "Content-Length: {}\r\n", body.len()).expect("a string takes everything");
        }
        text + "\r\n" + body
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> io::Result<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(Self { status: status.ok_or(io::ErrorKind::InvalidData)?, head, body: bytes[end + 4..].to_vec() })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The access token of a 200.
    pub(crate) fn token(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.text());
        let json = self.json();
        json["access_token"].as_str().expect("a token").to_owned()
    }

    /// Status and OAuth error code.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let json = self.json();
        (self.status, json["error"].as_str().unwrap_or_default().to_owned())
    }
}
