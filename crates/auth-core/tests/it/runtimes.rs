//! Runtimes that end, have no timers, or are not there: an error or another flight, never a panic and never a hang.

use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use auth_core::{AccessToken, Error, KeepWarm, ManualClock, RefreshPolicy, TokenSource};
use tokio::runtime::Runtime;

use crate::script::{Answer, HOUR, SECOND, Script, pass, settle, unavailable, unavailable_for, wrong_secret};

const MS: Duration = Duration::from_millis(1);

/// A runtime of its own, to end when the test says so.
fn current() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// What `work` came to, if it ended within `limit`.
fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (tx, rx) = mpsc::channel();
    std::thread::spawn(move || drop(tx.send(work())));
    rx.recv_timeout(limit).ok()
}

#[test]
fn cold_call_on_a_runtime_that_is_shut_down_ends_and_the_source_lives_on() {
    let script = Script::tokens_of(HOUR);
    let tokens = TokenSource::new(script.clone());
    let t2 = tokens.clone();
    let done = within(2 * SECOND, move || {
        let rt = current();
        let handle = rt.handle().clone();
        drop(rt);
        handle.block_on(t2.token()).map(drop)
    });
    let n = tokens.recent_events().last().map(|e| e.number);
    // another, healthy runtime
    let t3 = tokens.clone();
    let healthy = within(5 * SECOND, move || current().block_on(t3.token()).is_ok());
    assert!(done.is_some() && healthy == Some(true), "done {done:?} events {n:?} healthy {healthy:?}");
}

#[test]
fn flights_lost_before_they_began_do_not_delay_the_next() {
    let script = Script::tokens_of(HOUR);
    let tokens = TokenSource::new(script.clone());
    for _ in 0..6 {
        let rt = current();
        let enter = rt.enter();
        let mut call = Box::pin(tokens.token());
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop((call, enter));
        drop(rt);
    }
    let before = script.requests();
    let began = Instant::now();
    current().block_on(tokens.token()).expect("works");
    assert!(began.elapsed() < 2 * SECOND, "{:?}, {before} requests had been made", began.elapsed());
}

#[test]
fn runtime_without_timers_is_an_error_and_no_panic() {
    let tokens = TokenSource::new(Script::tokens_of(HOUR));
    let rt = tokio::runtime::Builder::new_current_thread().build().expect("works");
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rt.block_on(tokens.token()).map(drop)));
    assert!(caught.is_ok(), "panicked");
}

#[test]
fn readiness_probe_on_a_runtime_without_timers_is_an_error_and_no_panic() {
    let tokens = TokenSource::new(Script::tokens_of(HOUR));
    let rt = tokio::runtime::Builder::new_current_thread().build().expect("works");
    let error = rt.block_on(tokens.ready(SECOND)).expect_err("no timers");
    assert!(matches!(error, Error::Config(_)), "{error}");
}

#[test]
fn shutdown_on_a_runtime_without_timers_is_no_panic() {
    let tokens = TokenSource::new(Script::tokens_of(HOUR).takes(50 * MS));
    let rt = current();
    rt.block_on(async { tokio::time::timeout(5 * MS, tokens.token()).await }).expect_err("an error");
    let bare = tokio::runtime::Builder::new_current_thread().build().expect("works");
    bare.block_on(tokens.shutdown());
    assert!(tokens.status().renewing, "nothing was left to wait for");
    drop(rt);
}

#[test]
fn shutdown_outside_tokio_is_no_panic() {
    let tokens = TokenSource::new(Script::tokens_of(HOUR).takes(SECOND));
    let rt = current();
    rt.block_on(async { tokio::time::timeout(5 * MS, tokens.token()).await }).expect_err("an error");
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut cx = Context::from_waker(Waker::noop());
        let shutdown = std::pin::pin!(tokens.shutdown());
        let _ = shutdown.poll(&mut cx);
    }));
    assert!(caught.is_ok(), "panicked");
}

struct Inline(TokenSource, mpsc::Sender<()>);
impl std::task::Wake for Inline {
    fn wake(self: Arc<Self>) {
        let _ = self.0.status();
        let _ = self.1.send(());
    }
}

