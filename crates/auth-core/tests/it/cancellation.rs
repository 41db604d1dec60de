//! A call dropped at any await point takes nothing from those who wait beside it.

use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use auth_core::{AccessToken, Error, KeepWarm, Rejection, TokenSource};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::script::{Answer, HOUR, SECOND, Script, pass, settle, unavailable};

type Call<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Token = Result<AccessToken, Error>;

/// A call by one who leaves.
type Leaver = fn(TokenSource) -> Call<()>;

/// Every way to wait.
const LEAVERS: [(&str, Leaver); 7] = [
    ("token", |tokens| Box::pin(async move { drop(tokens.token().await) })),
    ("authorization", |tokens| Box::pin(async move { drop(tokens.authorization().await) })),
    ("headers", |tokens| Box::pin(async move { drop(tokens.headers().await) })),
    ("token_valid_for", |tokens| Box::pin(async move { drop(tokens.token_valid_for(HOUR / 2).await) })),
    ("refresh", |tokens| Box::pin(async move { drop(tokens.refresh().await) })),
    ("ready", |tokens| Box::pin(async move { drop(tokens.ready(HOUR).await) })),
    ("shutdown", |tokens| Box::pin(async move { tokens.shutdown().await })),
];

const STEP: Duration = Duration::from_millis(250);
/// More polls than any of the scenes takes.
const MOST_POLLS: usize = 100;

/// Polls `call` until it ends or has been polled `polls` times, with a step of time after each; whether it ended.
async fn polled(call: &mut Call<()>, polls: usize) -> bool {
    for _ in 0..polls {
        if call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return true;
        }
        pass(STEP).await;
    }
    false
}

/// Three who stay, each in a task of its own.
fn stayers(tokens: &TokenSource, call: fn(TokenSource) -> Call<Token>) -> Vec<JoinHandle<Token>> {
    (0..3).map(|_| tokio::spawn(call(tokens.clone()))).collect()
}

fn token(tokens: TokenSource) -> Call<Token> {
    Box::pin(async move { tokens.token().await })
}

fn refresh(tokens: TokenSource) -> Call<Token> {
    Box::pin(async move { tokens.refresh().await })
}

async fn served(stayers: Vec<JoinHandle<Token>>) -> Vec<String> {
    let mut values = Vec::new();
    for stayer in stayers {
        let token = stayer.await.expect("no panic").expect("a token for who stays");
        values.push(token.value().to_owned());
    }
    values
}

/// Plays `scene` with each leaver dropped after 0, 1, 2 … polls, until it ends by itself.
async fn at_every_point(scene: impl AsyncFn(Leaver, usize) -> bool) {
    for (name, leaver) in LEAVERS {
        let mut polls = 0;
        while !scene(leaver, polls).await {
            polls += 1;
            assert!(polls < MOST_POLLS, "{name} does not end");
        }
        assert!(polls > 0, "{name} ended unpolled");
    }
}

/// A second for each request, and no renewal that nobody asks for.
fn slow() -> Script {
    Script::tokens_of(HOUR).takes(SECOND).advises(|policy| policy.keep_warm = KeepWarm::OnDemand)
}

/// One leaves, three stay; whether they come before or after.
async fn leave_and_stay(tokens: &TokenSource, leaver: Leaver, polls: usize, stay_first: bool) -> (bool, Vec<String>) {
    let early = if stay_first { stayers(tokens, token) } else { Vec::new() };
    settle().await;
    let mut leaving = leaver(tokens.clone());
    let ended = polled(&mut leaving, polls).await;
    drop(leaving);
    let late = if stay_first { Vec::new() } else { stayers(tokens, token) };
    (ended, served(early.into_iter().chain(late).collect()).await)
}

