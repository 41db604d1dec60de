//! What the vendor answers: refusals, bad quarters of an hour, odd answers, odd tokens.

use std::time::{Duration, SystemTime};

use auth_sim::{ExpiresIn, Fault, MgPlusError, RetryAfter, Simulator, Vendor};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Report, answer, doctor, doctor_after, doctor_of, read_head, server};
use crate::harness::{authctl, started};

/// What the doctor says of MG+ while each token request meets `fault`.
async fn of(fault: impl Into<Fault>) -> Report {
    let fault = fault.into();
    doctor_after(Vendor::MgPlus, |sim| sim.faults().lasting(Duration::MAX, fault)).await
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock that was set").as_secs()
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_secret_is_a_cross_at_the_request_of_every_vendor() {
    for vendor in Vendor::ALL {
        let report = doctor_after(vendor, |sim| sim.rotate_secret("invented-secret-of-tomorrow")).await;
        report.expect("clock", "ok", "").expect("request", "failed", "refused the request (status 40");
        report
            .expect_advice("request", "a person must act")
            .expect_failed(&["request"], 3)
            .expect_nothing_behind("request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_vendor_answers_is_told_in_the_words_of_authctl_token() {
    // Longer than anybody waits here, so that there is no other attempt.
    let throttled = Fault::RetryAfter { status: 429, after: RetryAfter::Seconds(60) };
    let down = Fault::RetryAfter { status: 503, after: RetryAfter::Seconds(60) };
    for (fault, found, advice, code) in [
        (MgPlusError::Forbidden.into(), "status 403", "allow list", 3),
        (MgPlusError::NotFound.into(), "status 404", "STS URL", 3),
        (throttled, "asks to slow down (status 429)", "retry after: 60 s", 4),
        (down, "is not available (status 503)", "retry after: 60 s", 4),
        (MgPlusError::GeneralError.into(), "status 500, code general_error", "try again later", 4),
    ] {
        let report = of(fault).await;
        report.expect("request", "failed", found).expect_advice("request", advice);
        report.expect_failed(&["request"], code).expect_nothing_behind("request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_that_is_not_the_documented_one_is_a_cross_at_the_answer() {
    for fault in [
        Fault::Html(200),
        Fault::Garbage,
        Fault::EmptyObject,
        Fault::ExpiresIn(ExpiresIn::Integer(0)),
        Fault::TokenType("mac".to_owned()),
        Fault::Redirect("http://127.0.0.1:9/".to_owned()),
    ] {
        let report = of(fault).await;
        report.expect("request", "ok", "at the first attempt").expect("answer", "failed", "not the documented one");
        report.expect_advice("answer", "whether the URL is the vendor's");
        report.expect_failed(&["answer"], 5).expect_nothing_behind("answer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vendor_that_answers_at_the_second_attempt_is_a_warning() {
    let sim = started(Vendor::MgPlus).await;
    sim.faults().next(1, MgPlusError::GeneralError.into());
    let report = Report::of(authctl(&["doctor", "mgplus", "--json"]).vars_of(&sim).run());
    report.expect("request", "warning", "answered at attempt 2, after: mgplus-sts is not available (status 500");
    report.expect_failed(&[], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn life_that_is_suspicious_is_a_warning() {
    let day = of(Fault::ExpiresIn(ExpiresIn::Integer(3_600_000))).await;
    day.expect("answer", "warning", "lives a day or more").expect_advice("answer", "in seconds");
    // The token itself lives an hour, and would be handed out for a day.
    day.expect("claims", "failed", "it dies 23 h ").expect_failed(&["claims"], 5);
    let sim = Simulator::builder(Vendor::MgPlus).lifetime(Duration::from_secs(60)).start().await.expect("a free port");
    let report = doctor(Vendor::MgPlus, &[], |call| call.vars_of(&sim));
    report.expect("answer", "warning", "lives 1 min").expect("claims", "ok", "its times fit");
    report.expect("renewal", "warning", "handed out until 54 s").expect_failed(&[], 0);
}

/// What the doctor says of a bank that grants one of two scopes, to a token that lives so many seconds.
async fn granted_less(seconds: u32) -> Report {
    let token = json!({"token_type": "bearer", "access_token": "invented-token", "expires_in": seconds, "scope": "read:invented"});
    let (content_type, body) = ("application/json".to_owned(), token.to_string());
    let answer = Fault::Answer { status: 200, content_type, body };
    doctor_after(Vendor::S2s, |sim| sim.faults().lasting_on(auth_sim::Target::Token, Duration::MAX, answer)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_that_were_not_granted_are_named() {
    let report = granted_less(1095).await;
    report.expect("answer", "warning", "scope read:invented; asked for and not granted: all:invented");
    report.expect("claims", "skipped", "opaque").expect_failed(&[], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_that_were_not_granted_are_named_of_an_odd_life_too() {
    let report = granted_less(60).await;
    report.expect("answer", "warning", "lives 1 min, scope read:invented; asked for and not granted: all:invented");
    report.expect_advice("answer", "renewed all the time").expect_advice("answer", "grant what you need");
}

/// What the doctor says of a token of an hour that claims this.
async fn claiming(claims: Value) -> Report {
    let token = format!("{}.{}.invented", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let body = json!({ "access_token": token, "expires_in": 3600, "token_type": "Bearer" }).to_string();
    of(Fault::Answer { status: 200, content_type: "application/json".to_owned(), body }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_that_contradict_the_clock_are_a_cross() {
    let past =
        claiming(json!({ "iat": now() - 7200, "exp": now() - 3600, "iss": "https://sts.invented.example" })).await;
    past.expect("claims", "failed", "by its exp it expired ").expect(
        "claims",
        "failed",
        "iss https://sts.invented.example",
    );
    past.expect_advice("claims", "tell the vendor").expect_failed(&["claims"], 5).expect(
        "headers",
        "ok",
        "Authorization",
    );
    let future = claiming(json!({ "iat": now() + 900, "exp": now() + 3600 })).await;
    future.expect("claims", "failed", "its iat is ").expect_failed(&["claims"], 5);
    claiming(json!({ "iat": now(), "exp": now() + 3600 }))
        .await
        .expect("claims", "ok", "its times fit")
        .expect_failed(&[], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_that_differs_from_the_servers_is_a_cross_and_not_one_of_the_claims_too() {
    let port = server(|mut stream| async move {
        let date = SystemTime::now() + Duration::from_secs(600);
        let claims = json!({ "iat": now() + 600, "exp": now() + 4200 }).to_string();
        let token = format!("{}.{}.invented", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(claims));
        let body = json!({ "access_token": token, "expires_in": 3600, "token_type": "Bearer" }).to_string();
        let status = if read_head(&mut stream).await.starts_with("GET ") { "404 Not Found" } else { "200 OK" };
        let (date, length) = (httpdate::fmt_http_date(date), body.len());
        let head = "content-type: application/json\r\nconnection: close";
        let text = format!("HTTP/1.1 {status}\r\ndate: {date}\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}");
        answer(stream, text.as_bytes()).await;
    })
    .await;
    let report = doctor_of(&format!("http://127.0.0.1:{port}"), |call| call);
    report.expect("clock", "failed", "behind the server's").expect_advice("clock", "NTP");
    report.expect("answer", "ok", "lives 1 h").expect("claims", "ok", "its times fit").expect_failed(&["clock"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_named_and_the_one_that_differs_from_call_to_call_too() {
    for (vendor, names) in [
        (Vendor::StoneX, "each call carries Authorization"),
        (Vendor::S2s, "Authorization, X-Ibm-Client-Id, X-Ibm-Client-Secret"),
    ] {
        doctor_after(vendor, |_| ()).await.expect("headers", "ok", names).expect_failed(&[], 0);
    }
    let sim = started(Vendor::MobilePay).await;
    let unbound = doctor(Vendor::MobilePay, &[], |call| call.vars_of(&sim).without("MOBILEPAY_MERCHANT_VAT"));
    let step = unbound.step("headers").to_string();
    assert!(step.contains("and X-Mobilepay-Merchant-Vat-Number of its own"), "{step}");
    unbound.expect_advice("headers", "at each call").expect_failed(&[], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_healthy_vendor_has_no_cross_and_is_asked_once() {
    for vendor in Vendor::ALL {
        let sim = started(vendor).await;
        let report = doctor(vendor, &[], |call| call.vars_of(&sim));
        report.expect("tls", "skipped", "plain http").expect("renewal", "ok", "renewed ").expect_failed(&[], 0);
        report.expect("outlook", "ok", if vendor == Vendor::S2s { "8.8 to 10.1 requests" } else { "1.3 to 1." });
        assert_eq!(sim.counts().token_requests, 1, "{vendor}");
    }
}
