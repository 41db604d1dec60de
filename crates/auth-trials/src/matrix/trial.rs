//! One cell: a cold source under the fault, and one with a living token.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use auth_core::{AccessToken, Error, Event, EventKind, Events, MIN_INTERVAL, Reach, TokenSource};

use super::expect::{Ending, Expect};
use super::stage::{Lab, Patience, Stage};
use super::{Case, Cell, Failure};
use crate::Kind;

/// What was seen in one cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Requests of both runs, until the vendor was healthy again.
    pub(super) requests: u64,
    /// What is not as it should be.
    pub(super) complaints: Vec<String>,
    /// Whether one of them is nothing that a slow machine could do.
    inexcusable: bool,
}

impl Seen {
    pub(super) fn into_cell(self, case: Case) -> Cell {
        let cold_requests = case.cold_requests();
        let Case { group, name, column, expect, .. } = case;
        let Self { requests, complaints, .. } = self;
        Cell { group, name, column, expect, cold_requests, requests, complaints }
    }

    fn check(&mut self, right: bool, complaint: impl FnOnce() -> String) {
        if !right {
            self.complaints.push(complaint());
        }
    }

    /// What holds however slow the machine is.
    fn promise(&mut self, right: bool, complaint: impl FnOnce() -> String) {
        self.inexcusable |= !right;
        self.check(right, complaint);
    }
}

/// Both runs of a cell. A busy machine may be slower than a short deadline, even where a call is healthy: only a cell that
/// such a deadline ends is tried again, and it is wrong if it is wrong each time. A caller who waits while a token lives is
/// wrong at once: that has nothing to do with time.
pub(super) async fn run(case: &Case, lab: &Lab) -> Seen {
    let tries = if case.patience == Patience::Long { 1 } else { MOST_SHORT_TRIES };
    tried(tries, || once(case, lab)).await
}

async fn tried<F: Future<Output = Seen>>(tries: u32, mut once: impl FnMut() -> F) -> Seen {
    let mut seen = once().await;
    for _ in 1..tries {
        if seen.complaints.is_empty() || seen.inexcusable {
            break;
        }
        seen = once().await;
    }
    seen
}

async fn once(case: &Case, lab: &Lab) -> Seen {
    let mut seen = Seen::default();
    let both = async {
        let cold = cold(case, lab, &mut seen).await.err().map(|why| format!("cold: {why}"));
        let living = living(case, lab, &mut seen).await.err().map(|why| format!("living: {why}"));
        seen.complaints.extend(cold.into_iter().chain(living));
    };
    if tokio::time::timeout(LONGEST, both).await.is_err() {
        seen.complaints.push(format!("it did not end within {LONGEST:?}"));
    }
    seen
}

/// A caller without a token waits: as many attempts as there should be, one error, and a hold.
async fn cold(case: &Case, lab: &Lab, seen: &mut Seen) -> Result<(), Failure> {
    let expect = &case.expect;
    let mut stage = Stage::set(case, lab).await?;
    stage.begin().await?;
    let ending = stage.tokens.token().await;
    let events = stage.tokens.recent_events();
    let attempts = 1 + count(&events, |kind| matches!(kind, EventKind::AttemptFailed { .. }));
    seen.check(attempts == expect.attempts, || format!("cold: {attempts} attempts, not {}", expect.attempts));
    judge("cold", &ending, expect, seen);
    judge_hold("cold", &ending, &events, expect, seen);
    let requests = case.cold_requests();
    count_requests("cold", &stage, 0, requests, seen).await;
    match (&ending, poll_once(&stage.tokens)) {
        (Ok(first), Some(Ok(again))) if again.id() == first.id() => {}
        (Err(first), Some(Err(again))) if again.is_same_failure(first) => {}
        (_, again) => seen.complaints.push(format!("cold: the next caller got {again:?} after {ending:?}")),
    }
    seen.requests += stage.seen();
    let asked_again = requests.is_some_and(|requests| stage.seen() != requests);
    seen.check(!asked_again, || "cold: the next caller cost a request".to_owned());
    seen.check(!stage.is_broken(), || "cold: the front is broken".to_owned());
    Ok(())
}

