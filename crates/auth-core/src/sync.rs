//! The cell that readers load from: no lock, and nothing that a reader writes to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwapOption, Guard};

use crate::{AccessToken, Moment};

/// The published token, and until when it may be handed out without a look at the state.
#[derive(Debug)]
pub(crate) struct Published {
    token: AccessToken,
    attention: AtomicU64,
}

impl Published {
    /// The token, unless something is to be decided first. `now` is asked for only if there is a token.
    pub(crate) fn token_at(&self, now: Moment) -> Option<&AccessToken> {
        (now.nanos() < self.attention.load(Ordering::Relaxed)).then_some(&self.token)
    }
}

/// One slot, written under the state's lock and read without any.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    slot: ArcSwapOption<Published>,
}

impl Cell {
    pub(crate) fn load(&self) -> Guard<Option<Arc<Published>>> {
        self.slot.load()
    }

    /// Makes the slot hold `token` until `attention`. The same token keeps its place: only the time is stored.
    pub(crate) fn publish(&self, token: Option<&AccessToken>, attention: Moment) {
        let Some(token) = token else {
            self.slot.store(None);
            return;
        };
        match &*self.slot.load() {
            Some(old) if old.token.id() == token.id() => old.attention.store(attention.nanos(), Ordering::Relaxed),
            _ => {
                let attention = AtomicU64::new(attention.nanos());
                self.slot.store(Some(Arc::new(Published { token: token.clone(), attention })));
            }
        }
    }
}
