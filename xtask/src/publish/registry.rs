//! A registry, as cargo reaches it: cargo has the index's protocol, the token and the waiting.

use crate::Outcome;
use crate::project::{Package, Project};
use crate::release::repository::Repository;
use crate::release::{manifest, version};
use semver::Version;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use xshell::{Shell, cmd};

/// What publishing needs of a registry.
pub(crate) trait Registry {
    /// Whether the version is taken, be it yanked.
    fn has(&self, name: &str, version: &Version) -> Outcome<bool>;

    /// Ends when the index shows it.
    fn upload(&self, name: &str, version: &Version) -> Outcome;
}

/// One that cargo knows by name.
pub(crate) struct Cargo<'a> {
    pub(crate) repository: &'a Repository,
    pub(crate) name: &'a str,
}

impl Registry for Cargo<'_> {
    fn has(&self, name: &str, version: &Version) -> Outcome<bool> {
        let (sh, registry, package) = (&self.repository.sh, self.name, format!("{name}@{version}"));
        let command = cmd!(sh, "cargo info --quiet --color never --registry {registry} {package}");
        let output = command.quiet().ignore_status().output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        match output.status.success() {
            true => Ok(true),
            false if said.contains("could not find") => self.has_yanked(name, version),
            false => Err(format!("{registry} does not say if it has {package}: {}", reason(said.lines())).into()),
        }
    }

    /// From the tree of the tag: what is in the contributor's folder may be anything.
    fn upload(&self, name: &str, version: &Version) -> Outcome {
        let target = Project::read(&self.repository.sh)?.target;
        let copy = self.repository.copy("publish", &version::tag(name, version))?;
        let sh = copy.inside().sh;
        sh.set_var("CARGO_TARGET_DIR", target);
        let outcome = is_of(&sh, name, version).and_then(|package| {
            if self.name == CRATES_IO {
                names_no_placeholder(&sh, &package)?;
            }
            self.publish(&sh, name)
        });
        copy.remove()?;
        outcome
    }
}

impl Cargo<'_> {
    /// A yanked version is there, and can never be uploaded again. Of all that cargo does, `install` alone tells it from
    /// one that is not there, and installs neither.
    fn has_yanked(&self, name: &str, version: &Version) -> Outcome<bool> {
        let (sh, registry, package) = (&self.repository.sh, self.name, format!("{name}@={version}"));
        let nowhere = tempfile::tempdir()?;
        let root = nowhere.path();
        let command = cmd!(sh, "cargo install --quiet --color never --registry {registry} --root {root} {package}");
        let said = String::from_utf8_lossy(&command.quiet().ignore_status().output()?.stderr).into_owned();
        match said.contains("has been yanked") {
            true => Ok(true),
            false if said.contains("could not find") => Ok(false),
            false => Err(format!("{registry} does not say if it has {package}: {}", reason(said.lines())).into()),
        }
    }

    fn publish(&self, sh: &Shell, name: &str) -> Outcome {
        let registry = self.name;
        let mut command = cmd!(sh, "cargo publish --package {name} --registry {registry}");
        if registry != CRATES_IO {
            // A packed crate looks for its dependencies on crates.io unless it says otherwise.
            let root = manifest::with_registry(&sh.read_file("Cargo.toml")?, registry)?;
            sh.write_file("Cargo.toml", root)?;
            command = command.arg("--allow-dirty");
        }
        echo(command.into())
    }
}

/// A tag that was set by hand may lie.
fn is_of(sh: &Shell, name: &str, version: &Version) -> Outcome<Package> {
    let package = Project::read(sh)?.packages.into_iter().find(|package| package.name == name);
    match package {
        Some(package) if package.version == *version => Ok(package),
        Some(package) => Err(format!("the tree of its tag has {name} {}", package.version).into()),
        None => Err(format!("the tree of its tag has no crate {name}").into()),
    }
}

/// What crates.io shows can never be corrected in that version.
fn names_no_placeholder(sh: &Shell, package: &Package) -> Outcome {
    for path in [format!("{}/Cargo.toml", package.folder), "Cargo.toml".to_owned()] {
        let text = sh.read_file(&path)?;
        let is_placeholder = |line: &str| line.starts_with("repository") && line.contains(PLACEHOLDER);
        if let Some((index, line)) = text.lines().enumerate().find(|(_, line)| is_placeholder(line)) {
            let advice = "say there where the sources are, and release a version with that";
            return Err(format!("{path}:{}: `{line}` is a placeholder: {advice}", index + 1).into());
        }
    }
    Ok(())
}

/// Runs a command whose messages are shown as they come. Its error is the last of them.
fn echo(mut command: Command) -> Outcome {
    let mut child = command.stderr(Stdio::piped()).spawn()?;
    let mut said = Vec::new();
    for line in child.stderr.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
        let line = line?;
        eprintln!("{line}");
        said.push(line);
    }
    match child.wait()?.success() {
        true => Ok(()),
        false => Err(reason(said.iter().map(String::as_str)).into()),
    }
}

/// What cargo says from its last error on, in one line.
fn reason<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut reason: Vec<&str> = Vec::new();
    for line in lines {
        if line.starts_with("error") {
            reason.clear();
        }
        reason.extend(Some(line.trim()).filter(|line| !line.is_empty()));
    }
    reason.join(" ")
}

/// Cargo's name of the registry that it asks by default.
pub(crate) const CRATES_IO: &str = "crates-io";

/// A host that is nobody's, by RFC 2606.
const PLACEHOLDER: &str = "//example.invalid";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::tests::scratch::Scratch;

    #[test]
    fn placeholder_is_found_where_the_crate_says_it_and_no_real_place_is_taken_for_one() {
        let scratch = Scratch::released();
        let project = scratch.project();
        let package = project.package("t-core").unwrap();
        let (path, sh) = ("crates/t-core/Cargo.toml", &scratch.repository.sh);
        let manifest = scratch.read(path);
        scratch.write(path, &format!("{manifest}repository = \"https://example.com/t\"\n"));
        names_no_placeholder(sh, package).unwrap();
        scratch.write(path, &format!("{manifest}repository = \"https://example.invalid/t\"\n"));
        let error = names_no_placeholder(sh, package).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{path}:{}: ", manifest.lines().count() + 1)), "{error}");
    }

    #[test]
    fn reason_is_the_last_error_in_one_line() {
        let said =
            "    Updating index\nerror: one\nnote: x\nerror: failed to publish\n\nCaused by:\n  the answer was 500\n";
        assert_eq!(reason(said.lines()), "error: failed to publish Caused by: the answer was 500");
    }
}
