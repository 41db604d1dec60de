//! Counts reads without a place where threads would meet.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::copies::{places, thread_number};

/// How often a token was handed out: each thread, or each few, counts for itself.
///
/// A source that is never read has no counters, and each thread's is made by its first read.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    places: OnceLock<Box<[OnceLock<Box<Place>>]>>,
    /// What [`Reads::take`] has taken so far.
    taken: AtomicU64,
}

/// On cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Place(AtomicU64);

impl Reads {
    #[inline]
    pub(crate) fn count(&self) {
        let places = self.places.get_or_init(all);
        // A power of two, and so there is no division.
        let place = &places[thread_number() & (places.len() - 1)];
        place.get_or_init(Box::default).0.fetch_add(1, Ordering::Relaxed);
    }

    /// Reads that were not taken yet. Taken by several at once, each is taken by one of them.
    pub(crate) fn take(&self) -> u64 {
        let sum = self.sum();
        sum.saturating_sub(self.taken.fetch_max(sum, Ordering::Relaxed))
    }

    fn sum(&self) -> u64 {
        let places = self.places.get().into_iter().flatten();
        places.filter_map(OnceLock::get).map(|place| place.0.load(Ordering::Relaxed)).sum()
    }
}

fn all() -> Box<[OnceLock<Box<Place>>]> {
    (0..places().next_power_of_two()).map(|_| OnceLock::new()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_of_many_threads_are_all_taken_and_each_once() {
        const THREADS: u64 = 100;
        const EACH: u64 = 10_000;
        let reads = Reads::default();
        let read = || (0..EACH).for_each(|_| reads.count());
        let taken: u64 = std::thread::scope(|scope| {
            let reading: Vec<_> = (0..THREADS).map(|_| scope.spawn(read)).collect();
            let takes = || (0..1000).map(|_| reads.take()).sum::<u64>();
            let taking: Vec<_> = (0..2).map(|_| scope.spawn(takes)).collect();
            reading.into_iter().for_each(|thread| thread.join().unwrap());
            taking.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(taken + reads.take(), THREADS * EACH);
        assert_eq!(reads.take(), 0);
    }

    #[test]
    fn source_that_is_never_read_has_no_counters() {
        let reads = Reads::default();
        assert_eq!(reads.take(), 0);
        assert!(reads.places.get().is_none());
    }

    #[test]
    fn places_share_no_cache_line() {
        assert!(align_of::<Place>() >= 128 && size_of::<Place>() >= 128);
    }
}
