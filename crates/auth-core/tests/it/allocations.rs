//! A warm read allocates nothing.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use auth_core::TokenSource;

use crate::script::{HOUR, Script};

/// Polls `future` once, which is all that a warm read needs.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a warm read waited"),
    }
}

/// Allocations in a thousand reads.
fn counted(read: impl Fn()) -> u64 {
    allocation_counter::measure(|| (0..1000).for_each(|_| read())).count_total
}

async fn warm_source() -> TokenSource {
    let tokens = TokenSource::new(Script::tokens_of(HOUR));
    tokens.token().await.expect("a token");
    tokens
}

#[tokio::test]
async fn counter_counts() {
    assert_eq!(counted(|| drop(black_box(Box::new(1)))), 1000);
}

#[tokio::test]
async fn warm_token_allocates_nothing() {
    let tokens = warm_source().await;
    assert_eq!(counted(|| drop(black_box(now(tokens.token())))), 0);
}

#[tokio::test]
async fn warm_authorization_allocates_nothing() {
    let tokens = warm_source().await;
    assert_eq!(counted(|| drop(black_box(now(tokens.authorization())))), 0);
}

#[tokio::test]
async fn warm_headers_allocate_nothing() {
    let tokens = warm_source().await;
    assert_eq!(counted(|| drop(black_box(now(tokens.headers())))), 0);
}
