//! What is going to happen, in the order of virtual time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::Moment;
use crate::lifecycle::FlightId;

/// Something that is going to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Happening {
    /// The task of a flight goes on: its next request goes out.
    Fly(FlightId),
    /// An answer comes over the network.
    Answer(FlightId),
    /// The deadline of an attempt passes.
    Deadline(FlightId),
    /// The timer of those who wait for a flight says that it must be dead.
    Impatient(FlightId),
    /// A caller who waits goes away.
    Leave(Place),
    /// A caller who waited is given a processor.
    Wake(Place),
    /// The timer of background renewal.
    Look(u32),
    /// Background renewal is told that something has changed.
    Nudge(u32),
    /// The credentials were looked at.
    Looked,
    /// A caller comes just when something is going on.
    Visit,
    /// An API answers 401.
    Unauthorized(u32),
    /// The vendor changes.
    Weather,
    /// Callers change their habits.
    Habit,
    Suspend,
    RuntimeDies,
    Rotate,
    Revoke,
    BadApi,
}

/// A place in a list, and the how-manieth user of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) at: u32,
    pub(super) user: u32,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<(u64, u64, Happening)>>,
    pushed: u64,
}

impl Queue {
    pub(super) fn push(&mut self, at: Moment, what: Happening) {
        self.pushed += 1;
        self.heap.push(Reverse((at.nanos(), self.pushed, what)));
    }

    /// The next, if it comes not after `limit`.
    pub(super) fn pop_until(&mut self, limit: Moment) -> Option<(Moment, Happening)> {
        let Reverse((at, _, _)) = self.heap.peek()?;
        if *at > limit.nanos() {
            return None;
        }
        self.heap.pop().map(|Reverse((at, _, what))| (Moment::from_origin(Duration::from_nanos(at)), what))
    }

    pub(super) fn next_at(&self) -> Moment {
        self.heap.peek().map_or(Moment::NEVER, |Reverse((at, _, _))| Moment::from_origin(Duration::from_nanos(*at)))
    }

    /// The machine sleeps from `now` for `length`: timers and tasks stand still, answers wait in the socket, and the
    /// world outside goes on.
    pub(super) fn suspend(&mut self, now: Moment, length: Duration) {
        let wakes = (now + length).nanos();
        let shifted = self.heap.drain().map(|Reverse((at, order, what))| match what {
            Happening::Weather | Happening::Revoke | Happening::Rotate => Reverse((at, order, what)),
            Happening::Answer(_) => Reverse((at.max(wakes), order, what)),
            _ => Reverse((at.saturating_add(length.as_nanos() as u64), order, what)),
        });
        self.heap = shifted.collect::<Vec<_>>().into();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Nothing of this kind happens any more.
    pub(super) fn forget(&mut self, unwanted: impl Fn(Happening) -> bool) {
        self.heap.retain(|Reverse((_, _, what))| !unwanted(*what));
    }
}
