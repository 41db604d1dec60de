//! The life of a token as a pure state machine: what happened, the time and a random number go in, a decision comes out.
//!
//! No I/O, no runtime, no clock. [`crate::TokenSource`] drives it; so can a test, a hundred thousand times in virtual time.

use std::time::{Duration, SystemTime};

use crate::endpoint::{Notes, RefreshUse};
use crate::error::Class;
use crate::policy::Failed;
use crate::response::RefreshToken;
use crate::{AccessToken, Error, EventKind, Fingerprint, KeepWarm, Moment, Reason, RefreshPolicy, Secret, Status};
use crate::{TokenId, TokenResponse};

/// A flight's number in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FlightId(u64);

/// What a caller is to do.
#[derive(Debug)]
pub(crate) enum Read {
    /// Take this token; if there is a flight to start, nobody waits for it.
    Serve(AccessToken, Option<Start>),
    /// Wait for this flight, which may have to be started first.
    Join(Option<Start>),
    /// Give up for now.
    Fail(Error),
}

/// A flight to start, as a task of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) id: FlightId,
    /// How long to wait before the first attempt, so that flights keep their distance.
    pub(crate) delay: Duration,
}

/// What a caller wants.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Want {
    /// The life that the token must have left.
    pub(crate) life: Duration,
    /// The flight that the caller has waited for already, and that succeeded.
    pub(crate) after: Option<FlightId>,
}

/// One request to make.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) number: u32,
    pub(crate) reason: Reason,
    pub(crate) timeout: Duration,
    /// Taken out of the state: it counts as spent from now on.
    pub(crate) refresh_token: Option<Kept>,
}

/// How an attempt ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) answer: Result<TokenResponse, Error>,
    pub(crate) requested_at: Moment,
    pub(crate) wall: SystemTime,
    /// The refresh token that the attempt was given.
    pub(crate) refresh_token: Option<Kept>,
    pub(crate) notes: Notes,
    /// Whether a caller waits for the flight.
    pub(crate) awaited: bool,
}

/// What the flight does next.
#[derive(Debug)]
pub(crate) enum After {
    /// It is over: a token was published, or this error is for everyone who joined.
    Landed(Result<(), Error>),
    /// Another attempt after this pause.
    Again(Duration),
    /// It is no longer the source's flight; its answer is dropped.
    Abandoned,
}

/// What background renewal does next.
#[derive(Debug)]
pub(crate) enum Background {
    Start(Start),
    /// Look again at this moment, or when something has changed.
    Sleep(Moment),
    /// Look again when something has changed.
    Idle,
}

/// What became of a rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// The token is dropped; the next caller gets one that was requested after this.
    Accepted,
    /// The token was not the current one any more; nothing changes.
    AlreadyReplaced,
    /// Too many young tokens were rejected within five minutes; the token stays, so that one API that refuses does not
    /// disarm the others.
    Ignored,
}

#[derive(Debug)]
pub(crate) struct Lifecycle {
    vendor: &'static str,
    policy: RefreshPolicy,
    token: Option<Live>,
    tokens: u64,
    lifetime: Option<Duration>,
    last_used: Option<Moment>,
    refresh: Refresh,
    flight: Option<Aloft>,
    flights: u64,
    last_start: Option<Moment>,
    hold: Option<Hold>,
    failures: u32,
    last_error: Option<Error>,
    dropped: Option<Reason>,
    rejections: Rejections,
    pinned: bool,
    events: Vec<EventKind>,
}

/// The token that is handed out.
#[derive(Debug)]
struct Live {
    token: AccessToken,
    flight: FlightId,
    usable_until: Moment,
    expires_at: Moment,
    renew_at: Moment,
    /// What it had left when it came.
    fresh_life: Duration,
    /// The smallest wish that it is known not to fulfil, though it was fresh.
    too_short_for: Option<Duration>,
}

#[derive(Debug)]
struct Aloft {
    id: FlightId,
    reason: Reason,
    started_at: Moment,
    attempts: u32,
    asked_again: bool,
}

/// Why nobody asks for now.
#[derive(Debug)]
struct Hold {
    until: Moment,
    class: Class,
    /// Hold lengths grow with failures of the same class in a row.
    streak: u32,
    error: Error,
    sent_with: Option<Fingerprint>,
    probe_at: Moment,
}

