//! All five providers against all five simulators, for as long as you like, with everything going wrong by turns.
//!
//! What the sources do is judged by books of the soak's own: see [`book`].

mod alive;
pub mod book;
mod callers;
pub mod court;
mod ledger;
pub mod memory;
mod promise;
mod report;
pub mod schedule;
mod stage;
pub mod violation;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use auth_core::{Clock, SystemClock, TokenSource};
use auth_sim::Vendor;
use fastrand::Rng;
use tokio::task::JoinSet;

use alive::{Alive, settle};
use book::Limits;
use callers::Subject;
use court::Court;
use ledger::{Ledger, Register, Watched};
use memory::Sample;
use promise::{StoppedClock, policy, policy_of};
pub use report::Report;
use schedule::{Schedule, Spells, between};
use stage::Stage;
use violation::{Rule, Violation};

/// What a soak is to do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The same seed makes the same faults at the same times.
    pub seed: u64,
    /// For how long.
    pub time: Duration,
    /// Sources of each vendor that live all the time.
    pub sources: usize,
    /// Tasks that call each of them.
    pub callers: usize,
    /// How long vendors are well, and how long not.
    pub spells: Spells,
    /// Bytes allocated and not freed, if the program counts them.
    pub heap: fn() -> Option<u64>,
    /// Panics so far, if the program counts them in its hook; those that are planned go past it.
    pub panics: fn() -> u64,
    /// The one trouble there is, instead of all by turns.
    pub only: Option<schedule::Trouble>,
    /// How long after a spell of trouble each source must serve again.
    pub recovery: Duration,
    /// Whether nothing else runs in this process, so that open files can be counted.
    pub alone: bool,
    /// How long flights and connections have to end when everything has been dropped.
    pub settling: Duration,
    /// A defect, so that the soak is seen to find it.
    pub sabotage: Option<Sabotage>,
}

/// What a bad source would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sabotage {
    /// Sends each request twice, at once.
    AsksTwice,
    /// Measures expiry on a clock that stands still.
    StoppedClock,
    /// Asks again and again without a distance, and more than three times in a flight.
    NoRest,
    /// Holds for as long as a vendor asks.
    LongHolds,
    /// Asks again at once, however long a vendor asks to be let alone.
    DeafToRetryAfter,
    /// Takes tokens for dead that live on.
    ShortLives,
    /// Is not dropped.
    Leaks,
}

impl Plan {
    /// So many minutes with everything there is.
    #[must_use]
    pub fn minutes(minutes: f64, seed: u64) -> Self {
        let seconds = Duration::from_secs_f64;
        let spells = Spells { fine: (seconds(7.5), seconds(9.5)), foul: (seconds(1.0), seconds(4.0)) };
        let time = seconds(60.0 * minutes);
        Self {
            seed,
            time,
            sources: 3,
            callers: 4,
            spells,
            heap: || None,
            panics: || 0,
            only: None,
            recovery: RECOVERY,
            alone: true,
            settling: seconds(15.0),
            sabotage: None,
        }
    }

    /// A few seconds in a test, with trouble as often as not.
    #[must_use]
    pub fn brief(seed: u64) -> Self {
        let seconds = Duration::from_secs_f64;
        let spells = Spells { fine: (seconds(0.5), seconds(1.0)), foul: (seconds(0.3), seconds(1.0)) };
        Self { time: seconds(6.0), sources: 1, callers: 2, spells, alone: false, ..Self::minutes(1.0, seed) }
    }
}

/// How far a soak is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress {
    /// Time gone.
    pub gone: Duration,
    /// Time there is in all.
    pub time: Duration,
    /// Calls that ended.
    pub reads: u64,
    /// Tokens answered.
    pub tokens: u64,
    /// Resident memory in KiB.
    pub rss: u64,
    /// Rules broken.
    pub violations: usize,
}

