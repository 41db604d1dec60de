//! Odd policies, odd vendors, odd companions: what a hostile reader of the source found, and where it stays mended.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_core::{
    BaseUrl, Body, ClientCredentials, Clock, Error, Failure, Fault, Fingerprint, KeepWarm, ManualClock, Moment,
    PausedClock, Reason, Redactor, RefreshPolicy, Rejection, Renew, RequestContext, Secret, TokenEndpoint,
    TokenResponse, TokenSource, async_trait,
};

use crate::script::{Answer, HOUR, SECOND, Script, events, pass, settle, throttled, unavailable, wrong_secret};

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn shutdown_is_no_caller_that_wants_a_token() {
    let script = Script::tokens_of(HOUR).takes(SECOND);
    script.then([Answer::Token(HOUR)]);
    script.always(Answer::Fail(unavailable()));
    let tokens = script.source();
    tokens.token().await.expect("works");
    pass(46 * 60 * SECOND).await;
    settle().await;
    assert_eq!(script.requests(), 2);
    let began = tokio::time::Instant::now();
    tokens.shutdown().await;
    assert_eq!((script.requests(), began.elapsed()), (2, SECOND), "a renewal is retried because of shutdown()");
}

#[tokio::test(start_paused = true)]
async fn policy_that_is_no_number_is_no_panic() {
    let script = Script::tokens_of(HOUR).advises(|p| p.renew = Renew::At { fraction: f64::NAN, jitter: 0.1 });
    let got = script.source().token().await.map(drop);
    assert!(got.is_ok(), "{got:?}");
}

#[tokio::test(start_paused = true)]
async fn permanent_hold_for_ever_asks_once() {
    for _ in 0..20 {
        let script = Script::default().advises(|p| {
            p.permanent_hold = Duration::MAX;
            p.max_permanent_hold = Duration::MAX;
        });
        script.always(Answer::Fail(wrong_secret()));
        let tokens = script.source();
        let got = tokens.token().await.map(drop);
        assert!(script.requests() == 1 && got.is_err(), "{} requests; {got:?}", script.requests());
    }
}

#[tokio::test(start_paused = true)]
async fn too_short_is_not_said_of_a_token_that_was_long_enough() {
    let clock = ManualClock::new();
    let script = Script::tokens_of(HOUR).takes(SECOND);
    let tokens = TokenSource::builder(script.clone()).clock(clock.clone()).build();
    let mut wish = Box::pin(tokens.token_valid_for(3300 * SECOND));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(wish.as_mut().poll(&mut cx).is_pending());
    settle().await;
    pass(2 * SECOND).await; // the flight lands
    clock.advance(600 * SECOND); // the machine sleeps before the caller is polled
    let got = wish.await;
    assert!(!matches!(got, Err(Error::TooShort { .. })), "{}", got.expect_err("an error"));
}

#[tokio::test(start_paused = true)]
async fn retry_after_of_zero_does_not_switch_backoff_off() {
    let unavailable = Error::Unavailable(Failure::of("script").status(503).retry_after(Duration::ZERO));
    // Held for 5 s at most, as in any outage without a token; a 503 is asked up to three times in a flight.
    for (answer, most) in [(throttled(0), 20), (unavailable, 45)] {
        let script = Script::default();
        script.always(Answer::Fail(answer.clone()));
        let tokens = script.source();
        let began = tokio::time::Instant::now();
        while began.elapsed() < 60 * SECOND {
            let _ = tokens.token().await;
            pass(100 * MS).await;
        }
        assert!(script.requests() < most, "{} requests in a minute of {answer}", script.requests());
    }
}

#[tokio::test(start_paused = true)]
async fn ignored_rejections_do_not_flood_the_events() {
    let tokens = Script::tokens_of(HOUR).source();
    for _ in 0..3 {
        let token = tokens.token().await.expect("works");
        tokens.rejected(&token);
    }
    let token = tokens.token().await.expect("works");
    for _ in 0..200 {
        tokens.rejected(&token);
    }
    let told = events(&tokens);
    let n = told.iter().filter(|name| *name == "RejectionIgnored").count();
    assert!(n <= 2, "{n} of {} events", told.len());
}

#[tokio::test(start_paused = true)]
async fn readiness_tells_a_configuration_error_at_once() {
    let tokens = TokenSource::fixed("two\r\nlines");
    let began = tokio::time::Instant::now();
    let error = tokens.ready(60 * SECOND).await.expect_err("an error");
    assert!(matches!(error, Error::Config(_)) && began.elapsed() < SECOND, "{:?} {error}", began.elapsed());
}

#[test]
fn request_context_takes_any_time() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _entered = runtime.enter();
    assert!(std::panic::catch_unwind(|| drop(RequestContext::first(Duration::MAX))).is_ok());
}