/// A renewal meets the fault while the token lives: one attempt, and callers are served at once all the while. Then the
/// vendor is healthy again, and so is the source as soon as its hold is over.
async fn living(case: &Case, lab: &Lab, seen: &mut Seen) -> Result<(), Failure> {
    let expect = &case.expect;
    let mut stage = Stage::set(case, lab).await?;
    let old = prime(&stage).await?;
    let (before, mut events) = (stage.seen(), stage.tokens.events());
    stage.begin().await?;
    stage.clock.advance(old.lifetime().mul_f64(LATE));
    still_served("when its renewal is due", &stage.tokens, &old, seen);
    let (ending, story) = renewal(&mut events, &stage.tokens, &old, seen).await?;
    judge("living", &ending, expect, seen);
    judge_hold("living", &ending, &story, expect, seen);
    let attempts = 1 + count(&story, |kind| matches!(kind, EventKind::AttemptFailed { .. }));
    seen.check(attempts == 1, || format!("living: {attempts} attempts for nobody"));
    count_requests("living", &stage, before, case.requests(), seen).await;
    seen.requests += stage.seen() - before;
    if ending.is_err() {
        still_served("after its renewal failed", &stage.tokens, &old, seen);
        recovery(case, &mut stage, &mut events, &old, seen).await?;
    }
    seen.check(!stage.is_broken(), || "living: the front is broken".to_owned());
    Ok(())
}

/// The first token. A healthy vendor on a busy machine may be too slow for a short deadline now and then.
async fn prime(stage: &Stage) -> Result<AccessToken, Failure> {
    let mut last = None;
    for _ in 0..MOST_TRIES {
        match stage.tokens.token().await {
            Ok(token) => return Ok(token),
            Err(error) => last = Some(error),
        }
        stage.clock.advance(stage.tokens.status().next_attempt.unwrap_or_default() + MIN_INTERVAL);
    }
    Err(last.map_or_else(|| "no first token".into(), Into::into))
}

/// Until the renewal has ended, whichever way; callers are served meanwhile.
async fn renewal(
    events: &mut Events,
    tokens: &TokenSource,
    old: &AccessToken,
    seen: &mut Seen,
) -> Result<(Result<AccessToken, Error>, Vec<Event>), Failure> {
    let mut story = Vec::new();
    loop {
        let event = events.next().await.ok_or("the source is gone")?;
        let kind = event.kind.clone();
        story.push(event);
        match kind {
            EventKind::Renewed { .. } => {
                let new = poll_once(tokens).ok_or("a caller waits for a token that has just come")??;
                seen.promise(new.id() != old.id(), || "living: the old token is served after its renewal".to_owned());
                return Ok((Ok(new), story));
            }
            EventKind::RenewalFailed { error, .. } => {
                // The hold is told right after it.
                story.extend(events.next().await);
                return Ok((Err(error), story));
            }
            EventKind::RequestFailed { .. } => return Err("the token was no longer usable".into()),
            _ => still_served("during its renewal", tokens, old, seen),
        }
    }
}

async fn recovery(
    case: &Case,
    stage: &mut Stage,
    events: &mut Events,
    old: &AccessToken,
    seen: &mut Seen,
) -> Result<(), Failure> {
    let hold = stage.tokens.status().next_attempt.ok_or("there is no hold after a failure")?;
    stage.end().await?;
    let mut before = stage.seen();
    stage.clock.advance(hold + MIN_INTERVAL);
    still_served("when the hold is over", &stage.tokens, old, seen);
    for _ in 0..MOST_TRIES {
        match renewal(events, &stage.tokens, old, seen).await? {
            (Ok(_), _) => {
                count_requests("healed", stage, before, Some(case.column.healthy_requests()), seen).await;
                return Ok(());
            }
            // As in `prime`.
            (Err(error), _) if error.reach() == Some(Reach::Deadline) => {
                before = stage.seen();
                stage.clock.advance(stage.tokens.status().next_attempt.unwrap_or_default() + MIN_INTERVAL);
                still_served("when the hold is over", &stage.tokens, old, seen);
            }
            (Err(error), _) => return Err(format!("a healthy vendor is not recovered from: {error}").into()),
        }
    }
    Err("a healthy vendor is not recovered from".into())
}