/// Runs `plan`, or until `stop` ends or a rule is broken; `look` is told once a second how far it is.
///
/// # Errors
///
/// No port for a simulator, or an endpoint that cannot be made.
pub async fn run(plan: &Plan, stop: impl Future<Output = ()>, look: impl FnMut(Progress)) -> io::Result<Report> {
    let before = Alive::now(plan, 0);
    let court = Arc::new(Court::new(LATENESS));
    let begun = Instant::now();
    let mut stages = Vec::new();
    let register = Arc::new(Register::default());
    for (vendor, lifetime) in Vendor::ALL.into_iter().zip(LIFETIMES) {
        stages.push(Arc::new(Stage::set(vendor, Duration::from_secs(lifetime), &register).await?));
    }
    let soak = Arc::new(Soak { plan: plan.clone(), court: Arc::clone(&court), stages, register });
    let mut crowd = soak.gather()?;
    let samples = soak.watch(begun, stop, look).await;
    court.stop();
    let ran = begun.elapsed();
    crowd.shutdown().await;
    let mut report = Report::of(&soak, ran, samples);
    drop(soak);
    let leftovers = settle(&court, plan, before).await;
    let panics = (plan.panics)();
    let panicked = (panics > 0).then(|| Violation::new(Rule::Panic, format!("{panics} unplanned panics, told above")));
    report.conclude(&court, leftovers.into_iter().chain(panicked).collect());
    Ok(report)
}

/// What a soak is made of.
#[derive(Debug)]
pub(crate) struct Soak {
    plan: Plan,
    court: Arc<Court>,
    stages: Vec<Arc<Stage>>,
    register: Arc<Register>,
}

impl Soak {
    /// Sets everybody to work.
    fn gather(self: &Arc<Self>) -> io::Result<JoinSet<()>> {
        let mut crowd = JoinSet::new();
        let court = Arc::clone(&self.court);
        crowd.spawn(async move {
            while !court.is_stopped() {
                court.feel_the_pulse().await;
            }
        });
        let mut rng = Rng::with_seed(self.plan.seed);
        for (at, stage) in self.stages.iter().enumerate() {
            let subjects = (0..self.plan.sources).map(|n| self.subject(stage, (at * self.plan.sources + n) as u64));
            let subjects: Vec<_> = subjects.collect::<io::Result<_>>()?;
            for subject in &subjects {
                for _ in 0..self.plan.callers {
                    crowd.spawn(subject.clone().be_used(rng.fork(), CALLERS_PAUSE));
                }
            }
            crowd.spawn(Arc::clone(self).change_the_weather(Arc::clone(stage), subjects.clone()));
            crowd.spawn(revoke(Arc::clone(&self.court), subjects, rng.fork()));
            crowd.spawn(Arc::clone(self).come_and_go(Arc::clone(stage), FIRST_GUEST * (at as u64 + 1), rng.fork()));
        }
        Ok(crowd)
    }

    fn subject(&self, stage: &Arc<Stage>, number: u64) -> io::Result<Subject> {
        let name = format!("{} #{number}", stage.vendor);
        let limits = Limits { policy: policy(), lateness: LATENESS, notice: Duration::from_secs(3) };
        let ledger = Arc::new(Ledger::new(name, Arc::clone(stage), Arc::clone(&self.court), limits));
        self.register.enter(number, &ledger);
        let endpoint = stage.endpoint(number).map_err(io::Error::other)?;
        let watched = Watched::new(endpoint, Arc::clone(&ledger), self.plan.sabotage);
        let source = TokenSource::builder(watched).policy(policy_of(self.plan.sabotage));
        let source = match self.plan.sabotage {
            Some(Sabotage::StoppedClock) => source.clock(StoppedClock(SystemClock.now())).build(),
            _ => source.build(),
        };
        if self.plan.sabotage == Some(Sabotage::Leaks) {
            std::mem::forget(source.clone());
        }
        self.court.tally.sources.fetch_add(1, Relaxed);
        Ok(Subject { source, ledger, recovery: self.plan.recovery, patience: PATIENCE })
    }

    /// A vendor is well, then it is not, and so on.
    async fn change_the_weather(self: Arc<Self>, stage: Arc<Stage>, subjects: Vec<Subject>) {
        let schedule = Schedule::new(stage.vendor, self.plan.seed, self.plan.spells);
        for (number, spell) in schedule.enumerate() {
            tokio::time::sleep(spell.fine).await;
            if let Some(since) = stage.weather.fine_since().filter(|_| spell.fine > self.plan.recovery) {
                self.court.tally.recoveries.fetch_add(1, Relaxed);
                subjects.iter().for_each(|subject| subject.judge_recovery(since));
            }
            let trouble = self.plan.only.as_ref().unwrap_or(&spell.trouble);
            self.court.trouble(trouble.name());
            stage.begin(trouble, number as u64);
            tokio::time::sleep(spell.foul).await;
            stage.end(trouble, number as u64);
        }
    }

