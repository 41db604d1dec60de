//! Calls from threads that do not await.

use std::cell::Cell;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use auth_core::{
    BlockingTokenSource, Error, Fingerprint, ManualClock, RequestContext, TokenEndpoint, TokenResponse, TokenSource,
    async_trait,
};
use tokio::runtime::Builder;

use crate::script::{Answer, HOUR, SECOND, Script, wrong_secret};

/// A source on the machine's clock: the thread of blocking calls knows no paused time.
fn source(script: &Script) -> TokenSource {
    TokenSource::new(script.clone())
}

fn is_refused(error: &Error) -> bool {
    matches!(error, Error::Config(_)) && error.to_string().contains("spawn_blocking")
}

#[test]
fn threads_without_a_runtime_share_one_request() {
    let script = Script::tokens_of(HOUR).takes(Duration::from_millis(20));
    let tokens = source(&script).blocking();
    let values = thread::scope(|scope| {
        let calls: Vec<_> =
            (0..8).map(|_| scope.spawn(|| tokens.token().map(|token| token.value().to_owned()))).collect();
        calls.into_iter().map(|call| call.join().expect("no panic").expect("a token")).collect::<Vec<_>>()
    });
    assert_eq!((values, script.requests()), (vec!["invented-1".to_owned(); 8], 1));
}

#[test]
fn every_call_works_on_a_thread_of_its_own() {
    let script = Script::tokens_of(HOUR);
    let tokens = source(&script).blocking();
    tokens.ready(SECOND).expect("a token");
    let token = tokens.token().expect("a token");
    assert_eq!(tokens.authorization().expect("a header"), "Bearer invented-1");
    assert_eq!(tokens.headers().expect("headers").iter().count(), 1);
    assert_eq!(tokens.token_valid_for(60 * SECOND).expect("a token").id(), token.id());
    assert_eq!(tokens.rejected(&token), auth_core::Rejection::Accepted);
    assert_eq!(tokens.token().expect("the next").value(), "invented-2");
    assert_eq!((tokens.status().vendor, tokens.status().token.is_some()), ("script", true));
}

#[test]
fn failure_is_the_sources_own_error() {
    let script = Script::default();
    script.always(Answer::Fail(wrong_secret()));
    let tokens = source(&script).blocking();
    for error in [tokens.token().err(), tokens.refresh().err(), tokens.ready(Duration::ZERO).err()] {
        assert!(matches!(error, Some(Error::Rejected(_) | Error::Unreachable(_))), "{error:?}");
    }
}

