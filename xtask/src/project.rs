//! What cargo knows about this workspace.

use crate::Outcome;
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
    /// All but `default`, by name.
    pub(crate) features: Vec<String>,
    pub(crate) has_library: bool,
    /// Whether users get it.
    pub(crate) is_published: bool,
}

impl Project {
    pub(crate) fn load() -> Outcome<Self> {
        Ok(Self::from_metadata(&metadata(&shell()?)?))
    }

    pub(crate) fn from_metadata(metadata: &Value) -> Self {
        let mut packages: Vec<Package> = list(&metadata["packages"]).map(Package::from_metadata).collect();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Self { packages, target: PathBuf::from(text(&metadata["target_directory"])) }
    }

    /// Those that users depend on.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.has_library && package.is_published)
    }

    pub(crate) fn providers(&self) -> impl Iterator<Item = &Package> {
        self.libraries().filter(|package| is_provider(&package.name))
    }
}

impl Package {
    fn from_metadata(package: &Value) -> Self {
        let features = package["features"].as_object().into_iter().flat_map(|features| features.keys());
        let mut features: Vec<String> = features.filter(|name| *name != "default").cloned().collect();
        features.sort();
        let has_library = list(&package["targets"]).flat_map(|target| list(&target["kind"])).any(|kind| kind == "lib");
        // `publish = false` is an empty list of registries.
        let is_published = package["publish"].as_array().is_none_or(|registries| !registries.is_empty());
        Self { name: text(&package["name"]).to_owned(), features, has_library, is_published }
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

/// Only what differs is written, so that cargo sees what has changed and what has not.
pub(crate) fn copy_tracked_files(sh: &Shell, copy: &Path) -> Outcome {
    let tracked = cmd!(sh, "git ls-files --cached --others --exclude-standard").quiet().read()?;
    for name in tracked.lines() {
        let (from, to) = (root().join(name), copy.join(name));
        let Ok(bytes) = fs::read(&from) else { continue };
        if fs::read(&to).ok().as_ref() != Some(&bytes) {
            fs::create_dir_all(to.parent().unwrap_or(copy))?;
            fs::write(&to, bytes)?;
        }
    }
    Ok(())
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
    fn this_workspace_has_libraries_and_providers() {
        let project = Project::load().unwrap();
        assert!(project.providers().count() >= 5, "a provider is missing");
        assert!(project.libraries().count() >= project.providers().count() + 2, "auth-core or auth-sim is missing");
    }
}
