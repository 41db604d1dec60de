//! Packs and publishes every crate that users get, from a copy in which the crates know each other by the local registry.

use super::site::{Site, told};
use crate::{Outcome, project};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use toml::Table;
use xshell::cmd;

/// A crate as a registry gives it.
pub(crate) struct Packed {
    pub(crate) name: String,
    /// In bytes.
    pub(crate) size: usize,
    pub(crate) files: Vec<String>,
    /// What it is unpacked to.
    pub(crate) folder: PathBuf,
}

impl Packed {
    /// Unpacks it, and looks what is in it.
    fn open(site: &Site, name: &str, version: &str) -> Outcome<Self> {
        let packed =
            site.registry.packed(name, version).ok_or_else(|| format!("{name} {version} was not published"))?;
        let (sh, stem, folder) = (&site.sh, format!("{name}-{version}/"), site.unpacked());
        let file = folder.join(format!("{name}.crate"));
        sh.write_file(&file, &packed)?;
        told(cmd!(sh, "tar -xzf {file} -C {folder}"))?;
        let files = cmd!(sh, "tar -tzf {file}").quiet().read()?;
        let files: Vec<String> = files.lines().map(|path| path.trim_start_matches(&stem).to_owned()).collect();
        let findings = wrong_with(name, &files);
        if !findings.is_empty() {
            return Err(findings.join("\n").into());
        }
        Ok(Self { name: name.to_owned(), size: packed.len(), files, folder: folder.join(stem) })
    }

    pub(crate) fn read(&self, file: &str) -> Outcome<String> {
        let text = fs::read_to_string(self.folder.join(file));
        Ok(text.map_err(|error| format!("{file} of {}, as it is packed: {error}", self.name))?)
    }
}

/// One by one, each after those it depends on.
pub(crate) fn publish_all(site: &Site) -> Outcome<Vec<Packed>> {
    let copy = site.path("copy");
    project::copy_tracked_files(&project::shell()?, &copy)?;
    let root = copy.join("Cargo.toml");
    fs::write(&root, by_registry(&fs::read_to_string(&root)?)?)?;
    let _there = site.sh.push_dir(&copy);
    let sh = &site.sh;
    let mut packed = Vec::new();
    let order = order(&project::metadata(sh)?)?;
    for (name, version) in &order {
        // Not built here: its users build it.
        told(cmd!(sh, "cargo publish --quiet --registry local --allow-dirty --no-verify --package {name}"))?;
        packed.push(Packed::open(site, name, version)?);
    }
    let published = site.registry.published();
    if published == order { Ok(packed) } else { Err(format!("published is something else: {published:?}").into()) }
}

/// The root manifest, with a registry for each dependency of our own: by its path here, and by the registry once packed.
fn by_registry(root: &str) -> Outcome<String> {
    let manifest: Table = root.parse()?;
    let dependencies = manifest.get("workspace").and_then(|workspace| workspace.get("dependencies")?.as_table());
    let own = dependencies.into_iter().flatten().filter(|(_, row)| row.get("path").is_some()).count();
    if root.matches(OWN).count() != own {
        return Err(format!("Cargo.toml: write each of our own dependencies as `name = {OWN}NAME\", … }}`").into());
    }
    Ok(root.replace(OWN, &OWN.replacen('{', "{ registry = \"local\",", 1)))
}

/// Names and versions of what is published, dependencies before dependents.
fn order(metadata: &Value) -> Outcome<Vec<(String, String)>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let is_published = |package: &&Value| package["publish"].as_array().is_none_or(|registries| !registries.is_empty());
    let mut left: Vec<&Value> = list(&metadata["packages"]).filter(is_published).collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        let waits = |package: &Value| {
            let needed = list(&package["dependencies"]).filter(|dependency| dependency["kind"] != "dev");
            needed.into_iter().any(|dependency| left.iter().any(|other| other["name"] == dependency["name"]))
        };
        let next =
            left.iter().position(|package| !waits(package)).ok_or("the crates depend on each other in a circle")?;
        let package = left.remove(next);
        order.push((text(&package["name"]), text(&package["version"])));
    }
    Ok(order)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What a packed crate lacks, and what it should not have.
