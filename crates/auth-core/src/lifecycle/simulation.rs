//! A source's life in virtual time: random vendors, callers and troubles, with independent books of what may happen.
//!
//! `properties` tries any order of events; here the order is that of a world, in which timers, answers, callers and
//! suspends come when they would. A seed is one world, the same in each run; whatever breaks tells its seed.
//!
//! `world` runs the machine as the driver does, with `callers` and `pilots`, which stand for callers and flights; `vendor`
//! answers, `trouble` is what goes wrong. `books` and what stands behind it (`flights`, `strikes`, `refreshes`, `rules`)
//! know the design and nothing of the machine's insides.

use std::io::Write;
use std::time::{Duration, Instant, SystemTime};

use fastrand::Rng;

use report::Tally;
use rules::Rules;
use vendor::Vendor;
use world::World;

/// Asserts, and counts that it did.
macro_rules! holds {
    ($books:expr, $what:expr, $($words:tt)+) => {{
        $books.checks += 1;
        assert!($what, $($words)+);
    }};
}

mod books;
mod callers;
mod flights;
mod outage;
mod pilots;
mod queue;
mod refreshes;
mod report;
mod rules;
mod strikes;
mod trace;
mod trouble;
mod vendor;
mod world;

/// What is run: without variables a bounded run of fixed seeds; `cargo xtask simulate` sets them.
#[derive(PartialEq)]
struct Run {
    seed: u64,
    worlds: u64,
    time: Duration,
    outages: u64,
}

impl Run {
    fn of_variables(text: impl Fn(&str) -> Option<String>) -> Self {
        let number = |name: &str| text(name).map(|text| text.parse::<u64>().expect("a whole number"));
        let (seed, worlds, seconds) = (number("SIMULATE_SEED"), number("SIMULATE_RUNS"), number("SIMULATE_SECONDS"));
        let time = seconds.map_or(Duration::MAX, Duration::from_secs);
        let worlds = worlds.unwrap_or(if seconds.is_some() { u64::MAX } else { FIXED_WORLDS });
        Self { seed: seed.unwrap_or(0), worlds, time, outages: number("SIMULATE_OUTAGES").unwrap_or(0) }
    }

    /// One world after the other, and the processor's time that they took.
    fn worlds(&self) -> (Tally, Duration) {
        let (begun, mut tally, mut told) = (Instant::now(), Tally::default(), Duration::ZERO);
        let busy = processor_time();
        for world in 0..self.worlds {
            let took = begun.elapsed();
            if took >= self.time {
                break;
            }
            if took > told + Duration::from_secs(1) {
                told = took;
                eprint!("\r{world} worlds, {} million events ", tally.events / 1_000_000);
                let _ = std::io::stderr().flush();
            }
            tally.add(&simulate(self.seed.wrapping_add(world)));
        }
        (tally, processor_time() - busy)
    }
}

/// The processor's time of this thread, so that a figure does not hang on what else the machine does; where the system
/// does not tell, the time on the wall.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = told.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.map_or_else(|| SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default(), Duration::from_nanos)
}

/// The world of `seed`, at the end of its time.
fn simulate(seed: u64) -> World {
    let mut dice = Rng::with_seed(seed);
    let rules = Rules::drawn(&mut dice);
    let vendor = Vendor::drawn(&mut dice);
    let mut world = World::new(seed, rules, vendor, dice);
    world.plan();
    while world.events < EVENTS {
        world.go_on();
    }
    world.heal();
    world
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
fn random_worlds_keep_every_invariant() {
    let run = Run::of_variables(|name| std::env::var(name).ok());
    let (tally, took) = run.worlds();
    assert!(tally.checks > tally.events, "fewer checks than events");
    if run == Run::of_variables(|_| None) {
        assert_eq!(tally.missing(), [], "the fixed worlds have less in them than they should");
    }
    let outages = outage::outages(run.seed, run.outages, Duration::from_secs(1)).0;
    println!("\n{}{}", tally.table(took), if run.outages > 0 { outages.rows() } else { String::new() });
}

#[test]
fn seed_is_the_same_world_to_the_last_event() {
    for seed in [1, 2, 3] {
        let (one, other) = (simulate(seed), simulate(seed));
        assert_eq!((one.events, one.now, one.trace.digest), (other.events, other.now, other.trace.digest));
        assert_ne!(one.trace.digest, simulate(seed + 100).trace.digest);
    }
}

#[test]
fn violation_tells_its_seed_its_moment_the_last_events_and_the_command() {
    let story = simulate(4).story();
    for words in ["seed 4,", "virtual time", "the last events:", "cargo xtask simulate --seed 4"] {
        assert!(story.contains(words), "{words} is missing:\n{story}");
    }
    assert!(story.lines().filter(|line| line.starts_with("  ")).count() >= 30, "too few events:\n{story}");
}

#[test]
fn random_outage_of_15_minutes_is_hardly_ever_seen_where_tokens_live_an_hour() {
    let (outages, world) = outage::outages(1, 250, Duration::from_secs(4));
    // With its seed alone, `cargo xtask simulate` runs no outages.
    assert!(world.story().contains("cargo xtask simulate --seed 1 --seconds 1\n"));
    assert!(outages.seen * 250 <= outages.all, "{outages:?}");
    assert!(world.trace.count(trace::Kind::FailedTransient) > outages.all, "the outages were none");
}

/// How long a world is.
const EVENTS: u64 = 10_000;
/// How many are run by every `cargo test`.
const FIXED_WORLDS: u64 = 70;
