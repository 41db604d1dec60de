//! Which tokens are good, and what each was issued to.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What the protected call must know about a token.
#[derive(Clone, Default)]
pub(crate) struct Grant {
    /// The client secret the token was issued to: s2s-oauth's later calls carry it.
    pub(crate) client_secret: String,
    /// The merchant a mobilepay-auth token is bound to.
    pub(crate) merchant_vat: Option<String>,
}

#[derive(Default)]
pub(crate) struct Tokens {
    good: Mutex<HashMap<String, (Instant, Grant)>>,
}

impl Tokens {
    pub(crate) fn issue(&self, token: &str, lifetime: Duration, grant: Grant) {
        let now = Instant::now();
        // An absurd lifetime outlives the process.
        let ends = now.checked_add(lifetime).unwrap_or(now + A_CENTURY);
        let mut good = self.lock();
        good.retain(|_, (ends, _)| *ends > now);
        good.insert(token.to_owned(), (ends, grant));
    }

    pub(crate) fn look_up(&self, token: &str) -> Option<Grant> {
        let good = self.lock();
        let (ends, grant) = good.get(token)?;
        (*ends > Instant::now()).then(|| grant.clone())
    }

    pub(crate) fn revoke(&self, token: &str) -> bool {
        let ended = self.lock().remove(token);
        ended.is_some_and(|(ends, _)| ends > Instant::now())
    }

    pub(crate) fn revoke_all(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Instant, Grant)>> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const A_CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
