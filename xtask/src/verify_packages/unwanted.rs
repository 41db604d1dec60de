//! What must not come along with a provider: a neighbour, the simulator, what only a test needs.

use crate::project;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Names and versions, with the features that are turned on.
pub(crate) type Tree = BTreeMap<String, BTreeSet<String>>;

/// `cargo tree --prefix none --format {p}|{f}`. A repeated line is marked `(*)`.
pub(crate) fn read(tree: &str) -> Tree {
    let mut crates = Tree::new();
    for (package, features) in tree.lines().filter_map(|line| line.split_once('|')) {
        let name_and_version = package.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let features = features.trim_end_matches("(*)").trim().split(',').filter(|feature| !feature.is_empty());
        crates.entry(name_and_version).or_default().extend(features.map(str::to_owned));
    }
    crates
}

/// Names of crates by what they are to this workspace.
pub(crate) struct Unwanted {
    own: BTreeSet<String>,
    /// What tests depend on, and neither a library nor the HTTP client does.
    test_only: BTreeSet<String>,
}

impl Unwanted {
    /// By `cargo metadata --no-deps`, and the tree of reqwest alone.
    pub(crate) fn of(metadata: &Value, bare_reqwest: &BTreeSet<String>) -> Self {
        let mut unwanted = Self { own: BTreeSet::new(), test_only: BTreeSet::new() };
        let mut wanted: BTreeSet<&str> = bare_reqwest.iter().filter_map(|package| package.split(' ').next()).collect();
        for package in list(&metadata["packages"]) {
            let name = text(&package["name"]);
            unwanted.own.insert(name.to_owned());
            let serves_users = name == CORE || project::is_provider(name);
            for dependency in list(&package["dependencies"]) {
                if dependency["kind"] == "dev" {
                    unwanted.test_only.insert(text(&dependency["name"]).to_owned());
                } else if serves_users {
                    wanted.insert(text(&dependency["name"]));
                }
            }
        }
        unwanted.test_only.retain(|name| !wanted.contains(name.as_str()));
        unwanted
    }

    /// What is wrong with the tree of a provider.
    pub(crate) fn in_tree(&self, provider: &str, tree: &Tree) -> Vec<String> {
        let mut findings = Vec::new();
        for (package, features) in tree {
            let name = package.split(' ').next().unwrap_or_default();
            if self.own.contains(name) && name != provider && name != CORE {
                findings.push(format!("{provider} brings {package}; depend on it for tests alone, or not at all"));
            } else if self.test_only.contains(name) {
                findings.push(format!("{provider} brings {package}, which is for tests; see [dependencies]"));
            }
            if features.contains(FOR_TESTS) {
                findings.push(format!("{provider} turns on {FOR_TESTS} of {package}; see [dependencies]"));
            }
        }
        findings
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

const CORE: &str = "auth-core";
const FOR_TESTS: &str = "test-util";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn unwanted() -> Unwanted {
        let dependency = |name: &str, kind: Option<&str>| json!({ "name": name, "kind": kind });
        let dev = Some("dev");
        let vendor = [dependency("auth-core", None), dependency("http", None), dependency("auth-sim", dev)];
        let core =
            [dependency("tokio", None), dependency("tokio", dev), dependency("proptest", dev), dependency("tls", dev)];
        let metadata = json!({ "packages": [
            { "name": "a-vendor", "dependencies": vendor },
            { "name": "b-vendor", "dependencies": vendor },
            { "name": "auth-core", "dependencies": core },
            { "name": "auth-sim", "dependencies": [dependency("axum", None), dependency("http", dev)] },
        ]});
        Unwanted::of(&metadata, &["reqwest v1.0.0", "tls v1.0.0"].map(str::to_owned).into())
    }

    fn findings(line: &str) -> Vec<String> {
        let good = "a-vendor v0.1.0 (registry `local`)|default,rustls\nauth-core v0.1.0 (registry `local`)|rustls\n\
                    http v1.0.0|\ntls v1.0.0|\ntokio v1.0.0|rt,sync\n";
        unwanted().in_tree("a-vendor", &read(&format!("{good}{line}")))
    }

    #[test]
    fn provider_with_the_core_and_what_both_need_is_let_through() {
        assert_eq!(findings(""), Vec::<String>::new());
    }

    #[test]
    fn neighbour_simulator_and_crates_for_tests_are_found() {
        for (line, about) in [
            ("b-vendor v0.1.0 (registry `local`)|", "b-vendor v0.1.0"),
            ("auth-sim v0.1.0 (registry `local`)|", "auth-sim v0.1.0"),
            ("proptest v1.0.0|std", "proptest v1.0.0"),
            ("tokio v1.0.0|rt,test-util (*)", "test-util of tokio v1.0.0"),
            ("auth-core v0.1.0 (registry `local`)|test-util", "test-util of auth-core v0.1.0"),
        ] {
            let findings = findings(line);
            assert!(findings.len() == 1 && findings[0].contains(about), "{line}: {findings:?}");
        }
    }

    #[test]
    fn crate_counts_once_and_its_features_are_those_of_all_its_lines() {
        let tree = read("a v1.0.0|one\nb v1.0.0 (proc-macro)|\na v1.0.0|one,two (*)\n");
        assert_eq!(tree.keys().collect::<Vec<_>>(), ["a v1.0.0", "b v1.0.0"]);
        assert_eq!(tree["a v1.0.0"], ["one", "two"].map(str::to_owned).into());
    }
}
