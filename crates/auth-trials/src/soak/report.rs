//! What a soak came to, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::Soak;
use super::court::Court;
use super::memory::{Sample, Trend, judge, trend};
use super::violation::Violation;

/// The outcome of a soak. Display is a Markdown table, and a line for each violation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// How long it ran.
    pub ran: Duration,
    /// What was planned.
    pub planned: Duration,
    /// The seed.
    pub seed: u64,
    /// Rows of the table: what, and how many.
    pub counts: Vec<(&'static str, u64)>,
    /// How often each trouble came.
    pub troubles: BTreeMap<String, u64>,
    /// Resident memory.
    pub rss: Option<Trend>,
    /// Allocated memory, if the program counts it.
    pub heap: Option<Trend>,
    /// How late a task ran at worst.
    pub lateness: Duration,
    /// What was excused because the machine stood still.
    pub excused: Vec<Violation>,
    /// Rules broken.
    pub violations: Vec<Violation>,
    faults: u64,
    samples: usize,
}

impl Report {
    /// While the simulators are still there.
    pub(super) fn of(soak: &Soak, ran: Duration, samples: Vec<Sample>) -> Self {
        let heap = samples.iter().all(|sample| sample.heap.is_some());
        let kib = |sample: &Sample| sample.heap.unwrap_or_default() as f64 / 1024.0;
        Self {
            ran,
            planned: soak.plan.time,
            seed: soak.plan.seed,
            counts: Vec::new(),
            troubles: BTreeMap::new(),
            rss: trend(&samples, |sample| sample.rss as f64),
            heap: heap.then(|| trend(&samples, kib)).flatten(),
            lateness: Duration::ZERO,
            excused: Vec::new(),
            violations: Vec::new(),
            faults: soak.stages.iter().map(|stage| stage.faults_met()).sum(),
            samples: samples.len(),
        }
    }

    /// When all has settled.
    pub(super) fn conclude(&mut self, court: &Court, leftovers: Vec<Violation>) {
        (self.violations, self.excused) = court.verdict();
        self.violations.extend(leftovers);
        if self.samples >= SAMPLES_TO_JUDGE {
            let trends = [("resident memory", &self.rss), ("allocated memory", &self.heap)];
            let grown = trends.into_iter().filter_map(|(what, trend)| Some(judge(what, trend.as_ref()?)));
            let grown: Vec<_> = grown.flatten().collect();
            self.violations.extend(grown);
        }
        self.lateness = court.worst_lateness();
        self.troubles = court.troubles();
        let tally = &court.tally;
        let rows: [(&'static str, &AtomicU64); 16] = [
            ("requests that arrived at the vendors", &tally.requests),
            ("attempts", &tally.attempts),
            ("attempts told how long to wait", &tally.told_to_wait),
            ("tokens answered", &tally.tokens),
            ("reads", &tally.reads),
            ("reads that got an error", &tally.errors),
            ("reads dropped half-way", &tally.dropped),
            ("calls of the vendors' APIs", &tally.pings),
            ("rejections accepted", &tally.accepted),
            ("rejections of a token replaced already", &tally.late),
            ("rejections ignored", &tally.ignored),
            ("sources made", &tally.sources),
            ("sources left", &tally.alive),
            ("shutdowns", &tally.shutdowns),
            ("healthy spells to recover in", &tally.recoveries),
            ("checks made", &tally.checks),
        ];
        self.counts = rows.map(|(what, count)| (what, count.load(Relaxed))).to_vec();
    }

    /// How many there were of `what`, a row of the table.
    #[must_use]
    pub fn count(&self, what: &str) -> u64 {
        self.counts.iter().find(|(row, _)| *row == what).map(|(_, count)| *count).unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = |time: Duration| time.as_secs_f64() / 60.0;
        writeln!(f, "| soak | |\n|---|---:|")?;
        writeln!(f, "| minutes, of planned | {:.1} of {:.1} |", minutes(self.ran), minutes(self.planned))?;
        writeln!(f, "| seed | {} |", self.seed)?;
        for (what, count) in &self.counts {
            writeln!(f, "| {what} | {count} |")?;
        }
        writeln!(f, "| requests that met a fault | {} |", self.faults)?;
        let by_kind: Vec<_> = self.troubles.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let spells: u64 = self.troubles.values().sum();
        writeln!(f, "| spells of trouble, by kind | {spells}: {} |", by_kind.join(", "))?;
        memory(f, "resident", self.rss.as_ref())?;
        memory(f, "allocated", self.heap.as_ref())?;
        writeln!(f, "| worst lateness of a task | {:.0?} |", self.lateness)?;
        writeln!(f, "| excused, as the machine stood still | {} |", self.excused.len())?;
        writeln!(f, "| violations | {} |", self.violations.len())?;
        for excused in &self.excused {
            writeln!(f, "\nexcused (seed {}): {excused}", self.seed)?;
        }
        for violation in &self.violations {
            writeln!(f, "\nviolation (seed {}): {violation}", self.seed)?;
        }
        Ok(())
    }
}

fn memory(f: &mut fmt::Formatter<'_>, what: &str, trend: Option<&Trend>) -> fmt::Result {
    let Some(Trend { start, half, end, slope }) = trend else { return Ok(()) };
    writeln!(f, "| {what} KiB at start / half / end | {start:.0} / {half:.0} / {end:.0} |")?;
    writeln!(f, "| {what} KiB a minute over the second half | {slope:+.0} |")
}

/// Shorter runs are all warm-up.
const SAMPLES_TO_JUDGE: usize = 180;
