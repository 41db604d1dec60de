//! What goes wrong in a world: outages, suspends, dead runtimes, rotated credentials, revoked tokens, an API that refuses.

use std::time::Duration;

use super::callers::{Traffic, exponential};
use super::queue::Happening;
use super::trace::Kind;
use super::vendor::{Lives, Mood, between};
use super::world::World;
use crate::lifecycle::Start;
use crate::{AccessToken, Fingerprint, Moment, Rejection};

/// How often each thing goes wrong, and what is wrong now.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    /// The mean time between two of each kind; none where it does not happen in this world.
    gaps: [Option<Duration>; KINDS.len()],
    /// One API refuses every token that is older than this.
    bad_api: Option<Duration>,
    /// The credentials are others at every look.
    are_restless: bool,
    /// Tokens on their way back from an API that refused them.
    refused: Vec<Option<AccessToken>>,
    /// The failure that the credentials are being looked at for.
    pub(super) about: u32,
    /// Runtimes may be shutting down when a flight is started.
    may_refuse: bool,
    /// Until when the flight's runtime does not poll it.
    pub(super) stalls_until: Moment,
    /// Things go wrong here at all.
    pub(super) are_planned: bool,
}

impl World {
    /// Plans the troubles and the callers of a world whose tokens live about `life`.
    pub(super) fn plan(&mut self) {
        let life = self.usual_life().max(Duration::from_secs(5));
        for gap in &mut self.troubles.gaps {
            let often = self.dice.u32(0..8);
            *gap = (often > 2).then(|| life.saturating_mul(1 << often) / 8);
        }
        // The vendor's weather always changes.
        self.troubles.gaps[0] = Some(life.saturating_mul(1 << self.dice.u32(0..6)) / 8);
        (self.troubles.are_planned, self.troubles.may_refuse) = (true, self.dice.bool());
        for kind in KINDS {
            self.plan_next(*kind);
        }
        self.habit();
        self.next_arrival = self.now;
    }

    pub(super) fn trouble(&mut self, what: Happening) -> bool {
        match what {
            Happening::Weather => self.weather(),
            Happening::Suspend => self.suspend(),
            Happening::RuntimeDies => self.runtime_dies(),
            Happening::Rotate => self.rotate(),
            Happening::Revoke => self.revoke(),
            Happening::BadApi => self.bad_api(),
            _ => self.habit(),
        }
        self.disturbed();
        self.plan_next(what);
        true
    }

    /// Something was wrong just now, or is.
    pub(super) fn disturbed(&mut self) {
        let numbers = &self.books.rules.numbers;
        let quick = self.vendor.latency < numbers.attempt_timeout.min(numbers.flight_timeout);
        let long = self.books.rules.lifetime(self.vendor.shortest()) >= Duration::from_secs(20);
        let calm = self.vendor.is_healthy() && quick && long;
        self.calm_since = if calm { self.now.max(self.troubles.stalls_until) } else { Moment::NEVER };
    }

    /// A caller uses his token; an API may refuse it.
    pub(super) fn use_it(&mut self, token: &AccessToken) {
        let Some(entry) = &self.books.current else { return };
        let old = self.troubles.bad_api.is_some_and(|age| self.now.since(entry.requested_at) >= age);
        if !(old || entry.serial < self.vendor.revoked_below) || self.dice.u8(0..4) > 0 {
            return;
        }
        let refused = &mut self.troubles.refused;
        let at = match refused.iter().position(Option::is_none) {
            Some(at) => at,
            None if refused.len() < MOST_REFUSED => {
                refused.push(None);
                refused.len() - 1
            }
            None => return,
        };
        refused[at] = Some(token.clone());
        let answer = self.now + between(Duration::from_millis(1), Duration::from_millis(500), &mut self.dice);
        self.queue.push(answer, Happening::Unauthorized(at as u32));
    }

    /// An API answered 401: the token is reported, and the call repeated.
    pub(super) fn unauthorized(&mut self, at: u32) -> bool {
        let Some(token) = self.troubles.refused[at as usize].take() else { return false };
        self.report(&token);
        self.call(super::books::Ask::default());
        true
    }

