//! The soak: all five providers against all five simulators, for as long as you like.
#![expect(clippy::print_stdout, reason = "a command-line tool prints")]

use std::alloc::System;
use std::cell::Cell;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use auth_trials::soak::{self, Plan, Progress};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

/// Counts what is allocated, beside what the system says is resident.
#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Whoever panics, in whatever task: tokio would catch it, and nobody would hear of it.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// All five providers against simulators with random faults, judged all the time
#[derive(Parser)]
#[command(name = "cargo xtask soak")]
struct Options {
    /// How long
    #[arg(long, default_value_t = 10.0, value_parser = minutes)]
    minutes: f64,
    /// The seed of another run, for the same faults at the same times [default: random]
    #[arg(long)]
    seed: Option<u64>,
}

fn minutes(text: &str) -> Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|_| "expected a number of minutes")?;
    if (0.05..=10_000.0).contains(&minutes) { Ok(minutes) } else { Err("expected 0.05 to 10000 minutes".to_owned()) }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let seed = options.seed.unwrap_or_else(|| u64::from(fastrand::u32(..)));
    let mut plan = Plan::minutes(options.minutes, seed);
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Relaxed);
        print(info);
    }));
    plan.panics = || PANICS.load(Relaxed);
    plan.heap = || Some(COUNTING.stats()).map(|stats| (stats.bytes_allocated - stats.bytes_deallocated) as u64);
    eprintln!("soak: {} minutes, seed {seed}; Ctrl-C ends it with the table so far", options.minutes);
    let show = Show::new(plan.time);
    let stop = async {
        // Without the signal it ends by the clock.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    match soak::run(&plan, stop, |progress| show.progress(progress)).await {
        Ok(report) => {
            show.bar.finish_and_clear();
            print!("{report}");
            if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A bar on a terminal, and a line now and then elsewhere.
struct Show {
    bar: ProgressBar,
    is_terminal: bool,
    next_line: Cell<Duration>,
}

impl Show {
    fn new(time: Duration) -> Self {
        let style = ProgressStyle::with_template("{elapsed_precise} {wide_bar} {msg}");
        let bar = ProgressBar::new(time.as_secs()).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, is_terminal: io::stderr().is_terminal(), next_line: Cell::default() }
    }

    fn progress(&self, progress: Progress) {
        let Progress { gone, time, reads, tokens, rss, violations, .. } = progress;
        let line = format!("{reads} reads, {tokens} tokens, {} MiB, {violations} violations", rss / 1024);
        if self.is_terminal {
            self.bar.set_position(gone.as_secs());
            self.bar.set_message(line);
        } else if gone >= self.next_line.get() {
            self.next_line.set(gone + LINE_EVERY);
            eprintln!("soak: {} of {} s: {line}", gone.as_secs(), time.as_secs());
        }
    }
}

/// Between two lines.
const LINE_EVERY: Duration = Duration::from_secs(15);
