//! The project's automation: `cargo xtask COMMAND`.
#![expect(clippy::print_stdout, reason = "a command-line tool prints")]

mod bench;
mod ci;
mod faults;
mod fuzz;
mod lint;
mod loom;
mod minimal;
mod mutants;
mod picture;
mod project;
mod publish;
mod registry;
mod release;
mod setup;
mod simulate;
mod soak;
mod step;
mod tidy;
mod tools;
mod tree;
mod verify_packages;

use clap::Parser;
use std::process::ExitCode;

/// What a command or a step ends in. The error is for a person: it says what to do.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// The project's automation.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
enum Command {
    /// All benchmarks and the cost of each provider, as one table; some 35 minutes, on a machine that does nothing else
    Bench {
        /// Leave out the cold builds, and the README as it is
        #[arg(long)]
        without_builds: bool,
    },
    /// Everything: lint, all tests, each library alone, each feature alone
    Ci(ci::Options),
    /// Every fault of vendor and network × every provider, in Markdown
    Faults {
        /// The rows that have this in their names alone
        #[arg(long)]
        only: Option<String>,
    },
    /// Hostile bytes for every reader of answers, by libFuzzer; fails on a finding
    Fuzz {
        /// One of the targets in crates/fuzz/fuzz_targets; all of them if none is named
        #[arg(long)]
        target: Option<String>,
        /// How long each target runs
        #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
        seconds: u32,
    },
    /// All that needs no test run, from formatting to the public API; no warning is let through
    Lint(lint::Options),
    /// Callers, flights and rejections of auth-core, in every interleaving within a bound
    Loom,
    /// The libraries on the lowest versions that they ask for
    MinimalVersions,
    /// Breaks each invariant in a copy and sees its test fail; minutes
    Mutants {
        /// Only those whose test has this in its name
        #[arg(default_value = "")]
        test: String,
    },
    /// Draws the life of a token, as the root README shows it, from a run in virtual time
    Picture,
    /// Publishes what is tagged and not in the registry yet, and goes on where it was interrupted
    Publish(publish::Options),
    /// A crate's version, changelog, commit and tag, after all checks. Pushes nothing
    Release(release::Options),
    /// Installs the tools of lint, prebuilt and pinned, below `target`
    Setup {
        /// Those that a release needs besides; some minutes
        #[arg(long)]
        release: bool,
    },
    /// The lifecycle in virtual time: random worlds, every invariant asserted, a seed for whatever breaks
    Simulate(simulate::Options),
    /// All five providers against simulators with random faults, judged all the time
    Soak(soak::Options),
    /// The project's own rules; part of lint, and of `cargo test`
    Tidy,
    /// What each provider brings along, beside bare reqwest, in Markdown
    Tree,
    /// Publishes all crates to a registry on loopback, and uses each from there as its users would
    VerifyPackages,
}

fn main() -> ExitCode {
    report(match Command::parse() {
        Command::Bench { without_builds } => bench::run(without_builds),
        Command::Ci(options) => ci::run(&options),
        Command::Fuzz { target, seconds } => fuzz::run(target.as_deref(), seconds),
        Command::Faults { only } => faults::run(only.as_deref()),
        Command::Lint(options) => lint::run(&options),
        Command::Loom => loom::run(),
        Command::MinimalVersions => minimal::run(),
        Command::Mutants { test } => mutants::run(&test),
        Command::Picture => picture::run(),
        Command::Publish(options) => publish::run(&options),
        Command::Release(options) => release::run(&options),
        Command::Setup { release } => setup::run(release),
        Command::Simulate(options) => simulate::run(&options),
        Command::Soak(options) => soak::run(&options),
        Command::Tidy => tidy::run(),
        Command::Tree => tree::run(),
        Command::VerifyPackages => verify_packages::run(),
    })
}

fn report(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_well_formed() {
        Command::command().debug_assert();
    }

    #[test]
    fn command_says_once_what_it_does() {
        for command in Command::command().get_subcommands() {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let words: Vec<&str> = about.split_whitespace().collect();
            let beginning = words.iter().take(4).copied().collect::<Vec<_>>().join(" ");
            assert_eq!(about.matches(&beginning).count(), 1, "{about}");
        }
    }

    /// No worlds would prove nothing, and libFuzzer takes 0 seconds for no end.
    #[test]
    fn nothing_is_no_amount_of_proof() {
        for line in ["simulate --runs 0", "simulate --seconds 0", "fuzz --seconds 0"] {
            let parsed = Command::try_parse_from(["cargo xtask"].into_iter().chain(line.split(' ')));
            assert!(parsed.is_err_and(|error| error.to_string().contains("invalid value '0'")), "{line}");
        }
    }

    #[test]
    fn contributing_lists_each_command_once_and_no_other() {
        let text = std::fs::read_to_string(project::root().join("CONTRIBUTING.md")).unwrap();
        let block = text.split("```").nth(1).unwrap_or_default();
        let names = block.lines().filter_map(|line| line.strip_prefix("cargo xtask ")?.split(' ').next());
        let mut listed: Vec<&str> = names.collect();
        listed.sort_unstable();
        let cli = Command::command();
        let mut commands: Vec<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
        commands.sort_unstable();
        assert_eq!(listed, commands, "CONTRIBUTING.md: the first block lists the commands of `cargo xtask --help`");
    }
}
