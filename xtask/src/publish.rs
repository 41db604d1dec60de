//! `cargo xtask publish`: uploads what is tagged and not in the registry yet, from the tree of its tag.
//!
//! It keeps no record of its own. The registry is asked what is there, so that a run after an interruption does the
//! rest.

mod registry;
#[cfg(test)]
mod tests;

use crate::Outcome;
use crate::project::{self, Project};
use crate::release::lock::Lock;
use crate::release::repository::Repository;
use crate::release::version;
use registry::{Cargo, Registry};
use semver::Version;
use std::fmt;

/// Where to, and whether at all.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The registry, by its name in cargo's configuration
    #[arg(long, default_value = registry::CRATES_IO)]
    registry: String,
    /// Show what would be published, and upload nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let repository = Repository { sh: project::shell()? };
    let registry = Cargo { repository: &repository, name: &options.registry };
    let uploads = if options.dry_run { uploads(&repository, &registry)? } else { publish(&repository, &registry)? };
    print!("\n{}", table(&uploads));
    let failed = uploads.iter().filter(|upload| matches!(upload.state, State::Failed(_) | State::Left(_))).count();
    match failed {
        0 => Ok(()),
        _ => Err(format!("{failed} of {} are not published; the same line goes on with them", uploads.len()).into()),
    }
}

/// What is tagged, and what became of it.
fn publish(repository: &Repository, registry: &dyn Registry) -> Outcome<Vec<Upload>> {
    let _lock = Lock::take(repository)?;
    let mut uploads = uploads(repository, registry)?;
    upload(&mut uploads, registry);
    Ok(uploads)
}

/// One version of one crate.
pub(crate) struct Upload {
    name: String,
    version: Version,
    needs: Vec<String>,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Due,
    WasThere,
    Published,
    Failed(String),
    /// Not tried, since a crate that it needs failed.
    Left(String),
}

/// What is tagged, in the order of upload: each crate after those that it needs, and its old versions before the new.
/// Each is asked for: a back-port comes after a newer version that is there.
fn uploads(repository: &Repository, registry: &dyn Registry) -> Outcome<Vec<Upload>> {
    let mut uploads = Vec::new();
    for package in Project::read(&repository.sh)?.in_order() {
        for version in repository.tagged(&package.name)? {
            let state = if registry.has(&package.name, &version)? { State::WasThere } else { State::Due };
            let (name, needs) = (package.name.clone(), package.needs.clone());
            uploads.push(Upload { name, version, needs, state });
        }
    }
    Ok(uploads)
}

fn upload(uploads: &mut [Upload], registry: &dyn Registry) {
    let mut failed: Vec<String> = Vec::new();
    for upload in uploads.iter_mut().filter(|upload| upload.state == State::Due) {
        let Upload { name, version, needs, .. } = &*upload;
        println!("\n{name} {version}");
        let in_the_way = failed.iter().find(|other| *other == name || needs.contains(other));
        upload.state = match in_the_way {
            Some(other) => State::Left(format!("{other} failed")),
            None => one(name, version, registry),
        };
        if upload.state != State::Published {
            failed.push(upload.name.clone());
        }
    }
}

fn one(name: &str, version: &Version, registry: &dyn Registry) -> State {
    match registry.upload(name, version) {
        Ok(()) => State::Published,
        // An answer can be lost after the crate was taken.
        Err(error) => match registry.has(name, version) {
            Ok(true) => State::Published,
            _ => State::Failed(error.to_string()),
        },
    }
}

fn table(uploads: &[Upload]) -> String {
    if uploads.is_empty() {
        return "nothing has a tag; `cargo xtask release` makes one\n".to_owned();
    }
    let tags: Vec<String> = uploads.iter().map(|upload| version::tag(&upload.name, &upload.version)).collect();
    let width = tags.iter().map(String::len).max().unwrap_or(0);
    tags.iter().zip(uploads).map(|(tag, upload)| format!("{tag:<width$}  {}\n", upload.state)).collect()
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Due => f.write_str("to publish"),
            Self::WasThere => f.write_str("was there"),
            Self::Published => f.write_str("published"),
            Self::Failed(why) => write!(f, "failed: {why}"),
            Self::Left(why) => write!(f, "not tried: {why}"),
        }
    }
}
