//! The life of a token as a pure state machine: what happened, the time and a random number go in, a decision comes out.
//!
//! No I/O, no runtime, no clock. [`crate::TokenSource`] drives it; so can a test, a hundred thousand times in virtual time.

use std::time::{Duration, SystemTime};

use crate::TokenResponse;
use crate::error::Class;
use crate::{AccessToken, Error, EventKind, Fingerprint, KeepWarm, Moment, Reason, RefreshPolicy, Status, TokenId};

mod attempts;
mod decision;
mod parts;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod simulation;

pub(crate) use attempts::LEAST_ATTEMPT;
pub use decision::Rejection;
pub(crate) use decision::{After, Attempt, Background, Done, FlightId, Read, Start, Want};
use parts::{Aloft, Hold, Live, Refresh, Rejections};

/// The state of one source.
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
    /// Flights in a row that sent nothing in the time that those who waited gave them.
    unbegun: u32,
    last_start: Option<Moment>,
    hold: Option<Hold>,
    /// What the vendor named as the earliest moment of the next request, whatever became of the flight that was told so.
    not_before: Moment,
    failures: u32,
    lifts: u32,
    /// Failed flights of each class since the last success: holds grow with them.
    streaks: [u32; 3],
    last_error: Option<Error>,
    dropped: Option<Reason>,
    rejections: Rejections,
    pinned: bool,
    events: Vec<EventKind>,
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
            unbegun: 0,
            last_start: None,
            hold: None,
            not_before: Moment::default(),
            failures: 0,
            lifts: 0,
            streaks: [0; 3],
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
        if self.flight.is_none() {
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
        let is_young = now.since(live.token.requested_at()) < self.policy.young_token.min(lifetime / 2);
        let is_believed = !is_young || self.policy.max_rejections > 0;
        if self.pinned || !is_believed || self.rejections.are_ignored(now) {
            if !std::mem::replace(&mut self.rejections.told, true) {
                self.events.push(EventKind::RejectionIgnored { token: id });
            }
            return Rejection::Ignored;
        }
        if is_young {
            self.rejections.count(now, &self.policy);
        }
        self.events.push(EventKind::Rejected { token: id });
        self.drop_rejected(now);
        Rejection::Accepted
    }

    /// The flight that has been aloft for too long, if there is one; it is the source's no longer. `awaited` is whether who
    /// looks waits for it.
    pub(crate) fn take_dead_flight(&mut self, now: Moment, awaited: bool) -> Option<FlightId> {
        let dead_at = if awaited { self.awaited_until() } else { self.dead_at() };
        let dead = self.flight.take_if(|_| dead_at.is_some_and(|at| at <= now))?;
        if awaited && dead.attempts == 0 {
            self.unbegun = self.unbegun.saturating_add(1);
        }
        self.events.push(EventKind::FlightLost);
        Some(dead.id)
    }

    /// Whether somebody should look now if the credentials have changed; once a second at most says yes.
    pub(crate) fn take_probe(&mut self, now: Moment) -> bool {
        let Some(hold) = self.hold.as_mut().filter(|hold| hold.is_probed() && hold.probe_at <= now) else {
            return false;
        };
        let is_on = hold.until > now;
        // While the source is being asked the next look is as far away as the source may take. After the hold there is
        // none, or whoever sleeps until it would not sleep.
        hold.probe_at = if is_on { now + crate::CREDENTIALS_TIMEOUT + PROBE_INTERVAL } else { Moment::NEVER };
        is_on
    }

    /// Failed flights since the last success.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// The credentials as they were after failure `about`; others than those that failed lift the hold, three times without
    /// a success between: a source whose credentials differ at every look says nothing by that.
    pub(crate) fn probed(&mut self, found: Option<Fingerprint>, about: u32, now: Moment) {
        if about != self.failures {
            return;
        }
        let Some(hold) = self.hold.as_mut() else { return };
        hold.probe_at = hold.probe_at.min(now + PROBE_INTERVAL);
        if found.is_some() && hold.is_probed() && found != hold.sent_with && hold.until > now && self.lifts < MAX_LIFTS
        {
            self.lifts += 1;
            self.lift("the credentials have changed", now);
        }
    }

    /// What background renewal does now.
    pub(crate) fn background(&mut self, now: Moment) -> Background {
        if self.policy.keep_warm == KeepWarm::OnDemand || self.pinned {
            return Background::Idle;
        }
        if let Some(dead_at) = self.dead_at() {
            return Background::Sleep(dead_at);
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
            return Background::Sleep(self.next_look().min(next));
        }
        Background::Start(self.start(now, if usable.is_some() { Reason::Ahead } else { self.why_none() }))
    }

    /// Until when a reader need not come here: before that the published token is simply handed out.
    pub(crate) fn attention(&self) -> Moment {
        let Some(live) = &self.token else { return Moment::default() };
        let next = self.dead_at().unwrap_or_else(|| live.renew_at.max(self.next_start().min(self.next_look())));
        next.min(live.usable_until)
    }

    pub(crate) fn published(&self) -> Option<&AccessToken> {
        self.token.as_ref().map(|live| &live.token)
    }

    pub(crate) fn flight(&self) -> Option<FlightId> {
        self.flight.as_ref().map(|flight| flight.id)
    }

    /// How long to wait for the flight before it is dead.
    pub(crate) fn patience(&self, now: Moment) -> Duration {
        self.awaited_until().unwrap_or(now).since(now) + A_MOMENT_MORE
    }

    pub(crate) fn note(&mut self, event: EventKind) {
        self.events.push(event);
    }

    pub(crate) fn status(&self, now: Moment) -> Status {
        let live = self.usable(now);
        Status {
            vendor: self.vendor,
            source: None,
            token: live.map(|live| live.token.id()),
            life_left: live.map(|live| live.usable_until.since(now)),
            outage_survivable: live.map(|live| live.outage_survivable(now)),
            renewing: self.flight.is_some(),
            failures: self.failures,
            next_attempt: Some(self.silent_until().since(now)).filter(|left| !left.is_zero()),
            last_error: self.last_error.clone(),
        }
    }

    fn usable(&self, now: Moment) -> Option<&Live> {
        self.token.as_ref().filter(|live| now < live.usable_until)
    }

    /// The usable token if it fulfils the wish, the refusal if no token would; nothing if a fresher one might.
    fn fitting(&mut self, now: Moment, want: Want) -> Option<Result<AccessToken, Error>> {
        let live = self.token.as_mut()?;
        if self.pinned || live.expires_at.since(now) >= want.life {
            return Some(Ok(live.token.clone()));
        }
        if want.after.is_some_and(|flight| flight <= live.flight) && live.fresh_life < want.life {
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

    /// When the flight is dead to everybody.
    fn dead_at(&self) -> Option<Moment> {
        self.flight.as_ref().map(|flight| flight.started_at + self.policy.dead_after)
    }

    /// When it is dead to those who wait for it: long before, if it has sent nothing. To those who are served meanwhile it
    /// makes no difference, and if they replaced it their own might be polled no sooner.
    fn awaited_until(&self) -> Option<Moment> {
        let unbegun = self.flight.as_ref().filter(|flight| flight.attempts == 0);
        unbegun.map(|flight| flight.started_at + self.policy.begin_within(self.unbegun)).or(self.dead_at())
    }

    /// When the credentials are looked at next, if they are during this hold.
    fn next_look(&self) -> Moment {
        let probed = self.hold.as_ref().filter(|hold| hold.is_probed() && hold.probe_at < hold.until);
        probed.map_or(Moment::NEVER, |hold| hold.probe_at)
    }

    /// The earliest start of a flight: after the hold, and at a distance from the last.
    fn next_start(&self) -> Moment {
        let spaced = self.last_start.map_or(Moment::default(), |last| last + self.policy.interval(self.lifetime));
        spaced.max(self.silent_until())
    }

    /// Until when nobody asks. During a hold callers are told so; a time that was named to a flight which has ended since,
    /// and which would have waited for it, is waited for by the next one.
    fn silent_until(&self) -> Moment {
        self.hold.as_ref().map_or(self.not_before, |hold| hold.until.max(self.not_before))
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
        Start { id, reason, delay: started_at.since(now) }
    }

    /// Ends the hold, but for what the vendor named.
    fn lift(&mut self, why: &'static str, now: Moment) {
        let end = now.max(self.not_before);
        if let Some(hold) = self.hold.as_mut().filter(|hold| hold.until > end) {
            hold.until = end;
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
            // One that had not begun does not push the next one further out.
            self.last_start = self.last_start.map(|start| start.min(now));
        }
        if let Some(hold) = self.hold.as_mut().filter(|hold| hold.class != Class::Permanent) {
            hold.until = hold.until.min(self.not_before.max(now + self.policy.max_cold_hold));
        }
    }

    fn was_used_lately(&self, now: Moment) -> bool {
        let Some(live) = &self.token else { return false };
        let window = self.policy.keep_warm.window(live.token.lifetime());
        window == Duration::MAX || live.token.is_used() || self.last_used.is_some_and(|used| now.since(used) <= window)
    }
}

/// So that a flight is dead by the source's clock when a waiter's timer says so.
const A_MOMENT_MORE: Duration = Duration::from_millis(1);
/// Credentials that differ at every look do not switch holds off.
const MAX_LIFTS: u32 = 3;
/// How often credentials are looked at during a hold.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
