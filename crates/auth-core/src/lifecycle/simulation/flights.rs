//! The books' side of flights: attempts, what they answer, and the holds that follow.

use std::time::Duration;

use super::books::{Books, Entry, Held};
use super::rules::is_within;
use super::vendor::{Fault, Issued, Outcome};
use crate::error::Class;
use crate::lifecycle::{After, Attempt, FlightId, Lifecycle};
use crate::{Error, Moment, RefreshPolicy};

/// An attempt that is under way, as the world knows it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) requested_at: Moment,
    pub(super) order: u64,
    /// The serial number of the refresh token that it was given, and until when that is good.
    pub(super) refresh: Option<(u64, Moment)>,
    /// Which credentials it was sent with, if it came so far.
    pub(super) sent_with: Option<u32>,
    pub(super) outcome: Outcome,
    pub(super) awaited: bool,
}

/// What the books make of an answer.
enum Sense {
    Token(Issued),
    /// The token had no life left; asked again.
    Stale,
    Fault(Fault),
}

impl Books {
    /// A flight that is 35 s old is dead to whoever looks; before that one that has sent nothing, to those who wait for it.
    pub(super) fn dead(&mut self, taken: Option<FlightId>, awaited: bool, now: Moment) {
        let dead_at = self.flight.as_ref().map(|flight| match awaited {
            true => self.awaited_until(flight),
            false => self.rules.dead_at(flight.started),
        });
        let dead = self.flight.take_if(|_| dead_at.is_some_and(|at| at <= now));
        self.unbegun += u32::from(dead.as_ref().is_some_and(|flight| awaited && flight.attempts == 0));
        holds!(self, taken == dead.map(|flight| flight.id), "a dead flight is kept, or a living one given up");
    }

    /// An attempt begins: invariant 7, the deadlines, and the refresh token that is offered, which is returned.
    pub(super) fn attempt(&mut self, id: FlightId, attempt: Option<&Attempt>, now: Moment) -> Option<(u64, Moment)> {
        let most = self.rules.numbers.max_attempts.max(1);
        let (longest, whole) = (self.rules.attempt(self.lifetime), self.rules.numbers.flight_timeout);
        let ours = self.flight.as_mut().filter(|flight| flight.id == id);
        let Some((flight, attempt)) = ours.zip(attempt) else {
            let ours = self.flight.as_ref().is_some_and(|flight| flight.id == id);
            holds!(self, !ours && attempt.is_none(), "the flight is not the source's, or does not know it");
            return None;
        };
        if flight.attempts == 0 {
            flight.started = flight.started.max(now);
            self.last_start = Some(flight.started);
            self.unbegun = 0;
        }
        flight.attempts += 1;
        let (number, reason, left) = (flight.attempts, flight.reason, (flight.started + whole).since(now));
        holds!(self, attempt.number == number && number <= most, "attempt {} of {most}", attempt.number);
        holds!(self, attempt.reason == reason, "asked because {}, not because {reason}", attempt.reason);
        let due = longest.min(left.max(Duration::from_millis(100)));
        holds!(self, attempt.timeout == due, "an attempt has {:?} instead of {due:?}", attempt.timeout);
        let offered = attempt.refresh_token.as_ref().map(|kept| kept.value.expose());
        let refresh = self.refreshes.due(now);
        let due = refresh.map(|(serial, _)| refresh_token(serial));
        holds!(self, offered == due.as_deref(), "{offered:?} is offered, and {due:?} is due");
        self.order += 1;
        refresh
    }

    /// A request went out, with a refresh token or without: none reaches the vendor twice.
    pub(super) fn sent(&mut self, refresh: Option<(u64, Moment)>, outcome: &Outcome) {
        if let Some((serial, _)) = refresh.filter(|_| !matches!(outcome, Outcome::Fault(Fault::Refused))) {
            let first = self.refreshes.spend(serial);
            holds!(self, first, "refresh token {serial} was sent twice");
        }
    }

    /// An attempt ended, and the machine said what is next.
    pub(super) fn attempt_done(&mut self, id: FlightId, asked: &Asked, after: &After, life: &Lifecycle, now: Moment) {
        let ours = self.flight.as_ref().is_some_and(|flight| flight.id == id);
        self.account_for_refresh(asked, ours);
        if !ours {
            holds!(self, matches!(after, After::Abandoned), "an answer of no flight of the source's is {after:?}");
            return;
        }
        let sense = self.sense(asked, now);
        self.was_told(&sense, now);
        match (sense, after) {
            (Sense::Token(issued), After::Landed(Ok(()))) => self.landed(id, asked, issued, life, now),
            (Sense::Stale, After::Again(pause)) => holds!(self, pause.is_zero(), "asked again after {pause:?}"),
            (Sense::Fault(fault), After::Again(pause)) => self.retried(fault, asked, *pause, now),
            (Sense::Fault(fault), After::Landed(Err(error))) => {
                self.not_given_up_early(fault, asked, now);
                self.failed(fault, error, asked.sent_with, life, now);
            }
            _ => panic!("{:?} of flight {id:?} was taken for {after:?}", asked.outcome),
        }
    }

