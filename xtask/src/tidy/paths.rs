//! No path of one person's machine: it means nothing to anybody else.

use super::{Finding, files::Files};

pub(crate) fn no_path_of_one_machine(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in files.iter() {
        for (index, line) in
            text.lines().enumerate().filter(|(_, line)| FOLDERS.iter().any(|folder| is_in(folder, line)))
        {
            let hint =
                "names a folder of one machine; write a path inside the project, or /run/secrets/… as an example";
            findings.push(format!("{path}:{}: {hint}: {}", index + 1, line.trim()));
        }
    }
    findings
}

/// Whether `line` has the absolute path `/folder/…`. A folder of that name further down a path or a URL is none.
fn is_in(folder: &str, line: &str) -> bool {
    let absolute = format!("/{folder}/");
    line.match_indices(&absolute).any(|(at, _)| {
        let continues = |c: char| c.is_alphanumeric() || "_-.~}*)>".contains(c);
        let begins_here = !line[..at].chars().next_back().is_some_and(continues);
        let goes_on = line[at + absolute.len()..].starts_with(|c: char| c.is_alphanumeric() || "_-.$<{".contains(c));
        begins_here && goes_on
    })
}

/// Where people and build machines keep their work.
const FOLDERS: &[&str] = &["home", "root", "work", "Users", "builds", "workspace"];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> bool {
        !no_path_of_one_machine(&Files::of([("README.md", line)])).is_empty()
    }

    #[test]
    fn a_path_in_somebodys_home_is_found() {
        for folder in FOLDERS {
            assert!(found(&format!("see /{folder}/somebody/notes")), "{folder}");
            assert!(found(&format!("file:///{folder}/somebody")), "{folder}");
            assert!(found(&format!("\"/{folder}/.config\"")), "{folder}");
        }
    }

    #[test]
    fn urls_and_paths_of_the_project_are_let_through() {
        for line in [
            "https://example.invalid/home/done",
            "crates/root/src",
            "either this/home/else",
            "a/home/",
            "/run/secrets/x",
        ] {
            assert!(!found(line), "{line}");
        }
    }

    #[test]
    fn the_finding_names_file_and_line() {
        let findings = no_path_of_one_machine(&Files::of([("a.md", &format!("one\n/{}/x", FOLDERS[0]))]));
        assert!(findings[0].starts_with("a.md:2: "), "{findings:?}");
    }
}
