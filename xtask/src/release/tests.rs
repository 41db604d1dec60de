//! Releases on scratch repositories, with checks that take no time.

mod ends;
mod interrupted;
mod plans;
mod refusals;
pub(crate) mod scratch;

use super::checks::{self, Checks};
use super::plan::{Plan, Release};
use super::repository::Repository;
use super::{Ending, Options, plan};
use crate::Outcome;
use scratch::Scratch;
use std::cell::RefCell;

const TODAY: &str = "2020-02-03";

/// Notes what is asked of it, and finds fault with one thing.
#[derive(Default)]
struct Noted {
    asked: RefCell<Vec<String>>,
    refuses: &'static str,
}

impl Noted {
    fn refusing(refuses: &'static str) -> Self {
        Self { refuses, ..Self::default() }
    }

    fn asked(&self, question: String) -> Outcome {
        let outcome = if question == self.refuses { Err("refused on purpose".into()) } else { Ok(()) };
        self.asked.borrow_mut().push(question);
        outcome
    }
}

impl Checks for Noted {
    fn ready(&self, releases: &[Release]) -> Outcome {
        self.asked(format!("ready for {}", releases.len()))
    }

    fn lint(&self) -> Outcome {
        self.asked("lint".to_owned())
    }

    fn test(&self, name: &str) -> Outcome {
        self.asked(format!("test {name}"))
    }

    fn compare(&self, release: &Release) -> Outcome {
        let step = release.step()?.map_or("nothing".to_owned(), |step| step.to_string());
        self.asked(format!("compare {} {step}", release.name))
    }

    fn result(&self, copy: &Repository) -> Outcome {
        checks::locks_are_of_the_manifests(copy)?;
        self.asked("result".to_owned())
    }
}

/// What stands after `cargo xtask release`.
fn options(line: &str) -> Options {
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }
    <Line as clap::Parser>::try_parse_from(["release"].into_iter().chain(line.split(' '))).unwrap().options
}

fn release(scratch: &Scratch, line: &str) -> Outcome<Ending> {
    release_with(scratch, line, &Noted::default())
}

fn release_with(scratch: &Scratch, line: &str, checks: &dyn Checks) -> Outcome<Ending> {
    super::release(&scratch.repository, &options(line), TODAY, checks)
}

/// The plan of a line, as it is shown.
fn shown(scratch: &Scratch, line: &str) -> String {
    release(scratch, &format!("{line} --dry-run")).unwrap().to_string()
}

fn planned(scratch: &Scratch, line: &str) -> Plan {
    plan(&scratch.repository, scratch.project(), &options(line), TODAY).unwrap()
}
