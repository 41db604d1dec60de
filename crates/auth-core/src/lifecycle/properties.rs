//! The invariants as properties: any order of calls, answers, failures, rejections and time keeps them.

use proptest::prelude::*;

use super::*;
use crate::{Failure, MAX_LIFETIME, MAX_RETRY_AFTER, Reach};

mod edges;
mod found;

/// One thing that happens to a source.
#[derive(Clone, Debug)]
enum Op {
    Wait(Duration),
    Read {
        life: Duration,
    },
    Force,
    Background,
    Reject {
        old: bool,
    },
    /// The flight's task is given a processor: its next attempt goes out.
    Attempt,
    Answer(Answer),
    Lose {
        panicked: bool,
    },
    /// Those who wait for the flight look if it is dead.
    Impatient,
    Probe {
        changed: bool,
    },
}

#[derive(Clone, Debug)]
enum Answer {
    Token { lifetime: Duration, repeats: bool, awaited: bool },
    Fail { error: Fault, awaited: bool },
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Rejected,
    Throttled(Option<u64>),
    Unavailable(Option<u64>),
    Cut,
    Certificate,
    Malformed,
    Credentials,
}

fn error(fault: Fault) -> Error {
    let wait = |failure: Failure, seconds: Option<u64>| match seconds {
        Some(seconds) => failure.retry_after(Duration::from_secs(seconds)),
        None => failure,
    };
    let failure = Failure::of("invented");
    match fault {
        Fault::Rejected => Error::Rejected(failure),
        Fault::Throttled(seconds) => Error::Throttled(wait(failure, seconds)),
        Fault::Unavailable(seconds) => Error::Unavailable(wait(failure, seconds)),
        Fault::Cut => Error::unreachable("invented", Reach::Cut),
        Fault::Certificate => Error::unreachable("invented", Reach::Certificate),
        Fault::Malformed => Error::malformed("invented", "odd"),
        Fault::Credentials => Error::credentials("sealed"),
    }
}

/// Drives the machine as the source does, and knows by itself what it may do.
struct World {
    life: Lifecycle,
    now: Moment,
    random: f64,
    /// The flight whose task is still running, and its attempts so far.
    flying: Option<(FlightId, u32)>,
    /// When that task goes on, after its delay or a pause.
    goes_on: Moment,
    asked: Option<(FlightId, Moment, u64)>,
    order: u64,
    last_start: Option<Moment>,
    lifetime: Option<Duration>,
    /// Each token's value, moment of request, lifetime, and its place in the order of things.
    tokens: Vec<(String, Moment, Duration, u64)>,
    current: Option<usize>,
    rejected_at: u64,
    rejected: Vec<String>,
    /// Rejections accepted, and answers that repeated a rejected value.
    rejections: usize,
    no_request_before: Moment,
    last_error: Option<Error>,
}

impl World {
    fn new(policy: RefreshPolicy, random: f64) -> Self {
        Self {
            life: Lifecycle::new("invented", policy),
            now: Moment::from_origin(Duration::from_secs(1000)),
            random,
            flying: None,
            goes_on: Moment::default(),
            asked: None,
            order: 0,
            last_start: None,
            lifetime: None,
            tokens: Vec::new(),
            current: None,
            rejected_at: 0,
            rejected: Vec::new(),
            rejections: 0,
            no_request_before: Moment::default(),
            last_error: None,
        }
    }

    fn apply(&mut self, op: &Op) {
        self.order += 1;
        if self.life.take_dead_flight(self.now, false).is_some() {
            self.grounded();
        }
        match op {
            Op::Wait(by) => self.now = self.now + *by,
            Op::Read { life } => self.read(*life),
            Op::Force => {
                let read = self.life.force(self.now);
                assert!(!matches!(read, Read::Serve(..)), "a forced refresh served an old token");
                self.follow(read);
            }
            Op::Background => {
                if let Background::Start(start) = self.life.background(self.now) {
                    self.started(start);
                }
            }
            Op::Reject { old } => self.reject(*old),
            Op::Attempt => self.attempt(),
            Op::Answer(answer) => self.answer(answer),
            Op::Lose { panicked } => self.lose(*panicked),
            Op::Impatient => {
                if self.life.take_dead_flight(self.now, true).is_some() {
                    assert!(self.flying.is_some_and(|(_, attempts)| attempts == 0), "given up, and it may still land");
                    self.grounded();
                }
            }
            Op::Probe { changed } => {
                if self.life.take_probe(self.now) {
                    assert!(!self.life.take_probe(self.now), "two looks at the credentials at once");
                    let found = if *changed { "new" } else { "old" };
                    let about = self.life.failures();
                    self.life.probed(Some(Fingerprint::of_parts(&[found])), about, self.now);
                }
            }
        }
        self.check();
    }

