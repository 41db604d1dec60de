//! Flights that were started on a runtime that nobody polls any more, and that have sent nothing.

use std::time::Duration;

use auth_core::{BEGIN_WITHIN, KeepWarm, ManualClock, TokenSource};

use crate::runtimes::{frozen_flight, joined_by_twenty, paused};
use crate::script::{HOUR, SECOND, Script, events, settle};

#[test]
fn flight_that_never_began_on_a_runtime_that_nobody_polls_holds_up_nobody_for_half_a_minute() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.keep_warm = KeepWarm::OnDemand);
    let live = paused();
    let tokens = live.block_on(async { script.source() });
    let frozen = frozen_flight(&tokens);
    let (waited, values) = joined_by_twenty(&tokens, &live);
    assert_eq!((values, script.requests()), (vec!["invented-1".to_owned(); 20], 1));
    assert!(waited > BEGIN_WITHIN - SECOND && waited < BEGIN_WITHIN + SECOND, "{waited:?}");
    // Polled after all, it finds itself replaced.
    frozen.block_on(settle());
    assert_eq!((script.requests(), tokens.status().renewing), (1, false));
}

#[test]
fn renewal_that_nobody_polls_is_left_alone_while_the_token_is_served_and_holds_up_nobody_after_that() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.keep_warm = KeepWarm::OnDemand);
    let clock = ManualClock::new();
    let tokens = TokenSource::builder(script.clone()).clock(clock.clone()).build();
    paused().block_on(tokens.token()).expect("a token");
    clock.advance(HOUR - 20 * SECOND);
    // Runtimes that are entered for a warm read and left again: none polls the renewal that the first has begun.
    let brief: Vec<_> = (0..3).map(|_| paused()).collect();
    for runtime in &brief {
        runtime.block_on(tokens.token()).expect("the old token");
        clock.advance(3 * SECOND);
    }
    let started = events(&tokens).iter().filter(|event| *event == "Requested").count();
    assert_eq!((started, script.requests(), tokens.status().renewing), (2, 1, true));
    // Past its floor somebody waits, and asks at once.
    clock.advance(2 * SECOND);
    let waited = brief[2].block_on(async {
        let began = tokio::time::Instant::now();
        // The source's clock stands still: a flight that is not dead now never will be.
        let next = tokio::time::timeout(HOUR, tokens.token()).await;
        next.expect("the renewal that nobody polls holds it up").expect("the next token");
        began.elapsed()
    });
    assert_eq!((waited, script.requests()), (Duration::ZERO, 2));
}