#[test]
fn wakers_may_ask_the_source() {
    let (tx, rx) = mpsc::channel();
    std::thread::spawn(move || {
        let rt = current();
        let tokens = TokenSource::new(Script::tokens_of(HOUR).takes(50 * MS));
        let waker = Waker::from(Arc::new(Inline(tokens.clone(), tx)));
        let enter = rt.enter();
        let mut call = Box::pin({
            let t = tokens.clone();
            async move { t.token().await }
        });
        assert!(call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        drop(enter);
        rt.block_on(tokens.token()).expect("a token");
    });
    assert!(rx.recv_timeout(2 * SECOND).is_ok(), "deadlock");
}

#[test]
fn runtime_dropped_by_another_panic_is_no_panic_of_the_endpoint() {
    let script = Script::tokens_of(HOUR).takes(300 * MS);
    let tokens = TokenSource::new(script.clone());
    let t1 = tokens.clone();
    let (tx, rx) = mpsc::channel();
    let victim = std::thread::spawn(move || {
        let rt = current();
        rt.block_on(async { tokio::time::timeout(5 * MS, t1.token()).await }).expect_err("an error");
        tx.send(()).expect("works");
        panic!("something else altogether");
    });
    rx.recv().expect("works");
    let got = current().block_on(tokens.token()).map(drop);
    let _ = victim.join();
    assert!(got.is_ok(), "{got:?}");
}

#[test]
fn wakers_of_a_dead_flight_may_ask_the_source() {
    let (tx, rx) = mpsc::channel();
    let ended = within(5 * SECOND, move || {
        let clock = ManualClock::new();
        let tokens = TokenSource::builder(Script::tokens_of(HOUR)).clock(clock.clone()).build();
        let waker = Waker::from(Arc::new(Inline(tokens.clone(), tx)));
        let frozen = current();
        let enter = frozen.enter();
        let mut call = Box::pin(tokens.token());
        assert!(call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        drop(enter);
        // Nobody polls that runtime, and time goes on: the next caller flies another flight.
        clock.advance(60 * SECOND);
        current().block_on(tokens.token()).map(drop)
    });
    assert!(ended.is_some_and(|token| token.is_ok()), "deadlock");
    assert!(rx.try_recv().is_ok(), "the one who waited was sent on");
}

/// A runtime on paused time.
pub(crate) fn paused() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime")
}

/// One poll on `runtime`, whose tasks stay where they are.
fn poll<T>(runtime: &Runtime, call: &mut (impl Future<Output = T> + Unpin)) -> Poll<T> {
    let _entered = runtime.enter();
    std::pin::Pin::new(call).poll(&mut Context::from_waker(Waker::noop()))
}

/// How far a flight gets before its runtime ends.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Started,
    InTheRequest,
    BetweenAttempts,
    Landed,
    /// Background renewal sleeps.
    Renewing,
}

const STAGES: [Stage; 5] =
    [Stage::Started, Stage::InTheRequest, Stage::BetweenAttempts, Stage::Landed, Stage::Renewing];

impl Stage {
    /// Brings the flight on `runtime` so far.
    fn reach(self, runtime: &Runtime) {
        let times: &[Duration] = match self {
            Self::Started => return,
            Self::InTheRequest => &[],
            Self::BetweenAttempts | Self::Landed => &[SECOND],
            Self::Renewing => &[SECOND, HOUR / 4],
        };
        runtime.block_on(async {
            settle().await;
            for time in times {
                pass(*time).await;
            }
        });
    }
}

#[test]
fn runtime_that_ends_at_any_stage_of_its_flight_loses_nobody_elsewhere() {
    for stage in STAGES {
        let script = Script::tokens_of(HOUR).takes(SECOND).advises(|policy| policy.keep_warm = KeepWarm::Always);
        if matches!(stage, Stage::BetweenAttempts) {
            script.then([Answer::Fail(unavailable())]);
        }
        let (first, second) = (paused(), paused());
        let tokens = first.block_on(async { script.source() });
        let mut starter = Box::pin(tokens.token());
        assert!(poll(&first, &mut starter).is_pending());
        let mut waiter = Box::pin(tokens.token());
        assert!(poll(&second, &mut waiter).is_pending());
        stage.reach(&first);
        drop((starter, first));
        second.block_on(waiter).unwrap_or_else(|error| panic!("{stage:?}: {error}"));
        let again = usize::from(matches!(stage, Stage::InTheRequest | Stage::BetweenAttempts));
        assert_eq!((script.requests(), tokens.status().renewing), (1 + again, false), "{stage:?}");
    }
}

#[test]
fn retry_after_within_a_flight_is_kept_to_when_the_runtime_of_that_flight_ends() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.keep_warm = KeepWarm::OnDemand);
    script.then([Answer::Fail(unavailable_for(20))]);
    // Each paused runtime has a time of its own, and the source that of neither.
    let tokens = TokenSource::builder(script.clone()).clock(ManualClock::new()).build();
    let (first, second) = (paused(), paused());
    let mut starter = Box::pin(tokens.token());
    assert!(poll(&first, &mut starter).is_pending());
    let mut waiter = Box::pin(tokens.token());
    assert!(poll(&second, &mut waiter).is_pending());
    first.block_on(settle());
    assert_eq!((script.requests(), tokens.status().renewing), (1, true));
    drop((starter, first));
    let waited = second.block_on(async {
        let began = tokio::time::Instant::now();
        waiter.await.expect("a token, as soon as the vendor wants to be asked");
        began.elapsed()
    });
    assert_eq!((waited, script.requests()), (20 * SECOND, 2));
}

