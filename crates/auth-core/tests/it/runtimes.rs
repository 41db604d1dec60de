//! Runtimes that end, have no timers, or are not there: an error or another flight, never a panic and never a hang.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use auth_core::{ManualClock, TokenSource};

use crate::script::{HOUR, SECOND, Script};

const MS: Duration = Duration::from_millis(1);

/// A runtime of its own, to end when the test says so.
fn current() -> tokio::runtime::Runtime {
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
        assert!(call.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_pending());
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
fn shutdown_outside_tokio_is_no_panic() {
    let tokens = TokenSource::new(Script::tokens_of(HOUR).takes(SECOND));
    let rt = current();
    rt.block_on(async { tokio::time::timeout(5 * MS, tokens.token()).await }).expect_err("an error");
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
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
        let waker = std::task::Waker::from(Arc::new(Inline(tokens.clone(), tx)));
        let enter = rt.enter();
        let mut call = Box::pin({
            let t = tokens.clone();
            async move { t.token().await }
        });
        assert!(call.as_mut().poll(&mut std::task::Context::from_waker(&waker)).is_pending());
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
        let waker = std::task::Waker::from(Arc::new(Inline(tokens.clone(), tx)));
        let frozen = current();
        let enter = frozen.enter();
        let mut call = Box::pin(tokens.token());
        assert!(call.as_mut().poll(&mut std::task::Context::from_waker(&waker)).is_pending());
        drop(enter);
        // Nobody polls that runtime, and time goes on: the next caller flies another flight.
        clock.advance(60 * SECOND);
        current().block_on(tokens.token()).map(drop)
    });
    assert!(ended.is_some_and(|token| token.is_ok()), "deadlock");
    assert!(rx.try_recv().is_ok(), "the one who waited was sent on");
}
