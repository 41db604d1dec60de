//! Several runtimes that live at the same time, of which one is no longer polled or ends: what was begun there goes on
//! elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use auth_core::BaseUrl;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use crate::raw::{read_request, send, url_of};
use crate::script::settle;

/// A runtime of the thread's that polls it, which takes tasks and stands still otherwise.
fn current() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
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
