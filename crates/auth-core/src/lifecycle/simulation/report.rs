//! What a run of many worlds comes to, as a Markdown table.

use std::fmt::Write;
use std::time::Duration;

use super::trace::{KINDS, Kind};
use super::world::World;
use crate::Moment;

/// Sums over worlds.
pub(super) struct Tally {
    worlds: u64,
    virtual_time: Duration,
    suspended: Duration,
    pub(super) events: u64,
    calls: u64,
    pub(super) checks: u64,
    counts: [u64; KINDS.len()],
    pub(super) digest: u64,
}

impl Default for Tally {
    fn default() -> Self {
        let (virtual_time, suspended, counts) = (Duration::ZERO, Duration::ZERO, [0; KINDS.len()]);
        Self { worlds: 0, virtual_time, suspended, events: 0, calls: 0, checks: 0, counts, digest: 0 }
    }
}

impl Tally {
    pub(super) fn add(&mut self, world: &World) {
        self.worlds += 1;
        self.virtual_time += world.now.since(Moment::default());
        self.suspended += world.suspended;
        self.events += world.events;
        self.calls += world.calls;
        self.checks += world.books.checks;
        for (sum, count) in self.counts.iter_mut().zip(world.trace.counts) {
            *sum += count;
        }
        self.digest = self.digest.rotate_left(1) ^ world.trace.digest;
    }

    pub(super) fn count(&self, kinds: &[Kind]) -> u64 {
        kinds.iter().map(|kind| self.counts[*kind as usize]).sum()
    }

    /// What never happened.
    pub(super) fn missing(&self) -> Vec<Kind> {
        KINDS.iter().copied().filter(|kind| self.count(&[*kind]) == 0).collect()
    }

    /// `took` is the processor's time that they cost.
    pub(super) fn table(&self, took: Duration) -> String {
        use Kind::*;
        let years = |time: Duration| format!("{:.1} years", time.as_secs_f64() / (365.25 * 86_400.0));
        let rate = |number: u64| format!("{:.2} million/s", number as f64 / took.as_secs_f64() / 1e6);
        let sum = |kinds: &[Kind]| thousands(self.count(kinds));
        let mut table = String::from("| simulated | |\n|---|---:|\n");
        let mut row = |what: &str, figure: String| {
            let _ = writeln!(table, "| {what} | {figure} |");
        };
        row("worlds, one seed each", thousands(self.worlds));
        row("virtual time", years(self.virtual_time));
        row("… of it suspended", years(self.suspended));
        row("events", thousands(self.events));
        row("events a second of one core", rate(self.events));
        row("calls of the machine", thousands(self.calls));
        row("checks made", thousands(self.checks));
        row("callers served from memory", sum(&[Served]));
        row("callers served otherwise", sum(&[GotToken]));
        row("callers turned away: hold / flight's error / too short", slashed(&[TurnedAway, GotError, TooShort], &sum));
        row("callers who went away", sum(&[Left]));
        row("flights / requests", slashed(&[Flight, Attempt], &sum));
        row("tokens", sum(&[Landed]));
        let failed = [FailedTransient, FailedThrottled, FailedPermanent];
        row("flights failed: transient / throttled / permanent", slashed(&failed, &sum));
        row(
            "flights lost / dead / panicked / refused / abandoned",
            slashed(&[Lost, Dead, Panicked, FlightRefused, Abandoned], &sum),
        );
        row("rejections accepted / late / ignored", slashed(&[Accepted, Replaced, Ignored], &sum));
        row("looks of background renewal / at the credentials", slashed(&[Looked, Probed], &sum));
        row("changes of the vendor / suspends / dead runtimes", slashed(&[Weather, Suspended, RuntimeDied], &sum));
        row("credentials rotated / tokens revoked", slashed(&[Rotated, Revoked], &sum));
        row("digest", format!("{:016x}", self.digest));
        table
    }
}

fn slashed(kinds: &[Kind], sum: &impl Fn(&[Kind]) -> String) -> String {
    kinds.iter().map(|kind| sum(&[*kind])).collect::<Vec<_>>().join(" / ")
}

/// 1234567 as 1,234,567.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
