//! The flying side of the machine: attempts, what they answer, and what a failure means.

use std::time::Duration;

use super::decision::{After, Attempt, Done, FlightId};
use super::parts::{Hold, Live};
use super::{Lifecycle, PROBE_INTERVAL};
use crate::endpoint::RefreshUse;
use crate::error::Class;
use crate::policy::Failed;
use crate::{AccessToken, Error, EventKind, Fingerprint, Moment, TokenId};

impl Lifecycle {
    /// The next request of flight `id`; `None` if it is no longer the source's flight.
    pub(crate) fn begin_attempt(&mut self, id: FlightId, now: Moment) -> Option<Attempt> {
        let lifetime = self.lifetime;
        let flight = self.flight.as_mut().filter(|flight| flight.id == id)?;
        if flight.attempts == 0 {
            // The machine may have slept while the flight kept its distance: its time is its own.
            flight.started_at = flight.started_at.max(now);
            self.last_start = Some(flight.started_at);
            self.unbegun = 0;
        }
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
            Err(error) => {
                self.heed(&error, now);
                match self.pause_before_retry(&error, awaited, now, random) {
                    Some(again_in) => After::Again(again_in),
                    None => After::Landed(Err(self.land_failed(error, fingerprint, now, random))),
                }
            }
        }
    }

    /// The task of flight `id` ended without an answer: it panicked, which is an error for everyone who joined, or its
    /// runtime is gone and anyone may start the next.
    pub(crate) fn lost(&mut self, id: FlightId, panicked: bool, now: Moment, random: f64) -> Option<Error> {
        self.flight.as_ref().filter(|flight| flight.id == id)?;
        self.events.push(EventKind::FlightLost);
        self.flight = None;
        // One that was lost before it began does not push the next one further out.
        self.last_start = self.last_start.map(|start| start.min(now));
        panicked.then(|| {
            let error = Error::internal(self.vendor, "the endpoint or the credential source panicked");
            self.land_failed(error, None, now, random)
        })
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
            return self.ask_again_once(now);
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
        (self.lifts, self.streaks) = (0, [0; 3]);
        (self.flight, self.hold, self.not_before) = (None, None, Moment::default());
        (self.failures, self.last_error, self.dropped) = (0, None, None);
    }

    /// A token below its floor on arrival: the machine slept in flight, or the vendor was slow. The flight's time starts
    /// anew, since most of it may have been slept away.
    fn ask_again_once(&mut self, now: Moment) -> Result<Option<Duration>, Error> {
        match self.flight.as_mut() {
            Some(flight) if !flight.asked_again && flight.attempts < self.policy.max_attempts => {
                (flight.asked_again, flight.started_at) = (true, now);
                Ok(Some(Duration::ZERO))
            }
            _ => Err(Error::malformed(self.vendor, "the token had no life left by the time it came")),
        }
    }

    /// What the vendor says of the next request holds whatever becomes of this flight.
    fn heed(&mut self, error: &Error, now: Moment) {
        if error.class() == Class::Throttled {
            self.not_before = self.not_before.max(now + self.policy.rest(error.retry_after()));
        }
    }

    fn pause_before_retry(&mut self, error: &Error, awaited: bool, now: Moment, random: f64) -> Option<Duration> {
        let flight = self.flight.as_ref()?;
        if !error.is_retried_in_flight() || !awaited || flight.attempts >= self.policy.max_attempts {
            return None;
        }
        let named = error.retry_after().map_or(Duration::ZERO, |named| self.policy.rest(Some(named)));
        let pause = self.policy.backoff(flight.attempts + 1, random).max(named);
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
        let streak = &mut self.streaks[class as usize];
        *streak = streak.saturating_add(1);
        let streak = *streak;
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
        self.hold = Some(Hold { until: now + hold, class, error: error.clone(), sent_with, probe_at });
        error.with_retry_after(hold)
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
}

/// A flight suspended beyond its end still gets an answer, or a deadline that says so.
pub(crate) const LEAST_ATTEMPT: Duration = Duration::from_millis(100);
