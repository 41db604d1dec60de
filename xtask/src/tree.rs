//! `cargo xtask tree`: what a provider costs its user in crates, beside the HTTP client that one would have anyway.

use crate::Outcome;
use crate::project::{self, Project};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use toml::{Table, Value};
use xshell::{Shell, cmd};

pub(crate) fn run() -> Outcome {
    let project = Project::load()?;
    let sh = project::shell()?;
    let mut rows = Vec::new();
    for tls in TLS {
        let bare = bare_reqwest(&sh, &project.target, tls)?;
        for provider in project.providers().filter(|provider| provider.has_feature(tls)) {
            let name = &provider.name;
            let tree = of_provider(&sh, name, tls)?;
            rows.push(Row { name: format!("{name}, {tls}"), tree, bare: bare.clone() });
        }
    }
    println!("{}", table(&rows));
    println!("Each crate counts once, itself included; `cargo tree` repeats some, marked `(*)`.");
    Ok(())
}

struct Row {
    name: String,
    tree: BTreeSet<String>,
    bare: BTreeSet<String>,
}

/// The tree of a provider with that TLS.
pub(crate) fn of_provider(sh: &Shell, name: &str, tls: &str) -> Outcome<BTreeSet<String>> {
    let tree =
        cmd!(sh, "cargo tree --package {name} --edges normal --prefix none --no-default-features --features {tls}");
    Ok(crates(&tree.quiet().read()?))
}

/// What `cargo tree --prefix none` prints, each crate once: a repeated one is marked `(*)`, a local one has its folder.
fn crates(tree: &str) -> BTreeSet<String> {
    let name_and_version = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    tree.lines().filter(|line| !line.trim().is_empty()).map(name_and_version).collect()
}

/// The tree of reqwest alone, in the versions that this workspace has.
pub(crate) fn bare_reqwest(sh: &Shell, target: &Path, tls: &str) -> Outcome<BTreeSet<String>> {
    let folder = bare_package(sh, target, tls)?;
    let _there = sh.push_dir(folder);
    let tree = cmd!(sh, "cargo tree --edges normal --prefix none").quiet().read()?;
    let mut crates = crates(&tree);
    crates.retain(|name| !name.starts_with("bare-reqwest "));
    Ok(crates)
}

/// A package that depends on reqwest as the workspace does, and on nothing else.
pub(crate) fn bare_package(sh: &Shell, target: &Path, tls: &str) -> Outcome<PathBuf> {
    let folder = target.join("xtask").join(format!("bare-reqwest-{tls}"));
    let root: Table = sh.read_file(project::root().join("Cargo.toml"))?.parse()?;
    sh.write_file(folder.join("Cargo.toml"), bare_manifest(&root, tls).ok_or("the root Cargo.toml has no reqwest")?)?;
    sh.write_file(folder.join("src/lib.rs"), "")?;
    sh.copy_file(project::root().join("Cargo.lock"), &folder)?;
    Ok(folder)
}

fn bare_manifest(root: &Table, tls: &str) -> Option<String> {
    let version = root.get("workspace")?.get("dependencies")?.get("reqwest")?.get("version").and_then(Value::as_str)?;
    let package = "[package]\nname = \"bare-reqwest\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n";
    let reqwest = format!("{{ version = \"{version}\", default-features = false, features = [\"{tls}\"] }}");
    Some(format!("{package}\n[dependencies]\nreqwest = {reqwest}\n"))
}

fn table(rows: &[Row]) -> String {
    let mut table = "| provider, TLS | crates | bare reqwest | more | which |\n|---|---:|---:|---:|---|\n".to_owned();
    for Row { name, tree, bare } in rows {
        let more: Vec<&str> = tree.difference(bare).map(String::as_str).collect();
        table += &format!("| {name} | {} | {} | {} | {} |\n", tree.len(), bare.len(), more.len(), more.join(", "));
    }
    table
}

pub(crate) const TLS: [&str; 2] = ["rustls", "native-tls"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_that_is_printed_twice_counts_once() {
        let tree = "a v1.0.0 (/somewhere/a)\nb v2.0.0\n\nc v3.0.0 (proc-macro)\nb v2.0.0 (*)\nb v1.0.0\n";
        assert_eq!(crates(tree), ["a v1.0.0", "b v1.0.0", "b v2.0.0", "c v3.0.0"].map(str::to_owned).into());
    }

    #[test]
    fn a_row_counts_both_trees_and_names_the_difference() {
        let tree = crates("a v1\nb v1\nreqwest v1");
        let row = Row { name: "a, rustls".to_owned(), tree, bare: crates("reqwest v1\nunused v1") };
        assert!(table(&[row]).ends_with("| a, rustls | 3 | 2 | 2 | a v1, b v1 |\n"));
    }

    #[test]
    fn bare_reqwest_is_required_as_the_workspace_requires_it() {
        let root: Table = "[workspace.dependencies]\nreqwest = { version = \"1.2.3\" }".parse().unwrap();
        let manifest: Table = bare_manifest(&root, "rustls").unwrap().parse().unwrap();
        assert_eq!(manifest["dependencies"]["reqwest"]["version"].as_str(), Some("1.2.3"));
        assert_eq!(bare_manifest(&Table::new(), "rustls"), None);
    }
}
