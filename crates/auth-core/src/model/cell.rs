//! The cell that readers load from.

use std::time::{Duration, SystemTime};

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

use super::{HOUR, explore};
use crate::sync::Cell;
use crate::{AccessToken, Moment, TokenId, TokenResponse};

const NOW: Moment = Moment::NEVER;

/// What the driver holds: the state behind its lock, and the cell that it publishes to before it lets go.
#[derive(Default)]
struct Source {
    state: Mutex<Option<AccessToken>>,
    cell: Cell,
}

impl Source {
    fn set(&self, token: Option<AccessToken>, attention: Moment) {
        let mut state = self.state.lock().expect("no panic holds it");
        *state = token;
        self.cell.publish(state.as_ref(), attention);
    }

    fn read(&self, now: Moment) -> Option<TokenId> {
        self.cell.load().filter(|token| token.is_served_at(now)).map(|token| token.id())
    }
}

fn token(id: u64) -> AccessToken {
    let response = TokenResponse::new(format!("invented-{id}"), Duration::from_secs(60)).expect("a response");
    let lifetime = HOUR;
    AccessToken::new(TokenId(id), response, lifetime, Moment::default(), SystemTime::UNIX_EPOCH).expect("a token")
}

fn before_never() -> Moment {
    NOW - Duration::from_nanos(1)
}

#[test]
fn reader_never_sees_a_rejected_token_again() {
    explore(|| {
        let source = Arc::new(Source::default());
        source.set(Some(token(1)), NOW);
        let held = source.cell.load();
        assert!(held.is_some(), "this thread remembers the token, which a caller of its still has");
        let rejecting = Arc::clone(&source);
        let rejector = thread::spawn(move || {
            rejecting.set(None, NOW);
            assert_ne!(rejecting.read(before_never()), Some(TokenId(1)));
        });
        let landing = Arc::clone(&source);
        let lander = thread::spawn(move || landing.set(Some(token(2)), NOW));
        let first = source.read(before_never());
        let second = source.read(before_never());
        assert!(first != Some(TokenId(2)) || second != Some(TokenId(1)), "back in time");
        rejector.join().expect("no panic");
        lander.join().expect("no panic");
        assert_ne!(source.read(before_never()), Some(TokenId(1)));
    });
}

#[test]
fn attention_of_one_token_is_never_taken_for_that_of_another() {
    explore(|| {
        let source = Arc::new(Source::default());
        source.set(Some(token(1)), Moment::default());
        let publishing = Arc::clone(&source);
        let publisher = thread::spawn(move || publishing.set(Some(token(2)), NOW));
        let renewing = Arc::clone(&source);
        let other = thread::spawn(move || {
            let state = renewing.state.lock().expect("no panic holds it");
            let attention = if state.as_ref().is_some_and(|t| t.id() == TokenId(2)) { NOW } else { Moment::default() };
            renewing.cell.publish(state.as_ref(), attention);
        });
        assert_ne!(source.read(before_never()), Some(TokenId(1)), "the first token is past its time");
        publisher.join().expect("no panic");
        other.join().expect("no panic");
        assert_eq!(source.read(before_never()), Some(TokenId(2)));
    });
}

#[test]
fn no_thread_falls_back_behind_what_another_has_seen() {
    explore(|| {
        let source = Arc::new(Source::default());
        source.set(Some(token(1)), NOW);
        let held = source.cell.load();
        assert!(held.is_some(), "this thread remembers the first token, which a caller of its still has");
        let publishing = Arc::clone(&source);
        let publisher = thread::spawn(move || publishing.set(Some(token(2)), NOW));
        let (seen, reading) = (Arc::new(AtomicBool::new(false)), Arc::clone(&source));
        let tells = Arc::clone(&seen);
        let other = thread::spawn(move || {
            tells.store(reading.read(before_never()) == Some(TokenId(2)), Ordering::Release);
        });
        if seen.load(Ordering::Acquire) {
            assert_eq!(source.read(before_never()), Some(TokenId(2)), "another has seen the second");
        }
        publisher.join().expect("no panic");
        other.join().expect("no panic");
    });
}