    /// Sources that are made, used for a moment and dropped, in whatever state they are.
    async fn come_and_go(self: Arc<Self>, stage: Arc<Stage>, mut number: u64, mut rng: Rng) {
        while !self.court.is_stopped() {
            number += 1;
            let Ok(guest) = self.subject(&stage, number) else { return };
            let mut users = JoinSet::new();
            for _ in 0..rng.u32(1..4) {
                users.spawn(guest.clone().be_used(rng.fork(), GUESTS_PAUSE));
            }
            tokio::time::sleep(between(&mut rng, GUESTS_STAY)).await;
            if rng.bool() {
                guest.shut_down().await;
            }
            drop(guest);
            users.shutdown().await;
        }
    }

    /// Samples memory until the time is over.
    async fn watch(
        &self,
        begun: Instant,
        stop: impl Future<Output = ()>,
        mut look: impl FnMut(Progress),
    ) -> Vec<Sample> {
        let mut stop = std::pin::pin!(stop);
        let mut samples = Vec::with_capacity(self.plan.time.as_secs() as usize + 1);
        while begun.elapsed() < self.plan.time {
            let sample = Sample::take(begun.elapsed(), (self.plan.heap)());
            samples.push(sample);
            let panics = (self.plan.panics)();
            let violations = self.court.verdict().0.len() + panics as usize;
            let (reads, tokens) = (self.court.tally.reads.load(Relaxed), self.court.tally.tokens.load(Relaxed));
            let time = self.plan.time;
            look(Progress { gone: sample.at, time, reads, tokens, rss: sample.rss, violations });
            if panics > 0 {
                break;
            }
            let next = (self.plan.time - begun.elapsed().min(self.plan.time)).min(SAMPLED_EVERY);
            tokio::select! {
                () = &mut stop => break,
                () = self.court.somebody_is_charged() => {
                    // A moment, so that the machine's own lateness is known and others can follow.
                    tokio::time::sleep(SAMPLED_EVERY).await;
                    if !self.court.verdict().0.is_empty() { break }
                }
                () = tokio::time::sleep(next) => {}
            }
        }
        samples
    }
}

/// Tokens of long-lived sources are revoked now and then.
async fn revoke(court: Arc<Court>, subjects: Vec<Subject>, mut rng: Rng) {
    while !court.is_stopped() {
        tokio::time::sleep(between(&mut rng, REVOKED_EVERY)).await;
        let Some(subject) = rng.choice(&subjects) else { return };
        // Now and then one after the other, until the source believes no rejection for a while.
        for _ in 0..if rng.u32(..4) == 0 { IN_A_ROW } else { 1 } {
            subject.lose_its_token().await;
            tokio::time::sleep(A_REJECTION).await;
        }
    }
}

/// Seconds that a token lives, by vendor; whole ones, since most tokens say it in whole seconds.
const LIFETIMES: [u64; 5] = [4, 5, 4, 3, 5];
/// After it a task that has not run yet is the machine's fault.
const LATENESS: Duration = Duration::from_millis(500);
/// An attempt that met the last fault, one hold, the least interval and a request: 2 + 2.5 + 1 s and some.
const RECOVERY: Duration = Duration::from_millis(7000);
/// What no call takes: two flights, one of which is dead.
const PATIENCE: Duration = Duration::from_secs(20);
const CALLERS_PAUSE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(150));
const GUESTS_PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(40));
const GUESTS_STAY: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(1500));
const REVOKED_EVERY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(6));
const IN_A_ROW: u32 = 12;
/// Somebody has called the API by then.
const A_REJECTION: Duration = Duration::from_millis(300);
const SAMPLED_EVERY: Duration = Duration::from_secs(1);
/// Guests are numbered from here, apart for each vendor.
const FIRST_GUEST: u64 = 1_000_000_000;
