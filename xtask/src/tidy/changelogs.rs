//! What changed, told once per version, the newest first.

use super::{Finding, files::Files, manifests};
use semver::Version;
use time::{Date, Month};

/// The shape that `cargo xtask release` reads and writes: `## Unreleased` first, if there is one, and below it a
/// `## X.Y.Z - YYYY-MM-DD` for each release.
pub(crate) fn one_heading_per_version(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in files.crates() {
        let path = format!("crates/{name}/CHANGELOG.md");
        let text = files.text(&path).unwrap_or_default();
        if text.lines().next() != Some(&format!("# Changelog of {name}")) {
            findings.push(format!("{path}:1: begin with `# Changelog of {name}`"));
        }
        let (headings, odd) = headings(&path, text);
        findings.extend(odd);
        findings.extend(out_of_order(&path, &headings));
        let manifest = files.text(&format!("crates/{name}/Cargo.toml")).unwrap_or_default();
        if let Some(version) = manifests::version(manifest).filter(|_| files.published().contains(name)) {
            findings.extend(unlike_the_manifest(&path, &headings, &version));
        }
    }
    findings
}

/// A heading and its line.
struct Heading {
    line: usize,
    /// None for what is not released.
    version: Option<Version>,
}

/// Those that can be read, and what is wrong with the others.
fn headings(path: &str, text: &str) -> (Vec<Heading>, Vec<Finding>) {
    let (mut headings, mut odd) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let Some(title) = line.strip_prefix("## ") else { continue };
        let line = index + 1;
        match title.split_once(" - ").map(|(version, date)| (Version::parse(version), is_date(date))) {
            None if title == "Unreleased" => headings.push(Heading { line, version: None }),
            Some((Ok(version), true)) => headings.push(Heading { line, version: Some(version) }),
            _ => odd.push(format!("{path}:{line}: write `## Unreleased` or `## X.Y.Z - YYYY-MM-DD`, not `## {title}`")),
        }
    }
    (headings, odd)
}

fn out_of_order(path: &str, headings: &[Heading]) -> Vec<Finding> {
    let pairs = headings.windows(2).filter_map(|pair| {
        let line = pair[1].line;
        let wrong = match (&pair[0].version, &pair[1].version) {
            (_, None) => "`## Unreleased` stands first, and once",
            (Some(above), Some(below)) if above == below => {
                "this version has a heading already; make one section of the two"
            }
            (Some(above), Some(below)) if above < below => "the newest version stands first",
            _ => return None,
        };
        Some(format!("{path}:{line}: {wrong}"))
    });
    pairs.collect()
}

/// The newest section is that of the version in Cargo.toml, or the crate was never released.
fn unlike_the_manifest(path: &str, headings: &[Heading], version: &Version) -> Option<Finding> {
    match headings.iter().find_map(|heading| heading.version.as_ref()) {
        Some(newest) if newest == version => None,
        Some(newest) => Some(format!(
            "{path}: the newest version is {newest} here, and {version} in Cargo.toml; `cargo xtask release` changes both"
        )),
        None if !headings.is_empty() => None,
        None => Some(format!("{path}: add `## Unreleased`, and what is in {version}")),
    }
}

/// A day of the calendar, as `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let date = || {
        let (year, month, day) =
            (text.get(..4)?.parse().ok()?, text.get(5..7)?.parse::<u8>().ok()?, text.get(8..)?.parse().ok()?);
        Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
    };
    date().is_some_and(|date| date.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in the changelog of a crate that is at 0.2.0, below its title.
    fn found(sections: &str) -> Vec<Finding> {
        found_in(&format!("# Changelog of a\n\n{sections}"), "")
    }

    fn found_in(changelog: &str, more: &str) -> Vec<Finding> {
        let manifest = format!("[package]\nname = \"a\"\nversion = \"0.2.0\"\n{more}");
        let files = [("crates/a/CHANGELOG.md", changelog), ("crates/a/Cargo.toml", &manifest)];
        one_heading_per_version(&Files::of(files))
    }

    #[test]
    fn released_and_unreleased_changelogs_are_let_through() {
        for good in [
            "## Unreleased\n\n- First.\n",
            "## 0.2.0 - 2024-02-29\n\n- More.\n\n## 0.1.10 - 2000-02-29\n\n## 0.1.9 - 2023-12-31\n\n### Fixed\n",
            "## Unreleased\n\n## 0.2.0 - 2024-02-29\n",
        ] {
            assert_eq!(found(good), Vec::<Finding>::new());
        }
    }

    #[test]
    fn heading_of_another_shape_is_found_at_its_line() {
        for odd in ["0.2.0", "0.2.0 (unreleased)", "[Unreleased]", "0.2 - 2024-01-01", "v0.2.0 - 2024-01-01", "Notes"] {
            let findings = found(&format!("## {odd}\n\n## 0.2.0 - 2024-01-01\n"));
            assert!(
                findings.len() == 1 && findings[0].starts_with("crates/a/CHANGELOG.md:3: write"),
                "{odd}: {findings:?}"
            );
        }
    }

    #[test]
    fn day_that_no_calendar_has_is_found() {
        for odd in [
            "2023-02-29",
            "1900-02-29",
            "2024-04-31",
            "2024-13-01",
            "2024-00-10",
            "2024-01-00",
            "24-01-01",
            "2024-1-01",
            "2024/01/01",
            "2024-01-01 ",
            "+024-01-01",
            "soon",
        ] {
            let findings = found(&format!("## 0.3.0 - {odd}\n\n## 0.2.0 - 2024-01-01\n"));
            assert!(findings.len() == 1 && findings[0].contains(":3: "), "{odd}: {findings:?}");
        }
    }

    #[test]
    fn version_that_stands_twice_or_in_another_order_is_found() {
        let release = |version: &str| format!("## {version} - 2024-01-01\n");
        for (below, wrong) in [
            (release("0.2.0"), "has a heading already"),
            (release("0.10.0"), "the newest version stands first"),
            ("## Unreleased\n".to_owned(), "stands first, and once"),
        ] {
            let findings = found(&(release("0.2.0") + &below));
            assert!(findings.len() == 1 && findings[0].contains(":4: ") && findings[0].contains(wrong), "{findings:?}");
        }
        assert_eq!(found("## Unreleased\n## Unreleased\n").len(), 1);
    }

    #[test]
    fn changelog_that_knows_another_version_than_the_manifest_is_found() {
        for (sections, wrong) in [
            ("## Unreleased\n## 0.1.0 - 2024-01-01\n", "is 0.1.0 here, and 0.2.0 in Cargo.toml"),
            ("## 0.3.0 - 2024-01-01\n", "is 0.3.0 here, and 0.2.0 in Cargo.toml"),
            ("What happened.\n", "add `## Unreleased`"),
        ] {
            let findings = found(sections);
            assert!(findings.len() == 1 && findings[0].contains(wrong), "{findings:?}");
        }
    }

    #[test]
    fn crate_that_is_not_published_needs_no_section_but_a_title() {
        assert_eq!(found_in("# Changelog of a\n\nNot published.\n", "publish = false\n"), Vec::<Finding>::new());
        assert_eq!(found_in("Not published.\n", "publish = false\n").len(), 1);
    }
}
