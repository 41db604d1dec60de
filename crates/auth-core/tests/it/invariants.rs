//! The invariants over the real source, one by one, on paused time.

use std::time::Duration;

use auth_core::{Error, KeepWarm, ManualClock, Reason, Rejection, TokenSource};

use crate::script::{
    Answer, HOUR, SECOND, Script, pass, settle, throttled, unavailable, unavailable_for, wrong_secret,
};

/// Calls `token()` in `count` tasks at once, and waits for all of them.
async fn callers(tokens: &TokenSource, count: usize) -> Vec<Result<auth_core::AccessToken, Error>> {
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let tokens = tokens.clone();
            tokio::spawn(async move { tokens.token().await })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.expect("a caller that does not panic"));
    }
    results
}

// Invariant 1: at most one flight.

#[tokio::test(start_paused = true)]
async fn thousand_cold_callers_share_one_request_and_its_token() {
    let script = Script::tokens_of(HOUR).takes(SECOND);
    let tokens = script.source();
    let results = callers(&tokens, 1000).await;
    assert!(results.iter().all(|result| result.as_ref().is_ok_and(|token| token.value() == "invented-1")));
    assert_eq!((script.requests(), script.most_in_flight()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn refresh_joins_the_request_under_way() {
    let script = Script::tokens_of(HOUR).takes(SECOND);
    let tokens = script.source();
    let (first, second) = tokio::join!(tokens.token(), tokens.refresh());
    assert_eq!(first.expect("a token").value(), second.expect("a token").value());
    assert_eq!(script.requests(), 1);
}

// Invariant 2: nothing below the floor.

#[tokio::test(start_paused = true)]
async fn expired_token_is_replaced_before_it_is_returned() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.keep_warm = KeepWarm::OnDemand);
    let tokens = script.source();
    assert_eq!(tokens.token().await.expect("a token").value(), "invented-1");
    pass(HOUR - Duration::from_secs(10)).await;
    assert_eq!(tokens.token().await.expect("a token").value(), "invented-2");
    assert_eq!(script.asked()[1].reason, Reason::Expired);
}

#[tokio::test(start_paused = true)]
async fn token_is_handed_out_until_its_floor_and_not_beyond() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.keep_warm = KeepWarm::OnDemand);
    script.then([Answer::Token(HOUR)]);
    script.always(Answer::Fail(unavailable()));
    let tokens = script.source();
    tokens.token().await.expect("a token");
    pass(HOUR - Duration::from_secs(11)).await;
    assert_eq!(tokens.token().await.expect("still the first").value(), "invented-1");
    pass(SECOND).await;
    assert!(tokens.token().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn lid_closed_for_two_hours_serves_no_expired_token() {
    let clock = ManualClock::new();
    let script = Script::tokens_of(HOUR);
    let tokens = TokenSource::builder(script.clone()).clock(clock.clone()).build();
    tokens.token().await.expect("a token");
    // The boot clock goes on while the machine sleeps; timers do not.
    clock.advance(2 * HOUR);
    assert_eq!(tokens.token().await.expect("a token").value(), "invented-2");
}

#[tokio::test(start_paused = true)]
async fn token_that_slept_in_flight_is_asked_for_again_once() {
    let clock = ManualClock::new();
    let script = Script::tokens_of(HOUR).takes(SECOND);
    let tokens = TokenSource::builder(script.clone()).clock(clock.clone()).build();
    let waiting = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.token().await }
    });
    settle().await;
    clock.advance(HOUR);
    let token = waiting.await.expect("no panic").expect("a token");
    assert_eq!((token.value(), script.requests()), ("invented-2", 2));
}

// Invariant 3: nobody waits beside a usable token.

#[tokio::test(start_paused = true)]
async fn renewal_is_detached_and_callers_go_on_with_the_old_token() {
    let script = Script::tokens_of(HOUR).takes(5 * SECOND).advises(|policy| policy.keep_warm = KeepWarm::OnDemand);
    let tokens = script.source();
    tokens.token().await.expect("a token");
    pass(50 * 60 * SECOND).await;
    let before = tokio::time::Instant::now();
    for _ in 0..10 {
        assert_eq!(tokens.token().await.expect("the old token").value(), "invented-1");
    }
    assert_eq!(tokio::time::Instant::now(), before);
    settle().await;
    assert_eq!(script.requests(), 2);
    pass(5 * SECOND).await;
    assert_eq!(tokens.token().await.expect("the new token").value(), "invented-2");
}