#[tokio::test(start_paused = true)]
async fn one_who_leaves_a_cold_flight_leaves_it_to_the_others() {
    for stay_first in [true, false] {
        at_every_point(async |leaver, polls| {
            let script = slow();
            let tokens = script.source();
            let (ended, values) = leave_and_stay(&tokens, leaver, polls, stay_first).await;
            assert_eq!(values, ["invented-1"; 3], "after {polls} polls");
            assert_eq!((script.requests(), tokens.status().renewing), (1, false), "after {polls} polls");
            ended
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_leaves_the_flight_after_an_expired_token_leaves_it_to_the_others() {
    for stay_first in [true, false] {
        at_every_point(async |leaver, polls| {
            let script = slow();
            let tokens = script.source();
            tokens.token().await.expect("a token");
            pass(HOUR).await;
            let (ended, values) = leave_and_stay(&tokens, leaver, polls, stay_first).await;
            assert_eq!(values, ["invented-2"; 3], "after {polls} polls");
            assert_eq!((script.requests(), tokens.status().renewing), (2, false), "after {polls} polls");
            ended
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_leaves_between_two_attempts_leaves_the_second_to_the_others() {
    for stay_first in [true, false] {
        at_every_point(async |leaver, polls| {
            let script = slow();
            script.then([Answer::Fail(unavailable())]);
            let tokens = script.source();
            let (ended, values) = leave_and_stay(&tokens, leaver, polls, stay_first).await;
            assert_eq!(values, ["invented-2"; 3], "after {polls} polls");
            let attempts: Vec<_> = script.asked().iter().map(|asked| asked.attempt).collect();
            assert_eq!(attempts, [1, 2], "after {polls} polls: one flight of two attempts");
            ended
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn flight_that_all_have_left_is_not_retried() {
    for (name, leaver) in LEAVERS {
        // It fails after four steps.
        for polls in 1..4 {
            let script = slow();
            script.always(Answer::Fail(unavailable()));
            let tokens = script.source();
            let mut leaving = leaver(tokens.clone());
            polled(&mut leaving, polls).await;
            drop(leaving);
            // In steps: after one long leap there would be no time left for a second attempt anyway.
            for _ in 0..40 {
                pass(STEP).await;
            }
            // shutdown() asks for nothing.
            assert_eq!(script.requests(), usize::from(name != "shutdown"), "{name} after {polls} polls");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_leaves_in_the_renewal_window_neither_stops_nor_repeats_the_renewal() {
    at_every_point(async |leaver, polls| {
        let script = slow();
        let tokens = script.source();
        tokens.token().await.expect("a token");
        pass(46 * 60 * SECOND).await;
        let mut leaving = leaver(tokens.clone());
        let ended = polled(&mut leaving, polls).await;
        drop(leaving);
        let began = Instant::now();
        served(stayers(&tokens, token)).await;
        assert_eq!(began.elapsed(), Duration::ZERO, "somebody waited beside a usable token");
        pass(2 * SECOND).await;
        assert_eq!(tokens.token().await.expect("a token").value(), "invented-2");
        assert_eq!(script.requests(), 2, "after {polls} polls");
        ended
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_who_leaves_a_flight_that_a_rejection_ends_leaves_the_next_to_the_others() {
    for polls_before in [0, 1, 3] {
        at_every_point(async |leaver, polls| {
            let script = slow();
            let tokens = script.source();
            let first = tokens.token().await.expect("a token");
            pass(120 * SECOND).await;
            let others = stayers(&tokens, refresh);
            settle().await;
            let mut leaving = leaver(tokens.clone());
            let mut ended = polled(&mut leaving, polls_before).await;
            assert_eq!(tokens.rejected(&first), Rejection::Accepted);
            ended = ended || polled(&mut leaving, polls).await;
            drop(leaving);
            assert_eq!(served(others).await, ["invented-3"; 3], "after {polls} polls");
            assert_eq!(script.requests(), 3, "after {polls} polls");
            ended && polls > 0
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_leaves_a_flight_for_more_life_leaves_it_to_the_others() {
    fn long(tokens: TokenSource) -> Call<Token> {
        Box::pin(async move { tokens.token_valid_for(HOUR / 2).await })
    }
    at_every_point(async |leaver, polls| {
        let script = slow();
        let tokens = script.source();
        tokens.token().await.expect("a token");
        pass(40 * 60 * SECOND).await;
        let others = stayers(&tokens, long);
        settle().await;
        let mut leaving = leaver(tokens.clone());
        let ended = polled(&mut leaving, polls).await;
        drop(leaving);
        assert_eq!(served(others).await, ["invented-2"; 3], "after {polls} polls");
        assert_eq!(script.requests(), 2, "after {polls} polls");
        ended
    })
    .await;
}