    /// The vendor may have named the earliest moment of the next request, whichever flight's that will be.
    fn was_told(&mut self, sense: &Sense, now: Moment) {
        let numbers = &self.rules.numbers;
        let named = match sense {
            Sense::Fault(Fault::Throttled(None)) => Some(numbers.throttled_hold),
            Sense::Fault(fault) => self.rules.believed(*fault),
            Sense::Token(_) | Sense::Stale => None,
        };
        self.not_before = self.not_before.max(named.map_or(Moment::default(), |named| now + named));
    }

    /// The flight's task ended without an answer.
    pub(super) fn lost(&mut self, id: FlightId, panicked: bool, life: &Lifecycle, now: Moment) {
        let Some(flight) = self.flight.take_if(|flight| flight.id == id) else { return };
        self.last_start = self.last_start.map(|start| start.min(now));
        if panicked {
            let status = life.status(now);
            let Some(error @ Error::Internal(_)) = status.last_error else { panic!("a panic left no trace") };
            let left = status.next_attempt.unwrap_or_default();
            self.flight = Some(flight);
            self.failed(Fault::Malformed, &error.with_retry_after(left), None, life, now);
        }
    }

    /// Whether somebody is to look at the credentials now.
    pub(super) fn probe(&mut self, taken: bool, now: Moment) {
        let probed = |held: &&mut Held| held.class != Class::Throttled && held.sent_with.is_some();
        let held = self.hold.as_mut().filter(probed).filter(|held| held.look_at <= now);
        let due = held.as_ref().is_some_and(|held| now < held.until);
        if let Some(held) = held {
            held.look_at = if due { now + Duration::from_secs(6) } else { Moment::NEVER };
        }
        holds!(self, taken == due, "a look at the credentials is due: {due}, taken: {taken}");
    }

    /// The credentials were found to be `version`, after failure `about`.
    pub(super) fn probed(&mut self, version: Option<u32>, about: u32, now: Moment) {
        let current = about == self.failures;
        let Some(held) = self.hold.as_mut().filter(|_| current) else { return };
        held.look_at = held.look_at.min(now + Duration::from_secs(1));
        let others = version.is_some() && held.sent_with.is_some() && version != held.sent_with;
        if others && held.class != Class::Throttled && now < held.until && self.lifts < 3 {
            self.lifts += 1;
            held.until = held.until.min(now.max(self.not_before));
        }
    }

    /// When the credentials are looked at next, if they are during this hold.
    pub(super) fn next_look(&self) -> Moment {
        let probed = |held: &&Held| held.class != Class::Throttled && held.sent_with.is_some();
        let held = self.hold.as_ref().filter(probed).filter(|held| held.look_at < held.until);
        held.map_or(Moment::NEVER, |held| held.look_at)
    }

    pub(super) fn status(&mut self, life: &Lifecycle, now: Moment) {
        let status = life.status(now);
        let usable = self.usable(now).map(|entry| (entry.id, entry.usable_until.since(now)));
        holds!(self, status.token.zip(status.life_left) == usable, "the status tells of another token");
        holds!(self, status.renewing == self.flight.is_some(), "the status tells of another flight");
        holds!(self, status.failures == self.failures, "{} failures, not {}", self.failures, status.failures);
        let left = Some(self.silent_until().since(now)).filter(|left| !left.is_zero());
        holds!(self, status.next_attempt == left, "the status tells of another hold");
    }

    fn account_for_refresh(&mut self, asked: &Asked, ours: bool) {
        let Some((serial, until)) = asked.refresh else { return self.keep_refresh(asked, ours) };
        match &asked.outcome {
            Outcome::Fault(Fault::Refused) if ours => self.refreshes.unsent(serial, until),
            Outcome::Fault(Fault::Refused) => {}
            Outcome::Token(Issued { refused_refresh: true, .. }) => self.refreshes.refused(),
            Outcome::Token(issued) if issued.is_readable() => self.refreshes.worked(),
            _ => {}
        }
        self.keep_refresh(asked, ours);
    }

    fn keep_refresh(&mut self, asked: &Asked, ours: bool) {
        let Outcome::Token(issued) = asked.outcome else { return };
        if let Some((serial, life)) = issued.refresh.filter(|_| ours && issued.is_readable()) {
            self.refreshes.keep(serial, life.map_or(Moment::NEVER, |life| asked.requested_at + life));
        }
    }

    fn sense(&mut self, asked: &Asked, now: Moment) -> Sense {
        let issued = match asked.outcome {
            Outcome::Token(issued) if !issued.is_readable() => return Sense::Fault(Fault::Malformed),
            Outcome::Token(issued) => issued,
            Outcome::Fault(fault) => return Sense::Fault(fault),
            Outcome::Panic => return Sense::Fault(Fault::Malformed),
        };
        if self.strikes.are_of(issued.serial) && !self.strikes.are_ignored(now) {
            self.strikes.count(now, &self.rules);
            return Sense::Fault(Fault::Malformed);
        }
        let lifetime = self.rules.lifetime(issued.lifetime);
        if now < asked.requested_at + lifetime - self.rules.floor(lifetime) {
            return Sense::Token(issued);
        }
        let most = self.rules.numbers.max_attempts;
        match self.flight.as_mut().filter(|flight| !flight.asked_again && flight.attempts < most) {
            Some(flight) => {
                (flight.asked_again, flight.started) = (true, now);
                Sense::Stale
            }
            None => Sense::Fault(Fault::Malformed),
        }
    }