#[tokio::test(start_paused = true)]
async fn renewal_that_fails_costs_no_caller_anything_while_the_token_lives() {
    let script = Script::tokens_of(HOUR).takes(2 * SECOND);
    script.then([Answer::Token(HOUR)]);
    script.always(Answer::Fail(unavailable()));
    let tokens = script.source();
    tokens.token().await.expect("a token");
    let began = tokio::time::Instant::now();
    let mut served = 0;
    while began.elapsed() < HOUR - Duration::from_secs(25) {
        pass(10 * SECOND).await;
        let before = tokio::time::Instant::now();
        tokens.token().await.expect("the token lives");
        assert_eq!(tokio::time::Instant::now(), before, "a caller waited");
        served += 1;
    }
    assert!(served > 300);
    let failures = tokens.status().failures;
    assert!((5..60).contains(&failures), "{failures} renewals in the last quarter of an hour");
}

// Invariant 4: nobody else is lost.

#[tokio::test(start_paused = true)]
async fn caller_who_leaves_disturbs_nobody() {
    let script = Script::tokens_of(HOUR).takes(SECOND);
    let tokens = script.source();
    let impatient = tokio::time::timeout(Duration::from_millis(100), tokens.token()).await;
    assert!(impatient.is_err());
    assert_eq!(tokens.token().await.expect("a token").value(), "invented-1");
    assert_eq!(script.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn panicking_endpoint_is_an_internal_error_for_all_and_heals() {
    let script = Script::tokens_of(HOUR).takes(SECOND);
    script.then([Answer::Panic]);
    let tokens = script.source();
    let results = callers(&tokens, 10).await;
    let errors: Vec<_> = results.into_iter().map(|result| result.expect_err("a panic")).collect();
    assert!(errors.iter().all(|error| matches!(error, Error::Internal(_)) && error.is_same_failure(&errors[0])));
    pass(5 * SECOND).await;
    assert!(tokens.token().await.is_ok());
}

#[test]
fn source_built_outside_a_runtime_works_and_outlives_the_runtime_it_was_used_on() {
    let script = Script::tokens_of(HOUR);
    let tokens = TokenSource::new(script.clone());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    assert_eq!(runtime().block_on(tokens.token()).expect("a token").value(), "invented-1");
    // A warm read needs no runtime at all.
    let warm = std::pin::pin!(tokens.token());
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(matches!(warm.poll(&mut cx), std::task::Poll::Ready(Ok(_))));
    let second = runtime().block_on(tokens.refresh()).expect("a token");
    assert_eq!((second.value(), script.requests()), ("invented-2", 2));
}

#[test]
fn flight_whose_runtime_dies_is_flown_again_by_whoever_waits() {
    let script = Script::tokens_of(HOUR).takes(Duration::from_millis(50));
    let tokens = TokenSource::new(script.clone());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let first = runtime();
    // The flight starts on a runtime that is never polled again.
    first
        .block_on(async { tokio::time::timeout(Duration::from_millis(5), tokens.token()).await })
        .expect_err("too short");
    let waiting = std::thread::spawn({
        let tokens = tokens.clone();
        move || runtime().block_on(tokens.token())
    });
    while script.requests() == 0 {
        std::thread::yield_now();
    }
    drop(first);
    assert!(waiting.join().expect("no panic").is_ok());
    assert_eq!(script.requests(), 2);
}

#[test]
fn cold_call_outside_tokio_is_an_error_and_no_panic() {
    let tokens = TokenSource::new(Script::tokens_of(HOUR));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let cold = std::pin::pin!(tokens.token());
    let std::task::Poll::Ready(Err(error)) = cold.poll(&mut cx) else { panic!("neither an answer nor an error") };
    assert!(matches!(error, Error::Config(_)) && error.to_string().contains("tokio runtime"), "{error}");
    let ready = std::pin::pin!(tokens.ready(SECOND));
    assert!(matches!(ready.poll(&mut cx), std::task::Poll::Ready(Err(Error::Config(_)))));
}

// Invariant 5: a rejected token is gone.

#[tokio::test(start_paused = true)]
async fn rejected_token_is_replaced_by_one_requested_after_the_rejection() {
    let script = Script::tokens_of(HOUR);
    let tokens = script.source();
    let first = tokens.token().await.expect("a token");
    pass(120 * SECOND).await;
    assert_eq!(tokens.rejected(&first), Rejection::Accepted);
    let second = tokens.token().await.expect("a token");
    assert_eq!(second.value(), "invented-2");
    assert_eq!(script.asked()[1].reason, Reason::Rejected);
}

#[tokio::test(start_paused = true)]
async fn two_late_rejections_of_one_old_token_cost_one_request() {
    let script = Script::tokens_of(HOUR);
    let tokens = script.source();
    let first = tokens.token().await.expect("a token");
    pass(120 * SECOND).await;
    assert_eq!(tokens.rejected(&first), Rejection::Accepted);
    tokens.token().await.expect("a token");
    assert_eq!(tokens.rejected(&first), Rejection::AlreadyReplaced);
    tokens.token().await.expect("a token");
    assert_eq!(script.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn answer_requested_before_a_rejection_reaches_nobody() {
    let script = Script::tokens_of(HOUR);
    let tokens = script.source();
    let first = tokens.token().await.expect("a token");
    pass(120 * SECOND).await;
    let slow = script.clone().takes(3 * SECOND);
    let waiting = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.refresh().await }
    });
    settle().await;
    assert_eq!(slow.requests(), 2);
    assert_eq!(tokens.rejected(&first), Rejection::Accepted);
    let fresh = waiting.await.expect("no panic").expect("a token");
    assert_eq!(fresh.value(), "invented-3");
    assert_eq!(tokens.token().await.expect("a token").value(), "invented-3");
}

#[tokio::test(start_paused = true)]
async fn answer_that_repeats_a_rejected_token_is_not_handed_out() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Value("invented-same"), Answer::Value("invented-same"), Answer::Value("invented-other")]);
    let tokens = script.source();
    let first = tokens.token().await.expect("a token");
    pass(120 * SECOND).await;
    tokens.rejected(&first);
    let error = tokens.token().await.expect_err("the same token again");
    assert!(error.is_transient(), "{error}");
    pass(5 * SECOND).await;
    assert_eq!(tokens.token().await.expect("a token").value(), "invented-other");
}