/// A refresh token, and until when it may be used if that is known.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) value: Secret,
    until: Option<Moment>,
}

/// The refresh token, if the endpoint hands out any.
#[derive(Debug, Default)]
struct Refresh {
    kept: Option<Kept>,
    refusals: u32,
    stopped: bool,
}

/// Tokens that an API refused.
#[derive(Debug, Default)]
struct Rejections {
    recent: Vec<Moment>,
    ignored_until: Option<Moment>,
    values: Vec<Secret>,
}

impl Lifecycle {
    pub(crate) fn new(vendor: &'static str, policy: RefreshPolicy) -> Self {
        Self {
            vendor,
            policy,
            token: None,
            tokens: 0,
            lifetime: None,
            last_used: None,
            refresh: Refresh::default(),
            flight: None,
            flights: 0,
            last_start: None,
            hold: None,
            failures: 0,
            last_error: None,
            dropped: None,
            rejections: Rejections::default(),
            pinned: false,
            events: Vec::new(),
        }
    }

    /// A token that never expires and is never dropped.
    pub(crate) fn pin(&mut self, response: TokenResponse, wall: SystemTime) -> Result<(), Error> {
        let lifetime = response.lifetime;
        let token = AccessToken::new(TokenId(1), response, lifetime, Moment::default(), wall)?;
        self.token = Some(Live {
            token,
            flight: FlightId(0),
            usable_until: Moment::NEVER,
            expires_at: Moment::NEVER,
            renew_at: Moment::NEVER,
            fresh_life: Duration::MAX,
            too_short_for: None,
        });
        self.pinned = true;
        Ok(())
    }

    /// What happened since the last call, oldest first.
    pub(crate) fn drain_events(&mut self) -> Vec<EventKind> {
        std::mem::take(&mut self.events)
    }

    /// What a caller is to do now.
    pub(crate) fn read(&mut self, now: Moment, want: Want) -> Read {
        if self.usable(now).is_none() {
            return self.join_or_start(now, self.why_none());
        }
        match self.fitting(now, want) {
            Some(Ok(token)) => {
                let start = self.may_renew(now).then(|| self.start(now, Reason::Ahead));
                Read::Serve(token, start)
            }
            Some(Err(too_short)) => Read::Fail(too_short),
            None => self.join_or_start(now, Reason::Forced),
        }
    }

    /// The token, if a caller outside any runtime can have it.
    pub(crate) fn peek(&mut self, now: Moment, want: Want) -> Option<Result<AccessToken, Error>> {
        self.usable(now)?;
        self.fitting(now, want)
    }

    /// A new token is wanted whatever the old one's state.
    pub(crate) fn force(&mut self, now: Moment) -> Read {
        if let Some(live) = self.token.as_ref().filter(|_| self.pinned) {
            return Read::Serve(live.token.clone(), None);
        }
        if self.flight.is_none() && self.hold.as_ref().is_some_and(|hold| hold.class != Class::Throttled) {
            self.lift("asked for by the caller", now);
        }
        self.join_or_start(now, Reason::Forced)
    }

    /// An API answered 401 to the token of this value.
    pub(crate) fn rejected(&mut self, value: &str, now: Moment) -> Rejection {
        let Some(live) = self.token.as_ref().filter(|live| live.token.value() == value) else {
            return Rejection::AlreadyReplaced;
        };
        let (id, lifetime) = (live.token.id(), live.token.lifetime());
        if self.pinned || self.rejections.are_ignored(now) {
            self.events.push(EventKind::RejectionIgnored { token: id });
            return Rejection::Ignored;
        }
        if now.since(live.token.requested_at()) < self.policy.young_token.min(lifetime / 2) {
            self.rejections.count(now, &self.policy);
        }
        self.events.push(EventKind::Rejected { token: id });
        self.drop_rejected(now);
        Rejection::Accepted
    }

