//! The types of other crates in what a library shows: a new major version of such a crate is a new major version of ours.
//! Each is declared here, with the reason why it is worth that.

use crate::Outcome;
use crate::project::{self, Project, list, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use xshell::{Shell, cmd};

/// What a library in this role may show: one path, or with `::*` all of a crate.
struct Declared {
    role: &'static str,
    path: &'static str,
}

const DECLARED: &[Declared] = &[
    // Headers, methods and status codes, as whoever sends requests knows them.
    Declared { role: "auth-core", path: "http::*" },
    Declared { role: PROVIDER, path: "http::header::name::HeaderName" },
    Declared { role: "auth-sim", path: "http::header::map::HeaderMap" },
    // What answers are read into. The traits live in `serde_core`.
    Declared { role: "auth-core", path: "serde_core::*" },
    Declared { role: PROVIDER, path: "serde_core::*" },
    // The members of an answer, for a vendor's reader of errors.
    Declared { role: "auth-core", path: "serde_json::map::Map" },
    Declared { role: "auth-core", path: "serde_json::value::Value" },
    // An endpoint of one's own is written with it.
    Declared { role: "auth-core", path: "async_trait::async_trait" },
    // Proxies, roots and identities are given to the builder of the HTTP client, and made by its crate.
    Declared { role: "auth-core", path: "reqwest" },
    Declared { role: "auth-core", path: "reqwest::async_impl::client::ClientBuilder" },
    // What a token is put on.
    Declared { role: "auth-core", path: "reqwest::async_impl::request::RequestBuilder" },
    // The feature `tower` is there for these two.
    Declared { role: "auth-core", path: "tower_layer::Layer" },
    Declared { role: "auth-core", path: "tower_service::Service" },
    // It stands between the one and the other.
    Declared { role: "auth-reqwest", path: "reqwest::*" },
    Declared { role: "auth-reqwest", path: "reqwest_middleware::*" },
    Declared { role: "auth-reqwest", path: "http::extensions::Extensions" },
];

pub(crate) fn run() -> Outcome {
    let project = Project::load()?;
    let sh = project::shell()?;
    let mut shown = BTreeSet::new();
    for library in project.libraries() {
        let documentation = documentation(&sh, &library.name)?;
        let role = if project::is_provider(&library.name) { PROVIDER } else { &library.name };
        for (path, item) in foreign(&documentation)? {
            let is_ours = project.packages.iter().any(|package| crate_of(&path) == package.name.replace('-', "_"));
            if !is_ours {
                shown.insert(Shown { role: role.to_owned(), library: library.name.clone(), path, item });
            }
        }
    }
    let findings = judged(&shown, DECLARED);
    if findings.is_empty() { Ok(()) } else { Err(findings.join("\n").into()) }
}

/// A type or trait of another crate, and an item that shows it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    role: String,
    library: String,
    path: String,
    item: String,
}

/// What is shown and not declared; and what is declared and not shown, so that the list stays short.
fn judged(shown: &BTreeSet<Shown>, declared: &[Declared]) -> Vec<String> {
    let undeclared = shown.iter().filter(|shown| !declared.iter().any(|declared| declared.covers(shown)));
    let undeclared = undeclared.map(|Shown { library, path, item, .. }| {
        format!("{library}: `{item}` shows {path}; wrap it, or declare it in {} and say why", file!())
    });
    let unused = declared.iter().filter(|declared| !shown.iter().any(|shown| declared.covers(shown)));
    let unused = unused.map(|declared| {
        let Declared { role, path } = declared;
        format!("{}: {path} is declared for {role}, which shows no such thing: remove it", file!())
    });
    undeclared.chain(unused).collect()
}

impl Declared {
    fn covers(&self, shown: &Shown) -> bool {
        let whole_crate = self.path.strip_suffix("::*");
        shown.role == self.role && whole_crate.map_or(shown.path == self.path, |whole| crate_of(&shown.path) == whole)
    }
}

/// What rustdoc knows of a library with all its features, private items left out.
fn documentation(sh: &Shell, package: &str) -> Outcome<Value> {
    let rustdoc = project::root().join("xtask/rustdoc-json");
    let json = "-Zunstable-options --output-format json".split(' ');
    let cargo = cmd!(sh, "cargo rustdoc --quiet --package {package} --lib --all-features -- {json...}");
    cargo.env("RUSTDOC", rustdoc).quiet().run()?;
    Ok(serde_json::from_str(&fs::read_to_string(written(sh, package)?)?)?)
}

fn written(sh: &Shell, package: &str) -> Outcome<PathBuf> {
    let metadata: Value =
        serde_json::from_str(&cmd!(sh, "cargo metadata --format-version 1 --no-deps").quiet().read()?)?;
    let file = format!("{}.json", package.replace('-', "_"));
    Ok([text(&metadata["target_directory"]), "doc", &file].iter().collect())
}

/// Each path of another crate that is not part of the language, with the name of an item that shows it.
fn foreign(documentation: &Value) -> Outcome<BTreeMap<String, String>> {
    let index = documentation["index"].as_object().ok_or("rustdoc's JSON has no index: has its format changed?")?;
    let mut foreign = BTreeMap::new();
    for item in index.values().filter(|item| item["crate_id"] == 0 && !is_given_to_all(item)) {
        let name = item["name"].as_str().unwrap_or("an impl, or a re-export");
        for id in references(&item["inner"]) {
            let path = full_path(&documentation["paths"][&id]);
            if let Some(path) = path.filter(|path| !LANGUAGE.contains(&crate_of(path))) {
                foreign.entry(path).or_insert_with(|| name.to_owned());
            }
        }
    }
    Ok(foreign)
}

