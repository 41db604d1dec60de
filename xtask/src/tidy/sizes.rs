//! What is too long to be read from top to bottom.

use super::source::Source;
use super::{Finding, files::Files};

pub(crate) fn no_long_file(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in files.sources() {
        let (path, all, product) = (&source.path, source.lines, product(source));
        if product > LONGEST {
            findings.push(format!("{path}: {product} lines; divide it by topic, {LONGEST} is the most"));
        } else if all > LONGEST_WITH_TESTS {
            let hint = format!("move the tests into a file of their own, {LONGEST_WITH_TESTS} is the most");
            findings.push(format!("{path}: {all} lines with its tests; {hint}"));
        }
    }
    findings
}

/// The lines beside the tests; of a file that is nothing else, all.
fn product(source: &Source) -> usize {
    let is_counted = |line: &usize| source.is_all_tests() || !source.is_test(*line);
    (1..=source.lines).filter(is_counted).count()
}

/// From `fn` to the last bracket, in tests and in macros too.
pub(crate) fn no_long_function(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in files.sources() {
        for at in source.places(&["fn"]) {
            let Some((name, lines)) = function(source, at).filter(|(_, lines)| *lines > LONGEST_FUNCTION) else {
                continue;
            };
            let place = format!("{}:{}", source.path, source.words[at].line);
            let hint = format!("divide it into steps that have names, {LONGEST_FUNCTION} is the most");
            findings.push(format!("{place}: {name} has {lines} lines; {hint}"));
        }
    }
    findings
}

/// The name and the lines of the function whose `fn` is the word `at`; none if it is a type, or has no body.
fn function(source: &Source, at: usize) -> Option<(&str, usize)> {
    let name = source.words.get(at + 1).map(|word| word.text.as_str())?;
    let mut next = at + 2;
    loop {
        match source.words.get(next)?.text.as_str() {
            "{" => break,
            "(" | "[" => next = source.closing(next),
            ";" | ")" | "]" | "}" => return None,
            _ => {}
        }
        next += 1;
    }
    Some((name, source.words[source.closing(next)].line - source.words[at].line + 1))
}

/// More is not read from top to bottom by anybody.
const LONGEST: usize = 400;

/// Tests at a file's end are looked up and not read through.
const LONGEST_WITH_TESTS: usize = 600;

/// What one screen shows.
const LONGEST_FUNCTION: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: fn(&Files) -> Vec<Finding>, path: &str, text: &str) -> Option<Finding> {
        let findings = rule(&Files::of([(path, text)]));
        assert!(findings.len() <= 1, "{findings:?}");
        findings.into_iter().next()
    }

    fn tests_of(lines: usize) -> String {
        format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "\n".repeat(lines - 3))
    }

    #[test]
    fn file_of_401_lines_before_its_tests_is_found_and_one_of_400_is_not() {
        for (lines, is_found) in [(400, false), (401, true)] {
            let text = "\n".repeat(lines) + &tests_of(100);
            assert_eq!(found(no_long_file, "crates/a/src/b.rs", &text).is_some(), is_found);
        }
    }

    #[test]
    fn product_after_the_tests_counts_too() {
        let text = "\n".repeat(200) + &tests_of(100) + &"\n".repeat(201);
        assert!(found(no_long_file, "crates/a/src/b.rs", &text).is_some_and(|finding| finding.contains("401 lines")));
    }

    #[test]
    fn file_of_601_lines_with_its_tests_is_found_and_one_of_600_is_not() {
        for (lines, is_found) in [(500, false), (501, true)] {
            let text = "\n".repeat(100) + &tests_of(lines);
            assert_eq!(found(no_long_file, "crates/a/src/b.rs", &text).is_some(), is_found);
        }
    }

    #[test]
    fn file_that_is_all_tests_may_have_400_lines() {
        for (lines, is_found) in [(400, false), (401, true)] {
            assert_eq!(found(no_long_file, "crates/a/tests/it/b.rs", &"\n".repeat(lines)).is_some(), is_found);
        }
    }

    #[test]
    fn function_of_61_lines_is_found_wherever_it_stands_and_one_of_60_is_not() {
        for frame in [
            "@",
            "impl A {\n@}",
            "trait A {\n@}",
            "macro_rules! a { () => {\n@} }",
            "mod tests { proptest! {\n#[test]\n@} }",
        ] {
            for (lines, is_found) in [(60, false), (61, true)] {
                let function = format!("fn long(\na: [u8; 3],\n) -> [u8; 3] {{\n{}}}\n", "\n".repeat(lines - 4));
                let found = found(no_long_function, "crates/a/tests/it/b.rs", &frame.replace('@', &function));
                assert_eq!(
                    found.as_ref().is_some_and(|finding| finding.contains("long has 61 lines")),
                    is_found,
                    "{frame}"
                );
                assert_eq!(found.is_some(), is_found, "{found:?}");
            }
        }
    }

    #[test]
    fn comments_before_a_function_and_types_of_functions_are_not_counted() {
        let text = format!("{}fn a(b: fn(u8) -> u8);\nstruct B {{\n{}}}\n", "/// Long.\n".repeat(70), "\n".repeat(70));
        assert_eq!(found(no_long_function, "crates/a/src/b.rs", &format!("trait A {{\n{text}}}")), None);
        assert_eq!(
            found(
                no_long_function,
                "crates/a/src/b.rs",
                &format!("type A = fn();\nstruct B {{\n{}}}", "\n".repeat(70))
            ),
            None
        );
    }
}
