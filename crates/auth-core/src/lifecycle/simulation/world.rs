//! One world in virtual time: a source as the driver runs it, its callers, its vendor, and what befalls them.
//!
//! This file is the driver's side: the cell, the step of a caller, background renewal. Callers are in `callers`, flights in
//! `pilots`, and what goes wrong in `trouble`.

use std::time::Duration;

use fastrand::Rng;

use super::books::{Ask, Books};
use super::callers::{Caller, Callers, Outcome, Traffic};
use super::pilots::Pilot;
use super::queue::{Happening, Place, Queue};
use super::rules::Rules;
use super::trace::{Kind, Trace, clock};
use super::trouble::Troubles;
use super::vendor::{Vendor, between};
use crate::lifecycle::{Background, FlightId, Lifecycle, Read, Start, Want};
use crate::{AccessToken, Error, Fingerprint, KeepWarm, Moment};

pub(super) struct World {
    pub(super) seed: u64,
    /// What besides the seed brings this world about.
    pub(super) options: &'static str,
    pub(super) life: Lifecycle,
    pub(super) books: Books,
    pub(super) vendor: Vendor,
    pub(super) dice: Rng,
    pub(super) now: Moment,
    pub(super) queue: Queue,
    pub(super) trace: Trace,
    /// What happened: each calls the machine or changes the world.
    pub(super) events: u64,
    /// Calls of the machine that decide something.
    pub(super) calls: u64,
    pub(super) suspended: Duration,
    cell: Option<(AccessToken, Moment)>,
    pub(super) flight: Option<Flight>,
    pub(super) pilots: Vec<Pilot>,
    pub(super) callers: Callers,
    pub(super) traffic: Traffic,
    pub(super) next_arrival: Moment,
    pub(super) troubles: Troubles,
    pub(super) background: Task,
    pub(super) fingerprint: Fingerprint,
    /// Since when nothing has been wrong; never, while something is.
    pub(super) calm_since: Moment,
}

/// What waiters share with the task that asks.
pub(super) struct Flight {
    pub(super) id: FlightId,
    pub(super) waiters: Vec<Place>,
    /// How many still wait.
    pub(super) awaited: u32,
    pub(super) landed: Option<Result<(), Error>>,
}

/// The task of background renewal.
#[derive(Default)]
pub(super) struct Task {
    pub(super) runtime: Option<u8>,
    pub(super) since: Moment,
    timer: u32,
    is_nudged: bool,
    minute: u64,
    looks: u32,
    causes: u32,
}

impl World {
    pub(super) fn new(seed: u64, rules: Rules, vendor: Vendor, dice: Rng) -> Self {
        let life = Lifecycle::new("invented", rules.policy());
        let mut world = Self {
            seed,
            options: "",
            life,
            books: Books::new(rules),
            vendor,
            dice,
            now: Moment::from_origin(Duration::from_secs(1000)),
            queue: Queue::default(),
            trace: Trace::default(),
            events: 0,
            calls: 0,
            suspended: Duration::ZERO,
            cell: None,
            flight: None,
            pilots: Vec::new(),
            callers: Callers::default(),
            traffic: Traffic::default(),
            next_arrival: Moment::NEVER,
            troubles: Troubles::default(),
            background: Task::default(),
            fingerprint: Fingerprint::of_parts(&["1"]),
            calm_since: Moment::NEVER,
        };
        world.disturbed();
        world
    }

    /// Lets the next thing happen.
    pub(super) fn go_on(&mut self) {
        match self.queue.pop_until(self.next_arrival) {
            Some((at, what)) => {
                self.now = self.now.max(at);
                self.events += u64::from(self.happen(what));
            }
            None => {
                self.now = self.now.max(self.next_arrival);
                self.arrive();
            }
        }
    }