#[test]
fn look_at_the_credentials_that_ends_with_its_runtime_is_taken_again_on_another() {
    let (script, clock) = (Script::tokens_of(HOUR), ManualClock::new());
    script.then([Answer::Fail(wrong_secret())]);
    let tokens = TokenSource::builder(script.clone()).clock(clock.clone()).build();
    let (first, second) = (paused(), paused());
    first.block_on(tokens.token()).expect_err("a wrong secret");
    script.hangs_over_credentials(true);
    clock.advance(SECOND);
    first.block_on(async {
        tokens.token().await.expect_err("held");
        settle().await;
    });
    assert_eq!(script.fingerprints(), 1);
    drop(first);
    script.hangs_over_credentials(false);
    script.rotate();
    let served_after = second.block_on(async {
        for seconds in 1..9 {
            clock.advance(SECOND);
            if tokens.token().await.is_ok() {
                return Some(seconds);
            }
            settle().await;
        }
        None
    });
    // The six that the lost look and the pause after it might have taken; the hold is of ten.
    assert_eq!((served_after, script.requests()), (Some(7), 2));
}

#[test]
fn background_renewal_that_ended_with_its_runtime_goes_on_where_the_next_flight_flies() {
    for stage in STAGES {
        let clock = ManualClock::new();
        let script = Script::tokens_of(HOUR).advises(|policy| policy.keep_warm = KeepWarm::Always);
        let tokens = TokenSource::builder(script.clone()).clock(clock.clone()).build();
        let (first, second) = (paused(), paused());
        let mut starter = Box::pin(tokens.token());
        assert!(poll(&first, &mut starter).is_pending());
        stage.reach(&first);
        drop((starter, first));
        second.block_on(async {
            clock.advance(HOUR);
            tokens.token().await.expect("a token");
            let flown = script.requests();
            // From here on nobody calls.
            for _ in 0..60 {
                clock.advance(60 * SECOND);
                pass(60 * SECOND).await;
            }
            assert_eq!(script.requests(), flown + 1, "{stage:?}");
        });
    }
}

/// A flight of `tokens` on a runtime that nobody polls: that runtime.
pub(crate) fn frozen_flight(tokens: &TokenSource) -> Runtime {
    let frozen = paused();
    let mut call = Box::pin(tokens.refresh());
    assert!(poll(&frozen, &mut call).is_pending());
    frozen
}

#[test]
fn background_renewal_goes_past_a_flight_on_a_runtime_that_nobody_polls() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.keep_warm = KeepWarm::Always);
    let live = paused();
    let tokens = live.block_on(async { script.source() });
    live.block_on(tokens.token()).expect("a token");
    let frozen = frozen_flight(&tokens);
    live.block_on(async {
        for _ in 0..46 {
            pass(60 * SECOND).await;
        }
    });
    assert_eq!((script.requests(), tokens.status().renewing), (2, false));
    // Thawed, the old flight asks for nothing.
    frozen.block_on(settle());
    assert_eq!(script.requests(), 2);
}

#[test]
fn background_renewal_on_a_runtime_that_nobody_polls_is_taken_over_with_the_flight_there() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.keep_warm = KeepWarm::Always);
    let live = paused();
    let tokens = live.block_on(async { script.source() });
    let _frozen = frozen_flight(&tokens);
    live.block_on(async {
        tokens.token().await.expect("a token of the next flight");
        // From here on nobody calls.
        for _ in 0..46 {
            pass(60 * SECOND).await;
        }
    });
    assert_eq!((script.requests(), tokens.status().renewing), (2, false));
}

/// How long twenty joiners of the flight wait on `live`, and the tokens that they get.
pub(crate) fn joined_by_twenty(tokens: &TokenSource, live: &Runtime) -> (Duration, Vec<String>) {
    live.block_on(async {
        let began = tokio::time::Instant::now();
        let calls = (0..20).map(|_| {
            tokio::spawn({
                let tokens = tokens.clone();
                async move { tokens.token().await.map(|token| token.value().to_owned()) }
            })
        });
        let mut values = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            values.push(call.await.expect("no panic").expect("a token"));
        }
        (began.elapsed(), values)
    })
}

#[test]
fn joiners_of_a_flight_on_a_runtime_that_nobody_polls_wait_until_it_is_dead_and_fly_one_of_their_own() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.keep_warm = KeepWarm::OnDemand);
    script.then([Answer::Hang]);
    let live = paused();
    let tokens = live.block_on(async { script.source() });
    let frozen = frozen_flight(&tokens);
    // As far as into the request.
    frozen.block_on(settle());
    assert_eq!(script.requests(), 1);
    let (waited, values) = joined_by_twenty(&tokens, &live);
    assert_eq!((values, script.requests()), (vec!["invented-2".to_owned(); 20], 2));
    let dead_after = RefreshPolicy::default().dead_after;
    assert!(waited > dead_after - SECOND && waited < dead_after + SECOND, "{waited:?}");
}

#[test]
fn waiter_that_is_moved_to_another_runtime_does_not_end_with_the_first() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.keep_warm = KeepWarm::OnDemand);
    let live = paused();
    let tokens = live.block_on(async { script.source() });
    let _frozen = frozen_flight(&tokens);
    let left = paused();
    let mut waiter = Box::pin(tokens.token());
    assert!(poll(&left, &mut waiter).is_pending());
    drop(left);
    let within = tokio::time::timeout;
    let token: Result<AccessToken, Error> =
        live.block_on(async { within(HOUR, waiter).await }).expect("nobody looked out for the flight");
    assert_eq!(token.expect("a token").value(), "invented-1");
}
