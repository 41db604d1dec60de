//! What one source was seen to do, and whether it may. Pure: every time is an argument.
//!
//! Nothing here is the source's word: requests are seen at its endpoint and at the simulator, tokens at its callers.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use auth_core::{Error, RefreshPolicy};

use super::violation::{Rule, Violation};

/// A token's value, as far as the books need it: its hash.
pub type Value = u64;

/// A request's number in its source.
pub type RequestId = u64;

/// The limits that a source has to keep.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The policy that the source was promised, whatever it was really given.
    pub policy: RefreshPolicy,
    /// How late a task may run before that is the machine's fault.
    pub lateness: Duration,
    /// How long a simulator may take to notice that a client has gone.
    pub notice: Duration,
}

/// How a request ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Ended {
    /// With a token of that life.
    Token(Value, Duration),
    /// With an error.
    Failed(Error),
    /// Dropped on the way: abandoned, out of time, or by a panic.
    Dropped,
}

/// The book of one source.
#[derive(Debug)]
pub struct Book {
    limits: Limits,
    requests: u64,
    live: Vec<(RequestId, Instant)>,
    attempts: u32,
    /// When the next flight may start, had each started as early as it may.
    next_flight: Option<Instant>,
    /// Until when the vendor asked to be let alone.
    quiet_until: Option<Instant>,
    answers: VecDeque<Answer>,
    rejections: VecDeque<Refusal>,
    repeats: VecDeque<Instant>,
    handed_out: Option<(Value, Instant)>,
    errors: VecDeque<Error>,
    given_up: Option<Instant>,
    on_the_wire: u64,
    wired: u64,
    checks: u64,
}

#[derive(Debug)]
struct Answer {
    value: Value,
    begun: Instant,
    until: Instant,
}

#[derive(Debug)]
struct Refusal {
    value: Value,
    begun: Instant,
    /// `None` until it is known; then whether it was accepted, and when that was known.
    accepted: Option<(bool, Instant)>,
}