fn wrong_with(name: &str, files: &[String]) -> Vec<String> {
    let lacking = NEEDED.iter().filter(|needed| !files.iter().any(|file| file == *needed));
    let mut findings: Vec<String> = lacking.map(|file| format!("{name} is packed without {file}")).collect();
    let is_expected = |file: &&String| {
        NEEDED.contains(&file.as_str())
            || MADE_BY_CARGO.contains(&file.as_str())
            || FOLDERS.iter().any(|folder| file.starts_with(folder))
    };
    let others = files.iter().filter(|file| !is_expected(file));
    findings.extend(
        others.map(|file| format!("{name} is packed with {file}; add it to `exclude` in crates/{name}/Cargo.toml")),
    );
    findings
}

/// How each of our own stands in [workspace.dependencies].
const OWN: &str = "{ path = \"crates/";
const NEEDED: [&str; 5] = ["Cargo.toml", "README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];
const MADE_BY_CARGO: [&str; 3] = ["Cargo.lock", "Cargo.toml.orig", ".cargo_vcs_info.json"];
/// Tests and benchmarks stay at home: they need the simulator, which depends on nothing that is packed with it.
const FOLDERS: [&str; 2] = ["src/", "examples/"];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn own_dependencies_get_the_registry_and_others_stay() {
        let root = "[workspace.dependencies]\na = { path = \"crates/a\", version = \"1\" }\nb = { version = \"1\" }\n";
        let expected = "[workspace.dependencies]\na = { registry = \"local\", path = \"crates/a\", version = \"1\" }\nb = { version = \"1\" }\n";
        assert_eq!(by_registry(root).unwrap(), expected);
        let otherwise =
            root.replace("{ path = \"crates/a\", version = \"1\" }", "{ version = \"1\", path = \"crates/a\" }");
        assert!(by_registry(&otherwise).unwrap_err().to_string().contains("write each of our own"));
    }

    #[test]
    fn dependencies_come_before_dependents_and_tests_and_private_crates_do_not_matter() {
        let package = |name: &str, dependencies: &[(&str, Option<&str>)]| {
            let dependencies: Vec<Value> =
                dependencies.iter().map(|(name, kind)| json!({ "name": name, "kind": kind })).collect();
            json!({ "name": name, "version": "1.0.0", "dependencies": dependencies })
        };
        let mut private = package("private", &[]);
        private["publish"] = json!([]);
        let upper = package("a", &[("b", None), ("private", Some("dev"))]);
        let lower = package("b", &[("a", Some("dev")), ("elsewhere", None)]);
        let names = order(&json!({ "packages": [upper, lower, private] })).unwrap();
        assert_eq!(names, [("b".to_owned(), "1.0.0".to_owned()), ("a".to_owned(), "1.0.0".to_owned())]);

        let circle = json!({ "packages": [package("a", &[("b", None)]), package("b", &[("a", None)])] });
        assert!(order(&circle).unwrap_err().to_string().contains("circle"));
    }

    #[test]
    fn packed_file_that_is_missing_or_has_no_business_there_is_found() {
        let complete = || NEEDED.iter().chain(&MADE_BY_CARGO).chain(&["src/lib.rs", "examples/token.rs"]);
        let findings = |files: Vec<&str>| wrong_with("a", &files.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(findings(complete().copied().collect()), Vec::<String>::new());
        for needed in NEEDED {
            let findings = findings(complete().copied().filter(|file| *file != needed).collect());
            assert_eq!(findings, [format!("a is packed without {needed}")]);
        }
        for other in ["tests/it/main.rs", "benches/data/big", ".ci/run", ".github/workflows/ci.yml", "fuzz/seeds/x"] {
            let findings = findings(complete().copied().chain([other]).collect());
            assert!(findings.len() == 1 && findings[0].contains(&format!("with {other};")), "{findings:?}");
        }
    }
}
