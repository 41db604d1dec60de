//! As much of HTTP/1.1 as cargo needs: one request on a connection, of a bounded size, in a bounded time.

use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn read(stream: &TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut reader = BufReader::new(stream);
        let head = head(&mut reader)?;
        let mut first = head.lines().next().unwrap_or_default().split(' ').map(str::to_owned);
        let (method, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let length = header(&head, "content-length").map_or(Ok(0), str::parse).map_err(io::Error::other)?;
        if length > LONGEST_BODY {
            return Err(ErrorKind::FileTooLarge.into());
        }
        if header(&head, "expect").is_some() {
            (&*stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Self { method, path, authorization: header(&head, "authorization").map(str::to_owned), body })
    }
}

/// The lines up to the empty one.
fn head(reader: &mut impl BufRead) -> io::Result<String> {
    let mut head = String::new();
    let mut limited = reader.take(LONGEST_HEAD);
    while !head.ends_with("\r\n\r\n") {
        if limited.read_line(&mut head)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    headers.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

pub(crate) struct Response {
    status: u16,
    body: Vec<u8>,
}

impl Response {
    pub(crate) fn bytes(body: Vec<u8>) -> Self {
        Self { status: 200, body }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self { status, body: body.to_string().into_bytes() }
    }

    /// In the form that cargo shows to its user.
    pub(crate) fn error(status: u16, detail: &str) -> Self {
        Self::json(status, &json!({ "errors": [{ "detail": detail }] }))
    }

    pub(crate) fn write(&self, mut stream: &TcpStream) -> io::Result<()> {
        let (status, length) = (self.status, self.body.len());
        write!(stream, "HTTP/1.1 {status} -\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n")?;
        stream.write_all(&self.body)
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_HEAD: u64 = 16 * 1024;
/// What crates.io takes.
const LONGEST_BODY: usize = 10 * 1024 * 1024;
