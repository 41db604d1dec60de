//! cargo-semver-checks, which compares the interfaces of two versions.

use super::version::Step;
use crate::{Outcome, project};
use std::path::{Path, PathBuf};
use std::process::Command;
use xshell::{Shell, cmd};

/// Whether the library has changed no more since the tag `old` than `step` says. It builds both on stable Rust.
pub(crate) fn compare(name: &str, old: &str, step: Step) -> Outcome {
    let sh = project::shell()?;
    let (tool, step) = (tool(&sh, &path()?)?, step.to_string());
    let command = cmd!(sh, "{tool} semver-checks --package {name} --all-features --baseline-rev {old}");
    let command = command.args(["--release-type", &step]);
    verdict(Command::from(command).status()?.code()).map_err(|error| format!("{name} beside {old}: {error}").into())
}

/// Whether it is there.
pub(crate) fn ready() -> Outcome {
    tool(&project::shell()?, &path()?).map(drop)
}

/// What the tool's exit code says. It tells what it found itself.
fn verdict(code: Option<i32>) -> Result<(), &'static str> {
    match code {
        Some(0) => Ok(()),
        Some(100) => Err("more has changed than this step says; `cargo xtask release --help` tells the steps apart"),
        _ => Err("cargo-semver-checks could not compare them"),
    }
}

/// Installs it, which takes some minutes, unless it is there.
pub(crate) fn install() -> Outcome {
    let sh = project::shell()?;
    if tool(&sh, &path()?).is_ok() {
        println!("cargo-semver-checks {VERSION} is there");
        return Ok(());
    }
    let folder = folder()?;
    Ok(cmd!(sh, "cargo install cargo-semver-checks --version {VERSION} --locked --root {folder}").run()?)
}

fn path() -> Outcome<PathBuf> {
    Ok(folder()?.join("bin/cargo-semver-checks"))
}

/// The tool, if it is there in the version that the project uses.
fn tool(sh: &Shell, path: &Path) -> Outcome<PathBuf> {
    let said = cmd!(sh, "{path} semver-checks --version").quiet().ignore_stderr().read().unwrap_or_default();
    match said.strip_prefix("cargo-semver-checks ") {
        Some(VERSION) => Ok(path.to_owned()),
        _ => Err(format!("cargo-semver-checks {VERSION} is not there: run `cargo xtask setup --release`").into()),
    }
}

/// Part of the build output, and apart from the tools of lint: these are set up anew, which takes no time.
fn folder() -> Outcome<PathBuf> {
    Ok(project::Project::load()?.target.join("release-tools"))
}

const VERSION: &str = "0.51.0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_that_is_too_large_and_a_comparison_that_failed_are_two_errors() {
        assert!(verdict(Some(0)).is_ok());
        assert!(verdict(Some(100)).is_err_and(|error| error.contains("more has changed")));
        assert!(verdict(Some(101)).is_err_and(|error| error.contains("could not compare")));
        assert!(verdict(None).is_err_and(|error| error.contains("could not compare")));
    }

    /// It must neither be skipped nor be another version, whose judgement may be another.
    #[test]
    fn missing_tool_is_an_error_that_names_the_command() {
        let folder = tempfile::tempdir().unwrap();
        let error = tool(&Shell::new().unwrap(), &folder.path().join("cargo-semver-checks")).unwrap_err().to_string();
        assert!(error.ends_with("is not there: run `cargo xtask setup --release`"), "{error}");
    }
}