fn still_served(when: &str, tokens: &TokenSource, old: &AccessToken, seen: &mut Seen) {
    let served = match poll_once(tokens) {
        // The renewal may have come through meanwhile.
        Some(Ok(token)) => token.id() >= old.id(),
        _ => false,
    };
    seen.promise(served, || format!("living: the token is not served at once {when}"));
}

/// What a caller gets without waiting.
fn poll_once(tokens: &TokenSource) -> Option<Result<AccessToken, Error>> {
    match pin!(tokens.token()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

fn judge(run: &str, ending: &Result<AccessToken, Error>, expect: &Expect, seen: &mut Seen) {
    let right = match (ending, &expect.ending) {
        (Ok(token), Ending::Token(life)) => life.fits(token.lifetime()),
        (Err(error), expected @ Ending::Error { .. }) => ending_of(error) == *expected,
        _ => false,
    };
    seen.check(right, || match ending {
        Ok(token) => format!("{run}: a token of {:?}, not {:?}", token.lifetime(), expect.ending),
        Err(error) => format!("{run}: {}, not {}: {error}", ending_of(error), expect.ending),
    });
}

fn ending_of(error: &Error) -> Ending {
    Ending::Error {
        kind: Kind::of(error),
        status: error.status(),
        code: error.code().map(str::to_owned),
        reach: error.reach(),
    }
}

fn judge_hold(run: &str, ending: &Result<AccessToken, Error>, events: &[Event], expect: &Expect, seen: &mut Seen) {
    let held = events.iter().rev().find_map(|event| match event.kind {
        EventKind::Held { hold, permanent, .. } => Some((hold, permanent)),
        _ => None,
    });
    let right = match (held, expect.hold) {
        (None, None) => true,
        (Some((hold, permanent)), Some(expected)) => expected.fits(hold, permanent),
        _ => false,
    };
    seen.check(right, || format!("{run}: held for {held:?}, not {:?}", expect.hold));
    if let (Err(error), Some((_, permanent))) = (ending, held) {
        seen.check(error.is_transient() != permanent, || format!("{run}: held for {held:?} after {error}"));
    }
}

async fn count_requests(run: &str, stage: &Stage, before: u64, expected: Option<u64>, seen: &mut Seen) {
    let Some(expected) = expected else { return };
    let requests = stage.seen_at_least(before + expected).await - before;
    seen.check(requests == expected, || format!("{run}: {requests} requests, not {expected}"));
}

fn count(events: &[Event], is_it: impl Fn(&EventKind) -> bool) -> u32 {
    events.iter().map(|event| u32::from(is_it(&event.kind))).sum()
}

/// After the latest renewal time, which is at three quarters, and long before the end.
const LATE: f64 = 0.8;
/// Flights of a healthy vendor that may be too slow, one after another.
const MOST_TRIES: u32 = 20;
const MOST_SHORT_TRIES: u32 = 3;
const LONGEST: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of these tries, the first of which is the first to be made.
    async fn left_of(tries: &[Seen]) -> Vec<String> {
        let mut all = tries.iter();
        let next = || std::future::ready(all.next().expect("no more tries than that").clone());
        tried(tries.len() as u32, next).await.complaints
    }

    #[tokio::test]
    async fn busy_machine_is_an_excuse_for_a_deadline_and_none_for_a_caller_who_waits() {
        let (fine, mut late, mut unserved) = (Seen::default(), Seen::default(), Seen::default());
        late.check(false, || "1 requests, not 2".to_owned());
        unserved.promise(false, || "not served at once".to_owned());
        assert_eq!(left_of(&[late.clone(), fine.clone()]).await, Vec::<String>::new());
        assert_eq!(left_of(&[late.clone(), late]).await, ["1 requests, not 2"]);
        assert_eq!(left_of(&[unserved, fine]).await, ["not served at once"]);
    }
}
