use super::*;

/// `text` in a file of the product whose tests begin in its fourth line.
fn in_product(text: &str) -> String {
    format!("//! A file.\n{text}\n#[cfg(test)]\nmod tests {{\n}}\n")
}

fn in_tests(text: &str) -> String {
    format!("//! A file.\nfn a() {{}}\n#[cfg(test)]\nmod tests {{\n{text}\n}}\n")
}

fn lines(rule: fn(&Files) -> Vec<Finding>, path: &str, text: &str) -> Vec<String> {
    let findings = rule(&Files::of([(path, text)]));
    findings.iter().map(|finding| finding.split(": ").next().unwrap_or_default().to_owned()).collect()
}

const PRODUCT: &str = "crates/a/src/b.rs";

#[test]
fn unfinished_code_is_found_in_product_and_tests() {
    for name in ["todo", "unimplemented", "dbg"] {
        let call = format!("    {name}!(1);");
        assert_eq!(lines(nothing_unfinished, PRODUCT, &in_product(&call)), [format!("{PRODUCT}:2")], "{name}");
        assert_eq!(lines(nothing_unfinished, PRODUCT, &in_tests(&call)), [format!("{PRODUCT}:5")], "{name}");
    }
}

#[test]
fn unsafe_code_is_found_in_the_product() {
    let block = format!("    let a = {} {{ b() }};", ["un", "safe"].concat());
    assert_eq!(lines(no_unsafe, PRODUCT, &in_product(&block)), [format!("{PRODUCT}:2")]);
}

#[test]
fn the_lint_against_unsafe_code_is_no_unsafe_code() {
    let lint = format!("#![forbid({}_code)]", ["un", "safe"].concat());
    assert_eq!(lines(no_unsafe, PRODUCT, &lint), Vec::<String>::new());
}

#[test]
fn unwrap_is_found_in_product_and_examples_but_not_in_tests() {
    let call = format!("    a.{}();", ["un", "wrap"].concat());
    assert_eq!(lines(no_unwrap, PRODUCT, &in_product(&call)), [format!("{PRODUCT}:2")]);
    assert_eq!(lines(no_unwrap, "crates/a/examples/b.rs", &call), ["crates/a/examples/b.rs:1"]);
    assert_eq!(lines(no_unwrap, PRODUCT, &in_tests(&call)), Vec::<String>::new());
    for path in ["crates/a/tests/it/main.rs", "crates/a/src/b/tests.rs", "crates/a/benches/c.rs"] {
        assert_eq!(lines(no_unwrap, path, &call), Vec::<String>::new());
    }
}

#[test]
fn code_after_a_test_helper_of_the_product_is_still_product() {
    let call = format!("a.{}();", ["un", "wrap"].concat());
    let text = format!("#[cfg(test)]\nfn helper() {{}}\n#[cfg(test)]\nmod tests;\n{call}\n");
    assert_eq!(lines(no_unwrap, PRODUCT, &text), [format!("{PRODUCT}:5")]);
}

#[test]
fn an_ignored_test_is_found() {
    for attribute in ["]", " = \"slow\"]"] {
        let text = format!("#[test]\n{}{attribute}\nfn a() {{}}", ["#[", "ignore"].concat());
        assert_eq!(lines(no_ignored_test, "crates/a/tests/it/b.rs", &text), ["crates/a/tests/it/b.rs:2"]);
    }
}

#[test]
fn a_sleeping_test_is_found_but_product_and_benchmarks_may_sleep() {
    for call in ["thread", "tokio::time"].map(|module| format!("    {module}::sleep(SECOND);")) {
        assert_eq!(lines(no_sleeping_test, PRODUCT, &in_tests(&call)), [format!("{PRODUCT}:5")]);
        assert_eq!(lines(no_sleeping_test, "crates/a/tests/it/b.rs", &call), ["crates/a/tests/it/b.rs:1"]);
        assert_eq!(lines(no_sleeping_test, PRODUCT, &in_product(&call)), Vec::<String>::new());
        assert_eq!(lines(no_sleeping_test, "crates/a/benches/b.rs", &call), Vec::<String>::new());
    }
}

#[test]
fn a_sleep_that_is_imported_is_found_at_its_import() {
    assert_eq!(lines(no_sleeping_test, "crates/a/tests/it/b.rs", &format!("use tokio::time::{};", "sleep")).len(), 1);
}

#[test]
fn comments_are_no_code() {
    let words = format!("// {0}!()\n/// {0}!()\nlet a = 1; // {0}!()\n", "todo");
    assert_eq!(lines(nothing_unfinished, PRODUCT, &words), Vec::<String>::new());
}

#[test]
fn a_url_is_no_comment() {
    let line = format!("let a = (\"https://example.invalid\", {}!());", "todo");
    assert_eq!(lines(nothing_unfinished, PRODUCT, &line), [format!("{PRODUCT}:1")]);
}

#[test]
fn a_file_of_601_lines_is_found_and_one_of_600_is_not() {
    assert_eq!(lines(no_long_file, PRODUCT, &"\n".repeat(601)), [PRODUCT]);
    assert_eq!(lines(no_long_file, PRODUCT, &"\n".repeat(600)), Vec::<String>::new());
}

#[test]
fn files_other_than_rust_are_not_read_as_such() {
    assert_eq!(lines(nothing_unfinished, "README.md", &format!("{}!()", "todo")), Vec::<String>::new());
}
