#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod cli;
mod demo;
mod doctor;
mod exit;
mod format;
mod habits;
mod input;
mod inspect;
mod overrides;
mod provider;
mod providers;
mod setting;
mod sim;
mod token;
mod trouble;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::trouble::Trouble;

fn main() -> ExitCode {
    let done = match Cli::try_parse() {
        Ok(cli) => run(cli),
        Err(text) => say(&without_surplus(text)),
    };
    let exit = done.unwrap_or_else(|trouble| {
        if !trouble.is_quiet() {
            // Nobody is left to be told when standard error is gone.
            let _ = writeln!(std::io::stderr(), "{trouble}");
        }
        trouble.exit()
    });
    ExitCode::from(exit.code())
}

/// What clap has to say: help, the version, or what is wrong with the command line.
fn say(text: &clap::Error) -> Result<Exit, Trouble> {
    let said = text.print().and_then(|()| std::io::stdout().flush());
    if text.use_stderr() {
        // Nobody is left to be told when standard error is gone.
        return Ok(Exit::Usage);
    }
    Ok(said.map(|()| Exit::Success)?)
}

/// An argument too many may be the secret or the token itself: it is not repeated. An option is.
fn without_surplus(mut error: clap::Error) -> clap::Error {
    let is_surplus = error.kind() == ErrorKind::UnknownArgument
        && matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(named)) if !named.starts_with('-'));
    if is_surplus {
        error.insert(ContextKind::InvalidArg, ContextValue::String("…".to_owned()));
    }
    error
}

fn run(cli: Cli) -> Result<Exit, Trouble> {
    match &cli.command {
        Command::Providers => return providers::print(),
        Command::Inspect(args) => return inspect::run(args),
        Command::Completions { shell } => return cli::print_completions(*shell),
        Command::Token(_) | Command::Doctor(_) | Command::Sim(_) | Command::Demo(_) => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Trouble::Local(format!("no tokio runtime: {error}")))?;
    let done = match cli.command {
        Command::Providers | Command::Inspect(_) | Command::Completions { .. } => Ok(Exit::Success),
        Command::Token(args) => runtime.block_on(token::print(&args)),
        Command::Doctor(args) => runtime.block_on(doctor::run(&args)),
        Command::Sim(args) => runtime.block_on(sim::run(&args)),
        Command::Demo(args) => runtime.block_on(demo::run(&args)),
    };
    // The system goes on looking up a name that nobody waits for any more.
    runtime.shutdown_background();
    done
}
