//! Names that lead nowhere, ports that nobody listens on, servers that say nothing or something else.

use auth_sim::Vendor;
use tokio::io::AsyncReadExt as _;

use super::{answer, doctor, doctor_of, doctor_trusting, read_head, server, with_credentials};
use crate::https::{Authority, listener};

#[test]
fn name_that_does_not_resolve_ends_at_dns() {
    let report = doctor_of("https://vendor.invalid/tenant", |call| call);
    report.expect("url", "ok", "https://vendor.invalid/tenant, by --url").expect("proxy", "ok", "no variable");
    report.expect("dns", "failed", "vendor.invalid was not").expect_advice("dns", "look up names");
    report.expect_failed(&["dns"], 4).expect_nothing_behind("dns");
    assert!(report.step("dns")["milliseconds"].is_u64(), "{:?}", report.done);
}

#[tokio::test]
async fn port_that_refuses_ends_at_tcp() {
    let (listener, port) = listener().await;
    drop(listener);
    let report = doctor_of(&format!("https://127.0.0.1:{port}"), |call| call);
    report.expect("dns", "ok", "127.0.0.1 is an address").expect("tcp", "failed", &format!("127.0.0.1:{port} refuses"));
    report.expect_advice("tcp", "firewall").expect_failed(&["tcp"], 4).expect_nothing_behind("tcp");
}

#[tokio::test(flavor = "multi_thread")]
async fn localhost_is_looked_up_like_any_name() {
    let (listener, port) = listener().await;
    drop(listener);
    let report = doctor_of(&format!("http://localhost:{port}"), |call| call);
    report.expect("dns", "ok", "localhost is ").expect("dns", "ok", "127.0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn server_that_accepts_and_says_nothing_ends_at_the_handshake_or_at_the_request() {
    let (_listener, port) = listener().await;
    let root = Authority::named("Invented Root").file();
    let of = |scheme: &str| {
        let url = format!("{scheme}://127.0.0.1:{port}");
        doctor(Vendor::Partner, &["--url", &url, "--timeout", "2"], |call| {
            with_credentials(call).var("SSL_CERT_FILE", root.path().to_str().expect("text"))
        })
    };
    let tls = of("https");
    tls.expect("tcp", "ok", "accepts").expect_nothing_behind("tls");
    tls.expect("tls", "failed", "no whole handshake within 2 s").expect_failed(&["tls"], 4);
    let plain = of("http");
    plain.expect("tls", "skipped", "plain http").expect("clock", "skipped", "was not answered: no whole answer before");
    plain.expect("request", "failed", "").expect_advice("request", "try again later");
    plain.expect_failed(&["request"], 4).expect_nothing_behind("request");
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_on_the_port_of_https_is_told() {
    let port = server(|mut stream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
        answer(stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let report = doctor_trusting(&Authority::named("Invented Root").file(), &format!("https://127.0.0.1:{port}"));
    report
        .expect("tls", "failed", "speaks no TLS")
        .expect_advice("tls", "not of plain http")
        .expect_failed(&["tls"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn server_that_knows_no_newer_tls_than_1_1_is_told() {
    let port = server(|mut stream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
        answer(stream, &PROTOCOL_VERSION_OF_TLS_1_1).await;
    })
    .await;
    let report = doctor_trusting(&Authority::named("Invented Root").file(), &format!("https://127.0.0.1:{port}"));
    report.expect("tls", "failed", "neither TLS 1.2 nor 1.3").expect_failed(&["tls"], 4).expect_nothing_behind("tls");
}

#[tokio::test(flavor = "multi_thread")]
async fn connection_that_ends_in_the_handshake_is_told() {
    let port = server(|mut stream| async move { drop(stream.read(&mut [0; 4096]).await) }).await;
    let report = doctor_trusting(&Authority::named("Invented Root").file(), &format!("https://127.0.0.1:{port}"));
    report.expect("tls", "failed", "broke during the handshake").expect_failed(&["tls"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn machine_without_roots_is_told_so() {
    let (_listener, port) = listener().await;
    let nothing = tempfile::NamedTempFile::new().expect("a file");
    let report = doctor_trusting(&nothing, &format!("https://127.0.0.1:{port}"));
    report.expect("variables", "ok", "").expect("tls", "failed", "this machine trusts nobody");
    report.expect_advice("tls", "SSL_CERT_FILE").expect_failed(&["tls"], 2).expect_nothing_behind("tls");
}

#[tokio::test(flavor = "multi_thread")]
async fn question_for_the_time_carries_no_credentials() {
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let port = server(move |mut stream| {
        let told = told.clone();
        async move {
            let head = read_head(&mut stream).await;
            // The test may have heard enough.
            let _ = told.send(head);
            answer(stream, b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        }
    })
    .await;
    let report = doctor_of(&format!("http://127.0.0.1:{port}/tenant"), |call| call);
    report
        .expect("clock", "skipped", "no Date")
        .expect("request", "failed", "status 404")
        .expect_failed(&["request"], 3);
    // The connection of the step before said nothing, and its end may be noticed at any time.
    let mut asked = String::new();
    while asked.is_empty() {
        asked = heard.recv().await.expect("a request");
    }
    assert!(asked.starts_with("GET /tenant HTTP/1.1\r\n"), "{asked}");
    let names = asked.lines().skip(1).filter_map(|line| line.split_once(':')).map(|(name, _)| name.to_lowercase());
    assert!(names.into_iter().all(|name| ["user-agent", "accept", "host"].contains(&name.as_str())), "{asked}");
    assert!(!asked.contains("canary") && !asked.contains("4711"), "{asked}");
}

/// RFC 4346 §7.2: a fatal alert of version 1.1, `protocol_version` (70).
const PROTOCOL_VERSION_OF_TLS_1_1: [u8; 7] = [21, 3, 2, 0, 2, 2, 70];