    /// `token` was refused by an API.
    pub(super) fn report(&mut self, token: &AccessToken) {
        self.calls += 1;
        let verdict = self.life.rejected(token.value(), self.now);
        self.books.rejected(token.value(), verdict, self.now);
        let kind = match verdict {
            Rejection::Accepted => Kind::Accepted,
            Rejection::AlreadyReplaced => Kind::Replaced,
            Rejection::Ignored => Kind::Ignored,
        };
        self.trace.note(self.now, kind, token.id().0);
        self.disturbed();
        self.commit();
    }

    /// The runtime of whoever started the flight may be shutting down: it takes no task any more.
    pub(super) fn maybe_refuse(&mut self) {
        let fresh = self.books.flight.as_ref().filter(|flight| flight.attempts == 0);
        let Some(id) = fresh.map(|flight| flight.id) else { return };
        if self.troubles.may_refuse && self.dice.u8(..) == 0 {
            self.trace.note(self.now, Kind::FlightRefused, id.0);
            self.forget_pilots(|pilot| pilot.is_of(id));
            self.lose(id, false);
        }
    }

    /// How long after its start a flight is polled first: its runtime may be busy, or be polled by nobody for a while.
    pub(super) fn until_polled(&mut self, start: Start) -> Duration {
        if !self.troubles.are_planned || self.dice.u8(..) > 0 {
            return between(Duration::ZERO, Duration::from_micros(100), &mut self.dice);
        }
        let busy = between(Duration::ZERO, Duration::from_secs(60), &mut self.dice);
        self.trace.note(self.now, Kind::Stalled, start.id.0);
        self.troubles.stalls_until = self.now + start.delay + busy;
        self.disturbed();
        busy
    }

    fn weather(&mut self) {
        let mood = Mood::drawn(&mut self.dice);
        self.turn(mood);
    }

    /// The vendor is in another mood from now on.
    pub(super) fn turn(&mut self, mood: Mood) {
        self.vendor.mood = mood;
        self.disturbed();
        self.trace.note(self.now, Kind::Weather, u64::from(self.vendor.is_healthy()));
    }

    fn habit(&mut self) {
        self.traffic = Traffic::drawn(self.usual_life(), &mut self.dice);
        self.trace.note(self.now, Kind::Habit, self.traffic.gap.as_nanos() as u64);
    }

    fn suspend(&mut self) {
        let length = between(Duration::from_secs(1), Duration::from_secs(1 << self.dice.u32(2..15)), &mut self.dice);
        self.queue.suspend(self.now, length);
        self.now = self.now + length;
        self.next_arrival = self.next_arrival + length;
        self.suspended += length;
        self.troubles.stalls_until = self.troubles.stalls_until + length;
        self.trace.note(self.now, Kind::Suspended, length.as_nanos() as u64);
    }

    /// Its callers are gone, its flights and its background task end where they stand. Another takes its place at once.
    fn runtime_dies(&mut self) {
        let runtime = self.dice.u8(0..2);
        self.trace.note(self.now, Kind::RuntimeDied, u64::from(runtime));
        if self.background.runtime == Some(runtime) {
            self.background.runtime = None;
        }
        let current = self.flight.as_ref().map(|flight| flight.id);
        let gone = self.callers.drop_runtime(runtime, current);
        if let Some(flight) = self.flight.as_mut() {
            flight.awaited -= gone;
        }
        let lost = self.forget_pilots(|pilot| pilot.runtime == runtime);
        if let Some(id) = current.filter(|id| lost.contains(id)) {
            self.trace.note(self.now, Kind::Lost, id.0);
            self.lose(id, false);
        }
    }

