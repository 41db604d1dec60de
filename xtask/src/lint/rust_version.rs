//! The rust-version that a crate declares: no less than what it depends on declares. (That its own code needs no more is
//! clippy's `incompatible_msrv`.)

use crate::Outcome;
use crate::project::{self, Project, list, text};
use serde_json::Value;
use std::collections::BTreeMap;
use xshell::{Shell, cmd};

pub(crate) fn run() -> Outcome {
    let published = Project::load()?.packages.into_iter().filter(|package| package.is_published);
    check(&project::shell()?, &published.map(|package| package.name).collect::<Vec<_>>())
}

/// Looks at these packages of the workspace that `sh` stands in, with every feature and for every platform.
fn check(sh: &Shell, packages: &[String]) -> Outcome {
    let metadata = cmd!(sh, "cargo metadata --format-version 1 --all-features").quiet().read()?;
    let declared = declared(&serde_json::from_str(&metadata)?);
    let mut findings = Vec::new();
    for name in packages {
        let tree = cmd!(sh, "cargo tree --package {name} --all-features --edges no-dev --target all --prefix none");
        findings.extend(too_low(&tree.quiet().read()?, &declared)?);
    }
    if findings.is_empty() { Ok(()) } else { Err(findings.join("\n").into()) }
}

type Version = [u32; 3];

/// What each package declares, if it does, by its name and version as `cargo tree` writes them.
fn declared(metadata: &Value) -> BTreeMap<String, Version> {
    let row = |package| Some((title(package), version(text(&package["rust_version"]))?));
    list(&metadata["packages"]).filter_map(row).collect()
}

fn title(package: &Value) -> String {
    format!("{} v{}", text(&package["name"]), text(&package["version"]))
}

/// `1.85` is as good as `1.85.0`.
fn version(text: &str) -> Option<Version> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some([parts.next()??, parts.next().unwrap_or(Some(0))?, parts.next().unwrap_or(Some(0))?])
}

/// The first line of a tree is the crate itself; all others are what it brings along.
fn too_low(tree: &str, declared: &BTreeMap<String, Version>) -> Outcome<Vec<String>> {
    let mut crates = tree.lines().filter(|line| !line.is_empty()).map(first_two_words);
    let name = crates.next().unwrap_or_default();
    let own = declared.get(&name).ok_or_else(|| format!("{name}: add `rust-version` to its Cargo.toml"))?;
    let culprits: BTreeMap<_, _> =
        crates.filter_map(|name| Some((declared.get(&name)?, name))).filter(|(needs, _)| *needs > own).collect();
    let finding = |(needs, culprit): (&Version, String)| {
        format!("{name} declares rust-version {}, and {culprit} needs {}", shown(own), shown(needs))
    };
    Ok(culprits.into_iter().map(finding).collect())
}

fn first_two_words(line: &str) -> String {
    line.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

fn shown([major, minor, patch]: &Version) -> String {
    format!("{major}.{minor}.{patch}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::prove::lay_out;

    #[test]
    fn dependency_that_needs_more_than_is_declared_is_named_with_its_user() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "a", "version": "0.1.0", "rust_version": "1.85" },
            { "name": "b", "version": "2.0.0", "rust_version": "1.85.0" },
            { "name": "c", "version": "3.0.0", "rust_version": "1.85.1" },
            { "name": "d", "version": "4.0.0", "rust_version": null },
        ]});
        let declared = declared(&metadata);
        assert_eq!(too_low("a v0.1.0 (/a)\nb v2.0.0\nd v4.0.0\n", &declared).unwrap(), Vec::<String>::new());
        let findings = too_low("a v0.1.0 (/a)\nb v2.0.0\nc v3.0.0 (*)\nc v3.0.0\n", &declared).unwrap();
        assert_eq!(findings, ["a v0.1.0 declares rust-version 1.85.0, and c v3.0.0 needs 1.85.1"]);
        let undeclared = too_low("d v4.0.0\nb v2.0.0\n", &declared).unwrap_err().to_string();
        assert_eq!(undeclared, "d v4.0.0: add `rust-version` to its Cargo.toml");
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(version("1.100") > version("1.99.9"));
        assert_eq!(version("1.85"), version("1.85.0"));
        assert_eq!(version("stable"), None);
    }

    #[test]
    fn what_a_dependency_brings_for_another_platform_counts_and_what_tests_need_does_not() {
        let user = "[package]\nname = \"user\"\nversion = \"0.1.0\"\nedition = \"2021\"\nrust-version = \"1.60\"\n";
        let dependency =
            "[package]\nname = \"NAME\"\nversion = \"0.1.0\"\nedition = \"2021\"\nrust-version = \"1.70\"\n";
        let manifest = |tables: &str| format!("{user}\n[workspace]\n{tables}");
        for (tables, is_refused) in [
            ("[dependencies]\nneeds = { path = \"needs\" }\n", true),
            ("[target.'cfg(windows)'.dependencies]\nneeds = { path = \"needs\" }\n", true),
            (
                "[features]\nmore = [\"dep:needs\"]\n[dependencies]\nneeds = { path = \"needs\", optional = true }\n",
                true,
            ),
            ("[dev-dependencies]\nneeds = { path = \"needs\" }\n", false),
        ] {
            let folder = lay_out(&[
                ("Cargo.toml", &manifest(tables)),
                ("src/lib.rs", ""),
                ("needs/Cargo.toml", &dependency.replace("NAME", "needs")),
                ("needs/src/lib.rs", ""),
            ]);
            let folder = folder.unwrap();
            let sh = Shell::new().unwrap();
            sh.change_dir(folder.path());
            assert_eq!(check(&sh, &["user".to_owned()]).is_err(), is_refused, "{tables}");
        }
    }
}