impl Book {
    /// An empty one.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            requests: 0,
            live: Vec::new(),
            attempts: 0,
            next_flight: None,
            quiet_until: None,
            answers: VecDeque::new(),
            rejections: VecDeque::new(),
            repeats: VecDeque::new(),
            handed_out: None,
            errors: VecDeque::new(),
            given_up: None,
            on_the_wire: 0,
            wired: 0,
            checks: 0,
        }
    }

    /// How many times something was held against a limit.
    #[must_use]
    pub fn checks(&self) -> u64 {
        self.checks
    }

    /// How many requests the source has begun.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// The source asks its endpoint, as attempt number `attempt` of a flight.
    pub fn begin(&mut self, attempt: u32, now: Instant) -> (RequestId, Vec<Violation>) {
        let mut found: Vec<_> = self.noise(now).into_iter().collect();
        let dead_after = self.limits.policy.dead_after;
        let aside = self.live.iter().find(|(_, begun)| !self.rejected_since(*begun) && now < *begun + dead_after);
        self.checks += 1;
        if let Some((_, begun)) = aside {
            let age = now.duration_since(*begun);
            found.push(Violation::new(Rule::OneFlight, format!("a request begun {age:.1?} before is still aloft")));
        }
        match attempt {
            1 => found.extend(self.new_flight(now)),
            _ => self.attempts += 1,
        }
        self.checks += 1;
        if self.attempts > self.limits.policy.max_attempts || attempt > self.limits.policy.max_attempts {
            found.push(Violation::new(Rule::Attempts, format!("attempt {attempt}, {} counted", self.attempts)));
        }
        self.requests += 1;
        self.live.push((self.requests, now));
        (self.requests, found)
    }

    fn new_flight(&mut self, now: Instant) -> Option<Violation> {
        self.attempts = 1;
        let interval = self.limits.policy.min_interval;
        let earliest = self.next_flight.replace(self.next_flight.map_or(now, |next| next.max(now)) + interval)?;
        self.checks += 1;
        let early = earliest.saturating_duration_since(now);
        (early > self.limits.lateness).then(|| {
            Violation::new(Rule::Interval, format!("a flight {early:.1?} too soon; {interval:?} is the least"))
        })
    }

    /// A request at `now` that the vendor asked not to be sent yet. Whatever becomes of the flight that was told so, nothing
    /// shortens that time: no rejection, no changed credentials, no `refresh()`, and it is not drawn.
    fn noise(&mut self, now: Instant) -> Option<Violation> {
        let early = self.quiet_until?.saturating_duration_since(now);
        self.checks += 1;
        (early > TWO_CLOCKS).then(|| {
            let detail = format!("a request {early:.1?} before the end of the time that the vendor asked for");
            Violation::new(Rule::Silence, detail)
        })
    }

    /// Request `id` is over.
    pub fn end(&mut self, id: RequestId, ended: Ended, now: Instant) {
        let Some(at) = self.live.iter().position(|(live, _)| *live == id) else { return };
        let (_, begun) = self.live.remove(at);
        match ended {
            Ended::Token(value, lifetime) => {
                if self.rejections.iter().any(|refusal| refusal.value == value) {
                    keep(&mut self.repeats, now);
                }
                let lifetime = lifetime.min(self.limits.policy.max_lifetime);
                let floor = self.limits.policy.floor.min(lifetime / 10);
                keep(&mut self.answers, Answer { value, begun, until: begun + lifetime - floor });
            }
            Ended::Failed(error) => {
                if matches!(error, Error::Unreachable(_) | Error::Malformed(_)) {
                    self.given_up = Some(now);
                }
                // What is told to a flight that was abandoned before is told to nobody.
                if let Some(wait) = self.wait_for(&error).filter(|_| !self.rejected_since(begun)) {
                    self.quiet_until = self.quiet_until.max(Some(now + wait));
                }
                keep(&mut self.errors, error);
            }
            Ended::Dropped => self.given_up = Some(now),
        }
    }

    /// A token or code request of this source arrived at the simulator; one attempt makes at most `per_attempt`.
    pub fn arrive(&mut self, per_attempt: u64, now: Instant) -> Vec<Violation> {
        (self.on_the_wire, self.wired) = (self.on_the_wire + 1, self.wired + 1);
        self.checks += 2;
        let mut found = Vec::new();
        // What was given up here may still be there.
        let excused = self.given_up.is_some_and(|at| now.saturating_duration_since(at) < self.limits.notice)
            || self
                .rejections
                .back()
                .is_some_and(|last| now.saturating_duration_since(last.begun) < self.limits.notice);
        if self.on_the_wire > 1 && !excused {
            let detail = format!("{} requests at the simulator at once", self.on_the_wire);
            found.push(Violation::new(Rule::OneFlight, detail));
        }
        if self.wired > self.requests * per_attempt {
            let detail = format!("{} requests arrived for {} attempts", self.wired, self.requests);
            found.push(Violation::new(Rule::Attempts, detail));
        }
        found
    }

    /// It left the simulator.
    pub fn leave(&mut self) {
        self.on_the_wire -= 1;
    }

    /// A caller is about to say that an API rejected `value`.
    pub fn rejecting(&mut self, value: Value, now: Instant) {
        keep(&mut self.rejections, Refusal { value, begun: now, accepted: None });
    }

    /// The source has answered what [`Book::rejecting`] announced.
    pub fn rejected(&mut self, value: Value, accepted: bool, now: Instant) {
        let open = |refusal: &&mut Refusal| refusal.value == value && refusal.accepted.is_none();
        if let Some(refusal) = self.rejections.iter_mut().rev().find(open) {
            refusal.accepted = Some((accepted, now));
        }
    }

    /// A caller was handed out the token of that value by a poll that began at `decided` and ended at `done`.
    pub fn handed_out(&mut self, value: Value, decided: Instant, done: Instant) -> Vec<Violation> {
        let mut found = Vec::new();
        self.checks += 3;
        let answers = || self.answers.iter().filter(|answer| answer.value == value);
        let Some(until) = answers().map(|answer| answer.until).max() else {
            found.push(Violation::new(Rule::Foreign, "nobody answered this token to this source".to_owned()));
            return found;
        };
        if decided >= until {
            let late = decided.duration_since(until);
            found.push(Violation::new(Rule::Expired, format!("handed out {late:.1?} after its last moment")));
        }
        let begun = answers().map(|answer| answer.begun).max();
        if let Some(detail) = begun.and_then(|begun| self.ill_gotten(value, begun, decided)) {
            found.push(Violation::new(Rule::Rejected, detail));
        }
        if self.handed_out.is_none_or(|(_, at)| at < done) {
            self.handed_out = Some((value, done));
        }
        found
    }

    /// A caller got `error`; `known` says whether the source itself may have made one of that kind.
    pub fn failed(&mut self, error: &Error, known: bool) -> Option<Violation> {
        self.checks += 1;
        let is = |seen: &Error| seen.is_same_failure(error) || seen.to_string() == error.to_string();
        let explained = known || self.errors.iter().any(is);
        (!explained).then(|| Violation::new(Rule::Error, format!("no request failed with what a caller got: {error}")))
    }

    /// A call got no token by its first poll, which began at `begun` and ended at `done`; to be told at once.
    pub fn not_served(&mut self, begun: Instant, done: Instant) -> Option<Violation> {
        self.checks += 1;
        let left = self.surely_usable(begun, done)?;
        let detail = format!("a caller was not served at once while a token was good for {left:.1?} more");
        Some(Violation::new(Rule::Waited, detail))
    }

    /// Whether a request was lately dropped on the way, so that the source had to find the words itself.
    #[must_use]
    pub fn dropped_lately(&self, now: Instant) -> bool {
        self.given_up.is_some_and(|at| now.saturating_duration_since(at) < self.limits.policy.dead_after)
    }

    /// Whether somebody was handed out a token at `since` or later.
    #[must_use]
    pub fn served_since(&self, since: Instant) -> bool {
        self.handed_out.is_some_and(|(_, at)| at >= since)
    }

    /// When the request began that the token `value` came of, at the latest.
    #[must_use]
    pub fn requested(&self, value: Value) -> Option<Instant> {
        self.answers.iter().filter(|answer| answer.value == value).map(|answer| answer.begun).max()
    }

    /// How long the vendor asks to be let alone, as far as that is believed.
    fn wait_for(&self, error: &Error) -> Option<Duration> {
        let policy = &self.limits.policy;
        match (error, error.retry_after()) {
            (Error::Throttled(_) | Error::Unavailable(_), Some(named)) => Some(named.min(policy.max_retry_after)),
            (Error::Throttled(_), None) => Some(policy.throttled_hold),
            _ => None,
        }
    }

    /// Whether a token was rejected at `begun` or later, so that a request begun then may have been abandoned.
    fn rejected_since(&self, begun: Instant) -> bool {
        self.rejections.iter().any(|refusal| refusal.begun >= begun)
    }

    /// How long a token is still good for that was out before `begun`: the last one answered, and not rejected.
    fn surely_usable(&self, begun: Instant, done: Instant) -> Option<Duration> {
        let (value, at) = self.handed_out?;
        let last = self.answers.back().filter(|last| last.value == value)?;
        let rejected = self.rejections.iter().any(|refusal| refusal.value == value);
        let left = last.until.checked_duration_since(done + self.limits.lateness)?;
        (at <= begun && !rejected && !left.is_zero()).then_some(left)
    }

    /// Why a token that was handed out at `decided` should not have been, for the sake of a rejection.
    fn ill_gotten(&self, value: Value, begun: Instant, decided: Instant) -> Option<String> {
        let accepted = |refusal: &&Refusal| refusal.accepted.is_some_and(|(accepted, at)| accepted && at <= decided);
        let mut accepted = self.rejections.iter().filter(accepted);
        if accepted.clone().any(|refusal| refusal.value == value) && !self.believed_again(value, decided) {
            return Some("handed out after its rejection was accepted".to_owned());
        }
        let early = accepted.any(|refusal| begun < refusal.begun && refusal.value != value);
        early.then(|| "handed out, though it was requested before a rejection that was accepted".to_owned())
    }

    /// Whether the vendor repeated the value while rejections may have been ignored, or after it was long forgotten.
    fn believed_again(&self, value: Value, now: Instant) -> bool {
        let Some(refused) = self.rejections.iter().find(|refusal| refusal.value == value) else { return false };
        let repeated = self.answers.iter().any(|answer| answer.value == value && answer.begun >= refused.begun);
        let window = self.limits.policy.rejection_window * 2;
        let lately = |at: &Instant| now.saturating_duration_since(*at) < window;
        let counted = self.repeats.iter().filter(|at| lately(at)).count()
            + self.rejections.iter().filter(|refusal| lately(&refusal.begun)).count();
        repeated && counted >= self.limits.policy.max_rejections
    }
}

/// Keeps the last [`KEPT`].
fn keep<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() == KEPT {
        list.pop_front();
    }
    list.push_back(item);
}

const KEPT: usize = 64;
/// How far apart the books' clock and a source's are after a hold. A machine that is slow makes no request early.
const TWO_CLOCKS: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests;
