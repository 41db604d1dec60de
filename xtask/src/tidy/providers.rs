//! Open one provider and you know the others.

use super::source::documentation;
use super::{Finding, files::Files};
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
    let hint = "wire.rs is plain data; what sends or looks at a clock belongs into another file";
    let mut findings = Vec::new();
    for name in files.providers() {
        let (file, folder) = (wire(name), format!("crates/{name}/src/wire/"));
        for source in files.sources().filter(|source| source.path == file || source.path.starts_with(&folder)) {
            for sequence in FORBIDDEN {
                findings.extend(source.places(sequence).map(|at| {
                    let (path, line) = (&source.path, source.words[at].line);
                    format!("{path}:{line}: mentions {}; {hint}", sequence.concat())
                }));
            }
        }
    }
    findings
}

/// Each `wire.rs` says which page it was written from, and what that page's SHA-256 was: whoever has the page in hand sees
/// by it whether the vendor has changed it since, and that the code is to be read against it again.
pub(crate) fn wire_names_its_page(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for source in files.providers().into_iter().filter_map(|name| files.source(&wire(name))) {
        let (path, docs) = (&source.path, documentation(&source.syntax.attrs));
        if !names_a_page(&docs) {
            findings
                .push(format!("{path}: name the vendor's page by its title, in \"quotes\", in the `//!` at the top"));
        }
        let sums: Vec<&str> =
            docs.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= SUM / 2).collect();
        match sums[..] {
            [sum] if is_sum(sum) => {
                if let Some(other) = seen.insert(sum.to_owned(), path.clone()) {
                    findings.push(format!("{path}: has the SHA-256 that {other} has; write that of its own page"));
                }
            }
            _ => findings.push(format!(
                "{path}: write the page's SHA-256 in the `//!` at the top: {SUM} characters of 0-9a-f, once"
            )),
        }
    }
    findings
}

/// Whether something stands in quotes that is more than an abbreviation.
fn names_a_page(docs: &str) -> bool {
    docs.split('"').skip(1).step_by(2).any(|title| title.trim().chars().count() > 3)
}

fn is_sum(word: &str) -> bool {
    word.len() == SUM && word.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn wire(provider: &str) -> String {
    format!("crates/{provider}/src/wire.rs")
}

const REQUIRED: &[&str] = &[
    "src/lib.rs",
    "src/wire.rs",
    "src/config.rs",
    "src/endpoint.rs",
    "tests/it/main.rs",
    "tests/it/wire.rs",
    "tests/it/errors.rs",
    "tests/it/bad_input.rs",
    "tests/it/lifecycle.rs",
    "examples/token.rs",
];

/// What sends, and every way to the time. A name must stand there to be used, however it was imported.
const FORBIDDEN: &[&[&str]] = &[
    &["reqwest"],
    &["hyper"],
    &["tokio"],
    &["HttpClient"],
    &["net"],
    &["fs"],
    &["io"],
    &["process"],
    &["thread"],
    &["env", ":", ":"],
    &["Instant"],
    &["SystemTime"],
    &["UNIX_EPOCH"],
    &["Clock"],
    &["SystemClock"],
    &["ManualClock"],
    &["PausedClock"],
    &["Moment"],
    &["now"],
];

/// How many hexadecimal digits a SHA-256 has.
const SUM: usize = 64;

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

    const WIRE: &str = "crates/one/src/wire.rs";

    #[test]
    fn wire_that_could_send_or_look_at_a_clock_is_found() {
        for path in [WIRE, "crates/one/src/wire/errors.rs"] {
            for sequence in FORBIDDEN {
                let text = format!("//! Plain.\nuse_all! {{ a, {} }}\n", sequence.concat());
                let findings = wire_does_no_io(&Files::of([(path, text.as_str())]));
                assert!(findings.len() == 1 && findings[0].starts_with(&format!("{path}:2: ")), "{text}: {findings:?}");
            }
        }
    }

    #[test]
    fn comments_of_wire_and_code_beside_it_may_name_them() {
        let wire = "// reqwest sends it so.\nconst A: u8 = 1; // no Instant here\n/* SystemTime */\n\
            const B: &str = \"tokio // now\"; const C: &str = env!(\"CARGO_PKG_NAME\");";
        let files = Files::of([(WIRE, wire), ("crates/one/src/endpoint.rs", "use tokio::time::Instant;")]);
        assert_eq!(wire_does_no_io(&files), Vec::<Finding>::new());
    }

    /// What is wrong with the front documentation of the wire of `one`, beside that of `other`.
    fn page(of_one: &str, of_other: &str) -> Vec<Finding> {
        wire_names_its_page(&Files::of([(WIRE, of_one), ("crates/other/src/wire.rs", of_other)]))
    }

    fn front(title: &str, sum: &str) -> String {
        format!("//! The wire.\n//!\n//! Vendor API, {title}. SHA-256 of its text:\n//! `{sum}`.\n\nconst A: u8 = 1;\n")
    }

    #[test]
    fn wire_that_names_its_page_and_the_pages_sum_is_let_through() {
        let findings = page(&front("\"Tokens\"", &"0a".repeat(32)), &front("\"Tokens\"", &"1b".repeat(32)));
        assert_eq!(findings, Vec::<Finding>::new());
    }

    #[test]
    fn wire_that_names_no_page_or_no_sum_of_it_is_found() {
        let other = front("\"Tokens\"", &"1b".repeat(32));
        let good = "0a".repeat(32);
        for (title, sum, wrong) in [
            ("its page", good.as_str(), "name the vendor's page"),
            ("\"\"", &good, "name the vendor's page"),
            ("\"Tokens\"", "", "write the page's SHA-256"),
            ("\"Tokens\"", &good[1..], "write the page's SHA-256"),
            ("\"Tokens\"", &good.to_uppercase(), "write the page's SHA-256"),
            ("\"Tokens\"", &good.replace('a', "g"), "write the page's SHA-256"),
            ("\"Tokens\"", &format!("{good} {}", "2c".repeat(32)), "write the page's SHA-256"),
            ("\"Tokens\"", &"1b".repeat(32), "that crates/one/src/wire.rs has"),
        ] {
            let findings = page(&front(title, sum), &other);
            assert!(findings.len() == 1 && findings[0].contains(wrong), "{title} {sum}: {findings:?}");
        }
    }

    #[test]
    fn page_that_is_named_in_a_common_comment_is_found() {
        let comment = front("\"Tokens\"", &"0a".repeat(32)).replace("//!", "//");
        assert_eq!(page(&comment, "").len(), 4);
    }
}
