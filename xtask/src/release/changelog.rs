//! The crates' changelogs, and the index of them at the root.

use semver::Version;

/// The heading of what is not released yet. A release gives its section the version and the date, and leaves it empty.
const UNRELEASED: &str = "## Unreleased";

/// What stands below `## Unreleased`: nothing if there is no such heading.
pub(crate) fn unreleased(text: &str) -> &str {
    section(text, |heading| heading == UNRELEASED)
}

/// What stands below the heading of `version`.
pub(crate) fn of_version<'a>(text: &'a str, version: &Version) -> &'a str {
    let name = format!("## {version}");
    section(text, |heading| heading.strip_prefix(&name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
}

/// Moves the unreleased section below a heading of its own.
pub(crate) fn released(text: &str, version: &Version, date: &str) -> String {
    let lines = text.lines().map(|line| match line == UNRELEASED {
        true => format!("{UNRELEASED}\n\n## {version} - {date}\n"),
        false => format!("{line}\n"),
    });
    lines.collect()
}

/// Adds an entry at the end of the unreleased section, which is begun if there is none.
pub(crate) fn with_entry(text: &str, entry: &str) -> String {
    let Some(at) = heading(text, |heading| heading == UNRELEASED) else {
        let at = heading(text, |_| true).unwrap_or(text.len());
        let text = format!("{}\n\n{UNRELEASED}\n\n{}", text[..at].trim_end(), &text[at..]);
        return with_entry(&text, entry);
    };
    let body = unreleased(text);
    let end = at + text[at..].find(body).unwrap_or(0) + body.len();
    let end = if body.is_empty() { at + UNRELEASED.len() } else { end };
    let gap = if body.lines().last().is_some_and(is_in_a_list) { "\n" } else { "\n\n" };
    let rest = text[end..].trim_start();
    let rest = if rest.is_empty() { String::new() } else { format!("\n{rest}") };
    format!("{}{gap}- {entry}\n{rest}", &text[..end])
}

/// The root's index with the row of `name` saying what was released, and when; nothing if there is no such row.
pub(crate) fn index(text: &str, name: &str, version: &Version, date: &str) -> Option<String> {
    let mut found = false;
    let lines = text.lines().map(|line| match line.split('|').collect::<Vec<_>>()[..] {
        ["", first, _, _, link, ""] if first.trim() == name => {
            found = true;
            format!("| {name} | {version} | {date} |{link}|\n")
        }
        _ => format!("{line}\n"),
    });
    let text = lines.collect();
    found.then_some(text)
}

fn section(text: &str, is_wanted: impl Fn(&str) -> bool) -> &str {
    let Some(at) = heading(text, is_wanted) else { return "" };
    let body = text[at..].split_once('\n').map_or("", |(_, body)| body);
    body[..heading(body, |_| true).unwrap_or(body.len())].trim()
}

/// Where the first heading of the second level stands that is wanted.
fn heading(text: &str, is_wanted: impl Fn(&str) -> bool) -> Option<usize> {
    let mut at = 0;
    text.split_inclusive('\n').find_map(|line| {
        let here = at;
        at += line.len();
        (line.starts_with("## ") && is_wanted(line.trim_end())).then_some(here)
    })
}

/// An entry, or what goes on with one.
fn is_in_a_list(line: &str) -> bool {
    line.starts_with("- ") || line.starts_with("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# Changelog of a\n\n## Unreleased\n\n- New.\n  Much.\n\n## 0.1.0 - 2020-02-03\n\nFirst.\n";
    const NEW: Version = Version::new(0, 2, 0);

    #[test]
    fn section_is_what_stands_between_two_headings() {
        assert_eq!(unreleased(BEFORE), "- New.\n  Much.");
        assert_eq!(of_version(BEFORE, &Version::new(0, 1, 0)), "First.");
        assert_eq!(of_version(BEFORE, &Version::new(0, 1, 1)), "");
        assert_eq!(of_version("## 0.1.10 - 2020-02-03\n\nTenth.\n", &Version::new(0, 1, 1)), "");
        assert_eq!(unreleased("# Changelog\n\n## Unreleased\n\n## 0.1.0\n\n- Old.\n"), "");
        assert_eq!(unreleased("# Changelog\n\n## 0.1.0\n\n- Old.\n"), "");
    }

    #[test]
    fn release_moves_the_section_and_leaves_an_empty_one() {
        let after = released(BEFORE, &NEW, "2020-04-05");
        let expected = "# Changelog of a\n\n## Unreleased\n\n## 0.2.0 - 2020-04-05\n\n- New.\n  Much.\n\n## 0.1.0 - 2020-02-03\n\nFirst.\n";
        assert_eq!(after, expected);
        assert_eq!(unreleased(&after), "");
        assert_eq!(of_version(&after, &NEW), "- New.\n  Much.");
    }

    #[test]
    fn entry_is_added_at_the_end_of_the_section() {
        let expected = BEFORE.replace("  Much.\n", "  Much.\n- Needs b.\n");
        assert_eq!(with_entry(BEFORE, "Needs b."), expected);
    }

    #[test]
    fn entry_begins_an_empty_section_and_a_missing_one() {
        let old = "## 0.1.0 - 2020-02-03\n\nFirst.\n";
        let expected = format!("# Changelog of a\n\n## Unreleased\n\n- Needs b.\n\n{old}");
        assert_eq!(with_entry(&format!("# Changelog of a\n\n## Unreleased\n\n{old}"), "Needs b."), expected);
        assert_eq!(with_entry(&format!("# Changelog of a\n\n{old}"), "Needs b."), expected);
        assert_eq!(with_entry("# Changelog of a\n", "Needs b."), "# Changelog of a\n\n## Unreleased\n\n- Needs b.\n");
    }

    #[test]
    fn entry_after_prose_stands_apart_from_it() {
        let expected = "## Unreleased\n\nFirst version.\n\n- Needs b.\n";
        assert_eq!(with_entry("## Unreleased\n\nFirst version.\n", "Needs b."), expected);
    }

    #[test]
    fn index_changes_one_row_and_says_if_there_is_none() {
        let text = "| crate | released | on | changelog |\n|---|---|---|---|\n| a-b | – | – | [x](y) |\n| a | – | – | [z](w) |\n";
        let after = index(text, "a", &NEW, "2020-04-05").unwrap();
        assert_eq!(after, text.replace("| a | – | – |", "| a | 0.2.0 | 2020-04-05 |"));
        assert_eq!(index(text, "b", &NEW, "2020-04-05"), None);
    }
}
