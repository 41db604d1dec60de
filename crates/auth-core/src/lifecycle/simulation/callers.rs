//! Callers: how many come and when, what they want, and what becomes of them.

use std::time::Duration;

use fastrand::Rng;

use super::books::Ask;
use super::queue::{Happening, Place};
use super::trace::Kind;
use super::vendor::between;
use super::world::World;
use crate::lifecycle::FlightId;
use crate::{AccessToken, EventKind, KeepWarm, Moment};

/// Somebody who wants a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) ask: Ask,
    /// Which of the program's runtimes he runs on.
    pub(super) runtime: u8,
    arrived: Moment,
    /// He waited for a request of less healthy times, or as long as the vendor wished then.
    joined_old: bool,
}

/// How a flight ended for those who waited.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Landed(Result<(), crate::Error>),
    Moved,
}

/// Those who wait.
#[derive(Debug, Default)]
pub(super) struct Callers {
    list: Vec<(u32, Option<Waiter>)>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Waiter {
    caller: Caller,
    flight: FlightId,
    outcome: Option<Outcome>,
}

/// The callers' habits for a while.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traffic {
    /// The mean time between two arrivals.
    pub(super) gap: Duration,
    /// At most so many come at once.
    pub(super) crowd: u32,
    /// How many in 256 want more than any token.
    pub(super) odd: u8,
}

impl Callers {
    /// Whether `place` is to be woken for the end of `flight`.
    pub(super) fn send_on(&mut self, place: Place, flight: FlightId, outcome: &Outcome) -> bool {
        match self.at(place).filter(|waiter| waiter.flight == flight && waiter.outcome.is_none()) {
            Some(waiter) => {
                waiter.outcome = Some(outcome.clone());
                true
            }
            None => false,
        }
    }

    /// Everybody on `runtime` is gone; how many of them waited for `flight`.
    pub(super) fn drop_runtime(&mut self, runtime: u8, flight: Option<FlightId>) -> u32 {
        let mut waited = 0;
        for at in 0..self.list.len() {
            let on = |waiter: &Waiter| waiter.caller.runtime == runtime;
            if self.list[at].1.as_ref().is_some_and(on) {
                let place = Place { at: at as u32, user: self.list[at].0 };
                let gone = self.take(place);
                waited += u32::from(gone.is_some_and(|gone| gone.outcome.is_none() && Some(gone.flight) == flight));
            }
        }
        waited
    }

    fn seat(&mut self, caller: Caller, flight: FlightId) -> Place {
        let waiter = Some(Waiter { caller, flight, outcome: None });
        match self.free.pop() {
            Some(at) => {
                let seat = &mut self.list[at as usize];
                *seat = (seat.0 + 1, waiter);
                Place { at, user: seat.0 }
            }
            None => {
                self.list.push((0, waiter));
                Place { at: self.list.len() as u32 - 1, user: 0 }
            }
        }
    }

    fn at(&mut self, place: Place) -> Option<&mut Waiter> {
        self.list.get_mut(place.at as usize).filter(|(user, _)| *user == place.user)?.1.as_mut()
    }

    fn take(&mut self, place: Place) -> Option<Waiter> {
        let waiter = self.list.get_mut(place.at as usize).filter(|(user, _)| *user == place.user)?.1.take()?;
        self.free.push(place.at);
        Some(waiter)
    }
}

impl Traffic {
    /// `life` is how long this vendor's tokens live.
    pub(super) fn drawn(life: Duration, dice: &mut Rng) -> Self {
        let per_life = f64::from(1u32 << dice.u32(0..14));
        let gap = life.div_f64(per_life).max(Duration::from_micros(10));
        let crowd: u32 = [1, 1, 1, 4, 50, 1000][dice.usize(0..6)];
        let idle = dice.u8(0..6) == 0;
        Self {
            gap: if idle { life * 4 } else { gap * crowd.div_ceil(8) },
            crowd,
            odd: [0, 4, 16, 64][dice.usize(0..4)],
        }
    }

    pub(super) fn next(&self, dice: &mut Rng) -> Duration {
        exponential(self.gap, dice)
    }
}

