//! After a failure: how long nobody asks, what ends that early, and what is told of it.

use auth_core::{Error, EventKind, KeepWarm, RefreshPolicy, Rejection};

use crate::script::{
    Answer, HOUR, SECOND, Script, events, pass, settle, throttled, unavailable, unavailable_for, wrong_secret,
};

#[tokio::test(start_paused = true)]
async fn rotated_secret_lifts_the_hold_within_a_second_of_a_caller() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Fail(wrong_secret())]);
    let tokens = script.source();
    tokens.token().await.expect_err("a wrong secret");
    script.rotate();
    pass(SECOND).await;
    tokens.token().await.expect_err("still held, but the credentials are looked at");
    settle().await;
    assert!(tokens.token().await.is_ok());
    assert_eq!((script.requests(), script.fingerprints()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn rotated_secret_lifts_a_later_hold_as_well() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Fail(wrong_secret()), Answer::Fail(wrong_secret())]);
    let tokens = script.source();
    tokens.token().await.expect_err("a wrong secret");
    tokens.refresh().await.expect_err("still wrong");
    script.rotate();
    pass(SECOND).await;
    tokens.token().await.expect_err("still held, but the credentials are looked at");
    settle().await;
    assert!(tokens.token().await.is_ok());
    assert_eq!(script.requests(), 3);
}

#[tokio::test(start_paused = true)]
async fn credentials_are_looked_at_once_a_second_at_most_during_a_hold() {
    let script = Script::tokens_of(HOUR);
    script.always(Answer::Fail(wrong_secret()));
    let tokens = script.source();
    tokens.token().await.expect_err("a wrong secret");
    for _ in 0..50 {
        pass(SECOND / 10).await;
        for _ in 0..20 {
            tokens.token().await.expect_err("held");
        }
        settle().await;
    }
    assert_eq!((script.requests(), script.fingerprints()), (1, 5));
}

#[tokio::test(start_paused = true)]
async fn refresh_lifts_a_permanent_hold() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Fail(wrong_secret())]);
    let tokens = script.source();
    tokens.token().await.expect_err("a wrong secret");
    pass(SECOND).await;
    assert!(tokens.refresh().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn permanent_error_is_held_and_recovers_by_itself() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Fail(wrong_secret()), Answer::Fail(wrong_secret())]);
    let tokens = script.source();
    tokens.ready(120 * SECOND).await.expect("nothing gives up for good");
    assert_eq!(script.requests(), 3);
}

#[tokio::test(start_paused = true)]
async fn cold_start_into_an_outage_of_a_second_is_over_within_one_hold() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Fail(unavailable()), Answer::Fail(unavailable())]);
    let began = tokio::time::Instant::now();
    script.source().ready(30 * SECOND).await.expect("a token");
    assert!(began.elapsed() <= 5 * SECOND, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn readiness_gives_up_at_its_deadline_with_the_last_error() {
    let script = Script::tokens_of(HOUR);
    script.always(Answer::Fail(wrong_secret()));
    let began = tokio::time::Instant::now();
    let error = script.source().ready(7 * SECOND).await.expect_err("a wrong secret");
    assert!(matches!(error, Error::Rejected(_)));
    assert_eq!(began.elapsed(), 7 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn readiness_without_a_deadline_waits_until_the_secret_is_right() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Fail(wrong_secret()), Answer::Fail(wrong_secret())]);
    script.source().ready(std::time::Duration::MAX).await.expect("a token in the end");
    assert_eq!(script.requests(), 3);
}

#[tokio::test(start_paused = true)]
async fn least_interval_of_the_policy_is_kept_before_the_first_token_too() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.min_interval = 30 * SECOND);
    script.then([Answer::Fail(wrong_secret())]);
    let tokens = script.source();
    let began = tokio::time::Instant::now();
    tokens.token().await.expect_err("a wrong secret");
    assert!(tokens.refresh().await.is_ok());
    assert_eq!((began.elapsed(), script.requests()), (30 * SECOND, 2));
}

// A `Retry-After` is the vendor's word; what a hold has beyond it is our own.

