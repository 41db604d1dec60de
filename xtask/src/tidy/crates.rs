//! What every crate under `crates/` has.

use super::{Finding, files::Files};

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
        let path = format!("crates/{name}/src/lib.rs");
        if files.text(&path).is_some_and(|text| !text.lines().any(|line| line == README_AS_DOCS)) {
            findings.push(format!("{path}: add the line {README_AS_DOCS}"));
        }
    }
    findings
}

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
        let files = Files::of([("crates/a/src/lib.rs", "//! Docs.\n"), ("crates/b/src/lib.rs", &good)]);
        let findings = readme_is_the_documentation(&files);
        assert!(findings.len() == 1 && findings[0].starts_with("crates/a/src/lib.rs: "), "{findings:?}");
    }
}