impl World {
    pub(super) fn arrive(&mut self) {
        for _ in 0..self.dice.u32(1..=self.traffic.crowd.max(1)) {
            let ask = self.wish();
            self.call(ask);
        }
        self.next_arrival = self.now + self.traffic.next(&mut self.dice);
    }

    /// Something is going on, and somebody comes meanwhile.
    pub(super) fn expect_visit(&mut self) {
        if self.troubles.are_planned {
            let soon = Duration::from_micros(1 << self.dice.u32(16..26));
            self.queue.push(self.now + between(Duration::ZERO, soon, &mut self.dice), Happening::Visit);
        }
    }

    /// Somebody finds the cell as it was a moment ago, so that he comes to a machine that is on; or an API answers.
    pub(super) fn visit(&mut self) -> bool {
        let token = self.life.published().filter(|_| self.dice.u8(0..8) == 0).cloned();
        match token {
            Some(token) => self.report(&token),
            None => {
                let (ask, runtime) = (self.wish(), self.dice.u8(0..2));
                self.step(Caller { ask, runtime, arrived: self.now, joined_old: false });
            }
        }
        true
    }

    /// A new caller.
    pub(super) fn call(&mut self, ask: Ask) {
        self.events += 1;
        let caller = Caller { ask, runtime: self.dice.u8(0..2), arrived: self.now, joined_old: false };
        if ask.forced {
            self.trace.note(self.now, Kind::Forces, 0);
        } else if ask.life.is_zero() {
            if let Some(token) = self.warm() {
                return self.hand_out(&token, Kind::Served);
            }
        } else {
            self.trace.note(self.now, Kind::Asks, ask.life.as_nanos() as u64);
        }
        self.step(caller);
    }

    /// `caller` waits for the flight that is under way.
    pub(super) fn wait(&mut self, mut caller: Caller) {
        let patience = self.life.patience(self.now);
        let Some(flight) = self.flight.as_mut() else { panic!("nobody flies the flight to join") };
        let Some(flown) = &self.books.flight else { panic!("a flight to join that nobody knows") };
        caller.joined_old |= flown.started < self.calm_since || self.books.not_before > self.now;
        let place = self.callers.seat(caller, flight.id);
        flight.waiters.push(place);
        flight.awaited += 1;
        self.trace.note(self.now, Kind::Waits, flight.id.0);
        let due = self.books.awaited_until(flown).since(self.now) + Duration::from_millis(1);
        holds!(self.books, patience == due, "a joiner waits {patience:?}, not {due:?}");
        if flight.awaited == 1 {
            self.queue.push(self.now + patience, Happening::Impatient(flight.id));
        }
        if self.troubles.are_planned && self.dice.u8(0..4) == 0 {
            let own = between(Duration::ZERO, Duration::from_secs(10), &mut self.dice);
            self.queue.push(self.now + own, Happening::Leave(place));
        }
    }

    /// The joiners' own timers say that the flight must be dead, unless it has begun meanwhile. As `Lookout::look`.
    pub(super) fn impatient(&mut self, id: FlightId) -> bool {
        if self.flight.as_ref().is_none_or(|flight| flight.id != id || flight.awaited == 0) {
            return false;
        }
        self.trace.note(self.now, Kind::Patience, id.0);
        self.look_for_the_dead(true);
        if self.life.flight() == Some(id) {
            let patience = self.life.patience(self.now);
            self.queue.push(self.now + patience, Happening::Impatient(id));
        }
        self.commit();
        true
    }

    pub(super) fn leave(&mut self, place: Place) -> bool {
        let Some(gone) = self.callers.take(place) else { return false };
        self.trace.note(self.now, Kind::Left, u64::from(place.at));
        if let Some(flight) = self.flight.as_mut().filter(|flight| gone.outcome.is_none() && flight.id == gone.flight) {
            flight.awaited -= 1;
        }
        true
    }