    /// Lets happen what comes within `time`.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.queue.next_at().min(self.next_arrival) <= end {
            self.go_on();
        }
        self.now = end;
    }

    /// Whether anybody was concerned.
    fn happen(&mut self, what: Happening) -> bool {
        match what {
            Happening::Fly(id) => self.fly(id),
            Happening::Answer(id) | Happening::Deadline(id) => self.answer(id),
            Happening::Impatient(id) => self.impatient(id),
            Happening::Leave(place) => self.leave(place),
            Happening::Wake(place) => self.wake(place),
            Happening::Look(timer) => self.background.timer == timer && self.look(true),
            Happening::Nudge(timer) => self.background.timer == timer && self.look(false),
            Happening::Looked => self.looked(),
            Happening::Visit => self.visit(),
            Happening::Unauthorized(at) => self.unauthorized(at),
            trouble => self.trouble(trouble),
        }
    }

    /// The token that may simply be handed out.
    pub(super) fn warm(&mut self) -> Option<AccessToken> {
        let (token, attention) = self.cell.as_ref()?;
        if self.now >= *attention {
            return None;
        }
        let token = token.clone();
        self.books.served(&token, self.now);
        self.calls += 1;
        let machine = self.life.peek(self.now, Want::default());
        let same = machine.is_some_and(|found| found.is_ok_and(|found| found.id() == token.id()));
        holds!(self.books, same, "the cell hands out what the machine would not");
        Some(token)
    }

    /// As `Driver::step`.
    pub(super) fn step(&mut self, caller: Caller) {
        let (now, ask) = (self.now, caller.ask);
        self.look_for_the_dead(false);
        self.calls += 1;
        let was_expired = self.books.current.is_some() && self.books.usable(now).is_none();
        let read = match ask {
            Ask { forced: true, .. } => self.life.force(now),
            Ask { life, after, .. } => self.life.read(now, Want { life, after }),
        };
        if was_expired && !ask.forced && matches!(read, Read::Join(Some(_))) {
            self.was_renewable();
        }
        self.books.answered(ask, &read, now);
        self.probe();
        if let Read::Serve(_, Some(start)) | Read::Join(Some(start)) = &read {
            self.launch(*start, caller.runtime);
        }
        if matches!(read, Read::Join(_)) {
            self.wait(caller);
        }
        self.keep_background(caller.runtime);
        self.commit();
        match read {
            Read::Serve(token, _) => self.got(&token, caller),
            Read::Join(_) => self.maybe_refuse(),
            Read::Fail(error) => self.turned_away(&error, caller),
        }
    }

    /// As `State::take_dead_flight`.
    pub(super) fn look_for_the_dead(&mut self, awaited: bool) {
        let dead = self.life.take_dead_flight(self.now, awaited);
        self.books.dead(dead, awaited, self.now);
        if let Some(id) = dead {
            self.trace.note(self.now, Kind::Dead, id.0);
            self.troubles.stalls_until = Moment::default();
            self.disturbed();
        }
    }

    /// Makes the outside agree with the machine, as `Driver::commit`.
    pub(super) fn commit(&mut self) {
        self.publish();
        self.books.published(&self.life);
        let current = self.life.flight();
        if let Some(flight) = self.flight.take_if(|flight| Some(flight.id) != current) {
            self.move_on(flight);
        }
        if !self.life.drain_events().is_empty() {
            self.background.causes += 1;
            self.nudge();
        }
    }

    /// As `Driver::renew_ahead`; `by_timer` if nobody called.
    fn look(&mut self, by_timer: bool) -> bool {
        let Some(runtime) = self.background.runtime else { return false };
        let now = self.now;
        self.background.is_nudged = false;
        self.count_look(by_timer);
        self.look_for_the_dead(false);
        self.calls += 1;
        let decided = self.life.background(now);
        self.books.background(&decided, now);
        let wait = match decided {
            Background::Start(start) => {
                self.launch(start, runtime);
                None
            }
            Background::Sleep(until) => Some(until.since(now)),
            Background::Idle => None,
        };
        self.trace.note(
            now,
            if wait.is_some() { Kind::Looked } else { Kind::Idle },
            wait.unwrap_or_default().as_nanos() as u64,
        );
        if wait.is_some() {
            self.probe();
        }
        self.commit();
        if let Some(wait) = wait.filter(|_| !self.background.is_nudged) {
            self.background.timer += 1;
            self.queue.push(now + wait.min(LONGEST_SLEEP), Happening::Look(self.background.timer));
        }
        true
    }

    /// Background renewal may look once per thing that happened, and now and then besides.
    fn count_look(&mut self, by_timer: bool) {
        let minute = self.now.nanos() / 60_000_000_000;
        if minute != self.background.minute {
            (self.background.minute, self.background.looks, self.background.causes) = (minute, 0, 1);
        }
        self.background.looks += u32::from(by_timer);
        let Task { looks, causes, .. } = self.background;
        holds!(
            self.books,
            looks <= 4 + 2 * causes,
            "{looks} looks of background renewal in a minute, {causes} with cause"
        );
    }

    pub(super) fn keep_background(&mut self, runtime: u8) {
        if self.background.runtime.is_some() || self.books.rules.numbers.keep_warm == KeepWarm::OnDemand {
            return;
        }
        (self.background.runtime, self.background.since) = (Some(runtime), self.now);
        self.background.is_nudged = false;
        self.nudge();
    }

    fn nudge(&mut self) {
        if self.background.runtime.is_some() && !self.background.is_nudged {
            self.background.is_nudged = true;
            self.background.timer += 1;
            let at = self.now + between(Duration::ZERO, Duration::from_micros(200), &mut self.dice);
            self.queue.push(at, Happening::Nudge(self.background.timer));
        }
    }

    /// Starts the task that looks at the credentials, if one is to be started.
    fn probe(&mut self) {
        let (taken, again) = (self.life.take_probe(self.now), self.life.take_probe(self.now));
        self.calls += 1;
        self.books.probe(taken, self.now);
        holds!(self.books, !again, "two look at the credentials at once");
        if taken {
            self.background.causes += 1;
            self.troubles.about = self.life.failures();
            self.trace.note(self.now, Kind::Probing, u64::from(self.troubles.about));
            let length = between(Duration::ZERO, Duration::from_secs(5), &mut self.dice);
            self.queue.push(self.now + length, Happening::Looked);
        }
    }

    fn looked(&mut self) -> bool {
        let found = self.read_credentials();
        self.calls += 1;
        self.life.probed(found.map(|_| self.fingerprint), self.troubles.about, self.now);
        self.books.probed(found, self.troubles.about, self.now);
        self.trace.note(self.now, Kind::Probed, u64::from(found.unwrap_or(0)));
        self.commit();
        true
    }

    fn publish(&mut self) {
        let attention = self.life.attention();
        let Some(token) = self.life.published() else {
            self.cell = None;
            return;
        };
        match &mut self.cell {
            Some((old, until)) if old.id() == token.id() => *until = attention,
            cell => *cell = Some((token.clone(), attention)),
        }
    }

    pub(super) fn launch(&mut self, start: Start, runtime: u8) {
        self.trace.note(self.now, Kind::Flight, start.id.0);
        let flight = Flight { id: start.id, waiters: Vec::new(), awaited: 0, landed: None };
        if let Some(old) = self.flight.replace(flight) {
            self.move_on(old);
        }
        self.pilots.push(Pilot::new(start.id, runtime));
        let begins = self.now + start.delay + self.until_polled(start);
        self.queue.push(begins, Happening::Fly(start.id));
        self.expect_visit();
    }

    /// Sends on those who wait for a flight that is over, each when he is given a processor, and stops its task.
    fn move_on(&mut self, flight: Flight) {
        let outcome = match flight.landed {
            Some(result) => Outcome::Landed(result),
            None => {
                self.abort(flight.id);
                Outcome::Moved
            }
        };
        for place in flight.waiters {
            if self.callers.send_on(place, flight.id, &outcome) {
                let at = self.now + between(Duration::ZERO, Duration::from_millis(2), &mut self.dice);
                self.queue.push(at, Happening::Wake(place));
            }
        }
    }
}

/// Whoever panics in a world, the machine or the books: this tells what led there and how to see it again.
impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprint!("{}", self.story());
        }
    }
}

impl World {
    /// The seed, the moment, the last events and the command that shows them again.
    pub(super) fn story(&self) -> String {
        let (seed, options, now, words) = (self.seed, self.options, clock(self.now), self.trace.in_words());
        format!(
            "\nseed {seed}, event {}, virtual time {now}\nrules: {:?}\nvendor: {:?}\nthe last events:\n{words}\
             see it again: cargo xtask simulate --seed {seed}{options}\n",
            self.events, self.books.rules.numbers, self.vendor
        )
    }
}

/// As the driver cuts long sleeps, since timers stand still in a suspend.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
