//! Open one provider and you know the others.

use super::{Finding, code::Source, files::Files};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn same_files(files: &Files) -> Vec<Finding> {
    let sets: BTreeMap<&str, BTreeSet<&str>> =
        files.providers().into_iter().map(|name| (name, file_set(files, name))).collect();
    let all: BTreeSet<&str> = sets.values().flatten().copied().chain(REQUIRED.iter().copied()).collect();
    let mut findings = Vec::new();
    for (name, set) in &sets {
        for missing in all.difference(set) {
            let also = sets.iter().find(|(_, set)| set.contains(missing)).map(|(name, _)| *name);
            let hint = match also {
                Some(other) => {
                    format!("add it, or take it out of {other}: all providers have the same files in the same roles")
                }
                None => "add it: every provider has one".to_owned(),
            };
            findings.push(format!("crates/{name}/{missing}: missing; {hint}"));
        }
    }
    findings
}

/// What stands under `src/`, and which of the required files there are, relative to the crate.
fn file_set<'a>(files: &'a Files, name: &str) -> BTreeSet<&'a str> {
    let folder = format!("crates/{name}/");
    let paths = files.iter().filter_map(|(path, _)| path.strip_prefix(&folder));
    paths.filter(|path| path.starts_with("src/") || REQUIRED.contains(path)).collect()
}

pub(crate) fn wire_does_no_io(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in files.providers() {
        let path = format!("crates/{name}/src/wire.rs");
        for (number, line) in Source::new(&path, files.text(&path).unwrap_or_default()).code() {
            for word in FORBIDDEN.iter().filter(|word| line.contains(**word)) {
                let hint = "wire.rs is plain data; what sends or looks at a clock belongs into another file";
                findings.push(format!("{path}:{number}: mentions {word}; {hint}"));
            }
        }
    }
    findings
}

const REQUIRED: &[&str] = &["src/lib.rs", "src/wire.rs", "tests/it/main.rs", "examples/token.rs"];

const FORBIDDEN: &[&str] = &["reqwest", "tokio", "std::net", "SystemTime", "Instant"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_one_provider_lacks_is_found() {
        let files_of =
            |name: &str| REQUIRED.iter().map(move |file| (format!("crates/{name}/{file}"), "")).collect::<Vec<_>>();
        let same = || files_of("one").into_iter().chain(files_of("other"));
        assert_eq!(same_files(&Files::of(same())), Vec::<Finding>::new());

        let findings = same_files(&Files::of(same().chain([("crates/one/src/claims.rs".to_owned(), "")])));
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].starts_with("crates/other/src/claims.rs: missing; add it, or take it out of one"),
            "{findings:?}"
        );
    }

    #[test]
    fn a_file_that_all_providers_lack_is_found() {
        let findings = same_files(&Files::of([("crates/one/src/lib.rs", ""), ("crates/auth-core/src/sync.rs", "")]));
        let missing = REQUIRED.iter().filter(|file| **file != "src/lib.rs");
        assert!(missing.clone().all(|file| findings.iter().any(|finding| finding.contains(file))), "{findings:?}");
        assert_eq!(findings.len(), missing.count());
    }

    #[test]
    fn wire_that_could_send_or_look_at_a_clock_is_found() {
        for word in FORBIDDEN {
            let wire = format!("//! Plain.\nuse {word};\n");
            let findings = wire_does_no_io(&Files::of([("crates/one/src/wire.rs", &wire)]));
            assert!(
                findings.len() == 1 && findings[0].starts_with("crates/one/src/wire.rs:2: "),
                "{word}: {findings:?}"
            );
        }
    }

    #[test]
    fn comments_of_wire_and_code_beside_it_may_name_them() {
        let files = Files::of([
            ("crates/one/src/wire.rs", "// reqwest sends it so.\nlet a = 1; // no Instant here\n"),
            ("crates/one/src/endpoint.rs", "use tokio::time::Instant;"),
        ]);
        assert_eq!(wire_does_no_io(&files), Vec::<Finding>::new());
    }
}
