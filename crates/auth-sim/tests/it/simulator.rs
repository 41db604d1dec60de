use std::io::{ErrorKind, Read as _};
use std::time::Duration;

use auth_sim::{Fault, MgPlusError, Simulator, Target, Vendor};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::calls::{authenticate, ping, start, token_call};
use crate::raw::until;

/// Connections at once.
const MANY: u64 = 50;

fn authority(sim: &Simulator) -> String {
    let rest = sim.url().strip_prefix("http://").expect("a plain URL");
    rest.split('/').next().expect("a host").to_owned()
}

#[tokio::test]
async fn it_listens_on_the_loopback_alone() {
    for vendor in Vendor::ALL {
        assert!(start(vendor).await.url().starts_with("http://127.0.0.1:"), "{vendor}");
    }
}

#[tokio::test]
async fn the_port_can_be_chosen_and_a_taken_one_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let refused = Simulator::builder(Vendor::StoneX).port(port).start().await;
    assert_eq!(refused.expect_err("a taken port").kind(), ErrorKind::AddrInUse);
    drop(taken);
    let sim = Simulator::builder(Vendor::StoneX).port(port).start().await.expect("a free port");
    assert_eq!(sim.url(), format!("http://127.0.0.1:{port}"));
}

#[tokio::test]
async fn the_credentials_can_be_chosen() {
    let builder = Simulator::builder(Vendor::Partner).client_id("invented-id").client_secret("invented-pass");
    let sim = builder.start().await.expect("a simulator");
    assert_eq!(sim.credentials().client_id, "invented-id");
    assert_eq!(authenticate(&sim).await.status, 200);
}

#[tokio::test]
async fn a_rotated_secret_is_the_only_one_let_in() {
    let sim = start(Vendor::MgPlus).await;
    let token = authenticate(&sim).await.token();
    sim.rotate_secret("invented-second-secret");
    assert_eq!(authenticate(&sim).await.refusal(), (400, "invalid_client".to_owned()));
    let good = sim.credentials();
    let body =
        format!("grant_type=client_credentials&client_id={}&client_secret=invented-second-secret", good.client_id);
    assert_eq!(token_call(&sim).body(body).send().await.status, 200);
    assert_eq!(ping(&sim, &token).send().await.status, 200, "tokens outlive the secret");
    assert_eq!(sim.vars()[2], ("MGPLUS_CLIENT_SECRET", "invented-second-secret".to_owned()));
}

#[tokio::test]
async fn the_variables_are_those_of_the_provider_crate() {
    let mut names = Vec::new();
    for vendor in Vendor::ALL {
        let sim = start(vendor).await;
        assert_eq!(sim.vars()[0].1, sim.url());
        assert!(sim.vars().iter().all(|(name, value)| sim.var(name) == Some(value.into())), "one by one");
        assert_eq!(sim.var("INVENTED_VARIABLE"), None);
        names.push(sim.vars().into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(" "));
    }
    assert_eq!(
        names,
        [
            "MGPLUS_STS_URL MGPLUS_CLIENT_ID MGPLUS_CLIENT_SECRET",
            "STONEX_BASE_URL STONEX_CLIENT_ID STONEX_CLIENT_SECRET",
            "PARTNER_BASE_URL PARTNER_CLIENT_ID PARTNER_CLIENT_SECRET",
            "S2S_BASE_URL S2S_SERVICE_ACCOUNT_ID S2S_SERVICE_ACCOUNT_SECRET S2S_CLIENT_ID S2S_CLIENT_SECRET S2S_SCOPE",
            "MOBILEPAY_BASE_URL MOBILEPAY_CLIENT_ID MOBILEPAY_CLIENT_SECRET MOBILEPAY_CLIENT_SYSTEM_VERSION \
             MOBILEPAY_MERCHANT_VAT",
        ]
    );
}

#[test]
fn a_vendor_goes_by_its_crates_name_and_by_its_short_one() {
    for vendor in Vendor::ALL {
        assert_eq!(Vendor::named(vendor.name()), Some(vendor));
        assert_eq!(Vendor::named(vendor.short()), Some(vendor));
        assert_eq!(vendor.to_string(), vendor.name());
    }
    assert_eq!(Vendor::named("nobody"), None);
}

