//! What everybody in a soak shares: the counts, the violations, and how late the machine itself was.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use auth_core::{Clock, SystemClock};
use tokio::sync::Notify;

use super::violation::{Rule, Violation};

/// Everything that is counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// Requests for a token or a code that arrived at a simulator.
    pub requests: AtomicU64,
    /// Attempts that the sources made.
    pub attempts: AtomicU64,
    /// Tokens that they were answered.
    pub tokens: AtomicU64,
    /// Calls of `token()`, `authorization()`, `headers()`, `token_valid_for()` and `refresh()` that ended.
    pub reads: AtomicU64,
    /// Those that got an error.
    pub errors: AtomicU64,
    /// Calls dropped half-way.
    pub dropped: AtomicU64,
    /// Calls of the vendor's API.
    pub pings: AtomicU64,
    /// Attempts that were told how long to wait.
    pub told_to_wait: AtomicU64,
    /// Rejections accepted.
    pub accepted: AtomicU64,
    /// Rejections of a token that was replaced already.
    pub late: AtomicU64,
    /// Rejections ignored.
    pub ignored: AtomicU64,
    /// Sources made.
    pub sources: AtomicU64,
    /// Endpoints of sources that are there now: a source that is gone for good leaves none.
    pub alive: AtomicU64,
    /// Calls of `shutdown()`.
    pub shutdowns: AtomicU64,
    /// Healthy spells that were long enough to recover in.
    pub recoveries: AtomicU64,
    /// Times that something was held against a rule, beside those in the books.
    pub checks: AtomicU64,
}

/// The bench.
#[derive(Debug)]
pub struct Court {
    /// The counts.
    pub tally: Tally,
    charges: Mutex<Vec<Charge>>,
    troubles: Mutex<BTreeMap<String, u64>>,
    stalls: Mutex<Stalls>,
    charged: Notify,
    stopped: AtomicBool,
    lateness: Duration,
}

#[derive(Debug)]
struct Charge {
    violation: Violation,
    from: Instant,
    to: Instant,
}

#[derive(Debug, Default)]
struct Stalls {
    worst: Duration,
    list: Vec<(Instant, Instant)>,
}

impl Court {
    /// One that puts up with tasks that run `lateness` late.
    #[must_use]
    pub fn new(lateness: Duration) -> Self {
        Self {
            tally: Tally::default(),
            charges: Mutex::default(),
            troubles: Mutex::default(),
            stalls: Mutex::default(),
            charged: Notify::new(),
            stopped: AtomicBool::new(false),
            lateness,
        }
    }

    /// `who` was seen to break rules between `from` and `to`.
    pub fn charge(&self, who: &str, found: impl IntoIterator<Item = Violation>, from: Instant, to: Instant) {
        for violation in found {
            let mut charges = lock(&self.charges);
            if charges.len() < MOST_CHARGES {
                charges.push(Charge { violation: violation.of(who), from, to });
            }
            self.charged.notify_one();
        }
    }

    /// Ends when somebody was charged.
    pub async fn somebody_is_charged(&self) {
        self.charged.notified().await;
    }

    /// Everybody is to stop.
    pub fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    /// Whether everybody is to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    /// A spell of that trouble begins.
    pub fn trouble(&self, name: String) {
        *lock(&self.troubles).entry(name).or_default() += 1;
    }

    /// How often each trouble came.
    #[must_use]
    pub fn troubles(&self) -> BTreeMap<String, u64> {
        lock(&self.troubles).clone()
    }

    /// Looks once how late a task runs that wants to run now and then.
    pub async fn feel_the_pulse(&self) {
        let (before, due) = (SystemClock.now(), Instant::now() + BEAT);
        tokio::time::sleep(BEAT).await;
        // By the clock of the sources, which runs on while the machine is suspended.
        self.was_late(SystemClock.now().since(before).saturating_sub(BEAT), due, Instant::now());
    }

    /// What was due at `due` ran at `ran`, which is `late`.
    fn was_late(&self, late: Duration, due: Instant, ran: Instant) {
        let mut stalls = lock(&self.stalls);
        stalls.worst = stalls.worst.max(late);
        if late > self.lateness / 2 {
            stalls.list.push((due, ran));
        }
    }

    /// How late a task ran at worst.
    #[must_use]
    pub fn worst_lateness(&self) -> Duration {
        lock(&self.stalls).worst
    }

    /// The violations, and those that are excused because the machine stood still meanwhile.
    #[must_use]
    pub fn verdict(&self) -> (Vec<Violation>, Vec<Violation>) {
        let (stalls, charges) = (lock(&self.stalls), lock(&self.charges));
        let excused = |charge: &&Charge| is_timed(charge.violation.rule) && stalls.overlap(charge.from, charge.to);
        let (excused, guilty): (Vec<_>, Vec<_>) = charges.iter().partition(excused);
        let told = |charges: Vec<&Charge>| charges.iter().map(|charge| charge.violation.clone()).collect();
        (told(guilty), told(excused))
    }
}

impl Stalls {
    /// Whether the machine stood still between the two, or a moment before.
    fn overlap(&self, from: Instant, to: Instant) -> bool {
        self.list.iter().any(|(due, ran)| *due <= to && from <= *ran + A_MOMENT)
    }
}

/// Whether a machine that stands still can make it look broken. A stall makes no token valid. It makes no request early
/// either, but a flight may be dead by the time it is told to wait, and time to wait may pass in a suspend.
fn is_timed(rule: Rule) -> bool {
    use Rule::{Error, Interval, OneFlight, Recovery, Shutdown, Silence, Waited};
    matches!(rule, OneFlight | Interval | Silence | Waited | Error | Recovery | Shutdown)
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const BEAT: Duration = Duration::from_millis(20);
/// What piled up in a stall takes a while to be worked off.
const A_MOMENT: Duration = Duration::from_secs(1);
/// One is enough; a few help to see a pattern.
const MOST_CHARGES: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict_on(rule: Rule, stall: Option<u64>) -> (usize, usize) {
        let court = Court::new(Duration::from_millis(500));
        let zero = Instant::now();
        let at = |millis: u64| zero + Duration::from_millis(millis);
        if let Some(begun) = stall {
            court.was_late(Duration::from_millis(400), at(begun), at(begun + 400));
        }
        court.charge("a source", [Violation::new(rule, "how".to_owned())], at(5000), at(6000));
        let (guilty, excused) = court.verdict();
        (guilty.len(), excused.len())
    }

    #[test]
    fn machine_that_stood_still_meanwhile_excuses_what_depends_on_time() {
        assert_eq!(verdict_on(Rule::Waited, None), (1, 0));
        assert_eq!(verdict_on(Rule::Waited, Some(5500)), (0, 1));
        assert_eq!(verdict_on(Rule::Waited, Some(1000)), (1, 0), "long before");
        assert_eq!(verdict_on(Rule::Waited, Some(7000)), (1, 0), "after it");
    }

    #[test]
    fn suspend_excuses_as_a_stall_does_though_no_time_passes_in_it() {
        let (court, now) = (Court::new(Duration::from_millis(500)), Instant::now());
        court.was_late(Duration::from_secs(3600), now, now);
        court.charge("a source", [Violation::new(Rule::Silence, "how".to_owned())], now, now);
        assert_eq!(court.verdict().0, []);
    }

    #[test]
    fn nothing_excuses_an_expired_or_rejected_token() {
        for rule in [Rule::Expired, Rule::Rejected, Rule::Foreign, Rule::Attempts] {
            assert_eq!(verdict_on(rule, Some(5500)), (1, 0));
        }
    }
}