    /// The next request of flight `id`; `None` if it is no longer the source's flight.
    pub(crate) fn begin_attempt(&mut self, id: FlightId, now: Moment) -> Option<Attempt> {
        let lifetime = self.lifetime;
        let flight = self.flight.as_mut().filter(|flight| flight.id == id)?;
        flight.attempts += 1;
        let flight_left = (flight.started_at + self.policy.flight_timeout).since(now);
        let timeout = self.policy.attempt_time(lifetime).min(flight_left.max(LEAST_ATTEMPT));
        let (number, reason) = (flight.attempts, flight.reason);
        Some(Attempt { number, reason, timeout, refresh_token: self.refresh.spend(now) })
    }

    /// What flight `id` does after an attempt. `random` is uniform in 0..1.
    pub(crate) fn attempt_done(&mut self, id: FlightId, mut done: Done, now: Moment, random: f64) -> After {
        let ours = self.flight.as_ref().is_some_and(|flight| flight.id == id);
        self.account_for_refresh(&mut done, ours);
        if !ours {
            return After::Abandoned;
        }
        let (fingerprint, awaited) = (done.notes.fingerprint, done.awaited);
        match self.accept(id, done, now, random) {
            Ok(None) => After::Landed(Ok(())),
            Ok(Some(pause)) => After::Again(pause),
            Err(error) => match self.pause_before_retry(&error, awaited, now, random) {
                Some(again_in) => After::Again(again_in),
                None => After::Landed(Err(self.land_failed(error, fingerprint, now, random))),
            },
        }
    }

    /// The task of flight `id` ended without an answer: its runtime is gone, or it panicked. The error is for those who
    /// joined; without one they start the next flight.
    pub(crate) fn lost(&mut self, id: FlightId, panicked: bool, now: Moment, random: f64) -> Option<Error> {
        self.flight.as_ref().filter(|flight| flight.id == id)?;
        self.events.push(EventKind::FlightLost);
        if !panicked {
            self.flight = None;
            return None;
        }
        let error = Error::internal(self.vendor, "the endpoint or the credential source panicked");
        Some(self.land_failed(error, None, now, random))
    }

    /// The flight that has been aloft for too long, if there is one; it is the source's no longer.
    pub(crate) fn take_dead_flight(&mut self, now: Moment) -> Option<FlightId> {
        let dead_after = self.policy.dead_after;
        let dead = self.flight.take_if(|flight| flight.started_at + dead_after <= now)?;
        self.events.push(EventKind::FlightLost);
        Some(dead.id)
    }

    /// Whether somebody should look now if the credentials have changed; once a second at most says yes.
    pub(crate) fn take_probe(&mut self, now: Moment) -> bool {
        match self.hold.as_mut().filter(|hold| hold.is_probed() && hold.until > now && hold.probe_at <= now) {
            // While the source is being asked the next look is as far away as the source may take.
            Some(hold) => {
                hold.probe_at = now + crate::CREDENTIALS_TIMEOUT + PROBE_INTERVAL;
                true
            }
            None => false,
        }
    }

    /// The credentials as they are now; others than those that failed lift the hold.
    pub(crate) fn probed(&mut self, found: Option<Fingerprint>, now: Moment) {
        let Some(hold) = self.hold.as_mut() else { return };
        hold.probe_at = hold.probe_at.min(now + PROBE_INTERVAL);
        if found.is_some() && hold.is_probed() && found != hold.sent_with && hold.until > now {
            self.lift("the credentials have changed", now);
        }
    }

    /// What background renewal does now.
    pub(crate) fn background(&mut self, now: Moment) -> Background {
        if self.policy.keep_warm == KeepWarm::OnDemand || self.pinned || self.flight.is_some() {
            return Background::Idle;
        }
        let usable = self.usable(now).map(|live| live.renew_at);
        match usable {
            Some(renew_at) if now < renew_at => return Background::Sleep(renew_at),
            Some(_) if self.was_used_lately(now) => {}
            None if self.policy.keep_warm == KeepWarm::Always => {}
            _ => return Background::Idle,
        }
        let next = self.next_start();
        if now < next {
            let probe = self.hold.as_ref().filter(|hold| hold.is_probed()).map_or(next, |hold| hold.probe_at);
            return Background::Sleep(probe.min(next));
        }
        Background::Start(self.start(now, if usable.is_some() { Reason::Ahead } else { self.why_none() }))
    }

