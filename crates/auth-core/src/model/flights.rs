//! Flights: start, join, landing, failure, and what a rejection makes of them.

use loom::thread;

use super::*;
use crate::Rejection;

#[test]
fn all_who_wait_share_one_flight_and_its_token() {
    explore(|| {
        let endpoint = Endpoint::default();
        let tokens = endpoint.source(KeepWarm::OnDemand);
        let other = tokens.clone();
        let waiting = thread::spawn(move || block_on(other.token()).map(|token| request_of(&token)));
        let mine = block_on(tokens.token()).map(|token| request_of(&token));
        let others = waiting.join().expect("no panic");
        assert_eq!((mine.ok(), others.ok()), (Some(1), Some(1)));
        assert_eq!((endpoint.requests(), tokens.status().renewing), (1, false));
    });
}

#[test]
fn all_who_joined_a_failed_flight_get_its_error_and_no_other_flight() {
    explore(|| {
        let endpoint = Endpoint::default().fails_with([wrong_secret()]);
        let tokens = endpoint.source(KeepWarm::OnDemand);
        // Two who ask by refresh(): a second flight would lift the hold of the first, and succeed.
        let (here, there) = (Runtime::new(), Runtime::new());
        let join = |runtime: &Runtime| {
            let tokens = tokens.clone();
            let mut call = Box::pin(async move { tokens.refresh().await });
            assert!(runtime.poll(call.as_mut()).is_pending());
            call
        };
        let (mine, others) = (join(&here), join(&there));
        let waiting = thread::spawn(move || {
            let error = there.block_on(others).expect_err("a wrong secret");
            there.close();
            error
        });
        let mine = here.block_on(mine).expect_err("a wrong secret");
        here.close();
        let others = waiting.join().expect("no panic");
        assert!(mine.is_same_failure(&others));
        assert_eq!(endpoint.requests(), 1);
    });
}

#[test]
fn caller_who_leaves_takes_nothing_from_the_others() {
    explore(|| {
        let endpoint = Endpoint::default().fails_with([unavailable()]);
        let tokens = endpoint.source(KeepWarm::OnDemand);
        let leaving = tokens.clone();
        let left = thread::spawn(move || {
            let runtime = Runtime::new();
            let mut call = Box::pin(leaving.token());
            let _ = runtime.poll(call.as_mut());
            drop(call);
            // The flight may be this runtime's: it ends here.
            runtime.run_to_end();
            runtime.close();
        });
        let mine = block_on(tokens.token());
        left.join().expect("no panic");
        // The one who stays may come after a flight that nobody waited for: that is not retried, and held.
        match mine {
            Ok(token) => assert_eq!((request_of(&token), endpoint.requests()), (2, 2)),
            Err(error) => assert_eq!((error.status(), endpoint.requests()), (Some(503), 1)),
        }
    });
}

#[test]
fn answer_requested_before_an_accepted_rejection_reaches_nobody() {
    explore(|| {
        let endpoint = Endpoint::default();
        let tokens = endpoint.source(KeepWarm::OnDemand);
        let first = block_on(tokens.token()).expect("a token");
        let refreshing = tokens.clone();
        let waiting = thread::spawn(move || block_on(refreshing.refresh()).map(|token| request_of(&token)));
        endpoint.note_rejection();
        let verdict = tokens.rejected(&first);
        let old = endpoint.last_before_rejection();
        let mine = request_of(&block_on(tokens.token()).expect("a token"));
        let refreshed = waiting.join().expect("no panic").expect("a token");
        assert_ne!(mine, 1, "the rejected token is handed out");
        if verdict == Rejection::Accepted {
            assert!(
                mine > old && refreshed > old,
                "{mine} and {refreshed}, of requests up to {old} before the rejection"
            );
        }
        let last = request_of(&block_on(tokens.token()).expect("a token"));
        assert_eq!(last, mine.max(refreshed), "back in time");
    });
}

#[test]
fn refresh_is_never_answered_with_the_token_that_was_there_before() {
    explore(|| {
        let endpoint = Endpoint::default();
        let tokens = endpoint.source(KeepWarm::OnDemand);
        let first = block_on(tokens.token()).expect("a token");
        let other = tokens.clone();
        let refreshing = thread::spawn(move || block_on(other.refresh()).map(|token| request_of(&token)));
        let mine = block_on(tokens.refresh()).map(|token| request_of(&token));
        let others = refreshing.join().expect("no panic");
        assert!(mine.is_ok_and(|mine| mine > 1) && others.is_ok_and(|others| others > 1), "the old token again");
        drop(first);
    });
}

#[test]
fn renewal_in_the_background_and_by_a_reader_is_one_flight() {
    explore(|| {
        let endpoint = Endpoint::default();
        let tokens = endpoint.source(KeepWarm::WhileUsed);
        let runtime = Runtime::new();
        runtime.block_on(tokens.token()).expect("a token");
        ModelClock.advance(HOUR - HOUR / 4);
        let reading = tokens.clone();
        let reader = thread::spawn(move || {
            // Far enough from the other flight that only the other flight is in the way.
            ModelClock.advance(2 * crate::MIN_INTERVAL);
            block_on(reading.token_valid_for(Duration::ZERO)).map(|token| request_of(&token))
        });
        // Background renewal looks, and starts a flight if the reader did not: as far as into the request.
        (0..3).for_each(|_| runtime.turn());
        let read = reader.join().expect("no panic").expect("a token");
        assert!(read == 1 || read == 2, "{read}");
        drop(tokens);
        runtime.run_to_end();
        assert_eq!((endpoint.requests(), endpoint.most_aloft()), (2, 1));
        runtime.close();
    });
}