#[tokio::test]
async fn shutdown_closes_the_port_and_waits_for_no_request() {
    let sim = start(Vendor::MgPlus).await;
    let authority = authority(&sim);
    sim.faults().next(1, Fault::Hang);
    let mut hanging = token_call(&sim).begin().await.expect("a connection");
    until(|| sim.counts().in_flight == 1).await;
    sim.shutdown().await;
    let refused = TcpStream::connect(&authority).await;
    assert_eq!(refused.expect_err("a closed port").kind(), ErrorKind::ConnectionRefused);
    let mut rest = Vec::new();
    // Closed or reset: ended, and without an answer.
    let _ = hanging.read_to_end(&mut rest).await;
    assert_eq!(rest, b"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_cut_when_shutdown_returns() {
    for _ in 0..20 {
        let sim = start(Vendor::MgPlus).await;
        sim.faults().next(MANY, Fault::Hang);
        let mut hanging = Vec::new();
        for _ in 0..MANY {
            let stream = token_call(&sim).begin().await.expect("a connection");
            hanging.push(stream.into_std().expect("a stream"));
        }
        until(|| sim.counts().in_flight == MANY).await;
        sim.shutdown().await;
        for stream in &mut hanging {
            let read = stream.read(&mut [0]).map_err(|e| e.kind());
            assert!(matches!(read, Ok(0) | Err(ErrorKind::ConnectionReset)), "{read:?}");
        }
    }
}

#[tokio::test]
async fn dropping_it_closes_the_port() {
    let sim = start(Vendor::MgPlus).await;
    let authority = authority(&sim);
    drop(sim);
    // The runtime ends the task when it gets to it.
    until(|| std::net::TcpStream::connect(&authority).is_err()).await;
    assert!(TcpStream::connect(&authority).await.is_err());
}

#[test]
fn it_may_outlive_its_runtime() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let sim = runtime.block_on(start(Vendor::MgPlus));
    drop(runtime);
    assert_eq!(sim.counts().requests, 0);
}

#[tokio::test]
async fn a_delay_holds_back_every_answer() {
    let sim = Simulator::builder(Vendor::MgPlus).delay(Duration::MAX).start().await.expect("a simulator");
    let held = token_call(&sim).begin().await.expect("a connection");
    until(|| sim.counts().in_flight == 1).await;
    assert_eq!(sim.counts().minted, 0);
    drop(held);
}

#[tokio::test]
async fn nothing_secret_is_in_debug() {
    for vendor in Vendor::ALL {
        let sim = start(vendor).await;
        let token = authenticate(&sim).await.token();
        sim.faults().next(1, Fault::MgPlus(MgPlusError::InvalidClient));
        let builder = Simulator::builder(vendor);
        let shown = format!("{sim:?} {sim:#?} {:?} {:#?} {builder:?}", sim.credentials(), sim.credentials());
        let good = sim.credentials();
        for secret in [&good.client_id, &good.client_secret, &good.service_account_secret, &token] {
            assert!(secret.is_empty() || !shown.contains(secret.as_str()), "{vendor}: {shown}");
        }
        assert!(shown.contains("127.0.0.1"), "{shown}");
    }
}

#[test]
fn what_is_public_can_be_sent_and_shared() {
    fn check<T: Send + Sync + std::fmt::Debug>() {}
    check::<Simulator>();
    check::<auth_sim::Builder>();
    check::<auth_sim::Credentials>();
    check::<auth_sim::Faults>();
    check::<Fault>();
    check::<auth_sim::Counts>();
    assert_eq!(size_of::<Vendor>(), 1);
}

#[tokio::test]
async fn ping_sends_the_headers_and_says_the_status() {
    let sim = start(Vendor::MobilePay).await;
    let token = format!("Bearer {}", authenticate(&sim).await.token());
    let authorization = ("Authorization", token.as_str());
    let gateway = ("x-ibm-client-id", sim.credentials().client_id.as_str());
    let version = ("x-mobilepay-client-system-version", sim.credentials().client_system_version.as_str());
    assert_eq!(sim.ping([authorization, gateway, version]).await.expect("an answer"), 200);
    assert_eq!(sim.ping([gateway, version]).await.expect("an answer"), 401);
    assert_eq!((sim.counts().pings, sim.counts().pings_refused), (2, 1));
}

#[tokio::test]
async fn ping_ends_whatever_is_answered() {
    let sim = start(Vendor::MgPlus).await;
    let token = format!("Bearer {}", authenticate(&sim).await.token());
    let headers = [("Authorization", token.as_str())];
    sim.faults().next_on(Target::Ping, 1, Fault::Endless);
    assert_eq!(sim.ping(headers).await.expect("an answer"), 200);
    sim.faults().next_on(Target::Ping, 1, Fault::Reset);
    assert!(sim.ping(headers).await.is_err());
}
