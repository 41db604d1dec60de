//! Independent books of one source: what the design allows at any moment, and the assertions that it was kept to.

use std::time::Duration;

use super::refreshes::Refreshes;
use super::rules::Rules;
use super::strikes::Strikes;
use crate::error::Class;
use crate::lifecycle::{Background, FlightId, Lifecycle, Read, Rejection, Start};
use crate::{AccessToken, Error, KeepWarm, Moment, Reason, TokenId};

/// What may be known from outside.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) rules: Rules,
    /// Assertions that were made.
    pub(super) checks: u64,
    pub(super) current: Option<Entry>,
    pub(super) flight: Option<Flown>,
    pub(super) hold: Option<Held>,
    /// The vendor said that it wants no request before.
    pub(super) not_before: Moment,
    pub(super) last_start: Option<Moment>,
    /// Flights in a row that those who waited gave up before anything was sent.
    pub(super) unbegun: u32,
    /// Of the last token.
    pub(super) lifetime: Option<Duration>,
    pub(super) failures: u32,
    pub(super) streaks: [u32; 3],
    pub(super) lifts: u32,
    pub(super) strikes: Strikes,
    pub(super) refreshes: Refreshes,
    pub(super) tokens: u64,
    last_flight: Option<FlightId>,
    last_used: Option<Moment>,
    dropped: bool,
    /// Counts requests and rejections, so that an answer is known to be from before a rejection at the same moment.
    pub(super) order: u64,
    rejected_at: u64,
}

/// The token that may be handed out.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) serial: u64,
    pub(super) value: String,
    pub(super) id: TokenId,
    pub(super) flight: FlightId,
    pub(super) order: u64,
    pub(super) lifetime: Duration,
    pub(super) requested_at: Moment,
    pub(super) usable_until: Moment,
    pub(super) expires_at: Moment,
    /// The machine draws it; the books know the window, and it itself as soon as it shows.
    pub(super) renew: (Moment, Moment),
    pub(super) fresh_life: Duration,
    pub(super) too_short_for: Option<Duration>,
    pub(super) is_used: bool,
}

/// The flight that is under way.
#[derive(Debug)]
pub(super) struct Flown {
    pub(super) id: FlightId,
    pub(super) reason: Reason,
    pub(super) started: Moment,
    pub(super) attempts: u32,
    pub(super) asked_again: bool,
}

/// Why nobody asks.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) until: Moment,
    pub(super) class: Class,
    pub(super) error: Error,
    /// When the flight that failed began.
    pub(super) flown_at: Moment,
    pub(super) sent_with: Option<u32>,
    pub(super) look_at: Moment,
}

/// What a caller wants.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ask {
    pub(super) life: Duration,
    pub(super) after: Option<FlightId>,
    pub(super) forced: bool,
}

/// What the design says that a caller gets.
#[derive(Debug, PartialEq)]
enum Due {
    Serve,
    TooShort,
    Join,
    Hold,
    Start(Reason),
}

