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
const TEST: &str = "crates/a/tests/it/b.rs";

#[test]
fn file_that_is_no_rust_is_found_and_one_that_is_not() {
    assert_eq!(lines(all_is_rust, PRODUCT, "fn a() {\n    let = 1;\n}\n"), [format!("{PRODUCT}:2")]);
    assert_eq!(lines(all_is_rust, PRODUCT, "\nfn a() {\n"), [format!("{PRODUCT}:2")]);
    assert_eq!(lines(all_is_rust, PRODUCT, "fn a() {}\n"), NOTHING);
    assert_eq!(lines(all_is_rust, "README.md", "no Rust"), NOTHING);
}

#[test]
fn unfinished_code_is_found_in_product_and_tests() {
    for name in ["todo", "unimplemented", "dbg"] {
        let call = format!("fn b() {{ {name} ! (1); }}");
        assert_eq!(lines(nothing_unfinished, PRODUCT, &in_product(&call)), [format!("{PRODUCT}:2")], "{name}");
        assert_eq!(lines(nothing_unfinished, PRODUCT, &in_tests(&call)), [format!("{PRODUCT}:5")], "{name}");
    }
    assert_eq!(lines(nothing_unfinished, PRODUCT, "fn todo() { dbg(1) }"), NOTHING);
}

#[test]
fn what_stands_in_comments_and_strings_is_no_code() {
    let text = "// todo!()\n/* todo!() */\n/// todo!()\nfn a() -> &'static str { \"todo!()\" } // todo!()\n";
    assert_eq!(lines(nothing_unfinished, PRODUCT, text), NOTHING);
    let text = "fn a() { b(\"https://example.invalid // none\", todo!()) }";
    assert_eq!(lines(nothing_unfinished, PRODUCT, text), [format!("{PRODUCT}:1")]);
}

#[test]
fn unsafe_code_is_found_in_the_product() {
    for code in ["fn b() { unsafe { c() } }", "unsafe impl Send for B {}", "#[unsafe(no_mangle)]\nfn b() {}"] {
        assert_eq!(lines(no_unsafe, PRODUCT, &in_product(code)), [format!("{PRODUCT}:2")], "{code}");
    }
    assert_eq!(lines(no_unsafe, PRODUCT, "#![forbid(unsafe_code)]"), NOTHING);
}

#[test]
fn unwrap_is_found_however_it_is_called() {
    for code in
        ["a.unwrap()", "a\n.unwrap\n()", "a.map(Option::unwrap)", "Result::unwrap_err(a)", "assert!(a.unwrap())"]
    {
        assert_eq!(lines(no_unwrap, PRODUCT, &format!("fn b() {{ {code}; }}")).len(), 1, "{code}");
    }
    for code in ["a.unwrap_or_default()", "a.unwrap_or_else(b)", "a.expect(\"unwrap()\")"] {
        assert_eq!(lines(no_unwrap, PRODUCT, &format!("fn b() {{ {code}; }}")), NOTHING, "{code}");
    }
}

#[test]
fn unwrap_is_found_in_product_and_examples_but_not_in_tests() {
    let call = "fn b() { a.unwrap(); }";
    assert_eq!(lines(no_unwrap, PRODUCT, &in_product(call)), [format!("{PRODUCT}:2")]);
    assert_eq!(lines(no_unwrap, "crates/a/examples/b.rs", call), ["crates/a/examples/b.rs:1"]);
    assert_eq!(lines(no_unwrap, PRODUCT, &in_tests(call)), NOTHING);
    for path in [TEST, "crates/a/benches/c.rs"] {
        assert_eq!(lines(no_unwrap, path, call), NOTHING);
    }
}

#[test]
fn library_that_prints_is_found_and_a_program_that_does_is_not() {
    let library = |manifest: &str, macro_name: &str| {
        let code = in_product(&format!("fn b() {{ {macro_name}!(); }}"));
        let manifest = ("crates/a/Cargo.toml", manifest);
        let files = [manifest, ("crates/a/src/lib.rs", "mod b;"), (PRODUCT, &code), ("crates/c/src/main.rs", &code)];
        no_printing_library(&Files::of(files)).len()
    };
    for name in ["println", "print", "eprintln", "eprint"] {
        assert_eq!(library("", name), 1, "{name}");
        assert_eq!(library("[package]\npublish = false", name), 0, "{name}");
    }
    assert_eq!(library("", "writeln"), 0);
}

#[test]
fn an_ignored_test_is_found() {
    for attribute in ["ignore", "ignore = \"slow\"", "cfg_attr(windows, ignore)", "cfg_attr(a,\nignore = \"b\")"] {
        let text = format!("#[test]\n#[{attribute}]\nfn a() {{}}");
        assert_eq!(lines(no_ignored_test, TEST, &text).len(), 1, "{attribute}");
    }
    let macro_made = "proptest! {\n    #[test]\n    #[ignore]\n    fn a() {}\n}";
    assert_eq!(lines(no_ignored_test, TEST, macro_made), [format!("{TEST}:3")]);
    assert_eq!(lines(no_ignored_test, TEST, "#[test]\nfn ignore() { let ignore = [ignore]; }"), NOTHING);
}

#[test]
fn an_example_that_is_not_compiled_is_found() {
    for tags in ["ignore", "rust,ignore", "ignore-windows"] {
        let block = |comment: &str| format!("\n{comment}```{tags}\n{comment}a\n{comment}```\n");
        assert_eq!(lines(no_ignored_example, PRODUCT, &block("    /// ")), [format!("{PRODUCT}:2")]);
        assert_eq!(lines(no_ignored_example, PRODUCT, &block("//! ")), [format!("{PRODUCT}:2")]);
        assert_eq!(lines(no_ignored_example, "crates/a/README.md", &block("")), ["crates/a/README.md:2"]);
        assert_eq!(lines(no_ignored_example, "README.md", &block("")), NOTHING, "rustdoc does not see it");
    }
    for tags in ["", "rust", "no_run", "text"] {
        assert_eq!(lines(no_ignored_example, PRODUCT, &format!("/// ```{tags}\n/// ignore\n/// ```\n")), NOTHING);
    }
}

#[test]
fn a_sleeping_test_is_found_but_product_and_benchmarks_may_sleep() {
    for call in ["std::thread::sleep(A)", "tokio::time::sleep(A).await", "std::thread::park_timeout(A)"] {
        let call = format!("async fn b() {{ {call}; }}");
        assert_eq!(lines(no_sleeping_test, PRODUCT, &in_tests(&call)), [format!("{PRODUCT}:5")]);
        assert_eq!(lines(no_sleeping_test, TEST, &call), [format!("{TEST}:1")]);
        assert_eq!(lines(no_sleeping_test, PRODUCT, &in_product(&call)), NOTHING);
        assert_eq!(lines(no_sleeping_test, "crates/a/benches/b.rs", &call), NOTHING);
    }
}

#[test]
fn a_sleep_by_another_name_is_found() {
    for code in ["use std::thread::{self, sleep};", "use tokio::time::sleep as wait;", "fn b() { clock::sleep(A); }"] {
        assert_eq!(lines(no_sleeping_test, TEST, code), [format!("{TEST}:1")], "{code}");
    }
}

#[test]
fn what_does_not_wait_is_no_sleep() {
    for code in
        ["async fn b() { rt::sleep(A).await }", "fn a_sleep_is_cut() { b(\"sleep\"); }", "const LONGEST_SLEEP: u8 = 1;"]
    {
        assert_eq!(lines(no_sleeping_test, TEST, code), NOTHING, "{code}");
    }
}

const NOTHING: [String; 0] = [];