#[tokio::test(start_paused = true)]
async fn outage_between_two_refusals_does_not_reset_the_permanent_hold() {
    let script = Script::default();
    for _ in 0..2000 {
        script.then((0..3).map(|_| Answer::Fail(unavailable())).chain([Answer::Fail(wrong_secret())]));
    }
    let tokens = script.source();
    let mut refused = HashSet::new();
    for _ in 0..3600 {
        if let Err(Error::Rejected(_)) = tokens.token().await {
            refused.insert(tokens.status().failures);
        }
        pass(SECOND).await;
    }
    assert!(refused.len() < 40, "a wrong secret was asked with {} times in an hour", refused.len());
}

#[test]
fn debug_of_a_body_and_of_a_fault_hides_the_answer() {
    let json = serde_json::json!({"access_token": "canary-token"});
    let text = json.to_string();
    let body = Body { status: 200, json: json.as_object(), text: &text };
    let fault = Fault { description: Some("secret canary-secret is wrong".into()), ..Fault::default() };
    let shown = format!("{body:?} {fault:?}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn percent_forms_of_other_encoders_are_cut_out() {
    let redactor = Redactor::new(&ClientCredentials::new("invented-id-1", "in vented~se*cr(et)/x").expect("works"));
    for echo in [
        "in+vented%7Ese*cr%28et%29%2Fx",   // form encoding, the blank as +
        "in%20vented~se%2Acr%28et%29%2Fx", // RFC 3986 unreserved (Python quote, Go, Java)
        "in%20vented~se*cr(et)%2Fx",       // JavaScript encodeURIComponent
        "in%20vented~se*cr(et)/x",         // path encoding
    ] {
        let cleaned = redactor.clean(echo);
        assert_eq!(cleaned, "[redacted]");
    }
}

#[test]
fn invisible_characters_of_a_secret_file_are_refused() {
    let got = Secret::from_file_text("client secret", "\u{feff}invented-secret\n");
    assert!(got.as_ref().map_or(true, |s| s.expose() == "invented-secret"), "taken with its BOM");
    assert!(Secret::new("invented\u{200b}").is_err(), "a zero-width blank at the end is taken");
}

struct Flapping(AtomicUsize, Arc<AtomicUsize>);
#[async_trait]
impl TokenEndpoint for Flapping {
    fn vendor(&self) -> &'static str {
        "flapping"
    }
    fn policy(&self) -> RefreshPolicy {
        RefreshPolicy::default()
    }
    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[&self.0.fetch_add(1, Ordering::SeqCst).to_string()]))
    }
    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        cx.sent_with(self.fingerprint().await?);
        self.1.fetch_add(1, Ordering::SeqCst);
        Err(wrong_secret())
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_differ_at_every_look_do_not_switch_holds_off() {
    let requests = Arc::new(AtomicUsize::new(0));
    let tokens =
        TokenSource::builder(Flapping(AtomicUsize::new(0), requests.clone())).clock(PausedClock::new()).build();
    for _ in 0..3000 {
        let _ = tokens.token().await;
        pass(100 * MS).await;
    }
    let n = requests.load(Ordering::SeqCst);
    assert!(n < 20, "{n} refused requests in five minutes");
}

struct Slow(Arc<AtomicUsize>, Arc<AtomicUsize>);
#[async_trait]
impl TokenEndpoint for Slow {
    fn vendor(&self) -> &'static str {
        "slow"
    }
    fn policy(&self) -> RefreshPolicy {
        RefreshPolicy::default()
    }
    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        let found = self.0.load(Ordering::SeqCst).to_string();
        tokio::time::sleep_until(tokio::time::Instant::now() + 4500 * MS).await;
        Ok(Fingerprint::of_parts(&[&found]))
    }
    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        cx.sent_with(Fingerprint::of_parts(&[&self.0.load(Ordering::SeqCst).to_string()]));
        self.1.fetch_add(1, Ordering::SeqCst);
        Err(wrong_secret())
    }
}

