//! What every crate under `crates/` has.

use super::source::Source;
use super::{Finding, files::Files};
use syn::{Attribute, Expr, LitStr, Meta, MetaNameValue};

pub(crate) fn every_crate_has_its_files(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in files.crates() {
        for (file, why) in FILES {
            let path = format!("crates/{name}/{file}");
            if files.text(&path).is_none_or(|text| text.trim().is_empty()) {
                findings.push(format!("{path}: missing or empty; add it: {why}"));
            }
        }
    }
    findings
}

/// A licence that is packed with a crate is the project's own, whole. A checkout without symlinks has the path in its place.
pub(crate) fn licences_are_the_projects(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in files.crates() {
        for licence in LICENCES {
            let path = format!("crates/{name}/{licence}");
            let (root, own) = (files.text(licence), files.text(&path));
            if own.is_some() && own != root {
                findings
                    .push(format!("{path}: its text is not that of {licence}; make it a symlink to ../../{licence}"));
            }
        }
    }
    findings
}

pub(crate) fn root_changelog_links_each_crate(files: &Files) -> Vec<Finding> {
    let root = files.text("CHANGELOG.md").unwrap_or_default();
    let links = files.crates().into_iter().map(|name| format!("(crates/{name}/CHANGELOG.md)"));
    let missing = links.filter(|link| !root.contains(link));
    missing
        .map(|link| format!("CHANGELOG.md: add a link to {link}; the root one is the index of the crates' own"))
        .collect()
}

/// Its examples are doctests then, and docs.rs shows what crates.io shows.
pub(crate) fn readme_is_the_documentation(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in files.crates() {
        let paths = ["lib", "main"].map(|root| format!("crates/{name}/src/{root}.rs"));
        let Some(path) = paths.iter().find(|path| files.text(path).is_some()) else { continue };
        let docs = |source: &Source| source.syntax.attrs.iter().any(is_readme);
        if files.source(path).is_some_and(|source| !docs(source)) {
            findings.push(format!("{path}: add the line {README_AS_DOCS}"));
        }
    }
    findings
}

/// An attribute that a comment or a string quotes is none, and one behind a `cfg_attr` is not always there.
fn is_readme(attribute: &Attribute) -> bool {
    let Meta::NameValue(MetaNameValue { path, value: Expr::Macro(value), .. }) = &attribute.meta else { return false };
    let text = value.mac.parse_body::<LitStr>().map(|text| text.value());
    path.is_ident("doc") && value.mac.path.is_ident("include_str") && text.is_ok_and(|text| text == "../README.md")
}

const LICENCES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];

const README_AS_DOCS: &str = "#![doc = include_str!(\"../README.md\")]";

const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", "a crate needs one"),
    ("README.md", "it is the crate's front page on docs.rs and crates.io"),
    ("CHANGELOG.md", "each crate has its own version and history"),
    ("LICENSE-MIT", "a symlink to ../../LICENSE-MIT, so that it is packed"),
    ("LICENSE-APACHE", "a symlink to ../../LICENSE-APACHE, so that it is packed"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_without_one_of_its_files_is_found() {
        let complete = || FILES.iter().map(|(file, _)| (format!("crates/a/{file}"), "text"));
        assert_eq!(every_crate_has_its_files(&Files::of(complete())), Vec::<Finding>::new());
        for (missing, _) in complete() {
            let others = complete().filter(|(path, _)| *path != missing).chain([("crates/a/other".to_owned(), "")]);
            let findings = every_crate_has_its_files(&Files::of(others));
            assert!(findings.len() == 1 && findings[0].starts_with(&format!("{missing}: ")), "{findings:?}");
        }
    }

    #[test]
    fn an_empty_file_counts_as_missing() {
        let findings = every_crate_has_its_files(&Files::of([("crates/a/README.md", "\n")]));
        assert!(findings.iter().any(|finding| finding.starts_with("crates/a/README.md: ")), "{findings:?}");
    }

    #[test]
    fn licence_that_is_not_the_projects_is_found() {
        let both = |text: &'static str| [("crates/a/LICENSE-MIT", "MIT"), ("crates/a/LICENSE-APACHE", text)];
        let root = [("LICENSE-MIT", "MIT"), ("LICENSE-APACHE", "Apache")];
        let found = |text| licences_are_the_projects(&Files::of(root.into_iter().chain(both(text))));
        assert_eq!(found("Apache"), Vec::<Finding>::new());
        for other in ["../../LICENSE-APACHE", "MIT", ""] {
            let findings = found(other);
            assert!(findings.len() == 1 && findings[0].starts_with("crates/a/LICENSE-APACHE: "), "{findings:?}");
        }
        assert_eq!(licences_are_the_projects(&Files::of(both("Apache"))).len(), 2, "none at the root");
    }

    #[test]
    fn a_crate_that_the_root_changelog_does_not_link_is_found() {
        let changelog = ("CHANGELOG.md", "- [a](crates/a/CHANGELOG.md)");
        let findings = root_changelog_links_each_crate(&Files::of([changelog, ("crates/a/x", ""), ("crates/b/x", "")]));
        assert!(findings.len() == 1 && findings[0].contains("(crates/b/CHANGELOG.md)"), "{findings:?}");
    }

    #[test]
    fn without_a_root_changelog_every_crate_is_found() {
        assert_eq!(root_changelog_links_each_crate(&Files::of([("crates/a/x", ""), ("crates/b/x", "")])).len(), 2);
    }

    #[test]
    fn a_library_whose_docs_are_not_its_readme_is_found() {
        let good = format!("{README_AS_DOCS}\n//! More.\n");
        let commented = format!("//! Docs.\n/*\n{README_AS_DOCS}\n*/\n");
        for bad in [
            "//! Docs.\n",
            &commented,
            "#![cfg_attr(docsrs, doc = include_str!(\"../README.md\"))]",
            "#![doc = concat!(\"../README.md\")]",
            "#![other = include_str!(\"../README.md\")]",
            "#![doc = include_str!(\"../NOTES.md\")]",
        ] {
            for root in ["lib", "main"] {
                let path = format!("crates/a/src/{root}.rs");
                let findings =
                    readme_is_the_documentation(&Files::of([(path.as_str(), bad), ("crates/b/src/lib.rs", &good)]));
                assert!(findings.len() == 1 && findings[0].starts_with(&format!("{path}: ")), "{findings:?}");
            }
        }
    }
}
