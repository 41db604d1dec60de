//! One place for what all crates share, and a version for each.

use super::{Finding, files::Files};
use semver::Version;
use toml::{Table, Value};

/// A row of any dependency table of a manifest.
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `dependencies`, `dev-dependencies` or `build-dependencies`.
    table: &'static str,
    specification: Value,
}

/// All dependencies of a manifest, those of single targets included; none if it is no manifest (another rule says so).
pub(crate) fn dependencies(manifest: &str) -> Vec<Dependency> {
    let manifest: Table = manifest.parse().unwrap_or_default();
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let parents = targets.filter_map(Value::as_table).chain([&manifest]);
    parents.flat_map(|parent| TABLES.iter().flat_map(move |table| rows(parent, table))).collect()
}

fn rows(parent: &Table, table: &'static str) -> impl Iterator<Item = Dependency> {
    let rows = parent.get(table).and_then(Value::as_table).into_iter().flatten();
    rows.map(move |(name, specification)| Dependency {
        name: name.clone(),
        table,
        specification: specification.clone(),
    })
}

/// The version of the package; none if it has none of its own.
pub(crate) fn version(manifest: &str) -> Option<Version> {
    let manifest: Table = manifest.parse().ok()?;
    manifest.get("package")?.get("version")?.as_str()?.parse().ok()
}

impl Dependency {
    /// A dev-dependency by path alone is dropped when the crate is packed, which lets two crates test each other.
    fn is_inherited(&self) -> bool {
        let inherited = self.specification.get("workspace") == Some(&Value::Boolean(true));
        let by_path = self.specification.get("path").is_some() && self.specification.get("version").is_none();
        inherited || (by_path && self.table == "dev-dependencies")
    }
}

pub(crate) fn fields_are_inherited_but_never_the_version(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in files.crates() {
        let path = format!("crates/{name}/Cargo.toml");
        let manifest: Table = match files.text(&path).unwrap_or_default().parse() {
            Ok(manifest) => manifest,
            Err(error) => {
                findings.push(format!("{path}: {error}"));
                continue;
            }
        };
        let package = manifest.get("package");
        let field = |name: &str| package.and_then(|package| package.get(name));
        for name in INHERITED.iter().filter(|name| !is_inherited(field(name))) {
            findings.push(format!("{path}: write `{name}.workspace = true`; the value stands in the root Cargo.toml"));
        }
        if !is_inherited(manifest.get("lints")) {
            findings.push(format!("{path}: add `[lints]` with `workspace = true`"));
        }
        if !field("version").is_some_and(Value::is_str) {
            findings.push(format!("{path}: write the version itself; each crate is released alone"));
        }
    }
    findings
}

fn is_inherited(field: Option<&Value>) -> bool {
    field.and_then(|field| field.get("workspace")) == Some(&Value::Boolean(true))
}

pub(crate) fn dependencies_are_inherited(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    let members = files.iter().filter(|(path, _)| path.ends_with("/Cargo.toml") && !files.is_workspace(path));
    for (path, text) in members {
        for dependency in dependencies(text).iter().filter(|dependency| !dependency.is_inherited()) {
            let (name, table) = (&dependency.name, dependency.table);
            let hint = "its version belongs into [workspace.dependencies] of the root Cargo.toml";
            findings.push(format!("{path}: write `{name}.workspace = true` in [{table}]; {hint}"));
        }
    }
    findings
}

pub(crate) fn no_git_dependencies(files: &Files) -> Vec<Finding> {
    let locks = files.iter().filter(|(path, _)| path.rsplit('/').next() == Some("Cargo.lock"));
    let lines = locks.flat_map(|(path, text)| text.lines().enumerate().map(move |line| (path, line)));
    let from_git = lines.filter(|(_, (_, line))| line.trim_start().starts_with("source = \"git+"));
    let finding = |(path, (index, line))| format!("{path}:{}: depend on a release instead of {line}", index + 1);
    from_git.map(finding).collect()
}

const TABLES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

const INHERITED: &[&str] = &["edition", "license", "repository"];

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
[package]
version = \"0.1.0\"
edition.workspace = true
license.workspace = true
repository = { workspace = true }

[lints]
workspace = true
";

    fn findings_in(manifest: &str) -> Vec<Finding> {
        fields_are_inherited_but_never_the_version(&Files::of([("crates/a/Cargo.toml", manifest)]))
    }

    #[test]
    fn a_field_of_the_crates_own_and_a_shared_version_are_found() {
        assert_eq!(findings_in(GOOD), Vec::<Finding>::new());
        for (good, bad, about) in [
            ("edition.workspace = true", "edition = \"2024\"", "edition"),
            ("license.workspace = true", "license = \"MIT\"", "license"),
            ("repository = { workspace = true }", "", "repository"),
            ("version = \"0.1.0\"", "version.workspace = true", "version"),
            ("[lints]\nworkspace = true", "", "lints"),
            ("[lints]\nworkspace = true", "[lints.rust]\nunused = \"deny\"", "lints"),
        ] {
            let findings = findings_in(&GOOD.replace(good, bad));
            assert!(findings.len() == 1 && findings[0].contains(about), "{bad}: {findings:?}");
        }
    }

    #[test]
    fn a_manifest_that_does_not_parse_is_found() {
        assert!(findings_in("[package").len() == 1);
    }

    #[test]
    fn a_dependency_with_a_version_of_its_own_is_found_in_every_table() {
        for table in ["dependencies", "dev-dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies"] {
            for specification in [
                "\"1\"",
                "{ version = \"1\" }",
                "{ path = \"../b\", version = \"0.1\" }",
                "{ git = \"https://example.invalid\" }",
            ] {
                let manifest = format!("[{table}]\nb = {specification}\n");
                let findings = dependencies_are_inherited(&Files::of([("crates/a/Cargo.toml", &manifest)]));
                assert!(
                    findings.len() == 1 && findings[0].contains("`b.workspace = true`"),
                    "{manifest}: {findings:?}"
                );
            }
        }
    }

    #[test]
    fn inherited_dependencies_and_tests_by_path_are_let_through() {
        let manifest = "[dependencies]\na.workspace = true\nb = { workspace = true, features = [\"c\"] }\n[dev-dependencies]\nd = { path = \"../d\" }\n";
        assert_eq!(dependencies_are_inherited(&Files::of([("xtask/Cargo.toml", manifest)])), Vec::<Finding>::new());
    }

    #[test]
    fn a_product_dependency_by_path_alone_is_found() {
        let files = Files::of([("crates/a/Cargo.toml", "[dependencies]\nd = { path = \"../d\" }\n")]);
        assert_eq!(dependencies_are_inherited(&files).len(), 1);
    }

    #[test]
    fn a_dependency_from_git_is_found_in_the_lock_file() {
        let lock = "[[package]]\nname = \"a\"\nsource = \"git+https://example.invalid/a#1\"\n";
        for path in ["Cargo.lock", "crates/a/Cargo.lock"] {
            assert!(no_git_dependencies(&Files::of([(path, lock)]))[0].starts_with(&format!("{path}:3: ")));
        }
        let lock = lock.replace("git+", "registry+");
        assert_eq!(no_git_dependencies(&Files::of([("Cargo.lock", &lock)])), Vec::<Finding>::new());
    }
}
