//! Rules over words of Rust.

use super::source::{Source, Word};
use super::{Finding, files::Files};

/// Findings of one kind: wherever one of `sequences` stands, at a word that `look` chooses.
fn find(files: &Files, look: fn(&Source, usize) -> bool, sequences: &[&[&str]], hint: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in files.sources() {
        for sequence in sequences {
            for at in source.places(sequence) {
                let (path, line) = (&source.path, source.words[at].line);
                if look(source, at) {
                    findings.push(format!("{path}:{line}: {}: {hint}", sequence.concat()));
                }
            }
        }
    }
    findings
}

fn anywhere(_: &Source, _: usize) -> bool {
    true
}

fn in_product(source: &Source, at: usize) -> bool {
    !source.is_test(source.words[at].line)
}

/// In tests, and not in benchmarks.
fn in_tests(source: &Source, at: usize) -> bool {
    source.is_test(source.words[at].line) && !source.is_benchmark()
}

fn in_tests_but_of_a_model(source: &Source, at: usize) -> bool {
    let before = source.words[at.saturating_sub(3)..at].iter().map(|word| word.text.as_str());
    in_tests(source, at) && !before.eq(["rt", ":", ":"])
}

/// What does not parse is seen by no other rule.
pub(crate) fn all_is_rust(files: &Files) -> Vec<Finding> {
    files.broken_sources().map(str::to_owned).collect()
}

pub(crate) fn nothing_unfinished(files: &Files) -> Vec<Finding> {
    find(files, anywhere, &[&["todo", "!"], &["unimplemented", "!"], &["dbg", "!"]], "finish it, or take it out")
}

pub(crate) fn no_unsafe(files: &Files) -> Vec<Finding> {
    let hint = "the product has none; find a safe way, or a crate that is trusted with it";
    find(files, in_product, &[&["unsafe"]], hint)
}

/// The method by any way to call it: `Option::unwrap` as a function has no dot before it.
pub(crate) fn no_unwrap(files: &Files) -> Vec<Finding> {
    let hint = "return an error, or say with expect() why it cannot happen";
    find(files, in_product, &[&["unwrap"], &["unwrap_err"]], hint)
}

pub(crate) fn no_printing_library(files: &Files) -> Vec<Finding> {
    let hint = "a library has no terminal; return it, or make an event of it";
    let macros: [&[&str]; 4] = [&["println", "!"], &["print", "!"], &["eprintln", "!"], &["eprint", "!"]];
    let sources = files.libraries().into_iter().map(|name| format!("crates/{name}/src/")).collect::<Vec<_>>();
    let mut findings = find(files, in_product, &macros, hint);
    findings.retain(|finding| sources.iter().any(|folder| finding.starts_with(folder)));
    findings
}

/// Whether by itself, with a reason, or on a condition.
pub(crate) fn no_ignored_test(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in files.sources() {
        for at in source.places(&["#", "["]) {
            let attribute = &source.words[at..source.closing(at + 1)];
            if let Some(Word { line, .. }) = attribute.iter().find(|word| word.text == "ignore") {
                findings
                    .push(format!("{}:{line}: #[ignore]: a test runs always; mend it, or take it out", source.path));
            }
        }
    }
    findings
}

/// An example that is not even compiled drifts from what it shows.
pub(crate) fn no_ignored_example(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    let documented = |path: &str| path.ends_with(".rs") || path.ends_with("/README.md");
    for (path, text) in files.below("crates/").filter(|(path, _)| documented(path)) {
        for (index, line) in text.lines().enumerate() {
            let tags = line.trim_start_matches([' ', '/', '!', '*']).strip_prefix("```").unwrap_or_default();
            if tags.split([',', ' ']).any(|tag| tag.starts_with("ignore")) {
                let hint = "a doctest runs always; mend it, or call it `text`";
                findings.push(format!("{path}:{}: ```{tags}: {hint}", index + 1));
            }
        }
    }
    findings
}

/// By whatever path it is called or imported. The stand-in of the models waits for nothing, and tokio's `sleep_until`
/// names the moment on a paused clock at which a scripted vendor answers.
pub(crate) fn no_sleeping_test(files: &Files) -> Vec<Finding> {
    let hint = "a test owns its time: use a ManualClock, or paused time and tokio's advance()";
    let sleeps: [&[&str]; 3] = [&["sleep"], &["sleep_ms"], &["park_timeout"]];
    find(files, in_tests_but_of_a_model, &sleeps, hint)
}

#[cfg(test)]
mod tests;
