//! Every fault, as it stands on the wire.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::time::Duration;

use auth_sim::{Fault, RetryAfter, Simulator, Vendor};
use serde_json::Value;
use tokio::io::AsyncReadExt as _;

use crate::calls::{authenticate, ping, start, token_call};
use crate::raw::{Answer, until};

pub(crate) async fn with_fault(fault: Fault) -> (Simulator, Answer) {
    let sim = start(Vendor::MgPlus).await;
    sim.faults().next(1, fault);
    let answer = token_call(&sim).send().await;
    (sim, answer)
}

#[tokio::test]
async fn every_error_of_every_vendor_is_met_with_its_status_and_then_the_vendor_is_healthy() {
    for vendor in Vendor::ALL {
        let sim = start(vendor).await;
        let faults = Fault::all_for(vendor);
        assert!(faults.len() >= 9, "{vendor}");
        for fault in faults {
            sim.faults().next(1, fault.clone());
            let answer = authenticate(&sim).await;
            assert_eq!(Some(answer.status), fault.status(), "{vendor} {fault:?}");
            let said = fault.description();
            assert!(said.ends_with(answer.header("content-type").expect("a type")), "{vendor} {said}");
            assert!(!fault.yields_token() && !answer.text().contains("access_token"), "{vendor} {fault:?}");
            assert_eq!(authenticate(&sim).await.status, 200, "{vendor} after {fault:?}");
        }
    }
}

#[tokio::test]
async fn every_error_in_json_is_json_and_has_what_its_kind_has() {
    for vendor in Vendor::ALL {
        let sim = start(vendor).await;
        for fault in Fault::all_for(vendor) {
            sim.faults().next(1, fault.clone());
            let answer = authenticate(&sim).await;
            if !answer.header("content-type").is_some_and(|kind| kind.contains("json")) {
                continue;
            }
            let json = answer.json();
            let known = ["error", "errorCode", "title", "message", "httpCode"];
            assert!(known.iter().any(|member| json[member].is_string()), "{vendor} {fault:?}: {json}");
            assert!(!answer.text().contains("{client_id}"), "{fault:?}");
        }
    }
}

#[test]
fn names_are_unique_among_the_faults_of_a_vendor() {
    for vendor in Vendor::ALL {
        let mut faults = Fault::all_for(vendor);
        faults.extend(Fault::common());
        let names: HashSet<String> = faults.iter().map(Fault::name).collect();
        assert_eq!(names.len(), faults.len(), "{names:?}");
        let plain =
            |name: &String| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
        assert!(names.iter().all(plain), "{names:?}");
    }
}

#[tokio::test]
async fn a_reset_comes_before_a_byte_of_the_answer() {
    for vendor in Vendor::ALL.into_iter().filter(|vendor| *vendor != Vendor::S2s) {
        let sim = start(vendor).await;
        sim.faults().next(1, Fault::Reset);
        let error = token_call(&sim).try_send().await.expect_err("a reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{vendor}");
        assert_eq!(authenticate(&sim).await.status, 200, "{vendor}");
    }
}

#[tokio::test]
async fn a_cut_body_is_half_of_what_was_announced() {
    let (_sim, answer) = with_fault(Fault::CutBody).await;
    let announced: usize = answer.header("content-length").expect("a length").parse().expect("a number");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body.len(), announced / 2);
    assert!(answer.text().starts_with('{'));
}

#[tokio::test]
async fn a_cut_chunked_body_has_the_whole_document_and_no_last_chunk() {
    let (_sim, answer) = with_fault(Fault::CutChunked).await;
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    assert_eq!(answer.header("content-length"), None);
    let text = answer.text();
    let document = text.split("\r\n").nth(1).expect("a chunk");
    let json: Value = serde_json::from_str(document).expect("a whole document");
    assert!(json["access_token"].is_string());
    assert!(text.ends_with("}\r\n"), "{text}");
}

#[tokio::test]
async fn a_hanging_request_hinders_no_other() {
    let sim = start(Vendor::MgPlus).await;
    sim.faults().next(1, Fault::Hang);
    let hanging = token_call(&sim).begin().await.expect("a connection");
    until(|| sim.counts().in_flight == 1).await;
    assert_eq!(token_call(&sim).send().await.status, 200);
    assert_eq!(sim.counts().in_flight, 1);
    drop(hanging);
}

#[tokio::test]
async fn a_late_answer_is_the_healthy_one() {
    let (sim, answer) = with_fault(Fault::Delay(Duration::from_millis(1))).await;
    assert_eq!(ping(&sim, &answer.token()).send().await.status, 200);
    assert_eq!(sim.counts().faults, 1);
}

#[tokio::test]
async fn a_redirect_names_the_place_it_was_told() {
    let (_sim, answer) = with_fault(Fault::Redirect("http://127.0.0.1:1/elsewhere".to_owned())).await;
    assert_eq!((answer.status, answer.header("location")), (307, Some("http://127.0.0.1:1/elsewhere")));
}

