//! The least of clients, for a call of the simulated API.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// No status line is longer. What comes after it is not read: a body may be endless.
const LINE_LIMIT: u64 = 1024;

/// The authority of `url`, and a GET of it with `headers`.
pub(crate) fn get<N: AsRef<str>, V: AsRef<[u8]>>(
    url: &str,
    headers: impl IntoIterator<Item = (N, V)>,
) -> (String, Vec<u8>) {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut request = format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n").into_bytes();
    for (name, value) in headers {
        request.extend_from_slice(name.as_ref().as_bytes());
        request.extend_from_slice(b": ");
        request.extend_from_slice(value.as_ref());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    (authority.to_owned(), request)
}

/// The status that is answered to `request`.
pub(crate) async fn status_of((authority, request): (String, Vec<u8>)) -> io::Result<u16> {
    let mut stream = TcpStream::connect(authority).await?;
    stream.write_all(&request).await?;
    let mut line = String::new();
    BufReader::new(stream.take(LINE_LIMIT)).read_line(&mut line).await?;
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "what came is no HTTP answer"))
}
