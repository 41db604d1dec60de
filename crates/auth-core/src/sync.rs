//! The cell that readers load from: no lock, and nothing that a reader writes to.
//!
//! Under `cfg(auth_core_loom)` the slot is a lock of loom's, so that the protocol round it can be model-checked. (Not
//! `cfg(loom)`: tokio listens to that one as well, and leaves out its network.)

use std::sync::Arc;
use std::sync::atomic::AtomicU64 as Counter;

use crate::copies::{Copies, Mine};
use crate::{AccessToken, Moment};
pub(crate) use slot::AtomicU64;
use slot::{Ordering, Slot};

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
    pub(crate) use std::sync::atomic::AtomicU64;
    pub(super) use std::sync::atomic::Ordering;

    pub(super) type Slot = arc_swap::ArcSwapOption<super::Published>;
}

#[cfg(auth_core_loom)]
mod slot {
    use std::ops::Deref;
    use std::sync::Arc;

    use loom::sync::RwLock;
    pub(crate) use loom::sync::atomic::AtomicU64;
    pub(super) use loom::sync::atomic::Ordering;

    use super::Published;

    /// Does what arc-swap does, in a form that loom sees through.
    #[derive(Debug)]
    pub(super) struct Slot(RwLock<Option<Arc<Published>>>);

    struct Loaded(Option<Arc<Published>>);

    impl Deref for Loaded {
        type Target = Option<Arc<Published>>;

        fn deref(&self) -> &Self::Target {
            &self.0
        }
    }

    impl Default for Slot {
        fn default() -> Self {
            Self(RwLock::new(None))
        }
    }

    impl Slot {
        /// As with arc-swap, who holds what was loaded holds up nobody.
        pub(super) fn load(&self) -> impl Deref<Target = Option<Arc<Published>>> + use<> {
            Loaded(self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone())
        }

        pub(super) fn store(&self, published: Option<Arc<Published>>) {
            *self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = published;
        }
    }
}
