//! cargo-semver-checks, which compares the interfaces of two versions.

use crate::{Outcome, project};
use std::path::{Path, PathBuf};
use xshell::{Shell, cmd};

/// Where the tool is, if it is there in the version that the project uses.
pub(crate) fn semver_checks(sh: &Shell) -> Outcome<PathBuf> {
    tool(sh, &folder()?.join("bin/cargo-semver-checks"))
}

/// Installs it, which takes some minutes, unless it is there.
pub(crate) fn install() -> Outcome {
    let sh = project::shell()?;
    if semver_checks(&sh).is_ok() {
        println!("cargo-semver-checks {VERSION} is there");
        return Ok(());
    }
    let folder = folder()?;
    Ok(cmd!(sh, "cargo install cargo-semver-checks --version {VERSION} --locked --root {folder}").run()?)
}

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

    /// It must neither be skipped nor be another version, whose judgement may be another.
    #[test]
    fn missing_tool_is_an_error_that_names_the_command() {
        let folder = tempfile::tempdir().unwrap();
        let error = tool(&Shell::new().unwrap(), &folder.path().join("cargo-semver-checks")).unwrap_err().to_string();
        assert!(error.ends_with("is not there: run `cargo xtask setup --release`"), "{error}");
    }
}
