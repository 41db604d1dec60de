//! Bodies that no well-behaved server sends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use futures_core::Stream;

const CHUNK: &[u8] = &[b' '; 64 * 1024];

/// Sends this much and then breaks the connection.
pub(crate) fn cut_after(sent: Bytes) -> Body {
    Body::from_stream(Cut { sent: Some(sent), flushed: false })
}

/// Blanks, so many of them: legal white space before a JSON document that never begins.
pub(crate) fn endless(bytes: u64) -> Body {
    Body::from_stream(Endless { left: bytes })
}

struct Cut {
    sent: Option<Bytes>,
    flushed: bool,
}

impl Stream for Cut {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(sent) = self.sent.take() {
            return Poll::Ready(Some(Ok(sent)));
        }
        if !self.flushed {
            // A body that has nothing to give makes hyper write out what it has; an error at once would lose it.
            self.flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other("cut as planned"))))
    }
}

struct Endless {
    left: u64,
}

impl Stream for Endless {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left = self.left.saturating_sub(CHUNK.len() as u64);
        Poll::Ready(Some(Ok(Bytes::from_static(CHUNK))))
    }
}

/// A gzip member (RFC 1952) with everything in stored blocks (RFC 1951 §3.2.4): valid, and no compressor needed.
pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = plain.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        member.push(u8::from(blocks.peek().is_none()));
        member.extend(length.to_le_bytes());
        member.extend((!length).to_le_bytes());
        member.extend(block);
    }
    member.extend(crc32(plain).to_le_bytes());
    member.extend((plain.len() as u32).to_le_bytes());
    member
}

/// The CRC of RFC 1952 §8, bit by bit: the bodies are small.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(crc & 1));
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_check_value_of_the_crc_comes_out() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