    fn read(&mut self, life: Duration) {
        let usable = self.usable();
        let read = self.life.read(self.now, Want { life, after: None });
        match (&read, usable) {
            (Read::Serve(token, _), Some(at)) => self.check_served(token, at),
            (Read::Serve(token, _), None) => panic!("token {} was handed out below its floor", token.id()),
            (_, Some(_)) => assert!(!life.is_zero(), "a caller had to wait beside a usable token"),
            (Read::Fail(error), None) => {
                let last = self.last_error.as_ref().expect("an error without a failed flight");
                assert!(error.is_same_failure(last), "another error than that of the last flight");
                assert!(error.retry_after().is_some_and(|left| !left.is_zero()), "a hold without an end");
            }
            (Read::Join(_), None) => {}
        }
        self.follow(read);
    }

    fn check_served(&self, token: &AccessToken, at: usize) {
        let (value, requested, lifetime, order) = &self.tokens[at];
        assert_eq!(token.value(), value);
        let floor = Duration::from_secs(10).min(*lifetime / 10);
        assert!(self.now < *requested + *lifetime - floor, "handed out below its floor");
        assert!(*order > self.rejected_at, "requested before an accepted rejection");
        assert!(self.rejections >= 3 || !self.rejected.contains(value), "a rejected value came back");
    }

    /// What the world holds to be the usable token.
    fn usable(&self) -> Option<usize> {
        let (_, requested, lifetime, _) = &self.tokens[self.current?];
        let floor = Duration::from_secs(10).min(*lifetime / 10);
        (self.now < *requested + *lifetime - floor).then_some(self.current?)
    }

    fn follow(&mut self, read: Read) {
        match read {
            Read::Serve(_, Some(start)) | Read::Join(Some(start)) => self.started(start),
            Read::Join(None) => assert!(self.flying.is_some(), "nobody flies the flight to join"),
            Read::Serve(_, None) | Read::Fail(_) => {}
        }
    }

    fn started(&mut self, start: Start) {
        assert!(self.flying.is_none(), "two flights at once");
        let at = self.now + start.delay;
        if let Some(last) = self.last_start {
            let interval = self.lifetime.map_or(Duration::from_secs(1), |life| (life / 2).min(Duration::from_secs(1)));
            assert!(
                at.since(last) >= interval.max(Duration::from_millis(100)),
                "two flights within the least interval"
            );
        }
        assert!(at >= self.no_request_before, "a flight within a Retry-After");
        self.last_start = Some(at);
        self.flying = Some((start.id, 0));
        self.goes_on = at;
    }

    /// The flight's task is no more. One that had not begun does not count as a start.
    fn grounded(&mut self) {
        self.last_start = self.last_start.map(|start| start.min(self.now));
        (self.flying, self.asked) = (None, None);
    }

    fn attempt(&mut self) {
        let Some((id, attempts)) = self.flying.filter(|_| self.asked.is_none()) else { return };
        self.now = self.now.max(self.goes_on);
        let Some(attempt) = self.life.begin_attempt(id, self.now) else { panic!("the flight is not the source's") };
        assert!(attempt.number <= 3 && attempt.number == attempts + 1, "attempt {}", attempt.number);
        assert!(attempt.timeout <= Duration::from_secs(8));
        if attempts == 0 {
            self.last_start = Some(self.now);
        }
        self.flying = Some((id, attempt.number));
        self.asked = Some((id, self.now, self.order));
    }

    fn answer(&mut self, answer: &Answer) {
        let Some((id, requested_at, order)) = self.asked.take() else { return };
        let (result, awaited) = match answer {
            Answer::Token { lifetime, repeats, awaited } => {
                let value = match self.rejected.last().filter(|_| *repeats) {
                    Some(rejected) => {
                        self.rejections += 1;
                        rejected.clone()
                    }
                    None => format!("invented-{}", self.tokens.len()),
                };
                self.tokens.push((value.clone(), requested_at, (*lifetime).min(MAX_LIFETIME), order));
                (TokenResponse::new(value, *lifetime), *awaited)
            }
            Answer::Fail { error: fault, awaited } => (Err(error(*fault)), *awaited),
        };
        let notes = crate::endpoint::Notes { fingerprint: Some(Fingerprint::of_parts(&["old"])), refresh: None };
        let wall = SystemTime::UNIX_EPOCH;
        let done = Done { answer: result, requested_at, wall, refresh_token: None, notes, awaited };
        match self.life.attempt_done(id, done, self.now, self.random) {
            After::Landed(Ok(())) => self.landed(),
            After::Landed(Err(error)) => self.failed(error, answer),
            After::Again(pause) => {
                if let Answer::Fail { error: Fault::Unavailable(Some(seconds)), .. } = answer {
                    assert!(pause >= Duration::from_secs(*seconds), "a second attempt within a Retry-After");
                    self.no_request_before = self.now + Duration::from_secs(*seconds);
                }
                self.goes_on = self.now + pause;
            }
            After::Abandoned => panic!("an answer of the source's own flight was dropped"),
        }
    }

    fn landed(&mut self) {
        self.flying = None;
        self.current = Some(self.tokens.len() - 1);
        self.lifetime = Some(self.tokens[self.tokens.len() - 1].2);
        self.no_request_before = Moment::default();
    }

