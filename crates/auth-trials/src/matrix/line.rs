//! One connection: a request is read from it, a script is played to it.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::script::{Script, Then};

/// A connection, over TLS or not.
pub(super) trait Line: AsyncRead + AsyncWrite + Unpin {
    /// Whoever closes this resets it.
    fn will_reset(&self) -> io::Result<()>;
}

impl Line for TcpStream {
    fn will_reset(&self) -> io::Result<()> {
        self.set_zero_linger()
    }
}

impl Line for tokio_rustls::server::TlsStream<TcpStream> {
    fn will_reset(&self) -> io::Result<()> {
        self.get_ref().0.set_zero_linger()
    }
}

pub(super) async fn play(mut stream: impl Line, script: Script) -> io::Result<()> {
    stream.write_all(&script.bytes).await?;
    stream.flush().await?;
    match script.then {
        Then::Close => {
            stream.shutdown().await?;
            await_end(&mut stream).await
        }
        Then::Vanish => Ok(()),
        Then::Reset => stream.will_reset(),
        Then::Hang => await_end(&mut stream).await,
        Then::Drip(bytes) => drip(&mut stream, &bytes).await,
        Then::Repeat(block) => {
            let mut sent = 0;
            while sent < MOST {
                stream.write_all(&block).await?;
                sent += block.len();
            }
            Ok(())
        }
    }
}

/// Until the client goes away.
async fn await_end(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    while stream.read(&mut [0; 1024]).await? > 0 {}
    Ok(())
}

async fn drip(stream: &mut impl Line, bytes: &[u8]) -> io::Result<()> {
    let mut ticks = tokio::time::interval(DRIP);
    for byte in bytes {
        ticks.tick().await;
        stream.write_all(&[*byte]).await?;
        stream.flush().await?;
    }
    stream.shutdown().await
}

/// One request: its head, and as much body as its `Content-Length` says.
pub(super) async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while !is_whole(&bytes) {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(bytes)
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    body.len() >= length.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}

/// From one byte of a drip to the next.
pub(super) const DRIP: Duration = Duration::from_secs(1);
/// More than any client should read.
const MOST: usize = 64 * 1024 * 1024;
