//! The project's text files, as the rules see them: from the repository, or from a test's own examples.

use super::manifests;
use super::source::{self, Source};
use crate::{Outcome, project};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use xshell::Shell;

/// Text by path. Paths are relative to the root and separated by `/`.
pub(crate) struct Files {
    texts: BTreeMap<String, String>,
    /// Parsed when the first rule asks, or what is wrong with the file.
    sources: OnceCell<Vec<Result<Source, String>>>,
}

impl Files {
    /// All that is tracked, and what is new and not ignored, so that a finding comes before the commit.
    pub(crate) fn of_the_project(root: &Path) -> Outcome<Self> {
        let sh = Shell::new()?;
        sh.change_dir(root);
        // A file that is deleted and not yet committed is listed too.
        let text = |path: &String| text_of(&std::fs::read(root.join(path)).ok()?);
        let texts = project::files(&sh)?.into_iter().filter_map(|path| text(&path).map(|text| (path, text))).collect();
        Ok(Self { texts, sources: OnceCell::new() })
    }

    /// A test's own.
    #[cfg(test)]
    pub(crate) fn of(files: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        let texts = files.into_iter().map(|(path, text)| (path.into(), text.into())).collect();
        Self { texts, sources: OnceCell::new() }
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    pub(crate) fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.iter().filter(move |(path, _)| path.starts_with(folder))
    }

    /// The Rust files that parse.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.parsed().iter().filter_map(|source| source.as_ref().ok())
    }

    /// What is wrong with those that do not.
    pub(crate) fn broken_sources(&self) -> impl Iterator<Item = &str> {
        self.parsed().iter().filter_map(|source| source.as_ref().err().map(String::as_str))
    }

    fn parsed(&self) -> &[Result<Source, String>] {
        let rust = || self.iter().filter(|(path, _)| path.ends_with(".rs"));
        self.sources.get_or_init(|| source::all(rust().map(|(path, text)| Source::parse(path, text)).collect()))
    }

    pub(crate) fn source(&self, path: &str) -> Option<&Source> {
        self.sources().find(|source| source.path == path)
    }

    /// The names of the folders under `crates/`, but for those that are a workspace of their own: none of these is published,
    /// and none can inherit from the root.
    pub(crate) fn crates(&self) -> BTreeSet<&str> {
        let names = self.below("crates/").filter_map(|(path, _)| path.split('/').nth(1));
        names.filter(|name| !self.is_workspace(&format!("crates/{name}/Cargo.toml"))).collect()
    }

    /// Whether `manifest` is that of a workspace of its own.
    pub(crate) fn is_workspace(&self, manifest: &str) -> bool {
        self.text(manifest).is_some_and(|text| text.lines().any(|line| line == "[workspace]"))
    }

    /// Those that users get.
    pub(crate) fn published(&self) -> BTreeSet<&str> {
        let manifest = |name: &str| self.text(&format!("crates/{name}/Cargo.toml")).unwrap_or_default();
        self.crates().into_iter().filter(|name| manifests::is_published(manifest(name))).collect()
    }

    /// Those that users' programs are built with.
    pub(crate) fn libraries(&self) -> BTreeSet<&str> {
        let has_library = |name: &str| self.text(&format!("crates/{name}/src/lib.rs")).is_some();
        self.published().into_iter().filter(|name| has_library(name)).collect()
    }

    pub(crate) fn providers(&self) -> BTreeSet<&str> {
        self.crates().into_iter().filter(|name| project::is_provider(name)).collect()
    }
}

/// Text, as far as it is text; nothing if it is none at all, which a NUL byte tells.
fn text_of(bytes: &[u8]) -> Option<String> {
    (!bytes.contains(&0)).then(|| String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_seen_whatever_their_names_and_bytes_and_binary_ones_are_not() {
        let (folder, sh) = (tempfile::tempdir().unwrap(), Shell::new().unwrap());
        sh.change_dir(folder.path());
        xshell::cmd!(sh, "git init --quiet").quiet().run().unwrap();
        for (name, bytes) in
            [("schlüssel.md", &b"a"[..]), ("latin.md", b"b\xff"), ("two words", b"c"), ("image", b"\0")]
        {
            sh.write_file(name, bytes).unwrap();
        }
        let files = Files::of_the_project(folder.path()).unwrap();
        let seen: Vec<&str> = files.iter().map(|(path, _)| path).collect();
        assert_eq!(seen, ["latin.md", "schlüssel.md", "two words"]);
        assert!(files.text("latin.md").is_some_and(|text| text.starts_with('b')));
    }

    #[test]
    fn crates_are_the_folders_and_providers_those_of_a_vendor() {
        let files = Files::of([
            ("crates/auth-core/Cargo.toml", ""),
            ("crates/some-vendor/Cargo.toml", ""),
            ("crates/some-vendor/src/lib.rs", ""),
            ("xtask/Cargo.toml", ""),
        ]);
        assert_eq!(files.crates(), BTreeSet::from(["auth-core", "some-vendor"]));
        assert_eq!(files.providers(), BTreeSet::from(["some-vendor"]));
    }

    #[test]
    fn what_users_get_is_what_is_published_and_libraries_are_what_they_build_with() {
        let files = Files::of([
            ("crates/a/Cargo.toml", "[package]\npublish=false"),
            ("crates/a/src/lib.rs", ""),
            ("crates/b/Cargo.toml", "[package]\npublish = []"),
            ("crates/c/Cargo.toml", "[package]"),
            ("crates/c/src/lib.rs", ""),
            ("crates/d/src/main.rs", ""),
        ]);
        assert_eq!(files.published(), BTreeSet::from(["c", "d"]));
        assert_eq!(files.libraries(), BTreeSet::from(["c"]));
    }

    #[test]
    fn workspace_of_its_own_is_no_crate_of_this_one() {
        let own = ("crates/fuzz/Cargo.toml", "[package]\n[workspace]\n");
        let files = Files::of([own, ("crates/fuzz/src/lib.rs", ""), ("crates/auth-core/Cargo.toml", "[package]\n")]);
        assert_eq!(files.crates(), BTreeSet::from(["auth-core"]));
    }
}