    /// Until when a reader need not come here: before that the published token is simply handed out.
    pub(crate) fn attention(&self) -> Moment {
        let Some(live) = &self.token else { return Moment::default() };
        let next = match (&self.flight, &self.hold) {
            (Some(flight), _) => flight.started_at + self.policy.dead_after,
            (None, Some(hold)) if hold.is_probed() => live.renew_at.max(self.next_start().min(hold.probe_at)),
            (None, _) => live.renew_at.max(self.next_start()),
        };
        next.min(live.usable_until)
    }

    pub(crate) fn published(&self) -> Option<&AccessToken> {
        self.token.as_ref().map(|live| &live.token)
    }

    pub(crate) fn flight(&self) -> Option<FlightId> {
        self.flight.as_ref().map(|flight| flight.id)
    }

    pub(crate) fn note(&mut self, event: EventKind) {
        self.events.push(event);
    }

    pub(crate) fn status(&self, now: Moment) -> Status {
        let live = self.usable(now);
        Status {
            vendor: self.vendor,
            token: live.map(|live| live.token.id()),
            life_left: live.map(|live| live.usable_until.since(now)),
            renewing: self.flight.is_some(),
            failures: self.failures,
            next_attempt: self.hold.as_ref().map(|hold| hold.until.since(now)).filter(|left| !left.is_zero()),
            last_error: self.last_error.clone(),
        }
    }

    fn usable(&self, now: Moment) -> Option<&Live> {
        self.token.as_ref().filter(|live| now < live.usable_until)
    }

    /// The usable token if it fulfils the wish, the refusal if no token would; nothing if a fresher one might.
    fn fitting(&mut self, now: Moment, want: Want) -> Option<Result<AccessToken, Error>> {
        let live = self.token.as_mut()?;
        if live.expires_at.since(now) >= want.life {
            return Some(Ok(live.token.clone()));
        }
        if want.after.is_some_and(|flight| flight <= live.flight) {
            live.too_short_for = Some(live.too_short_for.map_or(want.life, |least| least.min(want.life)));
        }
        let hopeless = live.too_short_for.is_some_and(|least| want.life >= least);
        hopeless.then_some(Err(Error::TooShort { wanted: want.life, lifetime: live.fresh_life }))
    }

    fn join_or_start(&mut self, now: Moment, reason: Reason) -> Read {
        if self.flight.is_some() {
            return Read::Join(None);
        }
        if let Some(hold) = self.hold.as_ref().filter(|hold| hold.until > now) {
            return Read::Fail(hold.error.clone().with_retry_after(hold.until.since(now)));
        }
        Read::Join(Some(self.start(now, reason)))
    }

    fn why_none(&self) -> Reason {
        match (&self.token, self.dropped) {
            (Some(_), _) => Reason::Expired,
            (None, Some(reason)) => reason,
            (None, None) => Reason::Cold,
        }
    }

    fn may_renew(&self, now: Moment) -> bool {
        let due = self.token.as_ref().is_some_and(|live| now >= live.renew_at);
        due && self.flight.is_none() && now >= self.next_start()
    }

    /// The earliest start of a flight: after the hold, and at a distance from the last.
    fn next_start(&self) -> Moment {
        let spaced = self.last_start.map_or(Moment::default(), |last| last + self.policy.interval(self.lifetime));
        self.hold.as_ref().map_or(spaced, |hold| hold.until.max(spaced))
    }

    fn start(&mut self, now: Moment, reason: Reason) -> Start {
        let started_at = self.next_start().max(now);
        self.flights += 1;
        let id = FlightId(self.flights);
        self.flight = Some(Aloft { id, reason, started_at, attempts: 0, asked_again: false });
        self.last_start = Some(started_at);
        self.events.push(if self.failures == 0 {
            EventKind::Requested { reason }
        } else {
            EventKind::Retried { reason }
        });
        Start { id, delay: started_at.since(now) }
    }