    fn landed(&mut self, flight: FlightId, asked: &Asked, issued: Issued, life: &Lifecycle, now: Moment) {
        let Some(token) = life.published() else { panic!("a flight landed, and there is no token") };
        let (requested_at, lifetime) = (asked.requested_at, self.rules.lifetime(issued.lifetime));
        let (least, most) = self.rules.renewal(lifetime);
        let expires_at = requested_at + lifetime;
        self.tokens += 1;
        let value = token_value(issued.serial);
        holds!(self, token.id().0 == self.tokens && token.value() == value, "another token was published");
        holds!(self, token.lifetime() == lifetime, "a life of {:?}, not of {lifetime:?}", token.lifetime());
        holds!(self, token.requested_at() == requested_at, "its life does not count from its request");
        let entry = Entry {
            serial: issued.serial,
            value,
            id: token.id(),
            flight,
            order: asked.order,
            lifetime,
            requested_at,
            usable_until: expires_at - self.rules.floor(lifetime),
            expires_at,
            renew: (requested_at + less(least), requested_at + more(most)),
            fresh_life: expires_at.since(now),
            too_short_for: None,
            is_used: false,
        };
        self.publish(entry, now);
    }

    /// Another attempt in the same flight: only where it may help, somebody waits and there is time.
    fn retried(&mut self, fault: Fault, asked: &Asked, pause: Duration, now: Moment) {
        let Some(flight) = &self.flight else { return };
        let (attempts, ends) = (flight.attempts, flight.started + self.rules.numbers.flight_timeout);
        holds!(self, fault.is_retried() && asked.awaited, "a second attempt for {fault:?} in vain");
        holds!(self, attempts < self.rules.numbers.max_attempts, "an attempt too many");
        let (least, most) = self.rules.pause(attempts);
        let named = self.rules.believed(fault).unwrap_or_default();
        let due = (least.max(named), most.max(named));
        holds!(self, is_within(pause, due), "a pause of {pause:?}, not of {due:?}");
        let needed = pause.saturating_add(self.rules.numbers.retry_reserve);
        holds!(self, ends.since(now) >= needed, "an attempt without the time for it");
    }

    fn not_given_up_early(&mut self, fault: Fault, asked: &Asked, now: Moment) {
        let Some(flight) = &self.flight else { return };
        let RefreshPolicy { max_attempts, flight_timeout, retry_reserve, .. } = self.rules.numbers;
        if fault.is_retried() && asked.awaited && flight.attempts < max_attempts {
            let longest = self.rules.pause(flight.attempts).1.max(self.rules.believed(fault).unwrap_or_default());
            let left = (flight.started + flight_timeout).since(now);
            holds!(self, left < more(longest.saturating_add(retry_reserve)), "given up with {left:?} left");
        }
    }

    /// A flight failed for everybody who joined: its hold is of the design's length.
    fn failed(&mut self, fault: Fault, error: &Error, sent_with: Option<u32>, life: &Lifecycle, now: Moment) {
        let Some(flight) = self.flight.take() else { return };
        let (class, named) = (fault.class(), fault.retry_after());
        // Of the failure as it came: what is handed out says how long the hold is, as a `Retry-After` does.
        let Some(last) = life.status(now).last_error else { panic!("{fault:?} left no trace") };
        holds!(self, last.class() == class, "{fault:?} is {:?}", last.class());
        holds!(self, last.is_same_failure(error), "joiners get another error than those who come later");
        self.failures += 1;
        let streak = &mut self.streaks[class as usize];
        *streak += 1;
        let nth = *streak - 1;
        let left = self.usable(now).map(|entry| entry.usable_until.since(now));
        let (due, end) = (self.rules.hold(class, nth, named, left), Moment::NEVER.since(now));
        let due = (due.0.min(end), due.1.min(end));
        let hold = error.retry_after().unwrap_or_default().min(end);
        holds!(self, is_within(hold, due), "{class:?} {nth} is held for {hold:?}, not for {due:?}");
        let (until, look_at, error) = (now + hold, now + Duration::from_secs(1), error.clone());
        self.hold = Some(Held { until, class, error, flown_at: flight.started, sent_with, look_at });
    }
}

/// The value of the token with this serial number.
pub(super) fn token_value(serial: u64) -> String {
    format!("invented-{serial}")
}

/// The value of the refresh token with this serial number.
pub(super) fn refresh_token(serial: u64) -> String {
    format!("invented-refresh-{serial}")
}

fn less(time: Duration) -> Duration {
    time.saturating_sub(BLUR)
}

fn more(time: Duration) -> Duration {
    time.saturating_add(BLUR)
}

/// What a floating-point number cannot say of a day.
const BLUR: Duration = Duration::from_micros(1);
