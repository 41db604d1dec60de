//! What callers see of an outage of 15 minutes that comes at any time, where tokens live an hour.

use std::fmt::Write;
use std::time::Duration;

use fastrand::Rng;

use super::callers::Traffic;
use super::rules::Rules;
use super::trace::Kind;
use super::vendor::{Fault, Lives, Mood, Vendor, between};
use super::world::World;
use crate::{KeepWarm, Renew};

/// What came of many outages.
#[derive(Debug, Default)]
pub(super) struct Outages {
    pub(super) all: u64,
    /// Those in which a caller got an error.
    pub(super) seen: u64,
    callers: u64,
    errors: u64,
}

/// `outages` of them, one after the other, at times that have nothing to do with the token's. The policy is the default.
pub(super) fn outages(seed: u64, outages: u64, gap: Duration) -> (Outages, World) {
    let rules = Rules::design(Renew::default(), KeepWarm::WhileUsed);
    let vendor = Vendor::healthy(Lives::Always(HOUR), Duration::from_secs(1), None);
    let mut world = World::new(seed, rules, vendor, Rng::with_seed(seed));
    world.options = " --seconds 1";
    world.traffic = Traffic { gap: Duration::from_secs(60), crowd: 1, odd: 0 };
    world.next_arrival = world.now;
    let mut sum = Outages::default();
    for _ in 0..outages {
        world.traffic.gap = Duration::from_secs(60);
        let quiet = between(HOUR / 2, HOUR * 3, &mut world.dice);
        world.pass(quiet);
        sum.add(&mut world, gap);
    }
    (sum, world)
}

impl Outages {
    fn add(&mut self, world: &mut World, gap: Duration) {
        let (callers, errors) = seen(world);
        world.traffic.gap = gap;
        let fault = FAULTS[world.dice.usize(0..FAULTS.len())];
        world.turn(Mood::Failing(fault));
        world.pass(HOUR / 4);
        world.turn(Mood::Healthy);
        // Whatever the outage left behind counts too.
        world.pass(HOUR / 30);
        let (callers, errors) = (seen(world).0 - callers, seen(world).1 - errors);
        self.all += 1;
        self.seen += u64::from(errors > 0);
        (self.callers, self.errors) = (self.callers + callers, self.errors + errors);
    }

    pub(super) fn rows(&self) -> String {
        let percent = |part: u64, whole: u64| 100.0 * part as f64 / whole as f64;
        let (all, seen) = (self.all, percent(self.seen, self.all));
        let mut rows = String::new();
        let _ = writeln!(rows, "| random 15-minute outages, 1 h tokens | {all} |");
        let _ = writeln!(rows, "| … seen by any caller | {seen:.3} % |");
        let _ = writeln!(
            rows,
            "| … callers in and after one who got an error | {:.4} % |",
            percent(self.errors, self.callers)
        );
        rows
    }
}

/// Callers so far, and those who got an error.
fn seen(world: &World) -> (u64, u64) {
    let count = |kinds: &[Kind]| kinds.iter().map(|kind| world.trace.count(*kind)).sum::<u64>();
    let errors = count(&[Kind::TurnedAway, Kind::GotError]);
    (errors + count(&[Kind::Served, Kind::GotToken]), errors)
}

/// What an outage looks like: one that asks to be tried again in a second is held like the others.
const FAULTS: [Fault; 5] =
    [Fault::Unavailable(None), Fault::Unavailable(Some(1)), Fault::Deadline, Fault::Refused, Fault::Cut];
const HOUR: Duration = Duration::from_secs(3600);
