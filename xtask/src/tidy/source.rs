//! A Rust file as the compiler reads it: what stands in a comment or a string is no code, and lines may break anywhere.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use std::ops::RangeInclusive;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token};

/// A file that parses.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) syntax: syn::File,
    /// In the file's order.
    pub(crate) words: Vec<Word>,
    pub(crate) lines: usize,
    tests: Vec<RangeInclusive<usize>>,
    test_modules: Vec<String>,
    is_all_tests: bool,
}

/// The least that rules look at: a name or keyword, one character of punctuation, a bracket; `""` for any literal.
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Source {
    /// The error says where the file breaks off.
    pub(crate) fn parse(path: &str, text: &str) -> Result<Self, String> {
        let broken = |line: usize, error: &dyn std::fmt::Display| format!("{path}:{line}: this is no Rust: {error}");
        let tokens: TokenStream =
            text.parse().map_err(|error: proc_macro2::LexError| broken(line(error.span()), &error))?;
        let syntax: syn::File = syn::parse2(tokens.clone()).map_err(|error| broken(line(error.span()), &error))?;
        let mut tests = Tests::default();
        tests.visit_file(&syntax);
        let folder = module_folder(path);
        Ok(Self {
            path: path.to_owned(),
            syntax,
            words: words(tokens),
            lines: text.lines().count(),
            tests: tests.lines,
            test_modules: tests.modules.iter().map(|name| format!("{folder}/{name}")).collect(),
            is_all_tests: ["tests", "benches"].contains(&folder_of_package(path)),
        })
    }

    pub(crate) fn is_all_tests(&self) -> bool {
        self.is_all_tests
    }

    /// Benchmarks run in real time.
    pub(crate) fn is_benchmark(&self) -> bool {
        folder_of_package(&self.path) == "benches"
    }

    pub(crate) fn is_test(&self, line: usize) -> bool {
        self.is_all_tests || self.tests.iter().any(|lines| lines.contains(&line))
    }

    /// Every place where `sequence` stands, as indices into the words.
    pub(crate) fn places(&self, sequence: &[&str]) -> impl Iterator<Item = usize> {
        let here = move |window: &[Word]| window.iter().map(|word| &word.text).eq(sequence);
        self.words.windows(sequence.len()).enumerate().filter(move |(_, window)| here(window)).map(|(at, _)| at)
    }

    /// The index of the bracket that closes the one at `open`.
    pub(crate) fn closing(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (index, word) in self.words.iter().enumerate().skip(open) {
            match word.text.as_str() {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return index;
            }
        }
        open
    }
}

/// Settles which files are all tests, since another one declares them as such.
pub(crate) fn all(mut sources: Vec<Result<Source, String>>) -> Vec<Result<Source, String>> {
    let modules: Vec<String> = sources.iter().flatten().flat_map(|source| source.test_modules.clone()).collect();
    for source in sources.iter_mut().flatten() {
        let below = |module: &String| source.path.strip_prefix(module.as_str());
        source.is_all_tests |= modules.iter().filter_map(below).any(|rest| rest == ".rs" || rest.starts_with('/'));
    }
    sources
}

/// What stands in a file's tests: items that are compiled for tests alone.
#[derive(Default)]
struct Tests {
    lines: Vec<RangeInclusive<usize>>,
    /// The names of those that have a file of their own.
    modules: Vec<String>,
}

impl Tests {
    fn note(&mut self, attributes: &[Attribute], span: Span) {
        if attributes.iter().any(is_for_tests) {
            self.lines.push(line(span)..=span.end().line);
        }
    }
}

impl<'ast> Visit<'ast> for Tests {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.note(&module.attrs, module.span());
        if module.content.is_none() && module.attrs.iter().any(is_for_tests) {
            self.modules.push(module.ident.to_string());
        }
        visit::visit_item_mod(self, module);
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.note(&function.attrs, function.span());
        visit::visit_item_fn(self, function);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.note(&item.attrs, item.span());
        visit::visit_item_impl(self, item);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.note(&function.attrs, function.span());
        visit::visit_impl_item_fn(self, function);
    }
}

/// `#[test]` in any runtime's form, or a `cfg` that holds in tests alone.
fn is_for_tests(attribute: &Attribute) -> bool {
    let is_test = |path: &syn::Path| path.segments.last().is_some_and(|last| last.ident == "test");
    match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => list.parse_args().is_ok_and(|meta| wants_tests(&meta)),
        meta => is_test(meta.path()),
    }
}

fn wants_tests(condition: &Meta) -> bool {
    let Meta::List(list) = condition else { return condition.path().is_ident("test") };
    let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap_or_default();
    if list.path.is_ident("all") {
        parts.iter().any(wants_tests)
    } else {
        list.path.is_ident("any") && !parts.is_empty() && parts.iter().all(wants_tests)
    }
}

/// What the `//!` or `///` among `attributes` say, line by line.
pub(crate) fn documentation(attributes: &[Attribute]) -> String {
    let lines =
        attributes.iter().filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(syn::MetaNameValue {
                path, value: Expr::Lit(ExprLit { lit: Lit::Str(text), .. }), ..
            }) if path.is_ident("doc") => Some(text.value() + "\n"),
            _ => None,
        });
    lines.collect()
}

