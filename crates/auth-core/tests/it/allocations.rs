//! A warm read allocates nothing, and a waiter little.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use auth_core::TokenSource;

use crate::script::{HOUR, SECOND, Script};

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

#[test]
fn warm_read_of_the_blocking_view_allocates_nothing() {
    let tokens = TokenSource::new(Script::tokens_of(HOUR)).blocking();
    tokens.ready(SECOND).expect("a token");
    // This thread's first makes its copy.
    tokens.token().expect("a token");
    assert_eq!(counted(|| drop(black_box(tokens.token()))), 0);
}

#[test]
fn copy_of_a_token_for_another_thread_costs_a_kilobyte_at_most() {
    const SOURCES: usize = 100;
    let sources: Vec<_> = (0..SOURCES).map(|_| TokenSource::fixed("invented-token".repeat(100))).collect();
    let read_all = || sources.iter().for_each(|tokens| drop(now(tokens.token()).expect("a token")));
    read_all();
    // This thread lives meanwhile, so that the other has a copy of its own. Its first reads are for its own memory.
    let added = std::thread::scope(|scope| {
        let reader = || {
            drop(now(TokenSource::fixed("invented-token").token()).expect("a token"));
            allocation_counter::measure(read_all)
        };
        scope.spawn(reader).join().expect("no panic")
    });
    let each = usize::try_from(added.bytes_current).expect("more than before") / SOURCES;
    assert!((1..=1024).contains(&each), "{each} bytes each");
}

#[tokio::test]
async fn waiter_for_a_cold_token_costs_240_bytes_at_most() {
    const WAITERS: usize = 10_000;
    let tokens = TokenSource::new(Script::tokens_of(HOUR).takes(HOUR));
    let mut cx = Context::from_waker(Waker::noop());
    // The first starts the flight, which has its own price.
    let mut calls: Vec<_> = (0..=WAITERS).map(|_| Box::pin(tokens.token())).collect();
    let (first, waiters) = calls.split_first_mut().expect("at least one");
    assert!(first.as_mut().poll(&mut cx).is_pending());
    let added = allocation_counter::measure(|| {
        for waiter in waiters {
            assert!(waiter.as_mut().poll(&mut cx).is_pending());
        }
    });
    let each = usize::try_from(added.bytes_current).expect("more than before") / WAITERS;
    assert!(each <= 240, "{each} bytes each");
    assert_eq!(added.count_current, WAITERS as i64, "more than one allocation each");
}
