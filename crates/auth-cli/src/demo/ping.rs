//! A call of a vendor's API, with the least of clients: what counts are the headers.

use std::fmt::Write as _;
use std::io;

use auth_core::HeaderSet;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::trouble::Trouble;

/// The status of a GET with `headers`.
pub(crate) async fn get(url: &str, headers: &HeaderSet) -> Result<u16, Trouble> {
    let answer = exchange(url, headers).await;
    let answer = answer.map_err(|error| Trouble::Local(format!("{url} cannot be called: {error}")))?;
    status(&answer).ok_or_else(|| Trouble::Local(format!("{url} answers what is not HTTP")))
}

async fn exchange(url: &str, headers: &HeaderSet) -> io::Result<String> {
    let (authority, path) = parts(url).ok_or_else(|| io::Error::other("expected a plain http URL with a path"))?;
    let mut request = format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n");
    for (name, value) in headers.iter() {
        let value = value.to_str().map_err(io::Error::other)?;
        // Writing to a string cannot fail.
        let _ = write!(request, "{name}: {value}\r\n");
    }
    let mut stream = TcpStream::connect(authority).await?;
    stream.write_all((request + "\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn parts(url: &str) -> Option<(&str, &str)> {
    url.strip_prefix("http://")?.split_once('/')
}

fn status(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ")?.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_and_status_line_are_read() {
        assert_eq!(parts("http://127.0.0.1:80/base/api/ping"), Some(("127.0.0.1:80", "base/api/ping")));
        assert_eq!(parts("https://127.0.0.1/"), None);
        assert_eq!(status("HTTP/1.1 401 Unauthorized\r\n\r\n"), Some(401));
        assert_eq!(status("SSH-2.0"), None);
    }
}
