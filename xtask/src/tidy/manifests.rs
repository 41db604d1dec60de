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

/// All dependencies of a manifest, those of single targets and those that a workspace shares included; none if it is no manifest (another rule says so).
pub(crate) fn dependencies(manifest: &str) -> Vec<Dependency> {
    let manifest: Table = manifest.parse().unwrap_or_default();
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let workspace = manifest.get("workspace").and_then(Value::as_table);
    let parents = targets.filter_map(Value::as_table).chain([&manifest]).chain(workspace);
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

/// Whether it may go to some registry.
pub(crate) fn is_published(manifest: &str) -> bool {
    let manifest: Table = manifest.parse().unwrap_or_default();
    let publish = manifest.get("package").and_then(|package| package.get("publish"));
    publish.is_none_or(|to| *to != Value::Boolean(false) && to.as_array().is_none_or(|to| !to.is_empty()))
}

impl Dependency {
    pub(crate) fn is_for_tests(&self) -> bool {
        self.table == "dev-dependencies"
    }

    /// A dev-dependency by path alone is dropped when the crate is packed, which lets two crates test each other.
    fn is_inherited(&self) -> bool {
        let inherited = self.specification.get("workspace") == Some(&Value::Boolean(true));
        let by_path = self.specification.get("path").is_some() && self.specification.get("version").is_none();
        inherited || (by_path && self.is_for_tests())
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

/// With a version, a crate that is needed for tests alone would have to be published before the crate that it tests. By
/// path alone it is dropped when that is packed.
pub(crate) fn what_only_tests_need_is_by_path(files: &Files) -> Vec<Finding> {
    let own = files.crates();
    let mut findings = Vec::new();
    for name in files.published() {
        let path = format!("crates/{name}/Cargo.toml");
        let all = dependencies(files.text(&path).unwrap_or_default());
        let is_product = |name: &str| all.iter().any(|other| other.name == name && !other.is_for_tests());
        for Dependency { name, specification, .. } in all.iter().filter(|dependency| dependency.is_for_tests()) {
            let has_version = specification.get("path").is_none() || specification.get("version").is_some();
            if own.contains(name.as_str()) && has_version && !is_product(name) {
                findings.push(format!("{path}: write `{name} = {{ path = \"../{name}\" }}` in [dev-dependencies]: a version would have to be published first"));
            }
        }
    }
    findings
}

/// The rules go by names.
pub(crate) fn own_crates_keep_their_names(files: &Files) -> Vec<Finding> {
    let own = files.crates();
    let mut findings = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| path.rsplit('/').next() == Some("Cargo.toml")) {
        for dependency in dependencies(text) {
            let package = dependency.specification.get("package").and_then(Value::as_str);
            if let Some(package) = package.filter(|package| own.contains(package) && *package != dependency.name) {
                findings.push(format!("{path}: call {package} by its name, not {}", dependency.name));
            }
        }
    }
    findings
}

/// A target whose tests are not run looks tested.
pub(crate) fn no_tests_are_turned_off(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in files.crates() {
        let path = format!("crates/{name}/Cargo.toml");
        let manifest: Table = files.text(&path).unwrap_or_default().parse().unwrap_or_default();
        let targets = ["lib", "bin", "test"].into_iter().filter_map(|kind| manifest.get(kind));
        let targets = targets.flat_map(|target| target.as_array().map_or(std::slice::from_ref(target), Vec::as_slice));
        for table in targets.chain(manifest.get("package")) {
            let off = |key: &&str| table.get(*key) == Some(&Value::Boolean(false));
            findings.extend(
                ["test", "doctest", "autotests"]
                    .iter()
                    .filter(|key| off(key))
                    .map(|key| format!("{path}: take out `{key} = false`: what is there is tested")),
            );
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
    fn own_crate_that_only_tests_need_is_found_if_it_has_a_version() {
        let found = |manifest: &str| {
            let files = [("crates/a/Cargo.toml", manifest), ("crates/auth-sim/Cargo.toml", "")];
            what_only_tests_need_is_by_path(&Files::of(files)).len()
        };
        for specification in ["{ workspace = true }", "{ path = \"../auth-sim\", version = \"0.1\" }"] {
            let row = format!("auth-sim = {specification}\n");
            assert_eq!(found(&format!("[dev-dependencies]\n{row}")), 1, "{row}");
            assert_eq!(found(&format!("[target.'cfg(unix)'.dev-dependencies]\n{row}")), 1, "{row}");
            assert_eq!(found(&format!("[dependencies]\n{row}[dev-dependencies]\n{row}")), 0, "{row}");
            assert_eq!(found(&format!("[dev-dependencies]\n{}", row.replace("auth-sim", "tokio"))), 0, "{row}");
        }
        assert_eq!(found("[dev-dependencies]\nauth-sim = { path = \"../auth-sim\" }\n"), 0);
    }

    #[test]
    fn own_crate_by_another_name_is_found() {
        for (table, path) in [("dependencies", "crates/b/Cargo.toml"), ("workspace.dependencies", "Cargo.toml")] {
            for (package, expected) in [("a", 1), ("foreign", 0)] {
                let manifest = format!("[{table}]\nx = {{ package = \"{package}\", version = \"0.1\" }}\n");
                let files = [("crates/a/Cargo.toml", ""), (path, manifest.as_str())];
                assert_eq!(own_crates_keep_their_names(&Files::of(files)).len(), expected, "{manifest}");
            }
        }
    }

    #[test]
    fn target_whose_tests_are_turned_off_is_found() {
        for manifest in [
            "[lib]\ntest = false",
            "[lib]\ndoctest = false",
            "[[bin]]\nname = \"a\"\ntest = false",
            "[package]\nautotests = false",
        ] {
            let findings = no_tests_are_turned_off(&Files::of([("crates/a/Cargo.toml", manifest)]));
            assert_eq!(findings.len(), 1, "{manifest}");
        }
        let manifest = "[lib]\ntest = true\n[[bench]]\nname = \"a\"\nharness = false\n";
        assert_eq!(no_tests_are_turned_off(&Files::of([("crates/a/Cargo.toml", manifest)])), Vec::<Finding>::new());
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
