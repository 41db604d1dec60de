//! Whether what was counted is what was promised. Pure.

use std::fmt;

use auth_sim::{Counts, Vendor};

use super::callers::{Callers, READERS};
use super::{healing, herd, outage, renewal, wrong_secret};

/// Everything that was counted, by simulators and by callers.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) five: Vec<(Vendor, Counts)>,
    pub(crate) renewal: Part,
    pub(crate) outage: Part,
    pub(crate) healing: Part,
    pub(crate) herd: Part,
    pub(crate) wrong_secret: Part,
}

/// What one part of the demo came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Part {
    /// What the simulator counted.
    pub(crate) counts: Counts,
    /// What the callers met.
    pub(crate) callers: Callers,
}

/// Every count beside what it should be. Display is a table.
#[derive(Debug)]
pub(crate) struct Verdict {
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    title: &'static str,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    what: String,
    expected: u64,
    counted: u64,
}

pub(crate) fn judge(measured: &Measured) -> Verdict {
    let groups = vec![
        five(&measured.five),
        renewed(&measured.renewal),
        ridden_out(&measured.outage),
        healed(&measured.healing),
        shared(&measured.herd),
        asked_once(&measured.wrong_secret),
    ];
    Verdict { groups }
}

fn five(counts: &[(Vendor, Counts)]) -> Group {
    let rows = Vendor::ALL.into_iter().flat_map(|vendor| {
        // A vendor that was not asked has counted nothing.
        let counts = counts.iter().find(|(known, _)| *known == vendor).map(|(_, counts)| *counts).unwrap_or_default();
        // A code comes before the token.
        let code =
            (vendor == Vendor::S2s).then(|| row(format!("{vendor}: requests for a code"), 1, counts.code_requests));
        let others = [
            row(format!("{vendor}: requests for a token"), 1, counts.token_requests),
            row(format!("{vendor}: calls let in"), 1, let_in(&counts)),
        ];
        code.into_iter().chain(others)
    });
    Group { title: "One token of each vendor, and a call with it", rows: rows.collect() }
}

fn renewed(Part { counts, callers }: &Part) -> Group {
    let rows = vec![
        row("requests for a token", 1 + renewal::RENEWALS, requests(counts)),
        row("tokens issued", 1 + renewal::RENEWALS, counts.minted),
        row("callers that read tokens, one of them making calls", READERS + 1, callers.readers),
        row("callers that had to wait for a renewal", 0, callers.waited),
        row("callers that got an error", 0, callers.failed),
        row("calls turned away with an expired token", 0, counts.pings_refused),
    ];
    Group { title: "Renewal in the background (mgplus-sts)", rows }
}

fn ridden_out(Part { counts, callers }: &Part) -> Group {
    let rows = vec![
        row("requests answered with 503", outage::FAILURES, counts.faults),
        row("requests for a token", 1 + outage::FAILURES + 1, requests(counts)),
        row("tokens issued", 2, counts.minted),
        row("callers that read tokens", READERS, callers.readers),
        row("callers that had to wait", 0, callers.waited),
        row("callers that got an error", 0, callers.failed),
    ];
    Group { title: "An outage ridden out (partner-oauth)", rows }
}

fn healed(Part { counts, .. }: &Part) -> Group {
    let rows = vec![
        row("calls let in, before and after", 2 * healing::CALLERS, let_in(counts)),
        row("calls answered with 401", healing::CALLERS, counts.pings_refused),
        row("requests for a token", 2, requests(counts)),
        row("tokens issued", 2, counts.minted),
    ];
    Group { title: "A revoked token healed (stonex-auth)", rows }
}

fn shared(Part { counts, callers }: &Part) -> Group {
    let rows = vec![
        row("callers that got a token", herd::CALLERS, callers.served),
        row("different tokens among them", 1, callers.tokens),
        row("requests for a code", 1, counts.code_requests),
        row("requests for a token", 1, counts.token_requests),
        row("most requests at once", 1, counts.max_in_flight),
    ];
    Group { title: "A thousand callers without a token (s2s-oauth)", rows }
}

fn asked_once(Part { counts, callers }: &Part) -> Group {
    let rows = vec![
        row("callers that were told", wrong_secret::CALLS, callers.failed),
        row("requests for a token", 1, requests(counts)),
        row("requests refused", 1, counts.refused),
    ];
    Group { title: "A wrong secret (mobilepay-auth)", rows }
}

fn requests(counts: &Counts) -> u64 {
    counts.code_requests + counts.token_requests
}

fn let_in(counts: &Counts) -> u64 {
    counts.pings.saturating_sub(counts.pings_refused)
}

fn row(what: impl Into<String>, expected: u64, counted: u64) -> Row {
    Row { what: what.into(), expected, counted }
}

impl Row {
    fn is_right(&self) -> bool {
        self.expected == self.counted
    }
}

impl Verdict {
    pub(crate) fn is_right(&self) -> bool {
        self.wrong() == 0
    }

    fn wrong(&self) -> usize {
        self.rows().filter(|row| !row.is_right()).count()
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.groups.iter().flat_map(|group| &group.rows)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:54}expected   counted", "What the simulators and the callers counted")?;
        for group in &self.groups {
            writeln!(f, "\n{}", group.title)?;
            for row in &group.rows {
                let mark = if row.is_right() { '✓' } else { '✗' };
                writeln!(f, "  {:52}{:8}  {:8}  {mark}", row.what, row.expected, row.counted)?;
            }
        }
        match self.wrong() {
            0 => writeln!(f, "\n✓ every count is right"),
            1 => writeln!(f, "\n✗ one count is wrong"),
            wrong => writeln!(f, "\n✗ {wrong} counts are wrong"),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
