//! The programs that users copy from a crate that is there for that.

use super::{Finding, files::Files, manifests};
use toml::{Table, Value};

/// Cargo compiles an example, and runs its tests only if it is told to. Published crates have examples that ask a real vendor.
pub(crate) fn examples_are_tests(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in files.crates() {
        let (folder, path) = (format!("crates/{name}/examples/"), format!("crates/{name}/Cargo.toml"));
        let manifest = files.text(&path).unwrap_or_default();
        if manifests::is_published(manifest) {
            continue;
        }
        let tested = tested(manifest);
        let readme = files.text(&format!("crates/{name}/README.md")).unwrap_or_default();
        for source in files.sources().filter(|source| source.path.starts_with(&folder)) {
            let Some(example) = source.path[folder.len()..].strip_suffix(".rs") else { continue };
            if !tested.iter().any(|name| name == example) {
                findings.push(format!("{path}: add [[example]] with name = \"{example}\" and test = true"));
            }
            if !(1..=source.lines).any(|line| source.is_test(line)) {
                findings.push(format!("{}: add a test that runs what `main` runs, and judges it", source.path));
            }
            if !readme.contains(&format!("`{example}`")) {
                findings.push(format!("crates/{name}/README.md: add a row for `{example}`"));
            }
        }
    }
    findings
}

/// The names of the examples whose tests are run.
fn tested(manifest: &str) -> Vec<String> {
    let manifest: Table = manifest.parse().unwrap_or_default();
    let examples = manifest.get("example").and_then(Value::as_array).into_iter().flatten();
    let tested = examples.filter(|example| example.get("test") == Some(&Value::Boolean(true)));
    tested.filter_map(|example| Some(example.get("name")?.as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\npublish = false\n[[example]]\nname = \"one\"\ntest = true\n";
    const EXAMPLE: &str = "fn main() {}\n#[cfg(test)]\nmod tests {}\n";

    fn found(manifest: &str, example: &str, readme: &str) -> Vec<Finding> {
        let files = [("Cargo.toml", manifest), ("examples/one.rs", example), ("README.md", readme)];
        examples_are_tests(&Files::of(files.map(|(path, text)| (format!("crates/a/{path}"), text))))
    }

    #[test]
    fn example_whose_tests_are_not_run_or_not_there_and_one_nobody_finds_are_found() {
        assert_eq!(found(MANIFEST, EXAMPLE, "`one`"), Vec::<Finding>::new());
        for (manifest, example, readme, says) in [
            (MANIFEST.replace("test = true", "test = false"), EXAMPLE, "`one`", "test = true"),
            (MANIFEST.replace("\"one\"", "\"other\""), EXAMPLE, "`one`", "test = true"),
            (MANIFEST.to_owned(), "fn main() {}\n", "`one`", "add a test"),
            (MANIFEST.to_owned(), EXAMPLE, "one", "add a row"),
        ] {
            let findings = found(&manifest, example, readme);
            assert!(findings.len() == 1 && findings[0].contains(says), "{findings:?}");
        }
    }

    #[test]
    fn examples_of_published_crates_are_let_through() {
        assert_eq!(found("[package]\n", "fn main() {}\n", ""), Vec::<Finding>::new());
    }
}
