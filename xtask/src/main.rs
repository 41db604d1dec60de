//! The project's automation: `cargo xtask COMMAND`.
#![expect(clippy::print_stdout, reason = "a command-line tool prints")]

mod ci;
mod lint;
mod loom;
mod mutants;
mod project;
mod step;
mod tidy;
mod tree;

use std::process::ExitCode;

/// What a command or a step ends in. The error is for a person: it says what to do.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

struct Command {
    name: &'static str,
    does: &'static str,
    run: fn() -> Outcome,
}

const COMMANDS: &[Command] = &[
    Command { name: "ci", does: "everything: lint, all tests, each library alone, each feature alone", run: ci::run },
    Command {
        name: "lint",
        does: "formatting, tidy rules, clippy and rustdoc; no warning is let through",
        run: lint::run,
    },
    Command { name: "loom", does: "the protocol round the shared cell, in every interleaving", run: loom::run },
    Command {
        name: "mutants",
        does: "breaks each invariant in a copy and sees its test fail; minutes",
        run: mutants::run,
    },
    Command { name: "tidy", does: "the project's own rules; part of lint, and of `cargo test`", run: tidy::run },
    Command { name: "tree", does: "what each provider brings along, beside bare reqwest, in Markdown", run: tree::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match choose(&arguments) {
        Ok(None) => {
            print!("{}", help());
            ExitCode::SUCCESS
        }
        Ok(Some(command)) => report((command.run)()),
        Err(refusal) => {
            eprintln!("{refusal}\n\n{}", help());
            ExitCode::from(WRONG_USE)
        }
    }
}

/// The command that the arguments name, or none if they ask for help.
fn choose(arguments: &[String]) -> Result<Option<&'static Command>, String> {
    let name = match arguments {
        [name] => name,
        [] => return Err("which command?".to_owned()),
        [name, rest @ ..] => return Err(format!("`{name}` takes no arguments, but was given `{}`", rest.join(" "))),
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        return Ok(None);
    }
    let found = COMMANDS.iter().find(|command| command.name == name);
    found.map(Some).ok_or_else(|| format!("there is no command `{name}`"))
}

fn help() -> String {
    let rows = COMMANDS.iter().map(|command| format!("  {:<8} {}\n", command.name, command.does));
    format!("cargo xtask COMMAND\n\n{}", rows.collect::<String>())
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

/// Exit code for a command line that cannot be run, as in most command-line tools.
const WRONG_USE: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(arguments: &[&str]) -> Result<Option<&'static str>, String> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        choose(&arguments).map(|command| command.map(|command| command.name))
    }

    #[test]
    fn each_command_is_found_by_its_name_and_stands_in_the_help() {
        for command in COMMANDS {
            assert_eq!(chosen(&[command.name]), Ok(Some(command.name)));
            assert!(help().contains(&format!("  {} ", command.name)), "{}", command.name);
        }
    }

    #[test]
    fn help_is_no_error() {
        for spelling in ["help", "--help", "-h"] {
            assert_eq!(chosen(&[spelling]), Ok(None));
        }
    }

    #[test]
    fn an_unknown_command_is_refused_by_name() {
        assert_eq!(chosen(&["lnit"]), Err("there is no command `lnit`".to_owned()));
    }

    #[test]
    fn no_command_and_a_superfluous_argument_are_refused() {
        assert!(chosen(&[]).is_err());
        assert!(chosen(&["ci", "--fast"]).is_err_and(|refusal| refusal.contains("--fast")));
    }
}