#[tokio::test(start_paused = true)]
async fn api_that_always_refuses_disarms_the_others_three_times_at_most() {
    let script = Script::tokens_of(HOUR);
    let tokens = script.source();
    for _ in 0..3 {
        let token = tokens.token().await.expect("a token");
        assert_eq!(tokens.rejected(&token), Rejection::Accepted);
    }
    let fourth = tokens.token().await.expect("a token");
    for _ in 0..100 {
        assert_eq!(tokens.rejected(&fourth), Rejection::Ignored);
    }
    assert_eq!((tokens.token().await.expect("a token").value(), script.requests()), ("invented-4", 4));
    pass(301 * SECOND).await;
    assert_eq!(tokens.rejected(&fourth), Rejection::Accepted);
}

// Invariant 6: one flight, one error.

#[tokio::test(start_paused = true)]
async fn fifty_callers_of_a_failing_endpoint_share_one_flight_and_its_error() {
    let script = Script::tokens_of(HOUR).takes(Duration::from_millis(300));
    script.always(Answer::Fail(unavailable()));
    let tokens = script.source();
    let errors: Vec<_> = callers(&tokens, 50).await.into_iter().map(|r| r.expect_err("an outage")).collect();
    assert!(errors.iter().all(|error| error.is_same_failure(&errors[0])));
    assert_eq!(script.requests(), 3);
    let again = tokens.token().await.expect_err("held");
    assert!(again.is_same_failure(&errors[0]) && again.retry_after().is_some());
    assert_eq!(script.requests(), 3);
}

#[tokio::test(start_paused = true)]
async fn wrong_secret_is_asked_once_and_not_twenty_times() {
    let script = Script::tokens_of(HOUR);
    script.always(Answer::Fail(wrong_secret()));
    let tokens = script.source();
    for _ in 0..20 {
        let error = tokens.token().await.expect_err("a wrong secret");
        assert!(matches!(error, Error::Rejected(_)) && error.retry_after().is_some());
    }
    assert_eq!(script.requests(), 1);
}

// Invariant 7: distance between flights.

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_before_a_retry_after_has_passed_not_even_by_refresh() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Fail(throttled(120))]);
    let tokens = script.source();
    let error = tokens.token().await.expect_err("throttled");
    assert_eq!(error.retry_after(), Some(120 * SECOND));
    pass(119 * SECOND).await;
    assert!(tokens.refresh().await.is_err());
    script.rotate();
    assert!(tokens.token().await.is_err());
    settle().await;
    assert!(tokens.token().await.is_err());
    assert_eq!(script.requests(), 1);
    pass(SECOND).await;
    assert!(tokens.token().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn retry_after_that_fits_into_the_flight_is_waited_for_within_it() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Fail(unavailable_for(3))]);
    let began = tokio::time::Instant::now();
    script.source().token().await.expect("a token at the second attempt");
    assert!(began.elapsed() >= 3 * SECOND);
    assert_eq!(script.asked().iter().map(|asked| asked.attempt).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn retry_after_that_does_not_fit_ends_the_flight_at_once() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Fail(unavailable_for(26))]);
    let tokens = script.source();
    let began = tokio::time::Instant::now();
    let error = tokens.token().await.expect_err("an outage");
    assert_eq!((began.elapsed(), error.retry_after()), (Duration::ZERO, Some(26 * SECOND)));
}

#[tokio::test(start_paused = true)]
async fn storm_of_refreshes_is_one_request_a_second() {
    let script = Script::tokens_of(HOUR);
    let tokens = script.source();
    let began = tokio::time::Instant::now();
    for _ in 0..10 {
        tokens.refresh().await.expect("a token");
    }
    assert_eq!((began.elapsed(), script.requests()), (9 * SECOND, 10));
}