/// Auto traits, and what another crate implements for every type, are not of our making.
fn is_given_to_all(item: &Value) -> bool {
    let implementation = &item["inner"]["impl"];
    implementation["is_synthetic"] == true || implementation["blanket_impl"].is_object()
}

/// The ids of all that an item names: types and traits have a `path` beside the id, re-exports a `source`.
fn references(value: &Value) -> BTreeSet<String> {
    let inner = match value {
        Value::Object(members) => members.values().flat_map(references).collect(),
        Value::Array(list) => list.iter().flat_map(references).collect(),
        _ => BTreeSet::new(),
    };
    let is_reference = value.get("path").is_some() || value.get("source").is_some();
    let id = value.get("id").filter(|id| is_reference && !id.is_null());
    inner.into_iter().chain(id.map(ToString::to_string)).collect()
}

/// Where it is defined, whatever the name it is reached by; nothing for an item of the documented crate itself.
fn full_path(summary: &Value) -> Option<String> {
    let is_foreign = summary["crate_id"].as_u64().is_some_and(|id| id != 0);
    is_foreign.then(|| list(&summary["path"]).map(text).collect::<Vec<_>>().join("::"))
}

fn crate_of(path: &str) -> &str {
    path.split("::").next().unwrap_or(path)
}

/// Any of them.
const PROVIDER: &str = "a provider";
const LANGUAGE: [&str; 3] = ["alloc", "core", "std"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::prove::lay_out;

    const MANIFEST: &str = "[package]\nname = \"shows\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[workspace]\n\n[dependencies]\nother = { path = \"other\" }\n";
    const OTHER: &str = "[package]\nname = \"other\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";

    /// What a library with this code shows of a crate named `other`, which has these types and traits.
    fn shown_by(code: &str, others: &str) -> Vec<String> {
        let (other, files) = (format!("pub mod deep {{ {others} }}\npub use deep::*;\n"), "src/lib.rs");
        let folder = lay_out(&[
            ("Cargo.toml", MANIFEST),
            (files, code),
            ("other/Cargo.toml", OTHER),
            ("other/src/lib.rs", &other),
        ]);
        let folder = folder.unwrap();
        let sh = Shell::new().unwrap();
        sh.change_dir(folder.path());
        let _target = sh.push_env("CARGO_TARGET_DIR", folder.path().join("target"));
        foreign(&documentation(&sh, "shows").unwrap()).unwrap().into_keys().collect()
    }

    #[test]
    fn foreign_types_are_found_wherever_they_are_shown() {
        let places = [
            "pub fn takes(_: Option<&other::A>) {}",
            "pub fn returns() -> Box<dyn Fn() -> other::A> { loop {} }",
            "pub struct S { pub field: [other::A; 2] }",
            "pub enum E { Variant(other::A) }",
            "pub type Alias = other::A;",
            "pub use other::A;",
            "mod inner { pub fn f(_: other::A) {} } pub use self::inner::f;",
            "pub trait Ours { fn f(&self) -> other::A; }",
            "pub struct S; impl From<other::A> for S { fn from(_: other::A) -> Self { S } }",
            "pub fn f<G: other::B>(_: G) {}",
            "pub trait Ours: other::B {}",
            "pub struct S; impl other::B for S {}",
        ];
        // Each has a type and a trait of its own, so that none is found in another's place.
        let numbered = |(number, place): (usize, &&str)| {
            let code = place.replace("other::A", &format!("other::A{number}"));
            let code = code.replace("other::B", &format!("other::B{number}"));
            format!(
                "pub mod place{number} {{ {code} }}
"
            )
        };
        let code: String = places.iter().enumerate().map(numbered).collect();
        let numbers = 0..places.len();
        let others: String = numbers.map(|n| format!("pub struct A{n}; pub trait B{n} {{}} ")).collect();
        let found = shown_by(&format!("pub use other;\n{code}"), &others);
        for (number, place) in places.iter().enumerate() {
            let name = if place.contains("other::B") { "B" } else { "A" };
            assert!(found.contains(&format!("other::deep::{name}{number}")), "{place}: {found:?}");
        }
        assert!(found.contains(&"other".to_owned()), "{found:?}");
    }

    #[test]
    fn what_no_user_sees_does_not_count() {
        let private = "struct P(other::T); pub struct S { hidden: other::T } impl S { fn f(_: P) {} pub fn g() { let _ = other::T; } }";
        assert_eq!(shown_by(private, "pub struct T;"), Vec::<String>::new());
    }

    #[test]
    fn undeclared_and_needless_are_both_said() {
        let shown = |path: &str| {
            let [role, item] = ["auth-core", "f"].map(str::to_owned);
            BTreeSet::from([Shown { library: role.clone(), role, path: path.to_owned(), item }])
        };
        let declared = [Declared { role: "auth-core", path: "http::*" }];
        assert_eq!(judged(&shown("http::header::HeaderMap"), &declared), Vec::<String>::new());
        let findings = judged(&shown("https::T"), &declared);
        assert!(findings[0].starts_with("auth-core: `f` shows https::T; "), "{findings:?}");
        assert!(findings[1].ends_with("http::* is declared for auth-core, which shows no such thing: remove it"));
        let exact = [Declared { role: "auth-core", path: "http::T" }];
        assert_eq!(judged(&shown("http::T::U"), &exact).len(), 2);
    }
}
