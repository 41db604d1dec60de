//! Faults of clocks. While a machine is suspended the source's clock goes on and timers stand still; the wall clock may be
//! set at any time, and expiry does not look at it.
//!
//! The [`ManualClock`] is the source's own, tokio's paused time the timers', and the wall's is the machine's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth_core::{
    AccessToken, Answer as HttpAnswer, AnswerRules, ClientCredentials, Error, KeepWarm, ManualClock, Redactor,
    TokenResponse, TokenSource,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::task::JoinHandle;

use crate::script::{Answer, HOUR, SECOND, Script, events, pass, settle, throttled, unavailable, wrong_secret};

type Asked = JoinHandle<Result<AccessToken, Error>>;

/// A source whose clock is suspended by `advance`.
fn on_own_clock(script: &Script) -> (TokenSource, ManualClock) {
    let clock = ManualClock::new();
    (TokenSource::builder(script.clone()).clock(clock.clone()).build(), clock)
}

fn ask(tokens: &TokenSource) -> Asked {
    let tokens = tokens.clone();
    tokio::spawn(async move { tokens.token().await })
}

async fn value(asked: Asked) -> String {
    asked.await.expect("no panic").expect("a token").value().to_owned()
}

// Suspended for two hours, with nothing under way.

#[tokio::test(start_paused = true)]
async fn token_that_outlives_a_suspend_is_served_after_it_without_a_request() {
    let script = Script::tokens_of(4 * HOUR);
    let (tokens, clock) = on_own_clock(&script);
    tokens.token().await.expect("a token");
    clock.advance(2 * HOUR);
    assert_eq!(tokens.token().await.expect("a token").value(), "invented-1");
    settle().await;
    assert_eq!(script.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn renewal_missed_in_a_suspend_is_made_up_for_without_a_caller() {
    for keep_warm in [KeepWarm::WhileUsed, KeepWarm::Always] {
        let script = Script::tokens_of(4 * HOUR).advises(|policy| policy.keep_warm = keep_warm);
        let (tokens, clock) = on_own_clock(&script);
        tokens.token().await.expect("a token");
        settle().await;
        // Into the renewal window, and not beyond the token's end.
        clock.advance(3 * HOUR + HOUR / 2);
        // The longest piece that a sleep is cut into.
        pass(30 * SECOND).await;
        assert_eq!((script.requests(), tokens.status().renewing), (2, false), "{keep_warm:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn source_kept_warm_has_a_token_again_after_one_died_in_a_suspend() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.keep_warm = KeepWarm::Always);
    let (tokens, clock) = on_own_clock(&script);
    tokens.token().await.expect("a token");
    settle().await;
    clock.advance(2 * HOUR);
    pass(30 * SECOND).await;
    assert_eq!(script.requests(), 2);
    assert_eq!(tokens.token().await.expect("a token").value(), "invented-2");
}

// Suspended during a flight.

#[tokio::test(start_paused = true)]
async fn answer_that_outlived_a_suspend_in_flight_counts_from_before_its_request() {
    let script = Script::tokens_of(4 * HOUR).takes(SECOND);
    let (tokens, clock) = on_own_clock(&script);
    let waiting = ask(&tokens);
    settle().await;
    clock.advance(2 * HOUR);
    assert_eq!(value(waiting).await, "invented-1");
    let left = tokens.status().life_left.expect("a token");
    assert_eq!(left, 2 * HOUR - 10 * SECOND, "two of its hours were slept away");
    assert_eq!(script.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn renewal_suspended_for_longer_than_the_token_lives_hands_out_neither_token() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Token(HOUR), Answer::Hang]);
    let (tokens, clock) = on_own_clock(&script);
    tokens.token().await.expect("a token");
    clock.advance(50 * 60 * SECOND);
    assert_eq!(tokens.token().await.expect("the old token").value(), "invented-1");
    settle().await;
    clock.advance(2 * HOUR);
    // The flight is of before the suspend: whoever comes first gives it up.
    assert_eq!(value(ask(&tokens)).await, "invented-3");
    assert_eq!(script.requests(), 3);
}

#[tokio::test(start_paused = true)]
async fn those_who_waited_through_a_suspend_and_those_who_come_after_get_one_token() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Hang]);
    let (tokens, clock) = on_own_clock(&script);
    let before: Vec<_> = (0..10).map(|_| ask(&tokens)).collect();
    settle().await;
    clock.advance(2 * HOUR);
    let after: Vec<_> = (0..10).map(|_| ask(&tokens)).collect();
    for asked in before.into_iter().chain(after) {
        assert_eq!(value(asked).await, "invented-2");
    }
    assert_eq!((script.requests(), script.most_in_flight()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn flight_suspended_between_two_attempts_still_gets_its_answer() {
    let answers_in = SECOND / 20;
    let script = Script::tokens_of(HOUR).takes(answers_in);
    script.then([Answer::Fail(unavailable())]);
    let (tokens, clock) = on_own_clock(&script);
    let waiting = ask(&tokens);
    settle().await;
    pass(answers_in).await;
    assert_eq!(script.requests(), 1, "the pause before the second attempt has begun");
    clock.advance(2 * HOUR);
    assert_eq!(value(waiting).await, "invented-2");
    assert_eq!(script.requests(), 2);
}

// Suspended during a hold, which is over afterwards, whatever it was for.

#[tokio::test(start_paused = true)]
async fn hold_goes_on_while_the_machine_is_suspended() {
    for (failure, longest) in [(unavailable(), SECOND), (wrong_secret(), 11 * SECOND), (throttled(3600), HOUR)] {
        let script = Script::tokens_of(HOUR);
        script.then([Answer::Fail(failure.clone()), Answer::Fail(failure.clone()), Answer::Fail(failure.clone())]);
        let (tokens, clock) = on_own_clock(&script);
        tokens.token().await.expect_err("it failed");
        let (asked, left) = (script.requests(), tokens.status().next_attempt.expect("a hold"));
        assert!(left <= longest, "{failure}: {left:?}");
        clock.advance(left - Duration::from_millis(1));
        tokens.token().await.expect_err("held");
        assert_eq!(script.requests(), asked, "{failure}");
        clock.advance(2 * HOUR);
        script.always(Answer::Token(HOUR));
        let _ = tokens.token().await;
        assert!(script.requests() > asked, "{failure}: asked again after the suspend");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_longer_than_a_suspend_is_kept_after_it() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Fail(throttled(3600))]);
    let (tokens, clock) = on_own_clock(&script);
    tokens.token().await.expect_err("throttled");
    clock.advance(HOUR / 2);
    pass(30 * SECOND).await;
    let left = tokens.token().await.expect_err("held").retry_after();
    assert_eq!((left, script.requests()), (Some(HOUR / 2), 1));
    clock.advance(HOUR / 2);
    assert!(tokens.token().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn failed_renewal_is_tried_again_after_a_suspend_and_the_token_is_served_meanwhile() {
    let script = Script::tokens_of(8 * HOUR);
    script.then([Answer::Token(8 * HOUR), Answer::Fail(unavailable())]);
    let (tokens, clock) = on_own_clock(&script);
    tokens.token().await.expect("a token");
    clock.advance(5 * HOUR + HOUR * 59 / 60);
    tokens.token().await.expect("the old token");
    clock.advance(SECOND * 60);
    tokens.token().await.expect("the old token");
    settle().await;
    assert!(events(&tokens).contains(&"RenewalFailed".to_owned()), "{:?}", events(&tokens));
    clock.advance(HOUR);
    assert_eq!(tokens.token().await.expect("the old token").value(), "invented-1");
    settle().await;
    assert_eq!(tokens.token().await.expect("the new token").value(), "invented-3");
}

// The wall clock.

#[tokio::test(start_paused = true)]
async fn wall_clock_behind_does_not_revive_a_token_whose_time_is_over() {
    let script = Script::tokens_of(HOUR);
    let (tokens, clock) = on_own_clock(&script);
    let token = tokens.token().await.expect("a token");
    // By the wall an hour is left: it may have been set back meanwhile.
    clock.advance(HOUR);
    assert!(token.expires_at() > SystemTime::now() + HOUR / 2);
    assert_eq!(tokens.token().await.expect("another").value(), "invented-2");
}

#[tokio::test(start_paused = true)]
async fn wall_clock_ahead_does_not_end_a_token_whose_time_is_not_over() {
    let script = Script::tokens_of(Duration::from_millis(1));
    let (tokens, _clock) = on_own_clock(&script);
    let token = tokens.token().await.expect("a token");
    assert!(token.expires_at() < SystemTime::now() + SECOND);
    while SystemTime::now() <= token.expires_at() {
        tokio::task::yield_now().await;
    }
    assert_eq!(tokens.token().await.expect("the same").value(), "invented-1");
    settle().await;
    assert_eq!(script.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn expiry_by_the_wall_is_told_once_and_not_moved_by_a_suspend() {
    let script = Script::tokens_of(4 * HOUR).takes(SECOND);
    let (tokens, clock) = on_own_clock(&script);
    let before = SystemTime::now();
    let waiting = ask(&tokens);
    settle().await;
    clock.advance(2 * HOUR);
    let token = waiting.await.expect("no panic").expect("a token");
    let told = token.expires_at();
    assert!((before..=SystemTime::now()).contains(&(told - 4 * HOUR)), "counted from before its request");
    clock.advance(HOUR / 2);
    assert_eq!(tokens.token().await.expect("the same").expires_at(), told);
}

fn told(answer: &HttpAnswer) -> Result<TokenResponse, Error> {
    let rules = AnswerRules { vendor: "acme", fault: |_| None, hint: |_, _| None, default_lifetime: 7 * SECOND };
    rules.token(answer, &Redactor::new(&ClientCredentials::new("invented-id", "invented-secret")?))
}

/// The life of a token without `expires_in`, whose server's wall clock says `date` when it answers.
fn life(date: SystemTime, exp: SystemTime) -> Result<Duration, Error> {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let exp = exp.duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let jwt = format!("e30.{}.invented", URL_SAFE_NO_PAD.encode(format!(r#"{{"exp":{exp}}}"#)));
    let mut headers = HeaderMap::new();
    let date = HeaderValue::try_from(httpdate::fmt_http_date(date)).expect("a header");
    headers.insert(header::DATE, date);
    let answer = HttpAnswer::new(StatusCode::OK, headers, format!(r#"{{"access_token":"{jwt}"}}"#));
    told(&answer).map(|response| response.lifetime())
}

/// A 429 that names the time to come back by the vendor's wall clock, and does not tell what that says now.
fn come_back_at(date: SystemTime) -> Error {
    let date = HeaderValue::try_from(httpdate::fmt_http_date(date)).expect("a header");
    let headers = HeaderMap::from_iter([(header::RETRY_AFTER, date)]);
    told(&HttpAnswer::new(StatusCode::TOO_MANY_REQUESTS, headers, "")).expect_err("no token")
}

#[tokio::test(start_paused = true)]
async fn date_to_come_back_at_costs_an_hour_at_most_whichever_way_our_wall_clock_is_off() {
    let now = SystemTime::now();
    for (date, at_least, at_most) in [(now - HOUR, 0, 1), (now + HOUR / 2, 1790, 1800), (now + 2 * HOUR, 3600, 3600)] {
        let script = Script::default();
        script.always(Answer::Fail(come_back_at(date)));
        let tokens = script.source();
        for _ in 0..20 {
            tokens.token().await.expect_err("no token");
        }
        let rest = tokens.status().next_attempt.expect("a hold");
        assert!((at_least * SECOND..=at_most * SECOND).contains(&rest), "{rest:?}");
        assert_eq!(script.requests(), 1);
    }
}

#[test]
fn life_told_by_dates_is_the_same_whichever_way_our_wall_clock_is_off() {
    let now = SystemTime::now();
    for vendors in [now - HOUR, now, now + HOUR] {
        assert_eq!(life(vendors, vendors + HOUR / 2).expect("a life"), HOUR / 2);
    }
}

#[test]
fn vendor_s_wall_clock_that_is_set_in_flight_costs_what_it_was_set_by_and_no_more() {
    let now = SystemTime::now();
    // Set back an hour between token and answer: an hour too long by the vendor's own word.
    assert_eq!(life(now - HOUR, now + HOUR / 2).expect("a life"), HOUR * 3 / 2);
    // Set ahead: what seems to be over is no token.
    assert!(matches!(life(now + HOUR, now + HOUR / 2), Err(Error::Malformed(_))));
}