    /// Puts back a refresh token that was not sent, counts one that was refused, keeps a new one before anything else.
    fn account_for_refresh(&mut self, done: &mut Done, ours: bool) {
        match done.notes.refresh {
            Some(RefreshUse::Unsent) if ours => {
                self.refresh.kept = done.refresh_token.take().or(self.refresh.kept.take());
            }
            Some(RefreshUse::Refused) => self.refresh.refused(&mut self.events),
            _ if done.refresh_token.is_some() && done.answer.is_ok() => self.refresh.refusals = 0,
            _ => {}
        }
        if let (true, Ok(response)) = (ours, &mut done.answer) {
            self.refresh.keep(response.refresh.take(), done.requested_at);
        }
    }

    /// Publishes an answer; `Some` asks again after that pause.
    fn accept(&mut self, id: FlightId, done: Done, now: Moment, random: f64) -> Result<Option<Duration>, Error> {
        let mut response = done.answer?;
        let ungranted = std::mem::take(&mut response.ungranted);
        let lifetime = self.policy.lifetime(response.lifetime);
        let expires_at = done.requested_at + lifetime;
        let usable_until = expires_at - self.policy.floor_of(lifetime);
        if self.is_rejected_value(response.value.expose(), now) {
            return Err(Error::malformed(self.vendor, "the answer repeats a token that an API has rejected"));
        }
        if now >= usable_until {
            return self.ask_again_once();
        }
        let token = AccessToken::new(TokenId(self.tokens + 1), response, lifetime, done.requested_at, done.wall)?;
        if !ungranted.is_empty() {
            self.events.push(EventKind::ScopesNotGranted { scopes: ungranted });
        }
        let renew_at = done.requested_at + self.policy.renew_after(lifetime, random);
        let fresh_life = expires_at.since(now);
        self.publish(
            Live { token, flight: id, usable_until, expires_at, renew_at, fresh_life, too_short_for: None },
            now,
        );
        Ok(None)
    }

    fn publish(&mut self, live: Live, now: Moment) {
        let (token, lifetime) = (live.token.id(), live.token.lifetime());
        let renewed = self.usable(now).is_some();
        self.events.push(if renewed {
            EventKind::Renewed { token, lifetime }
        } else {
            EventKind::Obtained { token, lifetime }
        });
        if self.token.as_ref().is_some_and(|old| old.token.is_used()) {
            self.last_used = Some(now);
        }
        self.token = Some(live);
        self.tokens += 1;
        self.lifetime = Some(lifetime);
        (self.flight, self.hold, self.failures, self.last_error, self.dropped) = (None, None, 0, None, None);
    }

    /// A token below its floor on arrival: the machine slept in flight, or the vendor was slow.
    fn ask_again_once(&mut self) -> Result<Option<Duration>, Error> {
        match self.flight.as_mut() {
            Some(flight) if !flight.asked_again && flight.attempts < self.policy.max_attempts => {
                flight.asked_again = true;
                Ok(Some(Duration::ZERO))
            }
            _ => Err(Error::malformed(self.vendor, "the token had no life left by the time it came")),
        }
    }

    fn pause_before_retry(&mut self, error: &Error, awaited: bool, now: Moment, random: f64) -> Option<Duration> {
        let flight = self.flight.as_ref()?;
        if !error.is_retried_in_flight() || !awaited || flight.attempts >= self.policy.max_attempts {
            return None;
        }
        let pause = self.policy.backoff(flight.attempts + 1, random).max(error.retry_after().unwrap_or_default());
        let left = (flight.started_at + self.policy.flight_timeout).since(now);
        if left < pause.saturating_add(self.policy.retry_reserve) {
            return None;
        }
        let (attempt, error) = (flight.attempts, error.clone());
        self.events.push(EventKind::AttemptFailed { attempt, error, again_in: pause });
        Some(pause)
    }

    fn land_failed(&mut self, error: Error, sent_with: Option<Fingerprint>, now: Moment, random: f64) -> Error {
        self.flight = None;
        self.failures = self.failures.saturating_add(1);
        let class = error.class();
        let streak =
            self.hold.as_ref().filter(|hold| hold.class == class).map_or(1, |hold| hold.streak.saturating_add(1));
        let usable_until = self.usable(now).map_or(now, |live| live.usable_until);
        let why = Failed { class, failures: streak, retry_after: error.retry_after(), usable_until };
        let hold = self.policy.hold(&why, now, random);
        let event_error = error.clone();
        self.events.push(match usable_until > now {
            true => EventKind::RenewalFailed { error: event_error },
            false => EventKind::RequestFailed { error: event_error },
        });
        self.events.push(EventKind::held(class, hold));
        self.last_error = Some(error.clone());
        let probe_at = now + PROBE_INTERVAL;
        self.hold = Some(Hold { until: now + hold, class, streak, error: error.clone(), sent_with, probe_at });
        error.with_retry_after(hold)
    }

