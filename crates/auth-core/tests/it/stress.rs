//! What other clients get wrong under stress, row by row. Each name tells their failure; the requests counted are ours.

use std::time::Duration;

use auth_core::{Error, KeepWarm, Rejection, TokenSource};

use crate::script::{Answer, HOUR, SECOND, Script, pass, settle, unavailable, wrong_secret};

const MILLI: Duration = Duration::from_millis(1);

fn internal_server_error() -> Error {
    Error::Unavailable(auth_core::Failure::of("script").status(500))
}

/// `count` callers at once: how many were served, and how long the slowest took.
async fn herd(tokens: &TokenSource, count: usize) -> (usize, Duration) {
    let began = tokio::time::Instant::now();
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let tokens = tokens.clone();
            tokio::spawn(async move { tokens.token().await.is_ok() })
        })
        .collect();
    let mut served = 0;
    for task in tasks {
        served += usize::from(task.await.expect("no panic"));
    }
    (served, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn fifty_cold_callers_cost_one_request_and_not_fifty() {
    let script = Script::tokens_of(HOUR).takes(50 * MILLI);
    let (served, _) = herd(&script.source(), 50).await;
    assert_eq!((served, script.requests()), (50, 1));
}

#[tokio::test(start_paused = true)]
async fn fifty_callers_of_an_endpoint_that_answers_503_do_not_queue_up_for_a_request_each() {
    let script = Script::default().takes(300 * MILLI);
    script.always(Answer::Fail(unavailable()));
    let (served, slowest) = herd(&script.source(), 50).await;
    assert_eq!((served, script.requests()), (0, 3));
    // Three attempts of 300 ms, with pauses of at most 1 s and 2 s between them.
    assert!(slowest <= 3900 * MILLI, "{slowest:?}");
}

#[tokio::test(start_paused = true)]
async fn twenty_impatient_callers_in_a_row_do_not_each_start_over() {
    let script = Script::tokens_of(HOUR).takes(100 * MILLI);
    let tokens = script.source();
    let mut served = 0;
    for _ in 0..20 {
        served += usize::from(tokio::time::timeout(60 * MILLI, tokens.token()).await.is_ok_and(|token| token.is_ok()));
    }
    assert_eq!((script.requests(), served), (1, 19));
}

#[tokio::test(start_paused = true)]
async fn sixty_callers_who_come_and_go_share_one_request_that_takes_longer_than_their_patience() {
    let script = Script::tokens_of(HOUR).takes(400 * MILLI);
    let tokens = script.source();
    let mut calls = Vec::new();
    for _ in 0..60 {
        let tokens = tokens.clone();
        calls.push(tokio::spawn(async move { tokio::time::timeout(150 * MILLI, tokens.token()).await }));
        pass(50 * MILLI).await;
    }
    let mut served = 0;
    for call in calls {
        served += usize::from(call.await.expect("no panic").is_ok_and(|token| token.is_ok()));
    }
    // The first five are gone before the answer can be there; the sixth leaves as it comes.
    assert_eq!(script.requests(), 1);
    assert!(served >= 54, "{served}");
}

#[tokio::test(start_paused = true)]
async fn endpoint_down_in_the_renewal_window_gives_callers_neither_errors_nor_waits() {
    let script = Script::tokens_of(HOUR).takes(100 * MILLI).advises(|policy| policy.keep_warm = KeepWarm::OnDemand);
    script.then([Answer::Token(HOUR)]);
    script.always(Answer::Fail(unavailable()));
    let tokens = script.source();
    tokens.token().await.expect("a token");
    pass(50 * 60 * SECOND).await;
    let (served, slowest) = herd(&tokens, 10).await;
    assert_eq!((served, slowest), (10, Duration::ZERO));
    settle().await;
    assert_eq!(script.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn two_late_401s_for_one_old_token_cost_one_request_and_not_two() {
    let script = Script::tokens_of(HOUR);
    let tokens = script.source();
    let old = tokens.token().await.expect("a token");
    pass(600 * SECOND).await;
    assert_eq!(tokens.rejected(&old), Rejection::Accepted);
    tokens.token().await.expect("a token");
    assert_eq!(tokens.rejected(&old), Rejection::AlreadyReplaced);
    assert_ne!(tokens.token().await.expect("a token").value(), old.value());
    assert_eq!(script.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn permanent_error_neither_kills_the_source_for_ever_nor_is_retried_at_once() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Fail(wrong_secret())]);
    let tokens = script.source();
    let (served, slowest) = herd(&tokens, 50).await;
    assert_eq!((served, slowest, script.requests()), (0, Duration::ZERO, 1));
    pass(11 * SECOND).await;
    assert_eq!((herd(&tokens, 50).await.0, script.requests()), (50, 2));
}

#[tokio::test(start_paused = true)]
async fn thousand_cold_callers_of_an_endpoint_that_answers_500_are_one_flight_and_not_a_thousand() {
    let script = Script::default().takes(50 * MILLI);
    script.always(Answer::Fail(internal_server_error()));
    let (served, _) = herd(&script.source(), 1000).await;
    assert_eq!((served, script.requests(), script.most_in_flight()), (0, 3, 1));
}

#[tokio::test(start_paused = true)]
async fn tokens_of_a_second_are_neither_asked_for_on_every_read_nor_served_expired() {
    let script = Script::tokens_of(SECOND).takes(20 * MILLI);
    let tokens = script.source();
    tokens.token().await.expect("a token");
    let began = tokio::time::Instant::now();
    let mut reads = 0u32;
    while began.elapsed() < 10 * SECOND {
        let before = tokio::time::Instant::now();
        let token = tokens.token().await.expect("a token");
        assert_eq!(tokio::time::Instant::now(), before, "a reader waited");
        assert!(tokens.status().token == Some(token.id()), "an old token");
        reads += 1;
        pass(5 * MILLI).await;
    }
    assert!(reads > 1000, "{reads} reads");
    let requests = script.requests();
    assert!((10..=17).contains(&requests), "{requests} requests for ten seconds");
}

#[tokio::test(start_paused = true)]
async fn cold_start_into_an_outage_of_a_second_recovers_within_one_hold_and_not_nine_seconds() {
    let script = Script::tokens_of(HOUR).takes(10 * MILLI);
    script.always(Answer::Fail(internal_server_error()));
    let tokens = script.source();
    let began = tokio::time::Instant::now();
    let ready = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.ready(60 * SECOND).await }
    });
    settle().await;
    tokio::time::sleep_until(began + SECOND).await;
    script.always(Answer::Token(HOUR));
    ready.await.expect("no panic").expect("a token");
    assert!(began.elapsed() <= 6 * SECOND, "{:?}", began.elapsed());
}

