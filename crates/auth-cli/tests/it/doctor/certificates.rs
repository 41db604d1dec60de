//! Certificates that are good, and each that is not.

use std::time::{Duration, SystemTime};

use auth_sim::Vendor;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};

use super::{Report, doctor_of, doctor_trusting};
use crate::harness::{authctl, started};
use crate::https::{Authority, acceptor, front};

/// What the doctor says of a vendor that shows a certificate of a trusted authority's for `host`, as `change` leaves it.
async fn shown(host: &str, change: impl FnOnce(&mut CertificateParams)) -> Report {
    let authority = Authority::named("Invented Root");
    let sim = started(Vendor::Partner).await;
    let inner = sim.url().rsplit_once(':').expect("a port").1.parse().expect("a port");
    let port = front(authority.issue(host, change), inner).await;
    let report = doctor_trusting(&authority.file(), &format!("https://localhost:{port}"));
    // Of those whom the handshake does not convince none says anything.
    assert!(report.step("tls")["outcome"] != "failed" || sim.counts().requests == 0);
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn good_certificate_is_told_with_name_issuer_and_end() {
    let authority = Authority::named("Invented Root");
    let sim = started(Vendor::Partner).await;
    let inner = sim.url().rsplit_once(':').expect("a port").1.parse().expect("a port");
    let port = front(authority.issue("localhost", |_| ()), inner).await;
    let root = authority.file();
    let call = authctl(&["doctor", "partner", "--json", "--url", &format!("https://localhost:{port}")]).vars_of(&sim);
    let report = Report::of(call.var("SSL_CERT_FILE", root.path().to_str().expect("text")).run());
    report.expect("tls", "ok", "TLS 1.3, certificate for localhost by Invented Root, good until ");
    report.expect("clock", "ok", "within 10 s").expect("answer", "ok", "lives 1 h").expect_failed(&[], 0);
    assert!(report.step("tls")["milliseconds"].is_u64(), "{:?}", report.done);
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_that_ends_soon_is_a_warning() {
    let now = date_time_ymd(1970, 1, 1) + SystemTime::UNIX_EPOCH.elapsed().expect("a clock that was set");
    let report = shown("localhost", |params| params.not_after = now + 10 * A_DAY).await;
    report.expect("tls", "warning", "which is soon").expect_advice("tls", "renews its certificate");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_of_another_name_is_told_with_both() {
    let report = shown("sts.invalid", |_| ()).await;
    report.expect("tls", "failed", "its certificate is for sts.invalid, and not for localhost");
    report.expect_advice("tls", "right host").expect_failed(&["tls"], 3).expect_nothing_behind("tls");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_that_has_expired_is_told_with_since_when() {
    let report = shown("localhost", |params| {
        (params.not_before, params.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1));
    });
    let report = report.await;
    report.expect("tls", "failed", "its certificate expired 2001-01-01T00:00:00Z (");
    report.expect_advice("tls", "the vendor must renew").expect_failed(&["tls"], 3).expect_nothing_behind("tls");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_that_is_not_good_yet_is_told_with_from_when_on() {
    let report = shown("localhost", |params| {
        (params.not_before, params.not_after) = (date_time_ymd(2999, 1, 1), date_time_ymd(3000, 1, 1));
    });
    let report = report.await;
    report.expect("tls", "failed", "its certificate is not good before 2999-01-01T00:00:00Z (in ");
    report.expect_advice("tls", "clock is right").expect_failed(&["tls"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_of_an_unknown_authority_is_told_with_its_name() {
    let (ours, theirs) = (Authority::named("Invented Root"), Authority::named("Invented Root of Somebody Else"));
    let port = front(theirs.issue("localhost", |_| ()), 9).await;
    let report = doctor_trusting(&ours.file(), &format!("https://localhost:{port}"));
    report.expect(
        "tls",
        "failed",
        "its certificate is by Invented Root of Somebody Else, whom this machine does not know",
    );
    report.expect_advice("tls", "SSL_CERT_FILE").expect_failed(&["tls"], 3).expect_nothing_behind("tls");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_of_an_authority_itself_is_told_with_how_to_make_another() {
    let report = shown("localhost", |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)).await;
    report.expect("tls", "failed", "its certificate is that of an authority (CA:TRUE), which no server may show");
    report.expect_advice("tls", "CA:FALSE").expect_failed(&["tls"], 3).expect_nothing_behind("tls");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_that_is_its_own_issuer_is_not_trusted() {
    let key = KeyPair::generate().expect("a key");
    let own =
        CertificateParams::new(["localhost".to_owned()]).expect("a name").self_signed(&key).expect("a certificate");
    let port = front(acceptor(own.der().clone(), &key), 9).await;
    let report = doctor_trusting(&Authority::named("Invented Root").file(), &format!("https://localhost:{port}"));
    report.expect("tls", "failed", "whom this machine does not know").expect_failed(&["tls"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_a_certificate_reaches_the_terminal_as_a_command() {
    let theirs = Authority::named("Invented\u{1b}[2JRoot canary-secret");
    let port = front(theirs.issue("localhost", |_| ()), 9).await;
    let ours = Authority::named("Invented Root").file();
    let report = doctor_of(&format!("https://localhost:{port}"), |call| {
        call.var("SSL_CERT_FILE", ours.path().to_str().expect("text"))
    });
    report.expect("tls", "failed", "by Invented [2JRoot [redacted], whom");
}

const A_DAY: Duration = Duration::from_secs(24 * 3600);
