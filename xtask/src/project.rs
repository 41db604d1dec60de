//! What cargo knows about this workspace.

use crate::Outcome;
use semver::Version;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use xshell::{Shell, cmd};

/// The workspace's crates, by name.
pub(crate) struct Project {
    pub(crate) packages: Vec<Package>,
    pub(crate) target: PathBuf,
}

pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: Version,
    /// The folder of its manifest, from the root, with `/` between the names.
    pub(crate) folder: String,
    /// The crates of the project that it is built from. Tests need more.
    pub(crate) needs: Vec<String>,
    /// All but `default`, by name.
    pub(crate) features: Vec<String>,
    pub(crate) has_library: bool,
    /// Whether users get it.
    pub(crate) is_published: bool,
}

impl Project {
    pub(crate) fn load() -> Outcome<Self> {
        Self::read(&shell()?)
    }

    /// The workspace that `sh` stands in.
    pub(crate) fn read(sh: &Shell) -> Outcome<Self> {
        Ok(Self::from_metadata(&metadata(sh)?))
    }

    pub(crate) fn from_metadata(metadata: &Value) -> Self {
        let root = Path::new(text(&metadata["workspace_root"]));
        let package = |package| Package::from_metadata(package, root);
        let mut packages: Vec<Package> = list(&metadata["packages"]).map(package).collect();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Self { packages, target: PathBuf::from(text(&metadata["target_directory"])) }
    }

    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// Those that users depend on.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.has_library && package.is_published)
    }

    /// Those that users get, each after those that it needs.
    pub(crate) fn in_order(&self) -> Vec<&Package> {
        let mut left: Vec<&Package> = self.packages.iter().filter(|package| package.is_published).collect();
        let mut ordered = Vec::new();
        while !left.is_empty() {
            let waits = |package: &&Package| left.iter().any(|other| package.needs.contains(&other.name));
            let (waiting, ready): (Vec<_>, Vec<_>) = left.iter().copied().partition(waits);
            // Cargo refuses a circle; this ends with one, too.
            let (next, rest) = if ready.is_empty() { (waiting, Vec::new()) } else { (ready, waiting) };
            ordered.extend(next);
            left = rest;
        }
        ordered
    }

    pub(crate) fn providers(&self) -> impl Iterator<Item = &Package> {
        self.libraries().filter(|package| is_provider(&package.name))
    }
}

impl Package {
    fn from_metadata(package: &Value, root: &Path) -> Self {
        let features = package["features"].as_object().into_iter().flat_map(|features| features.keys());
        let mut features: Vec<String> = features.filter(|name| *name != "default").cloned().collect();
        features.sort();
        let has_library = list(&package["targets"]).flat_map(|target| list(&target["kind"])).any(|kind| kind == "lib");
        // `publish = false` is an empty list of registries.
        let is_published = package["publish"].as_array().is_none_or(|registries| !registries.is_empty());
        Self {
            name: text(&package["name"]).to_owned(),
            version: text(&package["version"]).parse().unwrap_or(Version::new(0, 0, 0)),
            folder: folder(Path::new(text(&package["manifest_path"])), root),
            needs: needs(package),
            features,
            has_library,
            is_published,
        }
    }

    pub(crate) fn has_feature(&self, name: &str) -> bool {
        self.features.iter().any(|feature| feature == name)
    }
}

/// What cargo says of the workspace in which the shell stands.
pub(crate) fn metadata(sh: &Shell) -> Outcome<Value> {
    Ok(serde_json::from_str(&cmd!(sh, "cargo metadata --format-version 1 --no-deps").quiet().read()?)?)
}

/// A crate of the project's own is called `auth-…`, and this program is `xtask`; every other crate is one vendor's.
pub(crate) fn is_provider(name: &str) -> bool {
    !name.starts_with("auth-") && name != "xtask"
}

/// The folder of the root Cargo.toml: that of the checkout that cargo was called in, which need not be the one that this
/// program was built in.
pub(crate) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or(env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        here.parent().unwrap_or(Path::new(".")).to_owned()
    });
    &ROOT
}

/// A shell that stands at the root.
pub(crate) fn shell() -> Outcome<Shell> {
    let sh = Shell::new()?;
    sh.change_dir(root());
    Ok(sh)
}

