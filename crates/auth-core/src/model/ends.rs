//! Ends: of a flight with its runtime or by its age, of background renewal, of the source.

use std::pin::Pin;
use std::task::Poll;

use loom::thread;

use super::*;

/// A runtime on which a flight was started that nobody polls.
fn flight_on_a_runtime_of_its_own(tokens: &TokenSource) -> Runtime {
    let runtime = Runtime::new();
    let mut call = Box::pin(tokens.token());
    assert!(runtime.poll(call.as_mut()).is_pending());
    runtime
}

type Call = Pin<Box<dyn Future<Output = Served>>>;
type Served = Result<AccessToken, Error>;

/// A call on a thread of its own, polled once on `left`. If it must wait then, it goes on elsewhere.
fn call_that_leaves(left: &Runtime, tokens: &TokenSource, go_on: fn(Call) -> Served) -> thread::JoinHandle<Served> {
    let (left, tokens) = (left.clone(), tokens.clone());
    thread::spawn(move || {
        let mut call: Call = Box::pin(async move { tokens.token().await });
        match left.poll(call.as_mut()) {
            Poll::Ready(served) => served,
            Poll::Pending => go_on(call),
        }
    })
}

#[test]
fn flight_whose_runtime_is_gone_is_flown_again_by_whoever_waits() {
    explore(|| {
        let endpoint = Endpoint::default();
        let tokens = endpoint.source(KeepWarm::OnDemand);
        let dying = flight_on_a_runtime_of_its_own(&tokens);
        let waiting = tokens.clone();
        let waiter = thread::spawn(move || block_on(waiting.token()).map(|token| request_of(&token)));
        // Before the flight's first poll, in the request, or after it has landed: loom chooses when the other comes.
        dying.turn();
        dying.close();
        let served = waiter.join().expect("no panic").expect("a token");
        assert_eq!((served, tokens.status().renewing), (endpoint.requests(), false));
        assert!(endpoint.most_aloft() == 1 && endpoint.requests() <= 2);
    });
}

#[test]
fn flight_that_is_too_old_is_flown_again_once_by_those_who_wait() {
    explore_within(PREEMPTIONS - 1, || {
        ModelClock.passes();
        let endpoint = Endpoint::default();
        let tokens = endpoint.source(KeepWarm::OnDemand);
        let frozen = flight_on_a_runtime_of_its_own(&tokens);
        let waiting = tokens.clone();
        let waiter = thread::spawn(move || block_on(waiting.token()).map(|token| request_of(&token)));
        let mine = block_on(tokens.token()).map(|token| request_of(&token));
        assert_eq!((mine.ok(), waiter.join().expect("no panic").ok()), (Some(1), Some(1)));
        // Thawed, the old flight finds that it is no longer the source's.
        frozen.run_to_end();
        frozen.close();
        assert_eq!((endpoint.requests(), tokens.status().renewing), (1, false));
    });
}

#[test]
fn flight_that_lands_as_it_is_given_up_leaves_nobody_without_an_answer() {
    explore_within(PREEMPTIONS - 1, || {
        ModelClock.passes();
        let endpoint = Endpoint::default();
        let tokens = endpoint.source(KeepWarm::OnDemand);
        let frozen = flight_on_a_runtime_of_its_own(&tokens);
        let waiting = tokens.clone();
        let waiter = thread::spawn(move || block_on(waiting.token()).map(|token| request_of(&token)));
        frozen.run_to_end();
        frozen.close();
        match waiter.join().expect("no panic") {
            Ok(served) => assert_eq!(served, endpoint.requests()),
            // The time that has passed was its request's.
            Err(error) => assert!(matches!(error, Error::Unreachable(_)), "{error}"),
        }
        assert!(endpoint.requests() <= 2 && !tokens.status().renewing);
    });
}

