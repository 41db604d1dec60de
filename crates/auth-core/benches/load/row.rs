//! A row of the table.

use std::time::Duration;

pub(crate) fn head() {
    println!("| what | measured | goal |\n|---|---|---|");
}

/// What has a goal says so where it is missed.
pub(crate) fn judged(what: &str, measured: &str, goal: &str, reached: bool) {
    let missed = if reached { "" } else { " **missed**" };
    println!("| {what} | {measured}{missed} | {goal} |");
}

pub(crate) fn plain(what: &str, measured: &str) {
    judged(what, measured, "", true);
}

/// On standard error: a person waits.
pub(crate) fn announce(what: &str) {
    eprintln!("… {what}");
}

pub(crate) fn shown(time: Duration) -> String {
    match time.as_nanos() {
        nanos @ 0..1_000 => format!("{nanos} ns"),
        nanos @ 1_000..1_000_000 => format!("{:.1} µs", nanos as f64 / 1e3),
        nanos => format!("{:.1} ms", nanos as f64 / 1e6),
    }
}