#[tokio::test(start_paused = true)]
async fn late_look_at_old_credentials_does_not_lift_the_next_hold() {
    let (secret, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let tokens = TokenSource::builder(Slow(secret.clone(), requests.clone())).clock(PausedClock::new()).build();
    tokens.token().await.expect_err("an error");
    pass(8500 * MS).await;
    tokens.token().await.expect_err("an error"); // the look at the old credentials begins
    settle().await;
    secret.store(1, Ordering::SeqCst);
    pass(2600 * MS).await;
    tokens.token().await.expect_err("an error"); // the new ones are refused as well
    assert_eq!(requests.load(Ordering::SeqCst), 2);
    pass(2500 * MS).await;
    let _ = tokens.token().await;
    assert_eq!(requests.load(Ordering::SeqCst), 2, "{:?}", events(&tokens));
}

#[derive(Clone, Debug)]
struct Counting(PausedClock, Arc<AtomicUsize>);

impl Clock for Counting {
    fn now(&self) -> Moment {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.now()
    }
}

#[tokio::test(start_paused = true)]
async fn background_does_not_spin_where_flights_are_far_apart() {
    let script = Script::default().advises(|policy| {
        policy.keep_warm = KeepWarm::Always;
        policy.renew = Renew::At { fraction: 0.0, jitter: 0.0 };
        policy.min_interval = 30 * SECOND;
        policy.transient_hold = 10 * MS;
    });
    script.then([Answer::Token(HOUR)]);
    script.always(Answer::Fail(unavailable()));
    let readings = Arc::new(AtomicUsize::new(0));
    let clock = Counting(PausedClock::new(), Arc::clone(&readings));
    let tokens = TokenSource::builder(script.clone()).clock(clock).build();
    tokens.token().await.expect("a token");
    for _ in 0..600 {
        pass(100 * MS).await;
    }
    let readings = readings.load(Ordering::SeqCst);
    assert!(readings < 200, "the clock was read {readings} times in a minute by nobody");
}

#[tokio::test(start_paused = true)]
async fn flight_that_may_still_land_is_not_dead_whatever_the_policy_says() {
    let script = Script::tokens_of(HOUR).takes(SECOND).advises(|policy| policy.dead_after = Duration::ZERO);
    assert!(script.source().token().await.is_ok());
    assert_eq!(script.requests(), 1);
}

#[test]
fn urls_that_a_parser_would_mend_are_refused() {
    for odd in ["https:sts.example", "https:\\\\sts.example\\path", "https://sts.exa\nmple", "ht\ttps://sts.example"] {
        assert!(matches!(BaseUrl::try_from(odd), Err(Error::Config(_))), "{odd:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_a_flight_that_may_take_for_ever() {
    for (flight, dead) in [(30 * SECOND, Duration::MAX), (Duration::MAX, 35 * SECOND)] {
        let script = Script::tokens_of(HOUR).takes(SECOND);
        let tokens = script.advises(|p| (p.flight_timeout, p.dead_after) = (flight, dead)).source();
        let (token, ()) = tokio::join!(tokens.token(), tokens.shutdown());
        assert!(token.is_ok(), "{token:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn flight_of_the_shortest_time_ends_in_an_error_and_is_not_dead_before() {
    for time in [Duration::ZERO, 50 * MS] {
        let script = Script::default().advises(|p| (p.flight_timeout, p.dead_after) = (time, time));
        script.always(Answer::Hang);
        let got = tokio::time::timeout(60 * SECOND, script.source().token()).await.expect("an answer in time");
        assert!(matches!(got, Err(Error::Unreachable(_))), "{got:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn fixed_token_lives_as_long_as_anybody_can_ask_for() {
    let token = TokenSource::fixed("invented-token").token_valid_for(Duration::MAX).await;
    assert_eq!(token.expect("the fixed token").value(), "invented-token");
}

#[tokio::test(start_paused = true)]
async fn source_that_believes_no_young_rejection_drops_no_young_token() {
    let tokens = Script::tokens_of(HOUR).advises(|p| p.max_rejections = 0).source();
    let token = tokens.token().await.expect("a token");
    assert_eq!(tokens.rejected(&token), Rejection::Ignored);
    pass(61 * SECOND).await;
    assert_eq!(tokens.rejected(&token), Rejection::Accepted, "it is young no longer");
}

#[tokio::test(start_paused = true)]
async fn token_that_is_always_kept_warm_is_there_however_late_its_renewal_is_due() {
    let late = Renew::Lead { lead: 2 * SECOND, jitter: 0.0 };
    let script = Script::tokens_of(HOUR).advises(|p| (p.renew, p.keep_warm) = (late, KeepWarm::Always));
    let tokens = script.source();
    tokens.token().await.expect("a token");
    for second in 0..2 * 3600 {
        assert!(tokens.status().token.is_some(), "{} requests in {second} s", script.requests());
        pass(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn token_in_use_is_renewed_while_it_is_handed_out_however_late_that_is_due() {
    for late in [Renew::Lead { lead: 5 * SECOND, jitter: 0.0 }, Renew::At { fraction: 1.0, jitter: 0.0 }] {
        let script = Script::tokens_of(HOUR).advises(|p| p.renew = late);
        let tokens = script.source();
        for _ in 0..2 * 3600 {
            tokens.token().await.expect("a token");
            pass(SECOND).await;
        }
        let reasons: Vec<_> = script.asked().iter().skip(1).map(|asked| asked.reason).collect();
        assert!(!reasons.is_empty() && reasons.iter().all(|reason| *reason == Reason::Ahead), "{late:?}: {reasons:?}");
    }
}
