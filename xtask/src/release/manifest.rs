//! Versions in manifests and lock files. Everything else in them stays as it is.

use crate::Outcome;
use semver::Version;
use toml_edit::{ArrayOfTables, DocumentMut, Item, TableLike, value};

/// A crate's Cargo.toml with `version`.
pub(crate) fn with_version(manifest: &str, version: &Version) -> Outcome<String> {
    let mut document: DocumentMut = manifest.parse()?;
    let package = document.get_mut("package").and_then(Item::as_table_like_mut);
    let field = package.and_then(|package| package.get_mut("version"));
    set(field.ok_or("no version in [package]")?, version);
    Ok(document.to_string())
}

/// The root's Cargo.toml, in which the crates that need `name` get `version` of it at least.
///
/// Always the newest, and not only when the old requirement excludes it: the crates here are built with the newest and
/// nobody would notice what of it they use.
pub(crate) fn with_requirement(root: &str, name: &str, version: &Version) -> Outcome<String> {
    let mut document: DocumentMut = root.parse()?;
    if let Some(field) = own_dependency(&mut document, name).and_then(|row| row.get_mut("version")) {
        set(field, version);
    }
    Ok(document.to_string())
}

/// The root's Cargo.toml, in which the crates of the project are looked for in `registry` by those who get them packed.
pub(crate) fn with_registry(root: &str, registry: &str) -> Outcome<String> {
    let mut document: DocumentMut = root.parse()?;
    for (_, row) in rows(&mut document).filter(|(_, row)| row.contains_key("path")) {
        row.insert("registry", value(registry));
    }
    Ok(document.to_string())
}

/// A lock file in which `name`, a crate of the project, has `version`.
pub(crate) fn with_locked(lock: &str, name: &str, version: &Version) -> Outcome<String> {
    let mut document: DocumentMut = lock.parse()?;
    let packages = document.get_mut("package").and_then(Item::as_array_of_tables_mut);
    for package in packages.into_iter().flat_map(ArrayOfTables::iter_mut) {
        // What comes from elsewhere has a source.
        let is_ours = !package.contains_key("source") && package["name"].as_str() == Some(name);
        if let Some(field) = package.get_mut("version").filter(|_| is_ours) {
            set(field, version);
        }
    }
    Ok(document.to_string())
}

fn own_dependency<'a>(root: &'a mut DocumentMut, name: &str) -> Option<&'a mut dyn TableLike> {
    rows(root).find(|(key, row)| key == name && row.contains_key("path")).map(|(_, row)| row)
}

/// The rows of `[workspace.dependencies]` that are more than a version.
fn rows(root: &mut DocumentMut) -> impl Iterator<Item = (String, &mut dyn TableLike)> {
    let table = root.get_mut("workspace").and_then(|workspace| workspace.get_mut("dependencies"));
    let rows = table.and_then(Item::as_table_like_mut).into_iter().flat_map(TableLike::iter_mut);
    rows.filter_map(|(key, row)| Some((key.get().to_owned(), row.as_table_like_mut()?)))
}

/// Replaces the value alone: the blanks and the comment around it are the author's.
fn set(field: &mut Item, version: &Version) {
    let decor = field.as_value().map(|old| old.decor().clone());
    *field = value(version.to_string());
    if let (Some(new), Some(decor)) = (field.as_value_mut(), decor) {
        *new.decor_mut() = decor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Version = Version::new(0, 2, 0);

    const ROOT: &str = "\
[workspace.dependencies]
# Ours.
auth-core = { path = \"crates/auth-core\", version = \"0.1.0\", default-features = false }
auth-core-x = { path = \"crates/auth-core-x\", version = \"0.1.0\" }
other = \"0.1.0\" # not ours
more = { version = \"0.1.0\" }
";

    #[test]
    fn version_is_replaced_and_the_comment_beside_it_kept() {
        let manifest = "[package]\nname = \"a\"\nversion  =  \"0.1.0\"  # why\n\n[dependencies]\nversion = \"0.1.0\"\n";
        let expected = manifest.replacen("0.1.0", "0.2.0", 1);
        assert_eq!(with_version(manifest, &NEW).unwrap(), expected);
    }

    #[test]
    fn manifest_without_a_version_of_its_own_is_refused() {
        assert!(with_version("[package]\nname = \"a\"\n", &NEW).is_err());
        assert!(with_version("[package", &NEW).is_err());
    }

    #[test]
    fn requirement_of_that_crate_alone_is_raised() {
        let expected = ROOT.replacen("0.1.0", "0.2.0", 1);
        assert_eq!(with_requirement(ROOT, "auth-core", &NEW).unwrap(), expected);
        for not_ours in ["other", "more", "nothing"] {
            assert_eq!(with_requirement(ROOT, not_ours, &NEW).unwrap(), ROOT, "{not_ours}");
        }
    }

    #[test]
    fn registry_is_named_where_there_is_a_path() {
        let after = with_registry(ROOT, "local").unwrap();
        assert_eq!(after.matches("registry = \"local\" }").count(), 2, "{after}");
        assert!(after.contains("other = \"0.1.0\" # not ours\nmore = { version = \"0.1.0\" }\n"), "{after}");
    }

    #[test]
    fn lock_file_keeps_crates_of_that_name_from_elsewhere() {
        let lock = "\
# Not intended for manual editing.
version = 4

[[package]]
name = \"a\"
version = \"0.1.0\"
dependencies = [
 \"b\",
]

[[package]]
name = \"a\"
version = \"0.1.0\"
source = \"registry\"
";
        assert_eq!(with_locked(lock, "a", &NEW).unwrap(), lock.replacen("0.1.0", "0.2.0", 1));
        assert_eq!(with_locked(lock, "c", &NEW).unwrap(), lock);
    }
}
