//! The cell that readers load from: no lock, and nothing that a reader writes to.
//!
//! Under `cfg(auth_core_loom)` the slot is a lock of loom's, so that the protocol round it can be model-checked. (Not
//! `cfg(loom)`: tokio listens to that one as well, and leaves out its network.)

use std::sync::Arc;

use crate::{AccessToken, Moment};
use slot::{AtomicU64, Ordering, Slot};

/// The published token, and until when it may be handed out without a look at the state.
#[derive(Debug)]
pub(crate) struct Published {
    token: AccessToken,
    attention: AtomicU64,
}

impl Published {
    /// The token, unless something is to be decided first.
    pub(crate) fn token_at(&self, now: Moment) -> Option<&AccessToken> {
        (now.nanos() < self.attention.load(Ordering::Relaxed)).then_some(&self.token)
    }
}

/// One slot, written under the state's lock and read without any.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    slot: Slot,
}

impl Cell {
    pub(crate) fn load(&self) -> impl std::ops::Deref<Target = Option<Arc<Published>>> + '_ {
        self.slot.load()
    }

    /// Makes the slot hold `token` until `attention`. The same token keeps its place: only the time is stored.
    pub(crate) fn publish(&self, token: Option<&AccessToken>, attention: Moment) {
        let Some(token) = token else {
            self.slot.store(None);
            return;
        };
        let old = self.slot.load().clone();
        match old.filter(|old| old.token.id() == token.id()) {
            Some(same) => same.attention.store(attention.nanos(), Ordering::Relaxed),
            None => {
                let attention = AtomicU64::new(attention.nanos());
                self.slot.store(Some(Arc::new(Published { token: token.clone(), attention })));
            }
        }
    }
}

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
            self.cell.load().as_ref().and_then(|published| published.token_at(now)).map(AccessToken::id)
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