/// In which folder of its package a file is: one that is called `tests` further down may well be of the product.
fn folder_of_package(path: &str) -> &str {
    path.strip_prefix("crates/").unwrap_or(path).split('/').nth(1).unwrap_or_default()
}

/// Where the modules have their files that the file at `path` declares.
fn module_folder(path: &str) -> &str {
    let (folder, _) = path.rsplit_once('/').unwrap_or_default();
    let is_root =
        ["lib.rs", "main.rs", "mod.rs"].iter().any(|name| path[folder.len()..].trim_start_matches('/') == *name);
    if is_root { folder } else { path.trim_end_matches(".rs") }
}

fn words(tokens: TokenStream) -> Vec<Word> {
    let mut words = Vec::new();
    collect(tokens, &mut words);
    words
}

fn collect(tokens: TokenStream, words: &mut Vec<Word>) {
    for token in tokens {
        let (text, span) = match token {
            TokenTree::Ident(name) => (name.to_string(), name.span()),
            TokenTree::Punct(punctuation) => (punctuation.to_string(), punctuation.span()),
            TokenTree::Literal(literal) => ("\"\"".to_owned(), literal.span()),
            TokenTree::Group(group) => {
                let (open, close) = brackets(group.delimiter());
                words.push(Word { text: open.to_owned(), line: line(group.span_open()) });
                collect(group.stream(), words);
                (close.to_owned(), group.span_close())
            }
        };
        words.push(Word { text, line: line(span) });
    }
}

/// Those of no shape are round what a macro has put in: there are none in a file's text.
fn brackets(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

fn line(span: Span) -> usize {
    span.start().line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of the lines of `text` are of tests.
    fn lines_of_tests(text: &str) -> Vec<usize> {
        let source = Source::parse("crates/a/src/b.rs", text).unwrap();
        (1..=source.lines).filter(|line| source.is_test(*line)).collect()
    }

    #[test]
    fn whatever_is_compiled_for_tests_alone_is_a_test() {
        for code in [
            "#[cfg(test)]\nmod tests {\n}",
            "#[test]\nfn a() {\n}",
            "#[tokio::test(start_paused = true)]\nasync fn a() {\n}",
            "#[cfg(all(test, unix))]\nimpl A {\n}",
            "#[cfg(any(test, all(unix, test)))]\nfn a() {\n}",
        ] {
            assert_eq!(lines_of_tests(&format!("fn b() {{}}\n{code}\nfn c() {{}}\n")), [2, 3, 4], "{code}");
        }
    }

    #[test]
    fn whatever_may_be_compiled_into_the_product_is_none() {
        for cfg in ["not(test)", "any(test, unix)", "any()", "all()", "feature = \"test\"", "unix"] {
            assert_eq!(lines_of_tests(&format!("#[cfg({cfg})]\nmod a {{\n}}")), [0; 0], "{cfg}");
        }
    }

    #[test]
    fn function_for_tests_inside_an_impl_is_one_and_its_neighbour_is_none() {
        assert_eq!(lines_of_tests("impl A {\n    fn a() {}\n    #[cfg(test)]\n    fn b() {}\n}"), [3, 4]);
    }

    #[test]
    fn files_of_a_test_module_are_tests_and_their_neighbours_are_not() {
        let texts = [
            ("crates/a/benches/a.rs", ""),
            ("crates/a/src/a.rs", "mod b;"),
            ("crates/a/src/a/b.rs", ""),
            ("crates/a/src/ab.rs", "#[cfg(test)]\nmod tests;"),
            ("crates/a/src/ab/c.rs", ""),
            ("crates/a/src/ab/tests.rs", ""),
            ("crates/a/src/lib.rs", "#[cfg(test)]\nmod a;\nmod ab;\nmod tests;"),
            ("crates/a/src/tests/mod.rs", ""),
            ("crates/a/src/x/a.rs", ""),
            ("crates/a/tests/it/main.rs", ""),
        ];
        let sources = all(texts.iter().map(|(path, text)| Source::parse(path, text)).collect());
        let tests = sources.iter().flatten().filter(|source| source.is_all_tests()).map(|source| source.path.as_str());
        let expected = ["benches/a.rs", "src/a.rs", "src/a/b.rs", "src/ab/tests.rs", "tests/it/main.rs"];
        assert_eq!(tests.collect::<Vec<_>>(), expected.map(|path| format!("crates/a/{path}")));
    }

    #[test]
    fn sequence_is_found_over_line_ends_and_comments() {
        let source = Source::parse("a.rs", "fn a() {\n    b\n    // why\n    . c ( \"d\" )\n}").unwrap();
        let lines = source.places(&[".", "c", "(", "\"\"", ")"]).map(|at| source.words[at].line);
        assert_eq!(lines.collect::<Vec<_>>(), [4]);
    }

    #[test]
    fn bracket_is_closed_by_its_own() {
        let source = Source::parse("a.rs", "fn a() { b([c], { d }) }").unwrap();
        assert_eq!(source.closing(4), source.words.len() - 1);
        assert_eq!(source.closing(2), 3);
    }
}