/// All that git tracks where `sh` stands, and what is new and not ignored. Names come as they are, whatever their letters.
pub(crate) fn files(sh: &Shell) -> Outcome<Vec<String>> {
    let names = cmd!(sh, "git ls-files -z --cached --others --exclude-standard").quiet().read()?;
    Ok(names.split_terminator('\0').map(str::to_owned).collect())
}

/// Only what differs is written, so that cargo sees what has changed and what has not.
pub(crate) fn copy_tracked_files(sh: &Shell, copy: &Path) -> Outcome {
    for name in files(sh)? {
        let (from, to) = (root().join(&name), copy.join(&name));
        let Ok(bytes) = fs::read(&from) else { continue };
        if fs::read(&to).ok().as_ref() != Some(&bytes) {
            fs::create_dir_all(to.parent().unwrap_or(copy))?;
            fs::write(&to, bytes)?;
        }
    }
    Ok(())
}

fn folder(manifest: &Path, root: &Path) -> String {
    let folder = manifest.parent().unwrap_or(root);
    let names = folder.strip_prefix(root).unwrap_or(folder).components();
    names.map(|name| name.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Dependencies by path, but for those of tests.
fn needs(package: &Value) -> Vec<String> {
    let ours = list(&package["dependencies"]).filter(|row| row["path"].is_string() && row["kind"] != "dev");
    let mut names: Vec<String> = ours.map(|row| text(&row["name"]).to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn libraries_providers_and_features_are_read_from_metadata() {
        let library = |name: &str| {
            let features = json!({ "default": ["rustls"], "rustls": [], "native-tls": [] });
            json!({ "name": name, "features": features, "targets": [{ "kind": ["lib"] }, { "kind": ["test"] }] })
        };
        let tool = json!({ "name": "auth-cli", "features": {}, "targets": [{ "kind": ["bin"] }] });
        let mut private = library("auth-private");
        private["publish"] = json!([]);
        let packages = json!([library("some-vendor"), library("auth-core"), private, tool]);
        let project = Project::from_metadata(&json!({ "packages": packages, "target_directory": "t" }));

        let names = |packages: Vec<&Package>| packages.iter().map(|package| package.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(project.libraries().collect()), ["auth-core", "some-vendor"]);
        assert_eq!(names(project.providers().collect()), ["some-vendor"]);
        assert_eq!(project.packages[3].features, ["native-tls", "rustls"]);
        assert_eq!(project.target, Path::new("t"));
    }

    #[test]
    fn version_folder_and_the_projects_own_crates_are_read_from_metadata() {
        let dependencies = json!([
            { "name": "z-core", "path": "/p/crates/z-core", "kind": null },
            { "name": "z-core", "path": "/p/crates/z-core", "kind": "build" },
            { "name": "a-sim", "path": "/p/crates/a-sim", "kind": "dev" },
            { "name": "serde", "kind": null },
        ]);
        let manifest = "/p/crates/a/Cargo.toml";
        let mut package = json!({ "name": "a", "version": "1.2.3", "manifest_path": manifest });
        package["dependencies"] = dependencies;
        let project = Project::from_metadata(&json!({ "packages": [package], "workspace_root": "/p" }));
        let package = &project.packages[0];
        assert_eq!((&package.version, package.folder.as_str()), (&Version::new(1, 2, 3), "crates/a"));
        assert_eq!(package.needs, ["z-core"]);
    }

    #[test]
    fn each_crate_comes_after_those_that_it_needs() {
        let package = |name: &str, needs: &[&str]| {
            let needs: Vec<Value> = needs.iter().map(|need| json!({ "name": need, "path": "/p" })).collect();
            json!({ "name": name, "dependencies": needs })
        };
        let packages =
            [package("a-cli", &["b-vendor", "c-core"]), package("b-vendor", &["c-core"]), package("c-core", &[])];
        let project = Project::from_metadata(&json!({ "packages": packages }));
        let names: Vec<&str> = project.in_order().iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["c-core", "b-vendor", "a-cli"]);
    }

    #[test]
    fn this_workspace_has_libraries_and_providers() {
        let project = Project::load().unwrap();
        assert!(project.providers().count() >= 5, "a provider is missing");
        assert!(project.libraries().count() >= project.providers().count() + 2, "auth-core or auth-sim is missing");
    }
}
