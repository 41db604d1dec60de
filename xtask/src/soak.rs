//! `cargo xtask soak`: all five providers against simulators with random faults, for as long as you like.

use crate::{Outcome, project};
use std::process::Command;

/// What the soak's own command line is told; it prints the table and decides how this ends.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How long
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// The seed of another run, for the same faults at the same times [default: random]
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let mut command = Command::new("cargo");
    command.current_dir(project::root()).args(arguments(options));
    in_our_place(&mut command)
}

/// In the dev profile: what is slow in it is the simulators' signing alone, which is C, and a release build of all that C
/// takes longer than a short soak.
fn arguments(options: &Options) -> Vec<String> {
    let mut line = "run --quiet --package auth-trials --bin soak --".split(' ').map(str::to_owned).collect::<Vec<_>>();
    line.extend(["--minutes".to_owned(), options.minutes.to_string()]);
    line.extend(options.seed.into_iter().flat_map(|seed| ["--seed".to_owned(), seed.to_string()]));
    line
}

/// Becomes the soak, so that Ctrl-C ends one program, which then shows its table.
#[cfg(unix)]
fn in_our_place(command: &mut Command) -> Outcome {
    use std::os::unix::process::CommandExt;
    Err(command.exec().into())
}

#[cfg(not(unix))]
fn in_our_place(command: &mut Command) -> Outcome {
    if command.status()?.success() { Ok(()) } else { Err("the soak found something, or could not run".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_and_seed_are_passed_on() {
        let line = |seed| arguments(&Options { minutes: 0.5, seed }).join(" ");
        assert_eq!(line(None), "run --quiet --package auth-trials --bin soak -- --minutes 0.5");
        assert_eq!(line(Some(7)), "run --quiet --package auth-trials --bin soak -- --minutes 0.5 --seed 7");
    }
}