    fn failed(&mut self, error: Error, answer: &Answer) {
        self.flying = None;
        self.last_error = Some(error);
        let wait = match answer {
            Answer::Fail { error: Fault::Throttled(seconds), .. } => seconds.unwrap_or(30),
            Answer::Fail { error: Fault::Unavailable(Some(seconds)), .. } => *seconds,
            _ => return,
        };
        self.no_request_before = self.now + Duration::from_secs(wait).min(MAX_RETRY_AFTER);
    }

    fn lose(&mut self, panicked: bool) {
        let Some((id, _)) = self.flying else { return };
        self.grounded();
        self.life.lost(id, panicked, self.now, self.random);
        if panicked {
            self.last_error = self.life.status(self.now).last_error;
            assert!(matches!(self.last_error, Some(Error::Internal(_))));
        }
    }

    fn reject(&mut self, old: bool) {
        let at = if old { self.tokens.len().checked_sub(2) } else { self.current };
        let Some(at) = at else { return };
        let (value, ..) = self.tokens[at].clone();
        let was_current = self.current.is_some_and(|current| self.tokens[current].0 == value);
        match self.life.rejected(&value, self.now) {
            Rejection::Accepted => {
                assert!(was_current, "a token that is not current was dropped");
                self.grounded();
                self.current = None;
                self.rejected_at = self.order;
                self.rejected.push(value);
                self.rejections += 1;
            }
            Rejection::Ignored => assert!(was_current && self.rejections >= 3, "ignored too early"),
            Rejection::AlreadyReplaced => assert!(!was_current),
        }
    }

    fn check(&mut self) {
        assert_eq!(self.life.flight(), self.flying.map(|(id, _)| id), "the source and its task disagree");
        let attention = self.life.attention();
        if let Some(at) = self.current {
            let (_, requested, lifetime, _) = &self.tokens[at];
            let floor = Duration::from_secs(10).min(*lifetime / 10);
            assert!(attention <= *requested + *lifetime - floor, "readers would not notice the floor");
        }
        self.life.drain_events();
    }
}

fn durations() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (1u64..2_000).prop_map(Duration::from_millis),
        (1u64..60).prop_map(Duration::from_secs),
        (60u64..7_200).prop_map(Duration::from_secs),
        Just(Duration::from_secs(u64::MAX)),
    ]
}

fn waits() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0u64..2_000).prop_map(Duration::from_millis),
        (1u64..60).prop_map(Duration::from_secs),
        (60u64..7_200).prop_map(Duration::from_secs),
    ]
}

fn faults() -> impl Strategy<Value = Fault> {
    let seconds = || proptest::option::of(prop_oneof![2 => 0u64..120, 3 => 5u64..25, 1 => Just(u64::MAX)]);
    prop_oneof![
        1 => Just(Fault::Rejected),
        1 => seconds().prop_map(Fault::Throttled),
        2 => seconds().prop_map(Fault::Unavailable),
        1 => Just(Fault::Cut),
        1 => Just(Fault::Certificate),
        1 => Just(Fault::Malformed),
        1 => Just(Fault::Credentials),
    ]
}

fn answers() -> impl Strategy<Value = Answer> {
    prop_oneof![
        3 => (durations(), prop::bool::weighted(0.1), any::<bool>())
            .prop_map(|(lifetime, repeats, awaited)| Answer::Token { lifetime, repeats, awaited }),
        2 => (faults(), any::<bool>()).prop_map(|(error, awaited)| Answer::Fail { error, awaited }),
    ]
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        4 => waits().prop_map(Op::Wait),
        6 => prop_oneof![4 => Just(Duration::ZERO), 1 => durations()].prop_map(|life| Op::Read { life }),
        1 => Just(Op::Force),
        2 => Just(Op::Background),
        2 => any::<bool>().prop_map(|old| Op::Reject { old }),
        8 => Just(Op::Attempt),
        8 => answers().prop_map(Op::Answer),
        1 => prop::bool::weighted(0.3).prop_map(|panicked| Op::Lose { panicked }),
        1 => Just(Op::Impatient),
        1 => any::<bool>().prop_map(|changed| Op::Probe { changed }),
    ];
    proptest::collection::vec(op, 1..150)
}

fn policies() -> impl Strategy<Value = RefreshPolicy> {
    let warm = prop_oneof![Just(KeepWarm::OnDemand), Just(KeepWarm::WhileUsed), Just(KeepWarm::Always)];
    let renew = prop_oneof![Just(crate::Renew::default()), Just(crate::Renew::ahead_by(Duration::from_secs(900)))];
    (warm, renew).prop_map(|(keep_warm, renew)| RefreshPolicy { keep_warm, renew, ..RefreshPolicy::default() })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_events_keeps_the_invariants(ops in ops(), policy in policies(), random in 0.0f64..1.0) {
        let mut world = World::new(policy, random);
        for op in &ops {
            world.apply(op);
        }
    }
}
