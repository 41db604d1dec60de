//! Where it happens: a registry, a folder outside the workspace, and a cargo that knows both.

use crate::Outcome;
use crate::project::{self, Project};
use crate::registry::Registry;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use xshell::{Cmd, Shell, cmd};

pub(crate) struct Site {
    pub(crate) sh: Shell,
    pub(crate) registry: Registry,
    folder: TempDir,
    /// What cargo builds. Kept from run to run, but for what is made of this run's crates.
    pub(crate) target: PathBuf,
    /// Names of the crates that are built anew each time.
    own: Vec<String>,
}

impl Site {
    pub(crate) fn open(project: &Project) -> Outcome<Self> {
        let (sh, folder, registry) = (project::shell()?, tempfile::tempdir()?, Registry::start()?);
        let target = project.target.join("packages");
        for (name, value) in registry.environment() {
            sh.set_var(name, value);
        }
        sh.set_var("CARGO_TARGET_DIR", &target);
        sh.set_var("CARGO_INCREMENTAL", "0");
        sh.set_var("CARGO_PROFILE_DEV_DEBUG", "false");
        let own = project.packages.iter().map(|package| package.name.clone()).chain([USER.to_owned()]).collect();
        Ok(Self { sh, folder, target, own, registry })
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where packed crates are unpacked.
    pub(crate) fn unpacked(&self) -> PathBuf {
        self.path("unpacked")
    }

    /// The program of a published crate, as `cargo install` puts it there.
    pub(crate) fn install(&self, name: &str, program: &str) -> Outcome<PathBuf> {
        let (sh, root) = (&self.sh, self.path("installed"));
        told(cmd!(sh, "cargo install --quiet --registry local --locked --debug --root {root} {name}"))?;
        Ok(root.join("bin").join(program))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // What is left costs disk and nothing else.
        drop(sweep(&self.target, &self.own));
    }
}

/// Deletes what was built of those crates: no later run can use it, since each has a registry of its own.
fn sweep(target: &Path, crates: &[String]) -> std::io::Result<()> {
    for folder in ["deps", "examples", ".fingerprint", "build"].map(|folder| target.join("debug").join(folder)) {
        // A run that failed early has not built everything.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if !is_of(&entry.file_name().to_string_lossy(), crates) {
                continue;
            }
            if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path())? } else { fs::remove_file(entry.path())? }
        }
    }
    Ok(())
}

/// Whether cargo names an artefact so that is made of one of the crates: `libsome_crate-0123….rlib`.
fn is_of(artefact: &str, crates: &[String]) -> bool {
    let Some((name, _)) = artefact.rsplit_once('-') else { return false };
    let name = name.replace('_', "-");
    let is = |name: &str| crates.iter().any(|own| own == name) || PROGRAMS.contains(&name);
    is(&name) || name.strip_prefix("lib").is_some_and(is)
}

/// Runs a command, and tells what it said if it fails.
pub(crate) fn told(command: Cmd<'_>) -> Outcome<String> {
    let shown = command.to_string();
    println!("$ {shown}");
    let output = command.quiet().ignore_status().output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    Err(format!("{shown}\n{}", String::from_utf8_lossy(&output.stderr)).into())
}

/// The name of each program that uses our crates.
pub(crate) const USER: &str = "user";
/// Programs that are not called like their crate.
const PROGRAMS: [&str; 2] = ["authctl", MIDDLEWARE];
/// The example that tests the middleware.
pub(crate) const MIDDLEWARE: &str = "middleware";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artefacts_of_own_crates_are_swept_and_others_stay() {
        let target = tempfile::tempdir().unwrap();
        let sh = Shell::new().unwrap();
        let own = [
            "deps/libauth_core-0f.rlib",
            "deps/auth_core-0f.d",
            ".fingerprint/auth-core-0f/x",
            "examples/middleware-0f",
        ];
        let other =
            ["deps/libauth_core_of_others-0f.rlib", "deps/libhttp-0f.rlib", "build/http-0f/out", "examples/middleware"];
        for path in own.iter().chain(&other) {
            sh.write_file(target.path().join("debug").join(path), "").unwrap();
        }
        sweep(target.path(), &["auth-core".to_owned()]).unwrap();
        let there = |path: &str| target.path().join("debug").join(path).exists();
        assert!(!own.iter().any(|path| there(path)) && other.iter().all(|path| there(path)));
    }

    #[test]
    fn command_that_fails_tells_what_it_said() {
        let sh = Shell::new().unwrap();
        let error = told(cmd!(sh, "cargo no-such-command")).unwrap_err().to_string();
        assert!(error.contains("cargo no-such-command\n") && error.contains("no such command"), "{error}");
    }
}