impl Books {
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            rules,
            checks: 0,
            current: None,
            flight: None,
            hold: None,
            not_before: Moment::default(),
            last_start: None,
            unbegun: 0,
            lifetime: None,
            failures: 0,
            streaks: [0; 3],
            lifts: 0,
            strikes: Strikes::default(),
            refreshes: Refreshes::default(),
            tokens: 0,
            last_flight: None,
            last_used: None,
            dropped: false,
            order: 0,
            rejected_at: 0,
        }
    }

    pub(super) fn usable(&self, now: Moment) -> Option<&Entry> {
        self.current.as_ref().filter(|entry| now < entry.usable_until)
    }

    /// Invariants 2 and 5, of a token that is handed out.
    pub(super) fn served(&mut self, token: &AccessToken, now: Moment) {
        let Some(entry) = &self.current else { panic!("token {} was handed out, and there is none", token.id()) };
        holds!(self, token.id() == entry.id && token.value() == entry.value, "another token was handed out");
        holds!(self, now < entry.usable_until, "token {} was handed out below its floor", entry.id);
        holds!(self, entry.order > self.rejected_at, "an answer requested before a rejection was handed out");
    }

    /// The first to be handed a token says so.
    pub(super) fn first_served(&mut self) {
        if let Some(entry) = &mut self.current {
            holds!(self, !entry.is_used, "token {} was handed out for the first time twice", entry.id);
            entry.is_used = true;
        }
    }

    /// What a caller who asks `ask` was told: invariants 1, 3, 6 and 7.
    pub(super) fn answered(&mut self, ask: Ask, read: &Read, now: Moment) {
        match (self.due(ask, now), read) {
            (Due::Serve, Read::Serve(token, start)) => {
                self.served(token, now);
                self.renewal(start.as_ref(), now);
            }
            (Due::TooShort, Read::Fail(Error::TooShort { wanted, lifetime })) => {
                let fresh = self.current.as_ref().map(|entry| entry.fresh_life);
                holds!(self, *wanted == ask.life && Some(*lifetime) == fresh, "too short, with other figures");
            }
            (Due::Join, Read::Join(None)) => self.checks += 1,
            (Due::Hold, Read::Fail(error)) => self.told_to_wait(error, now),
            (Due::Start(reason), Read::Join(Some(start))) => self.started(start, reason, now),
            (due, read) => panic!("a caller was due {due:?} and got {read:?}"),
        }
    }

    /// Whether the machine's cell may hand out without a look until `attention`.
    pub(super) fn published(&mut self, life: &Lifecycle) {
        let attention = life.attention();
        holds!(self, life.flight() == self.flight.as_ref().map(|flight| flight.id), "the flight is another");
        let look = self.next_start().min(self.next_look());
        let dead = self.flight.as_ref().map(|flight| self.rules.dead_at(flight.started));
        let Some(entry) = &mut self.current else {
            holds!(self, attention == Moment::default() && life.published().is_none(), "a token without an entry");
            return;
        };
        let least = dead.unwrap_or(entry.renew.0.max(look)).min(entry.usable_until);
        let most = dead.unwrap_or(entry.renew.1.max(look)).min(entry.usable_until);
        holds!(self, least <= attention, "readers look in before renewal is due");
        holds!(self, attention <= most, "readers would not notice that renewal is due, or the floor");
        if least < most && attention != look && attention < entry.usable_until {
            entry.renew = (attention, attention);
        }
    }

    pub(super) fn rejected(&mut self, value: &str, verdict: Rejection, now: Moment) {
        let entry = self.current.take_if(|entry| entry.value == value);
        let Some(entry) = entry else {
            holds!(self, verdict == Rejection::AlreadyReplaced, "a rejection of an old token was {verdict:?}");
            return;
        };
        let numbers = &self.rules.numbers;
        let is_young = now.since(entry.requested_at) < numbers.young_token.min(entry.lifetime / 2);
        if self.strikes.are_ignored(now) || is_young && numbers.max_rejections == 0 {
            holds!(self, verdict == Rejection::Ignored, "{verdict:?} while rejections are being ignored");
            self.current = Some(entry);
            return;
        }
        holds!(self, verdict == Rejection::Accepted, "a rejection of the current token was {verdict:?}");
        if is_young {
            self.strikes.count(now, &self.rules);
        }
        self.strikes.remember(entry.serial);
        self.order += 1;
        (self.rejected_at, self.dropped) = (self.order, true);
        if self.flight.take().is_some() {
            self.last_start = self.last_start.map(|start| start.min(now));
        }
        if entry.is_used {
            self.last_used = Some(now);
        }
        if let Some(held) = self.hold.as_mut().filter(|held| held.class != Class::Permanent) {
            held.until = held.until.min((now + self.rules.numbers.max_cold_hold).max(self.not_before));
        }
    }

    /// What background renewal decided.
    pub(super) fn background(&mut self, decided: &Background, now: Moment) {
        match decided {
            Background::Start(start) => {
                let reason = if self.usable(now).is_some() { Reason::Ahead } else { self.why_none() };
                holds!(self, self.is_background_due(now) != Some(false), "background renewal without need");
                self.started(start, reason, now);
            }
            Background::Sleep(until) => {
                // A look at the credentials that is due now is taken at once, and puts the next one off.
                holds!(self, *until > now || self.next_look() <= now, "background renewal spins");
                let latest = self.latest_look();
                holds!(self, *until <= latest, "background renewal sleeps past its duty");
            }
            Background::Idle => {
                let (warm, usable) = (self.rules.numbers.keep_warm, self.usable(now));
                let excused = match usable {
                    Some(entry) => now >= entry.renew.0 && !self.was_used_lately(now),
                    None => warm != KeepWarm::Always,
                };
                let excused = (excused && self.flight.is_none()) || warm == KeepWarm::OnDemand;
                holds!(self, excused, "background renewal does nothing, and has something to do");
            }
        }
    }

    pub(super) fn why_none(&self) -> Reason {
        match &self.current {
            Some(_) => Reason::Expired,
            None if self.dropped => Reason::Rejected,
            None => Reason::Cold,
        }
    }

    /// A flight begins: invariants 1 and 7, and no hold is broken.
    pub(super) fn started(&mut self, start: &Start, reason: Reason, now: Moment) {
        holds!(self, self.flight.is_none(), "two flights at once");
        holds!(self, self.last_flight.is_none_or(|last| last < start.id), "a flight's number was used before");
        let (at, earliest) = (now + start.delay, self.next_start().max(now));
        holds!(self, at >= earliest, "a flight within the least interval, or within a hold");
        holds!(self, at <= earliest, "a flight later than it need be");
        (self.last_start, self.last_flight) = (Some(at), Some(start.id));
        self.flight = Some(Flown { id: start.id, reason, started: at, attempts: 0, asked_again: false });
    }

    /// Another token takes the place of the one before.
    pub(super) fn publish(&mut self, entry: Entry, now: Moment) {
        if self.current.as_ref().is_some_and(|old| old.is_used) {
            self.last_used = Some(now);
        }
        self.lifetime = Some(entry.lifetime);
        (self.flight, self.hold, self.current) = (None, None, Some(entry));
        self.not_before = Moment::default();
        (self.failures, self.streaks, self.lifts, self.dropped) = (0, [0; 3], 0, false);
    }

    /// The earliest start of a flight.
    pub(super) fn next_start(&self) -> Moment {
        let spaced = self.last_start.map_or(Moment::default(), |last| last + self.rules.interval(self.lifetime));
        spaced.max(self.silent_until())
    }

    /// When `flight` is dead to those who wait for it.
    pub(super) fn awaited_until(&self, flight: &Flown) -> Moment {
        match flight.attempts {
            0 => self.rules.unbegun_dead_at(flight.started, self.unbegun),
            _ => self.rules.dead_at(flight.started),
        }
    }

    /// Until when nobody asks: for a hold, or because the vendor said so in a flight that has ended since.
    pub(super) fn silent_until(&self) -> Moment {
        self.not_before.max(self.hold.as_ref().map_or(Moment::default(), |held| held.until))
    }

    fn due(&mut self, ask: Ask, now: Moment) -> Due {
        let usable = self.current.as_mut().filter(|entry| now < entry.usable_until);
        let reason = match usable.filter(|_| !ask.forced).map(|entry| entry.fits(ask, now)) {
            Some(Some(due)) => return due,
            Some(None) => Reason::Forced,
            None if ask.forced => {
                self.lift_for_the_caller(now);
                Reason::Forced
            }
            None => self.why_none(),
        };
        match &self.hold {
            _ if self.flight.is_some() => Due::Join,
            Some(held) if now < held.until => Due::Hold,
            _ => Due::Start(reason),
        }
    }

    /// Whether a flight was started beside a token that is handed out, as soon as renewal was due and not before.
    fn renewal(&mut self, start: Option<&Start>, now: Moment) {
        let Some(entry) = &self.current else { return };
        let (earliest, latest) = entry.renew;
        let free = self.flight.is_none() && now >= self.next_start();
        match start {
            Some(start) => {
                holds!(self, free && now >= earliest, "renewal before it is due");
                self.started(start, Reason::Ahead, now);
            }
            None => holds!(self, !free || now < latest, "renewal is due, and nobody was sent"),
        }
    }

    fn told_to_wait(&mut self, error: &Error, now: Moment) {
        let Some(held) = &self.hold else { return };
        holds!(self, error.is_same_failure(&held.error), "another error than that of the last flight");
        let left = held.until.since(now);
        holds!(self, error.retry_after() == Some(left), "{:?} to wait instead of {left:?}", error.retry_after());
        // But for the time that the vendor named.
        let most = self.rules.numbers.max_cold_hold.max(self.not_before.since(now));
        let cold = held.class == Class::Permanent || left <= most || self.usable(now).is_some();
        holds!(self, cold, "callers without a token are held for {left:?}");
    }

    fn lift_for_the_caller(&mut self, now: Moment) {
        let grounded = self.flight.is_none();
        if let Some(held) = self.hold.as_mut().filter(|_| grounded) {
            held.until = held.until.min(now.max(self.not_before));
        }
    }

    /// Whether background renewal has to ask now; nothing if that hangs on a draw that is not known yet.
    fn is_background_due(&self, now: Moment) -> Option<bool> {
        let warm = self.rules.numbers.keep_warm;
        let free = self.flight.is_none() && now >= self.next_start() && warm != KeepWarm::OnDemand;
        match self.usable(now) {
            Some(entry) if free && now >= entry.renew.0 && self.was_used_lately(now) => {
                (now >= entry.renew.1).then_some(true)
            }
            Some(_) => Some(false),
            None => Some(free && warm == KeepWarm::Always),
        }
    }

    /// When background renewal must look at the latest.
    fn latest_look(&self) -> Moment {
        if let Some(flight) = &self.flight {
            return self.rules.dead_at(flight.started);
        }
        let next = self.next_start().min(self.next_look());
        self.current.as_ref().map_or(next, |entry| entry.renew.1.max(next))
    }

    fn was_used_lately(&self, now: Moment) -> bool {
        let Some(entry) = &self.current else { return false };
        let window = match self.rules.numbers.keep_warm {
            KeepWarm::Always => return true,
            KeepWarm::OnDemand => Duration::ZERO,
            KeepWarm::WhileUsed => entry.lifetime * 2,
            KeepWarm::WhileUsedWithin(window) => window,
        };
        entry.is_used || self.last_used.is_some_and(|used| now.since(used) <= window)
    }
}

impl Entry {
    /// Whether it fulfils the wish, or is known to be hopeless; nothing if a fresher one might do.
    fn fits(&mut self, ask: Ask, now: Moment) -> Option<Due> {
        if self.expires_at.since(now) >= ask.life {
            return Some(Due::Serve);
        }
        if ask.after.is_some_and(|flight| flight <= self.flight) && self.fresh_life < ask.life {
            self.too_short_for = Some(self.too_short_for.map_or(ask.life, |least| least.min(ask.life)));
        }
        self.too_short_for.is_some_and(|least| ask.life >= least).then_some(Due::TooShort)
    }
}
