//! The lowest versions that the libraries say they can do with: in a copy, what they depend on directly is lowered to them, and
//! they are compiled. Who installs the program gets the newest versions, or those of its lock file.
//!
//! What those dependencies bring along is as new as can be. Dependencies of tests take part in the choice, too, so a minimum may
//! be one that a test's dependency wants; it is true all the same.

use crate::Outcome;
use crate::project::{self, Package, Project};
use std::path::Path;
use xshell::{Shell, cmd};

pub(crate) fn run() -> Outcome {
    let project = Project::load()?;
    let copy = project.target.join("minimal-versions");
    let sh = project::shell()?;
    // A crate that is gone since the last time would still be a member.
    sh.remove_path(&copy)?;
    project::copy_tracked_files(&sh, &copy)?;
    for folder in left_out(&project) {
        sh.remove_path(copy.join(folder))?;
    }
    sh.change_dir(copy);
    // The option is unstable; this lets the cargo that is there have it.
    let lower = cmd!(sh, "cargo update --quiet -Zdirect-minimal-versions").env("RUSTC_BOOTSTRAP", "1");
    lower.run().map_err(|error| format!("{error}\n{RAISE}"))?;
    let names: Vec<&str> = project.libraries().map(|package| package.name.as_str()).collect();
    // In the project's own folder, since much is built there in the same version.
    check(&sh, &project.target, &names)
}

/// The crates that nobody depends on: what they depend on is newer than what users may have.
fn left_out(project: &Project) -> impl Iterator<Item = &str> {
    let is_left_out = |package: &&Package| !(package.is_published && package.has_library);
    let left_out = project.packages.iter().filter(is_left_out);
    // The automation is named as a member, and must be there.
    left_out.map(|package| package.folder.as_str()).filter(|folder| folder.starts_with("crates/"))
}

/// With all features, as what a feature brings along has a minimum, too.
fn check(sh: &Shell, target: &Path, names: &[&str]) -> Outcome {
    let packages = names.iter().flat_map(|name| ["--package", name]);
    let check = cmd!(sh, "cargo check --quiet --locked --lib --all-features {packages...}");
    Ok(check.env("CARGO_TARGET_DIR", target).run().map_err(|error| format!("{error}\n{RAISE}"))?)
}

const RAISE: &str =
    "raise the version of what is missing something, in [workspace.dependencies] of the root Cargo.toml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_that_nobody_depends_on_have_no_say_in_the_choice() {
        let project = Project::load().unwrap();
        let left_out: Vec<&str> = left_out(&project).collect();
        assert!(["crates/auth-cli", "crates/auth-examples"].iter().all(|folder| left_out.contains(folder)));
        assert!(!left_out.contains(&"crates/auth-core"), "{left_out:?}");
    }

    #[test]
    fn code_of_a_feature_that_is_off_by_default_is_compiled() {
        let (sh, folder) = (Shell::new().unwrap(), tempfile::tempdir().unwrap());
        sh.change_dir(folder.path());
        let package = "[package]\nname = \"a\"\nedition = \"2024\"\n\n[features]\noff = []\n\n[workspace]\n";
        sh.write_file("Cargo.toml", package).unwrap();
        sh.write_file("Cargo.lock", "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.0.0\"\n").unwrap();
        for (item, is_good) in [("std::mem", true), ("nowhere::Nothing", false)] {
            sh.write_file("src/lib.rs", format!("#[cfg(feature = \"off\")]\npub use {item};\n")).unwrap();
            let outcome = check(&sh, &folder.path().join("target"), &["a"]);
            assert_eq!(outcome.is_ok(), is_good, "{outcome:?}");
        }
    }
}