#[tokio::test]
async fn answers_in_the_place_of_the_healthy_one_are_what_they_say() {
    for (fault, body) in [
        (Fault::Garbage, "}certainly not JSON{"),
        (Fault::EmptyObject, "{}"),
        (Fault::Empty, ""),
        (Fault::ErrorInside200, r#"{"error":"server_error"}"#),
    ] {
        let (sim, answer) = with_fault(fault).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, body));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(sim.counts().minted, 0);
    }
    let (_sim, html) = with_fault(Fault::Html(504)).await;
    assert_eq!((html.status, html.header("content-type")), (504, Some("text/html; charset=utf-8")));
    let (content_type, body) = ("text/x-invented".to_owned(), "anything".to_owned());
    let (_sim, own) = with_fault(Fault::Answer { status: 418, content_type, body }).await;
    assert_eq!((own.status, own.text().as_str()), (418, "anything"));
}

#[tokio::test]
async fn an_endless_body_goes_on_and_ends_with_its_reader() {
    let sim = start(Vendor::MgPlus).await;
    sim.faults().next(1, Fault::Endless);
    let mut stream = token_call(&sim).begin().await.expect("a connection");
    let mut read = vec![0; 4 * 1024 * 1024];
    stream.read_exact(&mut read).await.expect("four mebibytes");
    assert!(read.starts_with(b"HTTP/1.1 200 OK\r\n"));
    drop(stream);
    assert_eq!(token_call(&sim).send().await.status, 200);
}

#[tokio::test]
async fn a_gzipped_answer_is_the_healthy_one_in_a_stored_block() {
    let (_sim, answer) = with_fault(Fault::Gzip).await;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert!(answer.body.starts_with(&[0x1f, 0x8b, 8]));
    let plain = &answer.body[15..answer.body.len() - 8];
    let json: Value = serde_json::from_slice(plain).expect("JSON");
    assert!(json["access_token"].is_string());
}

#[tokio::test]
async fn a_retry_after_comes_as_seconds_or_as_a_date() {
    let (status, after) = (429, RetryAfter::Seconds(7));
    let (_sim, seconds) = with_fault(Fault::RetryAfter { status, after }).await;
    assert_eq!((seconds.status, seconds.header("retry-after")), (429, Some("7")));
    for wait in [Duration::from_secs(7), Duration::MAX] {
        let (status, after) = (503, RetryAfter::DateIn(wait));
        let (_sim, date) = with_fault(Fault::RetryAfter { status, after }).await;
        let parse = |name| httpdate::parse_http_date(date.header(name).expect(name)).expect("a date");
        let waits = parse("retry-after").duration_since(parse("date")).expect("later");
        assert_eq!(date.status, 503);
        assert!(waits == wait || wait == Duration::MAX, "{waits:?}");
    }
}

#[tokio::test]
async fn a_rate_limit_of_the_partner_api_says_when_it_ends_in_two_ways() {
    let sim = start(Vendor::Partner).await;
    sim.faults().next(1, Fault::Partner(auth_sim::PartnerError::TooManyAttempts));
    let answer = token_call(&sim).send().await;
    assert_eq!(answer.header("retry-after"), Some("60"));
    assert_eq!(answer.header("x-ratelimit-limit"), Some("60"));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
    let reset: u64 = answer.header("x-ratelimit-reset").expect("a reset").parse().expect("a number");
    let date = httpdate::parse_http_date(answer.header("date").expect("a date")).expect("a date");
    let now = date.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    assert!((now + 59..=now + 61).contains(&reset), "{reset} at {now}");
}

#[tokio::test]
async fn a_rate_limit_of_the_banks_gateway_has_no_number() {
    let sim = start(Vendor::S2s).await;
    sim.faults().next(1, Fault::S2s(auth_sim::S2sError::GatewayTooManyRequests));
    let answer = authenticate(&sim).await;
    assert_eq!(answer.header("x-ratelimit-limit"), Some("name=rate-limit,10"));
    assert_eq!(answer.json()["httpCode"], "429");
}

#[tokio::test]
async fn every_common_fault_ends_and_leaves_the_vendor_healthy() {
    for vendor in Vendor::ALL {
        let sim = start(vendor).await;
        for fault in Fault::common().into_iter().filter(|fault| *fault != Fault::Endless) {
            let target = match vendor {
                Vendor::S2s => auth_sim::Target::Code,
                _ => fault.target(),
            };
            sim.faults().next_on(target, 1, fault.clone());
            let call = match vendor {
                Vendor::S2s => crate::calls::code_call(&sim),
                _ => token_call(&sim),
            };
            let status = call.try_send().await.map(|answer| answer.status).ok();
            assert_eq!(status, if fault == Fault::Reset { None } else { fault.status().or(Some(200)) }, "{fault:?}");
            assert!(sim.faults().is_empty(), "{vendor} {fault:?}");
            assert_eq!(authenticate(&sim).await.status, 200, "{vendor} after {fault:?}");
        }
    }
}