#[tokio::test(start_paused = true)]
async fn retry_after_within_a_flight_is_kept_to_when_a_rejection_ends_that_flight() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Token(HOUR), Answer::Fail(unavailable_for(20))]);
    let tokens = script.source();
    let old = tokens.token().await.expect("a token");
    pass(60 * SECOND).await;
    let refreshing = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.refresh().await }
    });
    settle().await;
    let told = tokio::time::Instant::now();
    assert_eq!(script.requests(), 2);
    pass(5 * SECOND).await;
    assert_eq!(tokens.rejected(&old), Rejection::Accepted);
    assert_eq!(tokens.status().next_attempt, Some(15 * SECOND));
    // Whoever waited goes on waiting, and whoever comes waits for the same request.
    let next = tokens.token().await.expect("a token, as soon as the vendor wants to be asked");
    assert_eq!((told.elapsed(), script.requests()), (20 * SECOND, 3));
    assert_eq!(refreshing.await.expect("no panic").expect("the same token").value(), next.value());
}

#[tokio::test(start_paused = true)]
async fn refresh_ends_a_hold_but_for_the_time_that_the_vendor_named() {
    let script = Script::tokens_of(HOUR);
    script.then((0..5).map(|_| Answer::Fail(throttled(1))));
    let tokens = script.source();
    for _ in 0..5 {
        pass(6 * SECOND).await;
        tokens.token().await.expect_err("throttled");
    }
    assert_eq!(tokens.status().next_attempt, Some(5 * SECOND));
    pass(SECOND / 2).await;
    tokens.refresh().await.expect_err("within the second that the vendor named");
    assert_eq!((tokens.status().next_attempt, script.requests()), (Some(SECOND / 2), 5));
    pass(SECOND / 2).await;
    assert!(tokens.refresh().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn hold_beyond_a_short_retry_after_is_cut_short_when_the_token_is_rejected() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Token(HOUR)]);
    script.always(Answer::Fail(throttled(1)));
    let tokens = script.source();
    let token = tokens.token().await.expect("a token");
    let held = || tokens.status().next_attempt.unwrap_or_default();
    for _ in 0..50 * 60 {
        if held() > 20 * SECOND {
            break;
        }
        pass(SECOND).await;
    }
    assert!(held() > 20 * SECOND, "the renewals failed, one after the other");
    assert_eq!(tokens.rejected(&token), Rejection::Accepted);
    assert_eq!(held(), RefreshPolicy::default().max_cold_hold);
}

#[tokio::test(start_paused = true)]
async fn retry_after_within_a_flight_is_cut_to_what_the_policy_believes() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.max_retry_after = 3 * SECOND);
    script.then([Answer::Fail(unavailable_for(20))]);
    let tokens = script.source();
    let began = tokio::time::Instant::now();
    tokens.token().await.expect("a token");
    assert_eq!((began.elapsed(), script.requests()), (3 * SECOND, 2));
}

// One outage, told by its events.

#[tokio::test(start_paused = true)]
async fn outage_is_told_in_order_served_renewal_failed_held_retried_renewed() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.keep_warm = KeepWarm::OnDemand);
    script.then([Answer::Token(HOUR), Answer::Fail(unavailable())]);
    let tokens = script.source();
    tokens.token().await.expect("a token");
    pass(46 * 60 * SECOND).await;
    tokens.token().await.expect("the old token, and a renewal that fails");
    settle().await;
    pass(2 * SECOND).await;
    tokens.token().await.expect("the old token, and a renewal that comes through");
    settle().await;
    let told = events(&tokens);
    assert_eq!(told, ["Requested", "Obtained", "Served", "Requested", "RenewalFailed", "Held", "Retried", "Renewed"]);
}

#[tokio::test(start_paused = true)]
async fn listeners_hear_events_as_they_happen_and_the_end() {
    let tokens = Script::tokens_of(HOUR).source();
    let mut listener = tokens.events();
    tokens.token().await.expect("a token");
    let mut heard = Vec::new();
    for _ in 0..3 {
        heard.push(listener.next().await.expect("an event"));
    }
    assert_eq!(heard.iter().map(|event| event.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(matches!(heard[2].kind, EventKind::Served { .. }), "{:?}", heard[2]);
    drop(tokens);
    assert!(listener.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn caller_who_holds_the_error_finds_it_among_the_events() {
    let script = Script::tokens_of(HOUR);
    script.always(Answer::Fail(wrong_secret()));
    let tokens = script.source();
    tokens.token().await.expect_err("a wrong secret");
    assert_eq!(events(&tokens), ["Requested", "RequestFailed", "Held"]);
}
