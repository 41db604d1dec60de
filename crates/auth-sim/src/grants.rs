//! Codes and refresh tokens: good once, and not for ever.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What was issued and not spent yet, with the scope it is worth.
#[derive(Default)]
pub(crate) struct Grants {
    unspent: Mutex<HashMap<String, (Instant, String)>>,
}

impl Grants {
    pub(crate) fn issue(&self, value: &str, scope: &str) {
        self.lock().insert(value.to_owned(), (Instant::now(), scope.to_owned()));
    }

    /// Spends one, good or not, and says what it was worth if it was good: at most so old.
    pub(crate) fn spend(&self, value: &str, lifetime: Duration) -> Option<String> {
        let mut unspent = self.lock();
        unspent.retain(|_, (issued, _)| issued.elapsed() < lifetime);
        unspent.remove(value).map(|(_, scope)| scope)
    }

    pub(crate) fn revoke_all(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Instant, String)>> {
        self.unspent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
