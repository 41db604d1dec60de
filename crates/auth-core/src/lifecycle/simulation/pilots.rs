//! Flights: the tasks that ask the vendor, as `flight.rs` runs them.

use std::time::SystemTime;

use super::flights::Asked;
use super::queue::Happening;
use super::trace::Kind;
use super::vendor::{Fault, Mood, Outcome};
use super::world::World;
use crate::error::Class;
use crate::lifecycle::parts::Kept;
use crate::lifecycle::{After, Done, FlightId};

/// The task of a flight.
#[derive(Debug)]
pub(super) struct Pilot {
    id: FlightId,
    pub(super) runtime: u8,
    asked: Option<(Asked, Option<Kept>)>,
    /// It does not notice that it is stopped before its next await: another thread runs it, or its code blocks.
    is_deaf: bool,
}

impl Pilot {
    pub(super) fn new(id: FlightId, runtime: u8) -> Self {
        Self { id, runtime, asked: None, is_deaf: false }
    }

    pub(super) fn is_of(&self, id: FlightId) -> bool {
        self.id == id
    }
}

impl World {
    /// As the first half of `Pilot::attempt`.
    pub(super) fn fly(&mut self, id: FlightId) -> bool {
        let Some(at) = self.pilots.iter().position(|pilot| pilot.id == id) else { return false };
        let now = self.now;
        self.calls += 1;
        let attempt = self.life.begin_attempt(id, now);
        let refresh = self.books.attempt(id, attempt.as_ref(), now);
        self.commit();
        let Some(attempt) = attempt else {
            self.trace.note(now, Kind::Late, id.0);
            self.pilots.swap_remove(at);
            return true;
        };
        self.trace.note(now, Kind::Attempt, id.0);
        let offered = refresh.map(|(serial, _)| serial);
        let (latency, outcome) = self.vendor.ask(offered, attempt.timeout, &mut self.dice);
        self.books.sent(refresh, &outcome);
        self.trace.mix(latency.as_nanos() as u64);
        let sent_with = outcome.was_sent().then_some(self.vendor.held);
        let order = self.books.order;
        let asked = Asked { requested_at: now, order, refresh, sent_with, outcome, awaited: false };
        self.pilots[at].asked = Some((asked, attempt.refresh_token));
        self.pilots[at].is_deaf = self.vendor.mood == Mood::Blocking || self.dice.u8(0..8) == 0;
        let by_timer = matches!(outcome, Outcome::Fault(Fault::Deadline)) || self.vendor.mood == Mood::Blocking;
        let answer = if by_timer { Happening::Deadline(id) } else { Happening::Answer(id) };
        self.queue.push(now + latency, answer);
        true
    }

    /// As the second half of `Pilot::attempt`.
    pub(super) fn answer(&mut self, id: FlightId) -> bool {
        let Some(at) = self.pilots.iter().position(|pilot| pilot.id == id) else { return false };
        let Some((mut asked, kept)) = self.pilots[at].asked.take() else { return false };
        if let Outcome::Panic = asked.outcome {
            self.pilots.swap_remove(at);
            self.trace.note(self.now, Kind::Panicked, id.0);
            self.lose(id, true);
            return true;
        }
        let (now, random) = (self.now, self.random());
        asked.awaited = self.flight.as_ref().is_some_and(|flight| flight.id == id && flight.awaited > 0);
        let done = self.done(&asked, kept);
        self.calls += 1;
        let after = self.life.attempt_done(id, done, now, random);
        self.books.attempt_done(id, &asked, &after, &self.life, now);
        self.note_after(id, &after);
        match after {
            After::Again(pause) => {
                self.commit();
                self.queue.push(now + pause, Happening::Fly(id));
            }
            After::Landed(result) => {
                self.pilots.swap_remove(at);
                self.land(id, result);
            }
            After::Abandoned => {
                self.pilots.swap_remove(at);
                self.commit();
            }
        }
        true
    }

    /// The task of flight `id` is gone without an answer.
    pub(super) fn lose(&mut self, id: FlightId, panicked: bool) {
        let (now, random) = (self.now, self.random());
        self.calls += 1;
        self.life.lost(id, panicked, now, random);
        self.books.lost(id, panicked, &self.life, now);
        self.disturbed();
        self.commit();
    }

    /// The task of a flight that is over is stopped, unless it is deaf.
    pub(super) fn abort(&mut self, id: FlightId) {
        self.pilots.retain(|pilot| pilot.id != id || pilot.is_deaf);
    }

    /// Tasks that are dropped where they stand; whose they were.
    pub(super) fn forget_pilots(&mut self, dropped: impl Fn(&Pilot) -> bool) -> Vec<FlightId> {
        let gone = self.pilots.iter().filter(|pilot| dropped(pilot)).map(|pilot| pilot.id).collect();
        self.pilots.retain(|pilot| !dropped(pilot));
        gone
    }

    fn land(&mut self, id: FlightId, result: Result<(), crate::Error>) {
        if let Some(flight) = self.flight.as_mut().filter(|flight| flight.id == id) {
            if result.is_err() {
                let healthy = self.books.hold.as_ref().is_some_and(|held| held.flown_at >= self.calm_since);
                holds!(self.books, !healthy, "a flight failed, though the vendor was healthy from its start");
            }
            flight.landed = Some(result);
        }
        self.expect_visit();
        self.commit();
    }

    fn done(&self, asked: &Asked, refresh_token: Option<Kept>) -> Done {
        let mut notes = asked.outcome.notes(asked.refresh.is_some());
        notes.fingerprint = asked.sent_with.map(|version| match version == self.vendor.held {
            true => self.fingerprint,
            false => crate::Fingerprint::of_parts(&[&version.to_string()]),
        });
        let answer = asked.outcome.answer();
        let (requested_at, awaited) = (asked.requested_at, asked.awaited);
        Done { answer, requested_at, wall: SystemTime::UNIX_EPOCH, refresh_token, notes, awaited }
    }

    fn note_after(&mut self, id: FlightId, after: &After) {
        let kind = match after {
            After::Landed(Ok(())) => Kind::Landed,
            After::Landed(Err(_)) => match self.books.hold.as_ref().map_or(Class::Transient, |held| held.class) {
                Class::Transient => Kind::FailedTransient,
                Class::Throttled => Kind::FailedThrottled,
                Class::Permanent => Kind::FailedPermanent,
            },
            After::Again(_) => Kind::Again,
            After::Abandoned => Kind::Abandoned,
        };
        self.trace.note(self.now, kind, id.0);
        let number = match after {
            After::Landed(Err(error)) => error.retry_after().unwrap_or_default(),
            After::Again(pause) => *pause,
            _ => self.life.attention().since(self.now),
        };
        self.trace.mix(number.as_nanos() as u64);
    }

    /// What a draw of the machine's comes out as; the ends of the range more often than they would.
    fn random(&mut self) -> f64 {
        match self.dice.u8(..) {
            0..8 => 0.0,
            8..16 => 1.0 - f64::EPSILON,
            _ => self.dice.f64(),
        }
    }
}
