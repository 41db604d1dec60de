//! `cargo xtask lint --prove`: every check that is another's program complains about an example that is wrong in its way, in
//! the project's own settings. (What the project checks itself has tests.)

use super::{deny, rumdl, scripts, shear, taplo, typos};
use crate::step::Action;
use crate::{Outcome, project};
use std::fs;
use tempfile::TempDir;
use xshell::Shell;

/// The beginning of a manifest.
macro_rules! package {
    ($name:literal) => {
        concat!("[package]\nname = \"", $name, "\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
    };
}

pub(crate) fn run() -> Outcome {
    let examples = examples();
    for (index, example) in examples.iter().enumerate() {
        println!("\n[{}/{}] {}\n$ {}", index + 1, examples.len(), example.wrong, example.check);
        example.must_be_refused()?;
    }
    Ok(())
}

struct Example {
    /// What is wrong with it.
    wrong: &'static str,
    check: Action,
    files: Files,
    /// What the check says then, so that no other failure passes for it.
    complaint: &'static str,
}

impl Example {
    fn must_be_refused(&self) -> Outcome {
        let folder = lay_out(self.files)?;
        for settings in SETTINGS {
            let copy = folder.path().join(settings);
            fs::create_dir_all(copy.parent().unwrap_or(folder.path()))?;
            fs::copy(project::root().join(settings), copy)?;
        }
        let sh = Shell::new()?;
        sh.change_dir(folder.path());
        let _target = sh.push_env("CARGO_TARGET_DIR", folder.path().join("target"));
        let (passed, said) = self.check.output(&sh)?;
        let wrong = self.wrong;
        match (passed, said.contains(self.complaint)) {
            (false, true) => Ok(()),
            (true, _) => Err(format!("nobody complained about {wrong}").into()),
            (false, false) => {
                Err(format!("{wrong}: expected {:?} to be said, and it was\n{said}", self.complaint).into())
            }
        }
    }
}

fn examples() -> Vec<Example> {
    let example = |wrong, check, files, complaint| Example { wrong, check, files, complaint };
    let documentation = Action::cargo("doc --offline --document-private-items").with_env("RUSTDOCFLAGS", "-D warnings");
    let clippy = Action::cargo("clippy --offline -- -D warnings");
    vec![
        example("a misspelt word", typos(), MISSPELT, "should be `The`"),
        example("TOML without its blanks", taplo(), &[("a.toml", "a=1\n")], "not properly formatted"),
        example("a heading without its blank", rumdl(), &[("a.md", "#Heading\n")], "MD018"),
        example("a line that goes on and on", rumdl(), LONG, "MD013"),
        example("a variable that falls apart", scripts::shellcheck(["run"].into_iter()), SCRIPT, "SC2086"),
        example("a dependency that nothing uses", shear(), UNUSED, "unused dependency `other`"),
        example("a licence that was not allowed", deny(), COPYLEFT, "license is not explicitly allowed"),
        example("two versions of a crate", deny(), TWINS, "found 2 duplicate entries for crate 'twin'"),
        example("a call newer than rust-version", clippy, NEWER, "incompatible_msrv"),
        example("a comment's link to nowhere", documentation, NOWHERE, "unresolved link"),
    ]
}

/// A folder with these files.
pub(crate) fn lay_out(files: &[(&str, &str)]) -> Outcome<TempDir> {
    let folder = tempfile::tempdir()?;
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
        fs::write(path, text)?;
    }
    Ok(folder)
}

/// The project's, in which the checks work.
const SETTINGS: &[&str] = &[".cargo/deny.toml", ".clippy.toml", ".rumdl.toml", ".taplo.toml", ".typos.toml"];

type Files = &'static [(&'static str, &'static str)];

// In two pieces, or this file had it too.
const MISSPELT: Files = &[("a.md", concat!("Te", "h end.\n"))];
const LONG: Files = &[(
    "a.md",
    "# Lines\n\nThis one goes on and on, past where a reader of the file would want it to end, and past \
     where any other line of the project's prose does, too.\n",
)];
const SCRIPT: Files = &[("run", "#!/bin/sh\nrm $1\n")];
const UNUSED: Files = &[
    ("Cargo.toml", concat!(package!("user"), "[workspace]\n[dependencies]\nother = { path = \"other\" }\n")),
    ("src/lib.rs", ""),
    ("other/Cargo.toml", package!("other")),
    ("other/src/lib.rs", ""),
];
const COPYLEFT: Files =
    &[("Cargo.toml", concat!(package!("user"), "license = \"AGPL-3.0-only\"\n[workspace]\n")), ("src/lib.rs", "")];
const TWINS: Files = &[
    (
        "Cargo.toml",
        concat!(
            package!("user"),
            "license = \"MIT\"\n[workspace]\nexclude = [\"one\", \"two\"]\n[dependencies]\none = { path = \"one\", package = \"twin\" }\n",
            "two = { path = \"two\", package = \"twin\" }\n"
        ),
    ),
    ("src/lib.rs", ""),
    ("one/Cargo.toml", "[package]\nname = \"twin\"\nversion = \"1.0.0\"\nedition = \"2021\"\n"),
    ("one/src/lib.rs", ""),
    ("two/Cargo.toml", "[package]\nname = \"twin\"\nversion = \"2.0.0\"\nedition = \"2021\"\n"),
    ("two/src/lib.rs", ""),
];
const NEWER: Files = &[
    ("Cargo.toml", concat!(package!("user"), "rust-version = \"1.60\"\n[workspace]\n")),
    ("src/lib.rs", "pub fn f(n: u32) -> u32 { n.midpoint(1) }\n"),
];
const NOWHERE: Files =
    &[("Cargo.toml", concat!(package!("user"), "[workspace]\n")), ("src/lib.rs", "/// [`nowhere`]\nstruct Private;\n")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools;

    #[test]
    fn every_tool_has_something_to_refuse() {
        let checks: Vec<String> = examples().iter().map(|example| example.check.to_string()).collect();
        for tool in tools::ALL {
            assert!(checks.iter().any(|check| check.contains(&tool.shown())), "{}", tool.program);
        }
    }

    #[test]
    fn check_that_passes_or_fails_for_another_reason_proves_nothing() {
        let example = |check, complaint| Example { wrong: "all", check, files: &[], complaint };
        let outcome = |check, complaint| example(Action::cargo(check), complaint).must_be_refused();
        assert!(outcome("no-such-command", "no such command").is_ok());
        assert!(outcome("no-such-command", "another reason").is_err());
        assert!(outcome("--version", "cargo").is_err_and(|error| error.to_string() == "nobody complained about all"));
    }
}