#[test]
fn cold_call_in_an_async_task_is_an_error_and_no_panic_and_a_warm_one_works() {
    let runtimes = [
        Builder::new_current_thread().enable_all().build(),
        Builder::new_multi_thread().worker_threads(1).enable_all().build(),
    ];
    for runtime in runtimes.map(|runtime| runtime.expect("a runtime")) {
        let script = Script::tokens_of(HOUR);
        let tokens = source(&script);
        let blocking = tokens.blocking();
        let refused = blocking.clone();
        runtime.block_on(async move {
            let calls = || [refused.token().err(), refused.ready(SECOND).err(), refused.refresh().err()];
            assert!(calls().iter().flatten().filter(|error| is_refused(error)).count() == 3, "within block_on");
            let errors = tokio::spawn(async move { [refused.token().err(), refused.refresh().err()] }).await;
            assert!(
                errors.expect("no panic").iter().flatten().filter(|error| is_refused(error)).count() == 2,
                "in a task"
            );
        });
        assert_eq!(script.requests(), 0);
        runtime.block_on(tokens.token()).expect("a token");
        let warm = runtime.block_on(async { blocking.authorization() });
        assert_eq!(warm.expect("from memory"), "Bearer invented-1");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn cold_call_within_spawn_blocking_or_block_in_place_is_served() {
    let tokens = source(&Script::tokens_of(HOUR)).blocking();
    let there = tokens.clone();
    let served = tokio::task::spawn_blocking(move || there.token()).await.expect("no panic");
    assert_eq!(served.expect("a token").value(), "invented-1");
    let in_place =
        tokio::spawn(async move { tokio::task::block_in_place(|| tokens.refresh()) }).await.expect("no panic");
    assert_eq!(in_place.expect("a token").value(), "invented-2");
}

#[tokio::test]
async fn being_refused_costs_a_task_nothing_of_its_budget() {
    let tokens = source(&Script::tokens_of(HOUR)).blocking();
    for _ in 0..10 {
        assert!(tokens.token().is_err());
    }
    assert!(tokio::task::coop::has_budget_remaining());
}

#[test]
fn usable_token_that_is_due_for_renewal_is_handed_out_in_an_async_task_too() {
    let (script, clock) = (Script::tokens_of(HOUR), ManualClock::new());
    let tokens = TokenSource::builder(script.clone()).clock(clock.clone()).build();
    let blocking = tokens.blocking();
    blocking.token().expect("a token");
    // Nobody renews any more.
    Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(tokens.shutdown());
    clock.advance(3000 * SECOND);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    for token in runtime.block_on(async { [blocking.token(), blocking.token_valid_for(60 * SECOND)] }) {
        assert_eq!(token.expect("the token that is due").value(), "invented-1");
    }
    let error = runtime.block_on(async { blocking.token_valid_for(3000 * SECOND) }).expect_err("too little is left");
    assert!(is_refused(&error), "{error}");
}

#[test]
fn usable_token_that_is_due_for_renewal_is_handed_out_while_another_source_holds_up_the_thread() {
    let (script, clock) = (Script::tokens_of(HOUR), ManualClock::new());
    let tokens = TokenSource::builder(script.clone()).clock(clock.clone()).build().blocking();
    tokens.token().expect("a token");
    let (free, stuck) = mpsc::channel();
    let (told, asked) = mpsc::channel();
    let other = TokenSource::new(Stuck(Mutex::new(stuck), told)).blocking();
    let waiting = thread::spawn(move || other.token());
    asked.recv().expect("the thread is held up");
    clock.advance(3000 * SECOND);
    let (told, answer) = mpsc::channel();
    let there = tokens.clone();
    thread::spawn(move || [there.token(), there.token_valid_for(60 * SECOND)].map(|token| told.send(token)));
    let served = [(); 2].map(|()| answer.recv_timeout(5 * SECOND));
    let renewing = tokens.status().renewing;
    drop(free);
    for token in served {
        assert_eq!(token.expect("at once").expect("the token that is due").value(), "invented-1");
    }
    assert!(renewing, "the renewal waits for the thread, and nobody else does");
    waiting.join().expect("no panic").expect("a token in the end");
}

#[test]
fn thread_that_is_ending_is_served_too() {
    let (script, clock) = (Script::tokens_of(HOUR), ManualClock::new());
    let tokens = TokenSource::builder(script).clock(clock.clone()).build().blocking();
    for at in [Duration::ZERO, 3000 * SECOND] {
        clock.advance(at);
        let (told, answer) = mpsc::channel();
        let last = Last(tokens.clone(), told);
        thread::spawn(move || {
            LAST.set(Some(last));
            // Makes what tokio has for a thread, which is gone before what was made first.
            tokio::runtime::Handle::try_current().expect_err("a plain thread");
        });
        answer.recv().expect("an answer").expect("a token");
    }
}

thread_local!(static LAST: Cell<Option<Last>> = const { Cell::new(None) });

/// A call that is made when its thread ends.
struct Last(BlockingTokenSource, mpsc::Sender<Result<(), Error>>);

impl Drop for Last {
    fn drop(&mut self) {
        let _ = self.1.send(self.0.token().map(drop));
    }
}

/// An endpoint that blocks the thread it is polled on, as a library without `async` does.
struct Stuck(Mutex<mpsc::Receiver<()>>, mpsc::Sender<()>);

#[async_trait]
impl TokenEndpoint for Stuck {
    fn vendor(&self) -> &'static str {
        "stuck-auth"
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, _: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let _ = self.1.send(());
        // Ends when the test lets go of its side.
        let _ = self.0.lock().expect("one request").recv();
        TokenResponse::new("invented-stuck", HOUR)
    }
}

#[test]
fn thread_of_blocking_calls_does_not_wait_for_itself() {
    let inner = source(&Script::tokens_of(HOUR)).blocking();
    let outer = TokenSource::new(Nested(inner)).blocking();
    let (told, answer) = mpsc::channel();
    thread::spawn(move || told.send(outer.token().map(drop)));
    let error = answer.recv_timeout(30 * SECOND).expect("an answer").expect_err("no inner token");
    assert!(is_refused(&error), "{error}");
    source(&Script::tokens_of(HOUR)).blocking().token().expect("other sources go on");
}

/// An endpoint that makes a blocking call where it is polled, and has no budget there.
struct Nested(BlockingTokenSource);

#[async_trait]
impl TokenEndpoint for Nested {
    fn vendor(&self) -> &'static str {
        "nested-auth"
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, _: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        tokio::task::unconstrained(async { self.0.token() }).await?;
        TokenResponse::new("invented-outer", HOUR)
    }
}

/// Tells on which thread it is asked.
struct Where(mpsc::Sender<thread::ThreadId>);

#[async_trait]
impl TokenEndpoint for Where {
    fn vendor(&self) -> &'static str {
        "where"
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, _: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        // Whoever listens has gone only when the test is over.
        let _ = self.0.send(thread::current().id());
        TokenResponse::new("invented", HOUR)
    }
}

#[test]
fn all_sources_are_asked_on_one_thread() {
    let (told, asked) = mpsc::channel();
    for _ in 0..3 {
        TokenSource::new(Where(told.clone())).blocking().token().expect("a token");
    }
    let threads: Vec<_> = asked.try_iter().collect();
    assert!(threads.len() == 3 && threads.iter().all(|thread| *thread == threads[0]), "{threads:?}");
    assert_ne!(threads[0], thread::current().id());
}