    /// As `Driver::obtain` after a wait.
    pub(super) fn wake(&mut self, place: Place) -> bool {
        let Some(Waiter { mut caller, flight, outcome: Some(outcome) }) = self.callers.take(place) else {
            return false;
        };
        self.trace.note(self.now, Kind::Woken, u64::from(place.at));
        match outcome {
            Outcome::Landed(Err(_)) => self.trace.note(self.now, Kind::GotError, u64::from(place.at)),
            Outcome::Landed(Ok(())) => match caller.ask.life.is_zero().then(|| self.warm()).flatten() {
                Some(token) => self.got(&token, caller),
                None => {
                    (caller.ask.after, caller.ask.forced) = (Some(flight), false);
                    self.step(caller);
                }
            },
            Outcome::Moved => self.step(caller),
        }
        true
    }

    /// `caller` has what he came for.
    pub(super) fn got(&mut self, token: &AccessToken, caller: Caller) {
        self.hand_out(token, Kind::GotToken);
        let plain = !caller.ask.forced && caller.ask.life.is_zero() && !caller.joined_old;
        if plain && self.books.rules.is_design && self.calm_since <= caller.arrived {
            let waited = self.now.since(caller.arrived);
            let most = Duration::from_secs(1) + self.vendor.latency + A_MOMENT;
            holds!(self.books, waited <= most, "a caller of a healthy vendor waited {waited:?}");
        }
    }

    pub(super) fn turned_away(&mut self, error: &crate::Error, caller: Caller) {
        let left = error.retry_after().unwrap_or(caller.ask.life).as_nanos() as u64;
        let kind = if matches!(error, crate::Error::TooShort { .. }) { Kind::TooShort } else { Kind::TurnedAway };
        self.trace.note(self.now, kind, left);
        if let (Some(held), Kind::TurnedAway) = (&self.books.hold, kind) {
            let old = held.flown_at < self.calm_since;
            holds!(self.books, old, "held for a failure after the vendor had become healthy");
        }
    }

    /// A caller finds no token left where background renewal or the callers before should have seen to one.
    pub(super) fn was_renewable(&mut self) {
        let Some(entry) = &self.books.current else { return };
        let (due, latest) = entry.renew;
        let cared = match self.books.rules.numbers.keep_warm {
            KeepWarm::OnDemand => false,
            KeepWarm::WhileUsed => entry.is_used,
            KeepWarm::WhileUsedWithin(_) => entry.is_used,
            KeepWarm::Always => true,
        };
        let alive = self.background.runtime.is_some() && self.background.since <= due;
        let free = self.books.silent_until() <= due;
        let in_time = entry.usable_until.since(latest) >= Duration::from_secs(1) + self.vendor.latency + A_MOMENT;
        let calm = self.books.rules.is_design && self.calm_since <= due;
        let excused = !(cared && alive && free && in_time && calm);
        holds!(self.books, excused, "token {} was not renewed, with a healthy vendor", entry.id);
    }

    fn hand_out(&mut self, token: &AccessToken, kind: Kind) {
        self.trace.note(self.now, kind, token.id().0);
        if token.mark_used() {
            self.books.first_served();
            self.life.note(EventKind::Served { token: token.id() });
            self.commit();
        }
        self.use_it(token);
    }

    fn wish(&mut self) -> Ask {
        let odd = self.dice.u8(..);
        if odd >= self.traffic.odd {
            return Ask::default();
        }
        if odd % 4 == 0 {
            return Ask { forced: true, ..Ask::default() };
        }
        if odd % 4 == 1 {
            self.calls += 1;
            self.books.status(&self.life, self.now);
            self.trace.note(self.now, Kind::Status, u64::from(self.life.failures()));
        }
        let life = self.books.lifetime.unwrap_or(Duration::from_secs(60));
        Ask { life: between(Duration::ZERO, life.saturating_mul(5) / 4, &mut self.dice), ..Ask::default() }
    }
}

/// A time whose mean is `mean`, as between events that know nothing of one another.
pub(super) fn exponential(mean: Duration, dice: &mut Rng) -> Duration {
    mean.mul_f64(-(1.0 - dice.f64()).ln())
}

/// Schedulers need it.
const A_MOMENT: Duration = Duration::from_millis(20);
