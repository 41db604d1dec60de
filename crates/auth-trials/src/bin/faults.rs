//! Prints the matrix of faults in Markdown, and fails if a cell is wrong.
#![expect(clippy::print_stdout, reason = "a command-line tool prints")]

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use auth_trials::matrix::{Case, Matrix, PROXIED};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

/// Every fault × every provider, in Markdown; fails if a cell is not as it should be.
#[derive(Parser)]
#[command(name = "faults")]
struct Arguments {
    /// The rows that have this in their names alone
    #[arg(long)]
    only: Option<String>,
    /// For the program itself: healthy vendors, in an environment with proxies
    #[arg(long, hide = true)]
    behind_dead_proxies: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    debug_assert_eq!(PROXIED, "--behind-dead-proxies");
    let ended = match arguments.behind_dead_proxies {
        true => Matrix::behind_dead_proxies().await.map(|report| {
            print!("{report}");
            true
        }),
        false => matrix(arguments.only.as_deref()).await,
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn matrix(only: Option<&str>) -> io::Result<bool> {
    let chosen = |case: &Case| only.is_none_or(|part| case.name().contains(part));
    let cases: Vec<_> = Case::all().into_iter().filter(chosen).collect();
    if cases.is_empty() {
        let part = only.unwrap_or_default();
        return Err(io::Error::other(format!("no row has {part:?} in its name; without --only all are printed")));
    }
    let program = if only.is_none() { Some(std::env::current_exe()?) } else { None };
    let bar = bar(cases.len() as u64);
    let matrix = Matrix::run(cases, program.as_deref(), |cell| {
        bar.inc(1);
        bar.set_message(format!("{}: {}", cell.column, cell.name));
    });
    let matrix = matrix.await?;
    bar.finish_and_clear();
    print!("{}", matrix.to_markdown());
    let complaints = matrix.complaints();
    for complaint in &complaints {
        eprintln!("wrong: {complaint}");
    }
    Ok(complaints.is_empty())
}

/// On a terminal alone.
fn bar(cells: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:24.cyan/dim} {pos}/{len} {wide_msg}");
    ProgressBar::new(cells).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
