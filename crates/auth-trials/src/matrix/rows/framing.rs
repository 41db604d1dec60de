//! HTTP itself: lengths, chunks, sizes, encodings, heads that are none.

use auth_core::{MAX_ANSWER, Reach};

use super::super::expect::{Expect, malformed, rejected, token, unavailable, unreachable};
use super::super::script::{Script, Then, answer};
use super::super::tls::H2_SETTINGS;
use super::{Healthy, Row, Rows, Wire};

pub(super) fn rows(rows: &mut Rows) {
    sizes(rows);
    encodings(rows);
    interim(rows);
    chunks(rows);
    lengths(rows);
    heads(rows);
}

/// "Answer ≤ 64 KiB, read in a stream to its end".
fn sizes(rows: &mut Rows) {
    rows.group("sizes");
    for (name, size, expect) in [
        ("64 KiB − 1", MAX_ANSWER - 1, token()),
        ("64 KiB", MAX_ANSWER, token()),
        ("64 KiB + 1", MAX_ANSWER + 1, malformed(200)),
    ] {
        rows.add(Row::spoilt(name, move |healthy| padded(healthy, size).whole()), expect.clone());
        rows.add(
            Row::spoilt(format!("{name}, in chunks"), move |healthy| chunked(padded(healthy, size), b"0\r\n\r\n")),
            expect,
        );
    }
    let endless: [(&str, &str, &[u8], Expect); 5] = [
        ("endless, by length", "200 OK\r\nContent-Length: 99999999999", BLANKS, malformed(200)),
        ("endless, in chunks", "200 OK\r\nTransfer-Encoding: chunked", CHUNK, malformed(200)),
        ("endless, until the end", "200 OK\r\nConnection: close", BLANKS, malformed(200)),
        ("endless error of the vendor's", "500 Oh\r\nTransfer-Encoding: chunked", CHUNK, unavailable(500, None)),
        ("endless refusal", "401 No\r\nTransfer-Encoding: chunked", CHUNK, rejected(401, None)),
    ];
    for (name, head, block, expect) in endless {
        let bytes = format!("HTTP/1.1 {head}\r\n\r\n").into_bytes();
        let spoil = move |_| Script { bytes: bytes.clone(), then: Then::Repeat(block.repeat(256)) };
        rows.add(Row::spoilt(name, spoil), expect);
    }
    let refusal = format!(r#"{{"error":"invalid_client","x":"{}"}}"#, "x".repeat(MAX_ANSWER));
    let spoil = move |_| answer("400 Bad Request", "", &refusal);
    rows.add(Row::spoilt("refusal of more than 64 KiB", spoil), rejected(400, None));
}

/// "A gzip answer nobody asked for is Malformed"; an unsuccessful one is judged by its status.
fn encodings(rows: &mut Rows) {
    rows.group("encodings");
    for name in ["gzip", "br", "deflate", "zstd", "invented"] {
        let spoil = move |healthy: Healthy| healthy.with_header("content-encoding", name).whole();
        rows.add(Row::spoilt(format!("{name}, unasked"), spoil), malformed(200));
    }
    for name in ["identity", "Identity"] {
        let spoil = move |healthy: Healthy| healthy.with_header("content-encoding", name).whole();
        rows.add(Row::spoilt(name, spoil), token());
    }
    let down = |_| answer("503 Service Unavailable", "Content-Encoding: gzip\r\n", [31, 139, 8, 0]);
    rows.add(Row::spoilt("503 in gzip", down), unavailable(503, None));
    let refused = |_| answer("401 Unauthorized", "Content-Encoding: gzip\r\n", [31, 139, 8, 0]);
    rows.add(Row::spoilt("401 in gzip", refused), rejected(401, None));
}

/// 1xx before the answer (RFC 9110 §15.2).
fn interim(rows: &mut Rows) {
    rows.group("1xx");
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n".to_owned();
    for (name, before) in [
        ("100 first", CONTINUE.to_owned()),
        ("102 first", "HTTP/1.1 102 Processing\r\n\r\n".to_owned()),
        ("103 first", hints.clone()),
        ("twenty of them first", (CONTINUE.to_owned() + &hints).repeat(10)),
    ] {
        rows.add(
            Row::spoilt(name, move |healthy| Script {
                bytes: [before.as_bytes(), &healthy.to_bytes()].concat(),
                then: Then::Close,
            }),
            token(),
        );
    }
    let only = |_| Script { bytes: CONTINUE.into(), then: Then::Close };
    rows.add(Row::spoilt("100 and the end", only), unreachable(Reach::Cut));
    let and_nothing = |_| Script { bytes: CONTINUE.into(), then: Then::Hang };
    rows.add(Row::spoilt("100 and nothing", and_nothing).short(), unreachable(Reach::Deadline));
    let switched = |_| answer("101 Switching Protocols", "Upgrade: invented\r\n", "");
    rows.add(Row::spoilt("101, unasked", switched), malformed(101));
}

fn chunks(rows: &mut Rows) {
    rows.group("chunks");
    for (name, last, expect) in [
        ("whole", &b"0\r\n\r\n"[..], token()),
        ("with a trailer", b"0\r\nx-invented: yes\r\n\r\n", token()),
        ("cut before the last", b"", unreachable(Reach::Cut)),
        ("cut in the last", b"0\r\n", unreachable(Reach::Cut)),
        ("cut in a chunk", b"ff\r\nxyz", unreachable(Reach::Cut)),
        ("size is no number", b"invented\r\n", unreachable(Reach::Cut)),
        ("size is too large", b"fffffffffffffffffff\r\n", unreachable(Reach::Cut)),
        ("longer than its size", b"1\r\nxyz\r\n0\r\n\r\n", unreachable(Reach::Cut)),
    ] {
        rows.add(Row::spoilt(name, move |healthy| chunked(healthy, last)), expect);
    }
}

fn lengths(rows: &mut Rows) {
    rows.group("lengths");
    let with = |change: fn(usize) -> String| {
        move |healthy: Healthy| {
            let length = change(healthy.body.len());
            healthy.with_header("content-length", &length).whole()
        }
    };
    rows.add(Row::spoilt("none, until the end", |healthy| healthy.without_header("content-length").whole()), token());
    let cut = |healthy: Healthy| healthy.without_header("content-length").cut(9, Then::Close);
    rows.add(Row::spoilt("none, cut", cut), malformed(200));
    rows.add(Row::spoilt("too short", with(|length| (length - 1).to_string())), malformed(200));
    rows.add(Row::spoilt("too long", with(|length| (length + 1).to_string())), unreachable(Reach::Cut));
    for odd in ["-1", "invented", "1e3", "99999999999999999999"] {
        let spoil = move |healthy: Healthy| healthy.with_header("content-length", odd).whole();
        rows.add(Row::spoilt(format!("{odd:?}"), spoil), unreachable(Reach::Cut));
    }
    let two = |mut healthy: Healthy| {
        healthy.head += "\r\ncontent-length: 7";
        healthy.whole()
    };
    rows.add(Row::spoilt("two that differ", two), unreachable(Reach::Cut));
}

/// What is no HTTP/1.1 counts as a broken connection, whatever stands there instead.
fn heads(rows: &mut Rows) {
    rows.group("heads");
    let old = |mut healthy: Healthy| {
        healthy.head = healthy.head.replacen("HTTP/1.1", "HTTP/1.0", 1);
        healthy.whole()
    };
    rows.add(Row::spoilt("HTTP/1.0", old), token());
    let without_reason = |mut healthy: Healthy| {
        healthy.head = healthy.head.replacen("200 OK", "200", 1);
        healthy.whole()
    };
    rows.add(Row::spoilt("no reason phrase", without_reason), token());
    let many = "x-invented: yes\r\n".repeat(1000);
    let long = format!("x-invented: {}\r\n", "x".repeat(1024 * 1024));
    for (name, bytes) in [
        ("HTTP/2 only: a SETTINGS frame", H2_SETTINGS.to_vec()),
        ("no HTTP at all", b"220 invented.example ESMTP\r\n".to_vec()),
        ("HTTP/3.0", b"HTTP/3.0 200 OK\r\n\r\n".to_vec()),
        ("status of words", b"HTTP/1.1 okay\r\n\r\n".to_vec()),
        ("status of two digits", b"HTTP/1.1 20 OK\r\n\r\n".to_vec()),
        ("status of four digits", b"HTTP/1.1 2000 OK\r\n\r\n".to_vec()),
        ("header without a colon", b"HTTP/1.1 200 OK\r\ninvented\r\n\r\n".to_vec()),
        ("NUL in a header", b"HTTP/1.1 200 OK\r\nx: \0\r\n\r\n".to_vec()),
        ("a thousand headers", format!("HTTP/1.1 200 OK\r\n{many}\r\n").into_bytes()),
        ("a header of 1 MiB", format!("HTTP/1.1 200 OK\r\n{long}\r\n").into_bytes()),
        ("a status line of TLS", vec![21, 3, 3, 0, 2, 2, 40]),
    ] {
        rows.add(Row::wire(name, Wire::Answers(whole(bytes))), unreachable(Reach::Cut));
    }
    let greeting = Wire::Greets(H2_SETTINGS.to_vec());
    rows.add(Row::wire("HTTP/2 only: before it is asked", greeting), unreachable(Reach::Cut));
}

fn whole(bytes: Vec<u8>) -> super::super::script::Spoil {
    std::sync::Arc::new(move |_| Script { bytes: bytes.clone(), then: Then::Close })
}

/// With blanks at the end, up to `size`.
fn padded(healthy: Healthy, size: usize) -> Healthy {
    let mut body = healthy.body.clone();
    body.resize(size, b' ');
    healthy.with_body(body)
}

/// In chunks of 1000 bytes, and `last` where the last one should be.
fn chunked(healthy: Healthy, last: &[u8]) -> Script {
    let healthy = healthy.without_header("content-length").with_header("transfer-encoding", "chunked");
    let mut bytes = format!("{}\r\n\r\n", healthy.head).into_bytes();
    for chunk in healthy.body.chunks(1000) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(last);
    Script { bytes, then: Then::Close }
}

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const BLANKS: &[u8] = &[b' '; 16];
/// Sixty-four blanks.
const CHUNK: &[u8] = b"40\r\n                                                                \r\n";
