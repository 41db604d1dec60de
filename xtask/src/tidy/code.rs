//! Rules over lines of Rust.

use super::{Finding, files::Files};

/// A Rust file, divided into the product and its tests. Tests come last in a file.
pub(crate) struct Source<'a> {
    path: &'a str,
    text: &'a str,
}

impl<'a> Source<'a> {
    pub(crate) fn new(path: &'a str, text: &'a str) -> Self {
        Self { path, text }
    }

    /// Numbered lines without comments.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, without_comment(line)))
    }

    fn product(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        self.code().take(self.first_line_of_tests())
    }

    fn tests(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        self.code().skip(self.first_line_of_tests())
    }

    /// How many lines come before the tests.
    fn first_line_of_tests(&self) -> usize {
        if self.is_all_tests() {
            return 0;
        }
        let lines: Vec<&str> = self.text.lines().collect();
        let is_module = |line: &&str| line.trim_start().starts_with("mod ") && line.ends_with('{');
        let begins = |pair: &[&str]| pair[0].trim() == "#[cfg(test)]" && is_module(&pair[1]);
        lines.windows(2).position(begins).unwrap_or(lines.len())
    }

    /// Tests, and no benchmarks: those run in real time.
    fn tests_proper(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        self.tests().take(if self.is_in("benches") { 0 } else { usize::MAX })
    }

    fn is_all_tests(&self) -> bool {
        self.is_in("tests") || self.is_in("benches") || self.path.ends_with("/tests.rs")
    }

    fn is_in(&self, folder: &str) -> bool {
        self.path.contains(&format!("/{folder}/"))
    }
}

/// What stands before a comment. A `//` inside a word, as in a URL, begins none.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with("//") { "" } else { line.split(" // ").next().unwrap_or(line) }
}

/// Findings of one kind: what `look` chooses of a file, line by line, where one of `words` stands in it.
fn find<'a, I>(files: &'a Files, look: fn(&Source<'a>) -> I, words: &[String], hint: &str) -> Vec<Finding>
where
    I: Iterator<Item = (usize, &'a str)>,
{
    let mut findings = Vec::new();
    for (path, text) in files.rust() {
        for (number, line) in look(&Source::new(path, text)) {
            for word in words.iter().filter(|word| has_word(line, word)) {
                findings.push(format!("{path}:{number}: {word}: {hint}"));
            }
        }
    }
    findings
}

/// Whether `word` stands in `line` and is not the end or the beginning of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(inside) && word.starts_with(inside);
        let after = line[at + word.len()..].chars().next().is_some_and(inside) && word.ends_with(inside);
        !before && !after
    })
}

pub(crate) fn nothing_unfinished(files: &Files) -> Vec<Finding> {
    // Put together here, or this file would be its own finding.
    let words = ["todo", "unimplemented", "dbg"].map(|name| format!("{name}!"));
    find(files, Source::code, &words, "finish it, or take it out")
}

pub(crate) fn no_unsafe(files: &Files) -> Vec<Finding> {
    let words = [["un", "safe"].concat()];
    find(files, Source::product, &words, "the product has none; find a safe way, or a crate that is trusted with it")
}

pub(crate) fn no_unwrap(files: &Files) -> Vec<Finding> {
    let words = [["un", "wrap()"].concat()].map(|call| format!(".{call}"));
    find(files, Source::product, &words, "return an error, or say with expect() why it cannot happen")
}

pub(crate) fn no_ignored_test(files: &Files) -> Vec<Finding> {
    let words = [["#[", "ignore"].concat()];
    find(files, Source::code, &words, "a test runs always; mend it, or take it out")
}

pub(crate) fn no_sleeping_test(files: &Files) -> Vec<Finding> {
    let words = ["thread", "time"].map(|module| format!("{module}::sleep"));
    find(
        files,
        Source::tests_proper,
        &words,
        "a test owns its time: use a ManualClock, or paused time and tokio's advance()",
    )
}

pub(crate) fn no_long_file(files: &Files) -> Vec<Finding> {
    let lines = files.rust().map(|(path, text)| (path, text.lines().count()));
    let long = lines.filter(|(_, lines)| *lines > LONGEST);
    long.map(|(path, lines)| format!("{path}: {lines} lines; divide it by topic, {LONGEST} is the most")).collect()
}

/// More is not read from top to bottom by anybody.
const LONGEST: usize = 600;

#[cfg(test)]
mod tests;
