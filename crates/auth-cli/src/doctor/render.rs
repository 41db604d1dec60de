//! The exam as a list for people, and as JSON for programs.

use anstyle::Style;
use serde::Serialize;

use super::exam::{Done, Exam};
use super::finding::{Outcome, Step};
use crate::exit::Exit;
use crate::inspect::table::{BOLD, GREEN, RED, YELLOW};
use crate::trouble::wrapped;

/// One step: what was found, and below it what to do. Colours are in it, for a stream that takes them out where nobody
/// wants them.
pub(super) fn lines(done: &Done) -> String {
    let (mark, style) = mark(done.finding.outcome);
    let found = match (done.finding.outcome, done.took) {
        (Outcome::Skipped, _) => format!("not checked: {}", done.finding.found),
        (_, Some(took)) if done.step != Step::Tcp => format!("{} ({} ms)", done.finding.found, took.as_millis()),
        // Each address says how long it took.
        _ => done.finding.found.clone(),
    };
    let mut lines = format!("{style}{mark}{style:#} {:9}  {}\n", done.step.name(), wrapped(&found, INDENT));
    for advice in &done.finding.advice {
        lines.push_str(&format!("{:INDENT$}→ {}\n", "", wrapped(advice, INDENT + "→ ".chars().count())));
    }
    lines
}

fn mark(outcome: Outcome) -> (char, Style) {
    match outcome {
        Outcome::Ok => ('✓', GREEN),
        Outcome::Warning => ('!', YELLOW),
        Outcome::Failed => ('✗', RED),
        Outcome::Skipped => ('–', Style::new()),
    }
}

/// How many steps came to what, and what to do next.
pub(super) fn summary(exam: &Exam) -> String {
    let counted = [
        (Outcome::Ok, "ok"),
        (Outcome::Warning, "to look at"),
        (Outcome::Failed, "failed"),
        (Outcome::Skipped, "not checked"),
    ];
    let counted = counted.into_iter().filter_map(|(outcome, name)| {
        let count = exam.done.iter().filter(|done| done.finding.outcome == outcome).count();
        (count > 0).then(|| format!("{count} {name}"))
    });
    let (counted, exit) = (counted.collect::<Vec<_>>().join(", "), exam.exit());
    let next = match exit {
        Exit::Success => "there is a token",
        other => other.advice(),
    };
    let text = wrapped(&format!("{counted}: {next} (exit code {})", exit.code()), 0);
    format!("{BOLD}{text}{BOLD:#}\n")
}

/// What `--json` prints; the README lists the members.
#[derive(Serialize)]
struct Report<'a> {
    provider: &'static str,
    url: Option<&'a str>,
    steps: Vec<Line<'a>>,
    exit_code: u8,
}

#[derive(Serialize)]
struct Line<'a> {
    name: Step,
    outcome: Outcome,
    found: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    advice: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<u128>,
}

pub(super) fn json(exam: &Exam) -> String {
    let report = Report {
        provider: exam.provider.name(),
        url: exam.url.as_deref(),
        steps: exam.done.iter().map(line).collect(),
        exit_code: exam.exit().code(),
    };
    // Texts and numbers alone, which JSON can hold.
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}

fn line(done: &Done) -> Line<'_> {
    let (finding, milliseconds) = (&done.finding, done.took.map(|took| took.as_millis()));
    Line { name: done.step, outcome: finding.outcome, found: &finding.found, advice: &finding.advice, milliseconds }
}

/// Where what was found begins.
const INDENT: usize = 13;
