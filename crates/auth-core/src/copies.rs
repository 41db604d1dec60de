//! A copy of the token for each thread, or for each few.
//!
//! What threads would fight over is a token's reference counts: each copy has its own. A copy is made by its thread's first
//! read of a token; all copies share one text.

use std::cell::RefCell;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

// Memories of its own for each thread of a model.
#[cfg(auth_core_loom)]
use loom::thread_local;

use crate::token::WeakToken;
use crate::{AccessToken, TokenId};

/// The copies of one token.
#[derive(Debug)]
pub(crate) struct Copies {
    token: AccessToken,
    places: Box<[OnceLock<AccessToken>]>,
}

impl Copies {
    /// The thread that publishes takes the token itself.
    pub(crate) fn of(token: &AccessToken) -> Self {
        let copies = Self { token: token.clone(), places: (0..places()).map(|_| OnceLock::new()).collect() };
        let _ = copies.place().set(token.clone());
        copies
    }

    pub(crate) fn id(&self) -> TokenId {
        self.token.id()
    }

    /// The copy of the thread that asks.
    pub(crate) fn mine(&self) -> &AccessToken {
        let place = self.place();
        place.get().unwrap_or_else(|| {
            // If another thread of the same place was faster, its copy is as good.
            let _ = place.set(self.token.apart());
            place.get().unwrap_or(&self.token)
        })
    }

    fn place(&self) -> &OnceLock<AccessToken> {
        &self.places[thread_number() % self.places.len()]
    }
}

/// What each thread remembers of one cell: its copy, as long as that is the published one. It keeps no token alive.
#[derive(Debug)]
pub(crate) struct Mine {
    index: usize,
}

impl Default for Mine {
    fn default() -> Self {
        static CELLS: AtomicUsize = AtomicUsize::new(0);
        Self { index: CELLS.fetch_add(1, Ordering::Relaxed) % REMEMBERED }
    }
}

impl Mine {
    #[inline]
    pub(crate) fn recall(&self, number: u64) -> Option<AccessToken> {
        let recall = |memory: &RefCell<Memory>| {
            let (of, token) = &memory.try_borrow().ok()?[self.index];
            (*of == number).then(|| token.upgrade()).flatten()
        };
        MEMORY.try_with(recall).ok().flatten()
    }

    pub(crate) fn remember(&self, number: u64, token: &AccessToken) {
        // A thread that is ending remembers nothing more.
        let _ = MEMORY.try_with(|memory| {
            if let Ok(mut memory) = memory.try_borrow_mut() {
                memory[self.index] = (number, token.downgrade());
            }
        });
    }
}

/// By cell: the number of what was published, and the copy. Cells that share a place displace one another.
type Memory = [(u64, WeakToken); REMEMBERED];

thread_local! {
    #[allow(clippy::missing_const_for_thread_local, reason = "loom's macro takes no const block")]
    static MEMORY: RefCell<Memory> = RefCell::new([const { (0, WeakToken::NONE) }; REMEMBERED]);
}

/// The smallest number that no other living thread has, so that as many places as busy threads are enough.
pub(crate) fn thread_number() -> usize {
    // A thread that is ending shares with another.
    NUMBER.try_with(|number| number.0).unwrap_or_default()
}

thread_local!(static NUMBER: Number = Number::taken());

struct Number(usize);

impl Number {
    fn taken() -> Self {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        let number = free.iter().position(|free| *free).unwrap_or_else(|| {
            free.push(true);
            free.len() - 1
        });
        free[number] = false;
        Self(number)
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        FREE.lock().unwrap_or_else(PoisonError::into_inner)[self.0] = true;
    }
}

/// How many places there are for threads that read one source.
pub(crate) fn places() -> usize {
    *PLACES
}

/// Which numbers no living thread has.
static FREE: Mutex<Vec<bool>> = Mutex::new(Vec::new());
/// Twice as many as processors, so that busy threads seldom share one.
static PLACES: LazyLock<usize> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    (2 * processors).min(MOST_PLACES)
});
/// Copies are small, but made per token.
const MOST_PLACES: usize = 64;
/// A kilobyte for each thread that reads.
const REMEMBERED: usize = 64;

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::time::{Duration, SystemTime};
    use std::{collections::HashSet, ptr, thread};

    use http::{HeaderName, HeaderValue};

    use super::*;
    use crate::{Moment, TokenResponse};

    fn token() -> AccessToken {
        let hour = Duration::from_secs(3600);
        let response = TokenResponse::new("invented-token", hour).unwrap();
        let response = response.with_header(HeaderName::from_static("x-id"), HeaderValue::from_static("invented-id"));
        AccessToken::new(TokenId(1), response, hour, Moment::default(), SystemTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn copies_are_equal_and_hold_the_token_once() {
        let (token, copy) = (token(), token().apart());
        assert_eq!(copy.id(), token.id());
        let (theirs, ours) = (token.headers().unwrap(), copy.headers().unwrap());
        assert!(ours.iter().eq(theirs.iter()));
        assert!(ours.iter().all(|(_, value)| value.is_sensitive()));
        let again = copy.apart();
        assert!(ptr::eq(again.value(), copy.value()), "the text was copied");
        assert!(ptr::addr_eq(&raw const again.authorization().as_bytes()[7], copy.value().as_ptr()));
    }

    #[test]
    fn threads_that_live_at_the_same_time_have_different_numbers() {
        let (together, threads) = (Barrier::new(8), 8);
        let number = || {
            let number = thread_number();
            together.wait();
            number
        };
        let numbers: HashSet<_> = thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(number)).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(numbers.len(), threads);
    }

    #[test]
    fn number_of_a_thread_that_has_ended_is_given_out_again() {
        const THREADS: usize = 1000;
        let highest = (0..THREADS).map(|_| thread::spawn(thread_number).join().unwrap()).max();
        // Other tests have numbers too, but not by the hundred.
        assert!(highest < Some(THREADS / 2), "{highest:?}");
    }

    #[test]
    fn threads_that_live_at_the_same_time_have_copies_of_their_own() {
        assert!(places() >= 2);
        let (copies, together) = (Copies::of(&token()), Barrier::new(2));
        let place = || {
            let copy = ptr::from_ref(copies.mine()).addr();
            together.wait();
            (thread_number() % places(), copy)
        };
        let [one, other] = thread::scope(|scope| [scope.spawn(place), scope.spawn(place)].map(|t| t.join().unwrap()));
        // By chance of what other tests do, both may have come to one place.
        assert_eq!(one.1 == other.1, one.0 == other.0);
    }

    #[test]
    fn thread_is_given_the_same_copy_each_time() {
        let copies = Copies::of(&token());
        assert!(ptr::eq(copies.mine(), copies.mine()));
    }

    #[test]
    fn thread_remembers_what_is_published_and_nothing_else() {
        let (mine, token) = (Mine::default(), token());
        assert!(mine.recall(7).is_none());
        mine.remember(7, &token);
        assert!(mine.recall(7).is_some_and(|recalled| recalled.id() == token.id()));
        assert!(mine.recall(8).is_none(), "another publication");
    }

    #[test]
    fn memory_of_a_thread_keeps_no_token_alive() {
        let (mine, token) = (Mine::default(), token());
        mine.remember(7, &token);
        let weak = token.downgrade();
        drop(token);
        assert!(weak.upgrade().is_none() && mine.recall(7).is_none());
    }
}
