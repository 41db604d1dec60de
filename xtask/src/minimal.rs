//! The lowest versions that the published crates say they can do with: in a copy, what they depend on directly is lowered to
//! them, and the crates are compiled.
//!
//! What those dependencies bring along is as new as can be. Dependencies of tests take part in the choice, too, so a minimum may
//! be one that a test's dependency wants; it is true all the same.

use crate::Outcome;
use crate::project::{self, Project};
use xshell::cmd;

pub(crate) fn run() -> Outcome {
    let project = Project::load()?;
    let copy = project.target.join("minimal-versions");
    let sh = project::shell()?;
    // A crate that is gone since the last time would still be a member.
    sh.remove_path(&copy)?;
    project::copy_tracked_files(&sh, &copy)?;
    sh.change_dir(copy);
    // The option is unstable; this lets the cargo that is there have it.
    let lower = cmd!(sh, "cargo update --quiet -Zdirect-minimal-versions").env("RUSTC_BOOTSTRAP", "1");
    lower.run().map_err(|error| format!("{error}\n{RAISE}"))?;
    let published = project.packages.iter().filter(|package| package.is_published);
    let published = published.flat_map(|package| ["--package", &package.name]);
    // In the project's own folder, since much is built there in the same version.
    let check =
        cmd!(sh, "cargo check --quiet --locked --lib --bins {published...}").env("CARGO_TARGET_DIR", project.target);
    Ok(check.run().map_err(|error| format!("{error}\n{RAISE}"))?)
}

const RAISE: &str =
    "raise the version of what is missing something, in [workspace.dependencies] of the root Cargo.toml";
