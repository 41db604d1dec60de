//! A source's life in virtual time: random vendors, callers and troubles, with independent books of what may happen.
//!
//! `properties` tries any order of events; here the order is that of a world, in which timers, answers, callers and
//! suspends come when they would. A seed is one world, the same on each run; whatever breaks tells its seed.

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

use std::time::{Duration, Instant};

use fastrand::Rng;

use report::Tally;
use rules::Rules;
use vendor::Vendor;
use world::World;

/// The world of `seed`, run for `events` and then healed.
fn world(seed: u64, events: u64) -> World {
    let mut dice = Rng::with_seed(seed);
    let rules = Rules::drawn(&mut dice);
    let vendor = Vendor::drawn(&mut dice);
    let mut world = World::new(seed, rules, vendor, dice);
    world.plan();
    while world.events < events {
        world.go_on();
    }
    world.heal();
    world
}

/// How many worlds are run.
enum Length {
    Worlds(u64),
    Time(Duration),
}

/// Runs one world after the other, from `seed` on.
fn run(seed: u64, length: &Length) -> (Tally, Duration) {
    let (begun, mut tally) = (Instant::now(), Tally::default());
    let first = seed;
    for seed in seed.. {
        let ended = match length {
            Length::Worlds(worlds) => seed - first >= *worlds,
            Length::Time(time) => begun.elapsed() >= *time,
        };
        if ended {
            break;
        }
        tally.add(&world(seed, EVENTS));
    }
    (tally, begun.elapsed())
}

/// Without variables it is a bounded run of fixed seeds; `cargo xtask simulate` sets them.
#[test]
fn random_worlds_keep_every_invariant() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a whole number"));
    let (seed, runs, seconds) = (number("SIMULATE_SEED"), number("SIMULATE_RUNS"), number("SIMULATE_SECONDS"));
    let length = match (runs, seconds) {
        (_, Some(seconds)) => Length::Time(Duration::from_secs(seconds)),
        (runs, None) => Length::Worlds(runs.unwrap_or(WORLDS)),
    };
    let (tally, took) = run(seed.unwrap_or(0), &length);
    eprint!("{}", tally.table(took));
    assert!(tally.checks > tally.events);
}

const EVENTS: u64 = 20_000;
const WORLDS: u64 = 20;