    /// The vendor's side changes first, and the source's follows; or the source's alone, by mistake.
    fn rotate(&mut self) {
        match (self.vendor.valid == self.vendor.held, self.dice.bool()) {
            (true, true) => self.vendor.valid += 1,
            (true, false) => {
                self.hold_credentials(self.vendor.held + 1000);
                self.troubles.are_restless = self.dice.bool();
            }
            (false, _) => {
                self.vendor.valid = self.vendor.valid.max(self.vendor.held) + 1;
                self.hold_credentials(self.vendor.valid);
                self.troubles.are_restless = false;
            }
        }
        self.trace.note(self.now, Kind::Rotated, u64::from(self.vendor.valid == self.vendor.held));
    }

    /// Somebody looks at the source's credentials; nothing if they cannot be read.
    pub(super) fn read_credentials(&mut self) -> Option<u32> {
        if self.troubles.are_restless {
            self.hold_credentials(self.vendor.held + 1);
        }
        self.vendor.has_credentials().then_some(self.vendor.held)
    }

    fn hold_credentials(&mut self, version: u32) {
        self.vendor.held = version;
        self.fingerprint = Fingerprint::of_parts(&[&version.to_string()]);
    }

    fn revoke(&mut self) {
        self.vendor.revoked_below = self.vendor.issued + 1;
        self.trace.note(self.now, Kind::Revoked, self.vendor.revoked_below);
    }

    fn bad_api(&mut self) {
        // Some take a token for a minute only, about as long as it counts as young.
        let minute = between(Duration::from_secs(45), Duration::from_secs(75), &mut self.dice);
        let age = if self.dice.bool() { minute } else { Duration::ZERO };
        self.troubles.bad_api = self.troubles.bad_api.is_none().then_some(age);
        self.trace.note(self.now, Kind::BadApi, u64::from(self.troubles.bad_api.is_some()));
    }

    fn plan_next(&mut self, what: Happening) {
        let Some(gap) = KINDS.iter().position(|kind| *kind == what).and_then(|at| self.troubles.gaps[at]) else {
            return;
        };
        let wrong = match what {
            Happening::Weather => !self.vendor.is_healthy(),
            Happening::Rotate => self.vendor.valid != self.vendor.held,
            Happening::BadApi => self.troubles.bad_api.is_some(),
            _ => false,
        };
        // What is wrong is put right sooner than it went wrong.
        let gap = exponential(if wrong { gap / 3 } else { gap }, &mut self.dice);
        self.queue.push(self.now + gap, what);
    }

    fn usual_life(&self) -> Duration {
        let life = match self.vendor.lives {
            Lives::Always(life) => life,
            Lives::Changing => Duration::from_secs(1000),
        };
        self.books.rules.lifetime(life).clamp(Duration::from_millis(50), Duration::from_secs(86_400))
    }

    /// Everything is put right and every timer is lost; after the longest hold a caller gets a token.
    pub(super) fn heal(&mut self) {
        let rules = &self.books.rules;
        // A flight may have been put off by an interval, and then be dead.
        let dead = rules.interval(self.books.lifetime).saturating_add(rules.numbers.dead_after);
        let rest = rules.longest_hold().saturating_add(dead);
        if rest > Duration::from_secs(400 * 86_400) {
            return;
        }
        self.queue.forget(|_| true);
        self.background.runtime = None;
        self.vendor.heal();
        self.troubles = Troubles::default();
        self.now = self.now + rest;
        self.next_arrival = Moment::NEVER;
        let before = self.served();
        self.call(super::books::Ask::default());
        let latest = self.now + self.books.rules.interval(self.books.lifetime) + Duration::from_millis(10);
        while self.served() == before && !self.queue.is_empty() && self.now < latest {
            self.go_on();
        }
        holds!(self.books, self.served() > before, "the vendor is healthy, every hold is over, and there is no token");
    }

    fn served(&self) -> u64 {
        self.trace.count(Kind::Served) + self.trace.count(Kind::GotToken)
    }
}

/// What goes wrong again and again.
const KINDS: &[Happening] = &[
    Happening::Weather,
    Happening::Habit,
    Happening::Suspend,
    Happening::RuntimeDies,
    Happening::Rotate,
    Happening::Revoke,
    Happening::BadApi,
];
/// How many tokens are on their way back from an API at most.
const MOST_REFUSED: usize = 16;