    fn lift(&mut self, why: &'static str, now: Moment) {
        if let Some(hold) = self.hold.as_mut().filter(|hold| hold.until > now) {
            hold.until = now;
            self.events.push(EventKind::HoldLifted { why });
        }
    }

    fn drop_rejected(&mut self, now: Moment) {
        let Some(live) = self.token.take() else { return };
        if live.token.is_used() {
            self.last_used = Some(now);
        }
        self.rejections.remember(live.token.value());
        self.dropped = Some(Reason::Rejected);
        if self.flight.take().is_some() {
            self.events.push(EventKind::FlightAbandoned);
        }
        if let Some(hold) = self.hold.as_mut().filter(|hold| hold.class == Class::Transient) {
            hold.until = hold.until.min(now + self.policy.max_cold_hold);
        }
    }

    /// Whether the answer repeats a rejected token; each time counts as a rejection, until those are ignored.
    fn is_rejected_value(&mut self, value: &str, now: Moment) -> bool {
        let repeated = self.rejections.values.iter().any(|rejected| rejected.expose() == value);
        if !repeated || self.rejections.are_ignored(now) {
            return false;
        }
        self.rejections.count(now, &self.policy);
        self.events.push(EventKind::AnswerRepeatsRejected);
        true
    }

    fn was_used_lately(&self, now: Moment) -> bool {
        let Some(live) = &self.token else { return false };
        let window = self.policy.keep_warm.window(live.token.lifetime());
        window == Duration::MAX || live.token.is_used() || self.last_used.is_some_and(|used| now.since(used) <= window)
    }
}

impl Hold {
    /// A `Retry-After` is kept to whatever the credentials; a request that never had any says nothing about them.
    fn is_probed(&self) -> bool {
        self.class != Class::Throttled && self.sent_with.is_some()
    }
}

impl Refresh {
    fn spend(&mut self, now: Moment) -> Option<Kept> {
        self.kept.take().filter(|kept| !self.stopped && kept.until.is_none_or(|until| now < until))
    }

    fn keep(&mut self, answered: Option<RefreshToken>, requested_at: Moment) {
        if let Some(RefreshToken { value, lifetime }) = answered.filter(|_| !self.stopped) {
            self.kept = Some(Kept { value, until: lifetime.map(|life| requested_at + life) });
        }
    }

    fn refused(&mut self, events: &mut Vec<EventKind>) {
        self.refusals += 1;
        events.push(EventKind::RefreshTokenRefused);
        if self.refusals >= MAX_REFRESH_REFUSALS && !self.stopped {
            (self.stopped, self.kept) = (true, None);
            events.push(EventKind::RefreshingStopped);
        }
    }
}

impl Rejections {
    fn are_ignored(&self, now: Moment) -> bool {
        self.ignored_until.is_some_and(|until| now < until)
    }

    fn count(&mut self, now: Moment, policy: &RefreshPolicy) {
        self.recent.retain(|at| now.since(*at) < policy.rejection_window);
        self.recent.push(now);
        if self.recent.len() >= policy.max_rejections {
            self.recent.clear();
            self.ignored_until = Some(now + policy.rejection_window);
        }
    }

    fn remember(&mut self, value: &str) {
        if self.values.len() == REMEMBERED_REJECTIONS {
            self.values.remove(0);
        }
        self.values.push(Secret::unchecked(value.to_owned()));
    }
}

/// A flight suspended beyond its end still gets an answer, or a deadline that says so.
const LEAST_ATTEMPT: Duration = Duration::from_millis(100);
/// How often credentials are looked at during a hold.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
/// After the second refusal in a row the vendor's refresh tokens are not worth their requests.
const MAX_REFRESH_REFUSALS: u32 = 2;
/// A vendor that repeats tokens repeats the last ones.
const REMEMBERED_REJECTIONS: usize = 4;
