//! The variables of a proxy: whether one applies, and what it does.

use auth_sim::Vendor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;

use super::{Report, answer, doctor, doctor_of, read_head, server, with_credentials};
use crate::harness::{Call, authctl, started};
use crate::https::{Authority, front};

const URL: &str = "https://vendor.invalid";

/// What the doctor says behind a proxy that answers `with`; a password is in its URL.
async fn behind(with: &'static str) -> Report {
    let port = server(move |mut stream| async move {
        assert!(read_head(&mut stream).await.is_empty_or_a_tunnel());
        answer(stream, with.as_bytes()).await;
    })
    .await;
    let proxy = format!("http://invented:canary-password@127.0.0.1:{port}");
    let root = Authority::named("Invented Root").file();
    doctor_of(URL, |call| call.var("HTTPS_PROXY", &proxy).var("SSL_CERT_FILE", root.path().to_str().expect("text")))
}

trait Head {
    /// The step before says nothing; the others name the host and give the password.
    fn is_empty_or_a_tunnel(&self) -> bool;
}

impl Head for String {
    fn is_empty_or_a_tunnel(&self) -> bool {
        let basic = "proxy-authorization: Basic aW52ZW50ZWQ6Y2FuYXJ5LXBhc3N3b3Jk";
        self.is_empty() || self.starts_with("CONNECT vendor.invalid:443 HTTP/1.1\r\n") && self.contains(basic)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_that_refuses_is_told_by_its_status() {
    let report = behind("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
    report.expect("proxy", "ok", "the request goes through http://127.0.0.1:");
    report.expect("proxy", "ok", "with a user and a password that are not shown; set: HTTPS_PROXY");
    report.expect("dns", "ok", "the proxy's: 127.0.0.1").expect("tcp", "ok", "accepts");
    report.expect("tls", "failed", "opens no way to the vendor (status 403)").expect_advice("tls", "NO_PROXY");
    report.expect_failed(&["tls"], 4).expect_nothing_behind("tls");
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_that_wants_a_password_is_told() {
    let report = behind("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n").await;
    report.expect("tls", "failed", "wants a user and a password (status 407)").expect_failed(&["tls"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_that_speaks_something_else_is_told() {
    let report = behind("SSH-2.0-invented\r\n\r\n").await;
    report.expect("tls", "failed", "broke during the handshake").expect_failed(&["tls"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_that_takes_the_connection_and_says_nothing_is_told_from_a_vendor_that_does() {
    let port = server(|mut stream| async move {
        read_head(&mut stream).await;
        // Until the doctor has had enough.
        let _ = stream.read(&mut [0]).await;
    });
    let proxy = format!("http://127.0.0.1:{}", port.await);
    let args = ["--url", URL, "--timeout", "0.5"];
    let report = doctor(Vendor::Partner, &args, |call| with_credentials(call).var("HTTPS_PROXY", &proxy));
    report.expect("tls", "failed", "no whole handshake through the proxy within 0.5 s");
    report.expect_advice("tls", "whoever runs the proxy").expect_failed(&["tls"], 4).expect_nothing_behind("tls");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_through_a_proxy_that_opens_a_tunnel() {
    let (authority, sim) = (Authority::named("Invented Root"), started(Vendor::Partner).await);
    let inner = sim.url().rsplit_once(':').expect("a port").1.parse().expect("a port");
    let vendor = front(authority.issue("vendor.invalid", |_| ()), inner).await;
    let proxy = server(move |mut stream| async move {
        if read_head(&mut stream).await.is_empty() {
            return;
        }
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.expect("a client that reads");
        let mut there = TcpStream::connect(("127.0.0.1", vendor)).await.expect("the vendor");
        // Either may end as it likes.
        let _ = copy_bidirectional(&mut stream, &mut there).await;
    });
    let (proxy, root) = (format!("http://127.0.0.1:{}", proxy.await), authority.file());
    let call = authctl(&["doctor", "partner", "--json", "--url", URL]).vars_of(&sim).var("https_proxy", &proxy);
    let report = Report::of(call.var("SSL_CERT_FILE", root.path().to_str().expect("text")).run());
    report.expect("proxy", "ok", &format!("through {proxy}; set: https_proxy"));
    report.expect("tls", "ok", "certificate for vendor.invalid by Invented Root").expect("clock", "ok", "within");
    report.expect("claims", "ok", "its times fit").expect_failed(&[], 0);
}

#[test]
fn host_that_is_excepted_is_asked_straight() {
    let with = |call: Call| call.var("HTTPS_PROXY", "http://127.0.0.1:9").var("NO_PROXY", "example.com, .invalid");
    let report = doctor_of(URL, with);
    report.expect("proxy", "ok", "none applies to this URL; set: HTTPS_PROXY, NO_PROXY");
    report.expect("dns", "failed", "vendor.invalid was not").expect_failed(&["dns"], 4);
}

#[test]
fn proxy_that_cannot_be_read_is_a_warning_and_its_value_is_not_repeated() {
    let report = doctor_of(URL, |call| call.var("ALL_PROXY", "ftp://canary:canary@proxy.invalid"));
    report.expect("proxy", "warning", "none applies to this URL; ALL_PROXY is no URL of a proxy, and is ignored");
    report.expect_advice("proxy", "http://host:port").expect("dns", "failed", "vendor.invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn this_machine_is_asked_without_a_proxy() {
    let sim = started(Vendor::MgPlus).await;
    let call = authctl(&["doctor", "mgplus", "--json"]).vars_of(&sim).var("HTTP_PROXY", "http://127.0.0.1:9");
    let report = Report::of(call.var("ALL_PROXY", "http://127.0.0.1:9").run());
    report
        .expect("proxy", "ok", "set: HTTP_PROXY, ALL_PROXY; this machine is asked without a proxy")
        .expect_failed(&[], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_that_wants_tls_is_connected_to_and_left_to_the_request() {
    let port = server(|stream| async move { drop(stream) }).await;
    let report = doctor_of(URL, |call| call.var("ALL_PROXY", &format!("https://a:canary@127.0.0.1:{port}")));
    report.expect("proxy", "ok", &format!("through https://127.0.0.1:{port}, with a user"));
    report.expect("tcp", "ok", "accepts").expect("tls", "skipped", "a proxy of https");
}

#[test]
fn proxy_of_socks_is_a_cross_since_no_token_request_goes_through_one() {
    for scheme in ["socks4", "socks4a", "socks5", "socks5h"] {
        let report = doctor_of(URL, |call| call.var("ALL_PROXY", &format!("{scheme}://a:canary@127.0.0.1:9")));
        report.expect("proxy", "failed", &format!("a proxy of {scheme} applies")).expect_advice("proxy", "http://host");
        report.expect_failed(&["proxy"], 2).expect_nothing_behind("proxy");
    }
    let with = |call: Call| call.var("ALL_PROXY", "socks5://127.0.0.1:9").var("NO_PROXY", "vendor.invalid");
    doctor_of(URL, with).expect("proxy", "ok", "none applies");
}

#[test]
fn password_that_was_taken_for_a_host_is_not_shown() {
    for value in [
        "http://canary/x@127.0.0.1:9",
        "http://canary-user:4711/x@127.0.0.1:9",
        "http://canary-user:4711?x@127.0.0.1:9",
        "http://canary-user:4711#x@127.0.0.1:9",
        "socks5://canary-user:4711/x@127.0.0.1:9",
    ] {
        // Another that does not count has nothing to do with it.
        let report = doctor_of(URL, |call| call.var("HTTPS_PROXY", value).var("ALL_PROXY", "http://127.0.0.1:9"));
        report.expect("proxy", "failed", "HTTPS_PROXY has an @").expect_advice("proxy", "%2F");
        report.expect_failed(&["proxy"], 2).expect_nothing_behind("proxy");
        assert!(!report.step("proxy").to_string().contains("4711"), "{}", report.step("proxy"));
    }
}
