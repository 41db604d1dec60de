//! Several runtimes that live at the same time, of which one is no longer polled or ends: what was begun there goes on
//! elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

use auth_core::{BaseUrl, Error, TokenSource};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use crate::raw::{read_request, send, url_of};
use crate::script::{Answer, HOUR, SECOND, Script, settle};

/// A runtime of the thread's that polls it, which takes tasks and stands still otherwise.
fn current() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// The same on paused time.
fn paused() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime")
}

/// One poll on `runtime`, whose tasks stay where they are.
fn poll<T>(runtime: &Runtime, call: &mut (impl Future<Output = T> + Unpin)) -> Poll<T> {
    let _entered = runtime.enter();
    std::pin::Pin::new(call).poll(&mut Context::from_waker(Waker::noop()))
}

/// What `call` comes to on `runtime` within hours of its paused time.
fn ends<T>(runtime: &Runtime, call: impl Future<Output = T>) -> T {
    runtime.block_on(async { tokio::time::timeout(24 * HOUR, call).await }).expect("it waits for ever")
}

/// A server on a runtime of its own, which keeps a connection for as long as its client does.
struct Keeping {
    url: BaseUrl,
    connections: Arc<AtomicUsize>,
    _runtime: Runtime,
}

impl Keeping {
    fn new() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let url = url_of(listener.local_addr().expect("an address").port());
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        runtime.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                counted.fetch_add(1, SeqCst);
                tokio::spawn(answer_all(stream));
            }
        });
        Self { url, connections, _runtime: runtime }
    }
}

async fn answer_all(mut stream: TcpStream) {
    while read_request(&mut stream).await.is_ok() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        stream.write_all(answer).await.expect("a client that reads");
    }
}

#[test]
fn connection_of_a_runtime_that_nobody_polls_is_not_used_on_another() {
    let server = Keeping::new();
    let (first, second) = (current(), current());
    let answer = first.block_on(async {
        let answer = send(&server.url).await;
        // Until what keeps connections has this one.
        settle().await;
        answer
    });
    assert_eq!(answer.expect("an answer").status(), 200);
    assert_eq!(second.block_on(send(&server.url)).expect("an answer").status(), 200);
    assert_eq!(server.connections.load(SeqCst), 2);
}

/// A source that waits for its vendor, on the time of `live`.
fn source(script: &Script, live: &Runtime) -> TokenSource {
    live.block_on(async { script.source() })
}

#[test]
fn readiness_probe_that_is_moved_to_another_runtime_does_not_panic_with_the_first() {
    let script = Script::tokens_of(HOUR).takes(SECOND);
    let (left, live) = (paused(), paused());
    let tokens = source(&script, &live);
    let mut probe = Box::pin(tokens.ready(60 * SECOND));
    assert!(poll(&left, &mut probe).is_pending());
    drop(left);
    ends(&live, probe).expect("a token of the flight that was started here");
    assert_eq!(script.requests(), 1);
}

#[test]
fn readiness_probe_that_is_moved_from_a_runtime_that_nobody_polls_ends_in_its_time() {
    let script = Script::default();
    script.always(Answer::Hang);
    let (left, live) = (paused(), paused());
    let tokens = source(&script, &live);
    let mut probe = Box::pin(tokens.ready(SECOND));
    assert!(poll(&left, &mut probe).is_pending());
    let (waited, error) = ends(&live, async {
        let began = tokio::time::Instant::now();
        let error = probe.await.expect_err("nobody answers");
        (began.elapsed(), error)
    });
    assert!(matches!(error, Error::Unreachable(_)), "{error}");
    assert!(waited < 2 * SECOND, "{waited:?} of paused time");
}

#[test]
fn readiness_probe_between_two_looks_goes_on_on_another_runtime() {
    let script = Script::tokens_of(HOUR).answers([Answer::Fail(crate::script::wrong_secret())]);
    let (left, live) = (paused(), paused());
    let tokens = source(&script, &live);
    let mut probe = Box::pin(tokens.ready(HOUR));
    let looked = left.block_on(async {
        tokio::select! {
            biased;
            _ = &mut probe => false,
            () = settle() => true,
        }
    });
    assert!(looked && script.requests() == 1, "the first look has failed");
    drop(left);
    ends(&live, probe).expect("a token after the hold");
}

#[test]
fn waiter_that_is_moved_from_a_runtime_that_nobody_polls_is_served_by_the_next() {
    let script = Script::tokens_of(HOUR);
    let (left, live) = (paused(), paused());
    let tokens = source(&script, &live);
    let mut waiter = Box::pin(tokens.token());
    // The flight is there, and the lookout for it.
    assert!(poll(&left, &mut waiter).is_pending());
    let token = ends(&live, waiter).expect("a token of the flight that was started here");
    assert_eq!((token.value(), script.requests()), ("invented-1", 1));
    drop(left);
}

#[test]
fn shutdown_that_is_moved_to_another_runtime_does_not_panic_with_the_first() {
    let script = Script::tokens_of(HOUR).takes(SECOND);
    let (left, live) = (paused(), paused());
    let tokens = source(&script, &live);
    let mut call = Box::pin(tokens.token());
    assert!(poll(&live, &mut call).is_pending());
    let mut shutdown = Box::pin(tokens.shutdown());
    assert!(poll(&left, &mut shutdown).is_pending());
    drop(left);
    ends(&live, shutdown);
    assert_eq!((script.requests(), tokens.status().renewing), (1, false));
}

#[test]
fn shutdown_on_a_runtime_that_has_ended_waits_for_nobody() {
    let tokens = TokenSource::new(Script::tokens_of(HOUR).takes(SECOND));
    let live = current();
    let mut call = Box::pin(tokens.token());
    assert!(poll(&live, &mut call).is_pending());
    let gone = current().handle().clone();
    gone.block_on(tokens.shutdown());
    assert!(tokens.status().renewing, "nothing was left to wait by");
}
