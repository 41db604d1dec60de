//! What must hold before a release, and of what comes out.

use super::plan::Release;
use super::repository::Repository;
use super::{semver_checks, version};
use crate::{Outcome, project};
use xshell::cmd;

/// The real ones take minutes, and tests of a release bring their own.
pub(crate) trait Checks {
    /// Whether what the others take is there: a run that ends for the want of it should not have taken minutes.
    fn ready(&self, releases: &[Release]) -> Outcome;

    fn lint(&self) -> Outcome;

    fn test(&self, name: &str) -> Outcome;

    /// Whether the version says enough of what has changed in the interface.
    fn compare(&self, release: &Release) -> Outcome;

    /// Whether the finished commits are in order. `copy` stands in a checkout of them.
    fn result(&self, copy: &Repository) -> Outcome;
}

pub(crate) struct Real;

impl Checks for Real {
    fn ready(&self, releases: &[Release]) -> Outcome {
        if releases.iter().any(is_compared) { semver_checks::ready() } else { Ok(()) }
    }

    fn lint(&self) -> Outcome {
        let (sh, program) = (project::shell()?, std::env::current_exe()?);
        Ok(cmd!(sh, "{program} lint").quiet().run()?)
    }

    fn test(&self, name: &str) -> Outcome {
        let sh = project::shell()?;
        Ok(cmd!(sh, "cargo test -p {name}").run()?)
    }

    fn compare(&self, release: &Release) -> Outcome {
        let name = &release.name;
        let Some((previous, step)) = release.previous.as_ref().zip(release.step()?) else {
            println!("first release, nothing to compare");
            return Ok(());
        };
        if !release.has_library {
            println!("{name} has no library, nothing to compare");
            return Ok(());
        }
        semver_checks::compare(name, &version::tag(name, previous), step)
    }

    /// Tidy rules and packages are looked at by this program, told to look at the copy.
    fn result(&self, copy: &Repository) -> Outcome {
        let (sh, program) = (&copy.sh, std::env::current_exe()?);
        let root = sh.current_dir().join("xtask");
        cmd!(sh, "{program} tidy").quiet().env("CARGO_MANIFEST_DIR", &root).run()?;
        locks_are_of_the_manifests(copy)?;
        // Built where all else is built: what has not changed since is not built again.
        let target = project::Project::load()?.target;
        let packages = cmd!(sh, "{program} verify-packages").quiet();
        Ok(packages.env("CARGO_MANIFEST_DIR", root).env("CARGO_TARGET_DIR", target).run()?)
    }
}

/// Whether there is an interface, and one that was released before.
fn is_compared(release: &Release) -> bool {
    release.previous.is_some() && release.has_library
}

/// Each lock file is what cargo would write for the manifest beside it.
pub(crate) fn locks_are_of_the_manifests(copy: &Repository) -> Outcome {
    let sh = &copy.sh;
    for lock in copy.tracked(":(glob)**/Cargo.lock")? {
        let manifest = lock.replace("Cargo.lock", "Cargo.toml");
        cmd!(sh, "cargo metadata --locked --format-version 1 --manifest-path {manifest}")
            .quiet()
            .ignore_stdout()
            .run()?;
    }
    Ok(())
}
