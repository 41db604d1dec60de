//! The cell that readers load from: no lock, and nothing that a reader writes to.
//!
//! Under `cfg(auth_core_loom)` the slot is a lock of loom's, so that the protocol round it can be model-checked. (Not
//! `cfg(loom)`: tokio listens to that one as well, and leaves out its network.)

use std::sync::Arc;
use std::sync::atomic::AtomicU64 as Counter;

use crate::copies::{Copies, Mine};
use crate::{AccessToken, Moment};
use slot::{AtomicU64, Ordering, Slot};

/// One slot, written under the state's lock and read without any.
///
/// A thread that read before keeps a weak reference to its copy of the token, and comes to the slot again when the number
/// has changed.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    /// Of what was published last; no two publications in the process have the same.
    number: AtomicU64,
    slot: Slot,
    mine: Mine,
}

/// What the slot holds.
#[derive(Debug)]
pub(crate) struct Published {
    number: u64,
    copies: Copies,
}

impl Cell {
    /// This thread's copy of the published token, whatever its time.
    #[inline]
    pub(crate) fn load(&self) -> Option<AccessToken> {
        let number = self.number.load(Ordering::Acquire);
        self.mine.recall(number).or_else(|| self.load_slot())
    }

    /// Not inlined, so that the ordinary read stays short.
    #[inline(never)]
    fn load_slot(&self) -> Option<AccessToken> {
        let published = self.slot.load();
        let published = published.as_ref()?;
        let token = published.copies.mine();
        self.mine.remember(published.number, token);
        Some(token.clone())
    }

    /// Makes the slot hold `token` until `attention`. The same token keeps its place: only the time is stored.
    ///
    /// The number changes first: who still reads the old one is served what was there before this began, and who reads the
    /// new one comes to the slot. So no thread falls back behind what another has seen.
    pub(crate) fn publish(&self, token: Option<&AccessToken>, attention: Moment) {
        if let Some(token) = token {
            token.attend_at(attention);
        }
        let same = {
            let old = self.slot.load();
            old.as_ref().map(|old| old.copies.id()) == token.map(AccessToken::id)
        };
        if !same {
            let number = PUBLISHED.fetch_add(1, Ordering::Relaxed);
            self.number.store(number, Ordering::Release);
            self.slot.store(token.map(|token| Arc::new(Published { number, copies: Copies::of(token) })));
        }
    }
}

/// How often something was published in this process, and one.
static PUBLISHED: Counter = Counter::new(1);

#[cfg(not(auth_core_loom))]
mod slot {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};

    pub(super) type Slot = arc_swap::ArcSwapOption<super::Published>;
}

#[cfg(auth_core_loom)]
mod slot {
    use std::ops::Deref;
    use std::sync::Arc;

    use loom::sync::RwLock;
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering};

    use super::Published;

    /// Does what arc-swap does, in a form that loom sees through.
    #[derive(Debug)]
    pub(super) struct Slot(RwLock<Option<Arc<Published>>>);

    impl Default for Slot {
        fn default() -> Self {
            Self(RwLock::new(None))
        }
    }

    impl Slot {
        pub(super) fn load(&self) -> impl Deref<Target = Option<Arc<Published>>> + '_ {
            self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner())
        }

        pub(super) fn store(&self, published: Option<Arc<Published>>) {
            *self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = published;
        }
    }
}

/// The protocol in every interleaving: `cargo xtask loom`.
#[cfg(all(test, auth_core_loom))]
mod model {
    use std::time::{Duration, SystemTime};

    use loom::sync::{Arc, Mutex};
    use loom::thread;

    use super::*;
    use crate::{TokenId, TokenResponse};

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
        let lifetime = Duration::from_secs(60);
        AccessToken::new(TokenId(id), response, lifetime, Moment::default(), SystemTime::UNIX_EPOCH).expect("a token")
    }

    fn before_never() -> Moment {
        NOW - Duration::from_nanos(1)
    }

    #[test]
    fn reader_never_sees_a_rejected_token_again() {
        loom::model(|| {
            let source = Arc::new(Source::default());
            source.set(Some(token(1)), NOW);
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
        loom::model(|| {
            let source = Arc::new(Source::default());
            source.set(Some(token(1)), Moment::default());
            let publishing = Arc::clone(&source);
            let publisher = thread::spawn(move || publishing.set(Some(token(2)), NOW));
            let renewing = Arc::clone(&source);
            let other = thread::spawn(move || {
                let state = renewing.state.lock().expect("no panic holds it");
                let attention =
                    if state.as_ref().is_some_and(|t| t.id() == TokenId(2)) { NOW } else { Moment::default() };
                renewing.cell.publish(state.as_ref(), attention);
            });
            assert_ne!(source.read(before_never()), Some(TokenId(1)), "the first token is past its time");
            publisher.join().expect("no panic");
            other.join().expect("no panic");
            assert_eq!(source.read(before_never()), Some(TokenId(2)));
        });
    }
}