#[test]
fn source_built_outside_a_runtime_or_used_after_its_runtime_died_does_not_panic() {
    let script = Script::tokens_of(HOUR);
    let tokens = TokenSource::new(script.clone());
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        assert!(runtime.block_on(tokens.refresh()).is_ok());
    }
    assert_eq!(script.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn hanging_endpoint_does_not_hang_its_callers() {
    let script = Script::default();
    script.always(Answer::Hang);
    let (served, slowest) = herd(&script.source(), 10).await;
    assert_eq!((served, script.requests()), (0, 3));
    assert!(slowest <= 30 * SECOND, "{slowest:?}");
}

#[tokio::test(start_paused = true)]
async fn endless_lifetime_is_a_day_and_no_panic() {
    let script = Script::tokens_of(Duration::MAX);
    let token = script.source().token().await.expect("a token");
    assert_eq!(token.lifetime(), 24 * HOUR);
}

#[tokio::test(start_paused = true)]
async fn twenty_calls_with_a_wrong_secret_are_one_request_and_not_twenty() {
    let script = Script::default();
    script.always(Answer::Fail(wrong_secret()));
    let tokens = script.source();
    for _ in 0..20 {
        assert!(matches!(tokens.token().await, Err(Error::Rejected(_))));
    }
    assert_eq!(script.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn token_of_four_minutes_is_not_asked_for_at_every_call() {
    let script = Script::tokens_of(240 * SECOND);
    let tokens = script.source();
    for _ in 0..20 {
        tokens.token().await.expect("a token");
    }
    assert_eq!(script.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn outage_of_a_quarter_of_an_hour_is_seen_by_no_caller_and_not_by_one_in_four() {
    let (mut calls, mut errors) = (0u32, 0u32);
    // The outage begins at every minute of the token's hour in turn, whenever its renewal was drawn to come.
    for minute in 0..60 {
        let script = Script::tokens_of(HOUR);
        let tokens = script.source();
        tokens.token().await.expect("a token");
        for _ in 0..minute {
            pass(60 * SECOND).await;
        }
        let began = tokio::time::Instant::now();
        script.always(Answer::Fail(unavailable()));
        // Each ten seconds of it, each of its last ten, and what it leaves behind.
        for second in (0..890u32).step_by(10).chain(890..900).chain((900..1020).step_by(10)) {
            tokio::time::advance(began + second * SECOND - tokio::time::Instant::now()).await;
            if second == 900 {
                script.always(Answer::Token(HOUR));
            }
            settle().await;
            calls += 1;
            errors += u32::from(tokens.token().await.is_err());
        }
    }
    assert_eq!((errors, calls), (0, 6_660));
}