#[test]
fn waiter_who_moves_to_another_runtime_outlives_the_one_it_came_from() {
    explore(|| {
        ModelClock.passes();
        let endpoint = Endpoint::default();
        let tokens = endpoint.source(KeepWarm::OnDemand);
        let frozen = flight_on_a_runtime_of_its_own(&tokens);
        let left = Runtime::new();
        let waiter = call_that_leaves(&left, &tokens, block_on);
        left.close();
        match waiter.join().expect("no panic") {
            Ok(token) => assert_eq!(request_of(&token), 1),
            // It found the runtime gone before it could wait.
            Err(error) => assert!(matches!(error, Error::Config(_)), "{error}"),
        }
        frozen.close();
    });
}

#[test]
fn waiter_who_is_polled_outside_every_runtime_hears_of_the_end_of_the_one_it_came_from() {
    explore(|| {
        let endpoint = Endpoint::default();
        let tokens = endpoint.source(KeepWarm::OnDemand);
        let frozen = flight_on_a_runtime_of_its_own(&tokens);
        let left = Runtime::new();
        let waiter = call_that_leaves(&left, &tokens, rt::block_on_outside);
        left.close();
        let error = waiter.join().expect("no panic").expect_err("nobody can ask there");
        assert!(matches!(error, Error::Config(_)), "{error}");
        frozen.close();
    });
}

#[test]
fn shutdown_ends_background_renewal_for_good_and_calls_are_still_served() {
    explore(|| {
        let endpoint = Endpoint::default();
        let tokens = endpoint.source(KeepWarm::Always);
        let calling = tokens.clone();
        // Ends only when background renewal has ended too.
        let caller = thread::spawn(move || block_on(calling.token()).map(|token| request_of(&token)));
        block_on(tokens.shutdown());
        assert_eq!(caller.join().expect("no panic").ok(), Some(1));
        assert_eq!((endpoint.requests(), tokens.status().renewing), (1, false));
    });
}

#[test]
fn hook_that_a_runtime_has_for_a_new_task_may_ask_the_source() {
    explore(|| {
        ModelClock.passes();
        let endpoint = Endpoint::default();
        let tokens = endpoint.source(KeepWarm::Always);
        let hooked = || {
            let asked = tokens.clone();
            Runtime::with_hook(move || drop(asked.status()))
        };
        // Here a caller starts a flight and background renewal, there a lookout finds them dead and starts both anew.
        let (frozen, live) = (hooked(), hooked());
        let mut call = Box::pin(tokens.token());
        assert!(frozen.poll(call.as_mut()).is_pending());
        assert_eq!(live.block_on(tokens.token()).map(|token| request_of(&token)).ok(), Some(1));
        live.close();
        frozen.close();
    });
}

#[test]
fn last_handle_dropped_ends_background_renewal_whoever_drops_it() {
    explore(|| {
        let endpoint = Endpoint::default();
        let tokens = endpoint.source(KeepWarm::Always);
        let runtime = Runtime::new();
        runtime.block_on(tokens.token()).expect("a token");
        let other = tokens.clone();
        let dropper = thread::spawn(move || {
            // Loom is to know that the order matters.
            ModelClock.advance(Duration::ZERO);
            drop(other);
        });
        runtime.turn();
        drop(tokens);
        runtime.run_to_end();
        dropper.join().expect("no panic");
        assert_eq!(endpoint.requests(), 1);
        runtime.close();
    });
}

#[test]
fn last_handle_dropped_while_a_flight_is_aloft_lets_it_end_and_nothing_after_it() {
    explore(|| {
        let endpoint = Endpoint::default();
        let tokens = endpoint.source(KeepWarm::Always);
        let runtime = flight_on_a_runtime_of_its_own(&tokens);
        let dropper = thread::spawn(move || {
            ModelClock.advance(Duration::ZERO);
            drop(tokens);
        });
        runtime.run_to_end();
        dropper.join().expect("no panic");
        assert_eq!(endpoint.requests(), 1);
        runtime.close();
    });
}
