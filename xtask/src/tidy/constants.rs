//! Numbers that users read.

use super::source::{Source, documentation};
use super::{Finding, files::Files};
use std::collections::BTreeSet;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItemConst, ItemConst, Type, Visibility};

/// A duration that users can name is stated in a doctest: what prose says of it drifts.
pub(crate) fn durations_are_stated(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in files.libraries() {
        let folder = format!("crates/{name}/src/");
        let (mut durations, mut documentation) = (Vec::new(), String::new());
        for source in files.sources().filter(|source| source.path.starts_with(&folder)) {
            let mut seen = Seen::default();
            seen.visit_file(&source.syntax);
            documentation += &seen.documentation;
            durations.extend(seen.durations.into_iter().map(|(line, name)| (format!("{}:{line}", source.path), name)));
        }
        documentation += files.text(&format!("crates/{name}/README.md")).unwrap_or_default();
        let stated: BTreeSet<String> = doctests(&documentation).iter().flat_map(asserted).collect();
        for (place, duration) in durations.iter().filter(|(_, name)| !stated.contains(name)) {
            findings
                .push(format!("{place}: state it in a doctest that runs, as `assert_eq!({duration}.as_secs(), …)`"));
        }
    }
    findings
}

#[derive(Default)]
struct Seen {
    /// The public ones: line and name.
    durations: Vec<(usize, String)>,
    documentation: String,
}

impl Seen {
    fn note(&mut self, name: &syn::Ident, visibility: &Visibility, kind: &Type) {
        let is_duration =
            matches!(kind, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Duration"));
        if is_duration && matches!(visibility, Visibility::Public(_)) {
            self.durations.push((name.span().start().line, name.to_string()));
        }
    }
}

impl<'ast> Visit<'ast> for Seen {
    fn visit_item_const(&mut self, item: &'ast ItemConst) {
        self.note(&item.ident, &item.vis, &item.ty);
        visit::visit_item_const(self, item);
    }

    fn visit_impl_item_const(&mut self, item: &'ast ImplItemConst) {
        self.note(&item.ident, &item.vis, &item.ty);
        visit::visit_impl_item_const(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        self.documentation += &documentation(std::slice::from_ref(attribute));
    }
}

/// The blocks of code in `documentation` that rustdoc runs.
fn doctests(documentation: &str) -> Vec<Source> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in documentation.lines().map(str::trim) {
        match (line.strip_prefix("```"), &mut open) {
            (Some(tags), None) => open = Some((tags.split(',').all(is_run), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, code))) => *code += &(line.strip_prefix("# ").unwrap_or(line).to_owned() + "\n"),
            (None, None) => {}
        }
    }
    let run = blocks.into_iter().filter_map(|(is_run, code)| is_run.then(|| format!("fn doctest() {{\n{code}}}")));
    run.filter_map(|code| Source::parse("a doctest", &code).ok()).collect()
}

/// Whether a block with this tag is still one that rustdoc runs.
fn is_run(tag: &str) -> bool {
    matches!(tag.trim(), "" | "rust") || tag.trim().starts_with("edition")
}

/// The names in the assertions of `doctest`.
fn asserted(doctest: &Source) -> Vec<String> {
    let assertions = doctest.places(&["assert_eq", "!", "("]).map(|at| at..doctest.closing(at + 2));
    assertions.flat_map(|words| &doctest.words[words]).map(|word| word.text.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONSTANT: &str = "pub const HOLD: Duration = Duration::from_secs(10);\n";

    fn found(lib: &str, readme: &str) -> Vec<Finding> {
        durations_are_stated(&Files::of([("crates/a/src/lib.rs", lib), ("crates/a/README.md", readme)]))
    }

    fn documented(tags: &str, code: &str) -> String {
        format!("/// How long.\n///\n/// ```{tags}\n/// {code}\n/// ```\n{CONSTANT}")
    }

    #[test]
    fn duration_that_is_stated_in_a_doctest_of_its_crate_is_let_through() {
        for code in ["assert_eq!(a::HOLD.as_secs(), 10);", "# assert_eq!((HOLD, 1), (TEN, 1));"] {
            assert_eq!(found(&documented("", code), ""), Vec::<Finding>::new());
            assert_eq!(found(&documented("rust", code), ""), Vec::<Finding>::new());
            assert_eq!(found(CONSTANT, &format!("# a\n\n```rust\n{code}\n```\n")), Vec::<Finding>::new());
        }
    }

    #[test]
    fn duration_that_no_doctest_states_is_found_at_its_line() {
        assert_eq!(found(CONSTANT, "")[0].split(": ").next(), Some("crates/a/src/lib.rs:1"));
        assert!(
            found("impl A {\n    pub const HOLD: std::time::Duration = B;\n}", "")[0]
                .starts_with("crates/a/src/lib.rs:2: ")
        );
        for (tags, code) in [
            ("ignore", "assert_eq!(a::HOLD.as_secs(), 10);"),
            ("no_run", "assert_eq!(a::HOLD.as_secs(), 10);"),
            ("rust,compile_fail", "assert_eq!(a::HOLD.as_secs(), 10);"),
            ("text", "assert_eq!(a::HOLD.as_secs(), 10);"),
            ("", "// assert_eq!(a::HOLD.as_secs(), 10);"),
            ("", "let a = a::HOLD; assert_eq!(a, a);"),
            ("", "assert_eq!(a::HOLDS.as_secs(), 10);"),
        ] {
            assert_eq!(found(&documented(tags, code), "").len(), 1, "{tags} {code}");
        }
    }

    #[test]
    fn prose_about_a_duration_and_a_doctest_of_another_crate_do_not_state_it() {
        let other = documented("", "assert_eq!(a::HOLD.as_secs(), 10);").replace("pub ", "");
        let files = [("crates/a/src/lib.rs", CONSTANT), ("crates/b/src/lib.rs", &other)];
        assert_eq!(durations_are_stated(&Files::of(files)).len(), 1);
        assert_eq!(found(CONSTANT, "assert_eq!(HOLD, 10)").len(), 1);
    }

    #[test]
    fn durations_that_users_cannot_name_need_no_doctest() {
        for other in ["const HOLD: Duration = A;", "pub(crate) const HOLD: Duration = A;", "pub const HOLD: u32 = 1;"] {
            assert_eq!(found(other, ""), Vec::<Finding>::new());
        }
        let private = [("crates/a/src/lib.rs", CONSTANT), ("crates/a/Cargo.toml", "[package]\npublish = false\n")];
        assert_eq!(durations_are_stated(&Files::of(private)), Vec::<Finding>::new());
    }
}
