//! What is published, and what may be: an upload in, lines of the index out.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Crates in the order in which they came.
#[derive(Default)]
pub(crate) struct Shelf(Vec<Published>);

struct Published {
    name: String,
    version: String,
    /// Of the index.
    line: Value,
    packed: Vec<u8>,
}

impl Shelf {
    pub(crate) fn published(&self) -> Vec<(String, String)> {
        self.0.iter().map(|published| (published.name.clone(), published.version.clone())).collect()
    }

    pub(crate) fn packed(&self, name: &str, version: &str) -> Option<&[u8]> {
        let mut of_name = self.0.iter().filter(|published| published.name == name);
        of_name.find(|published| published.version == version).map(|published| published.packed.as_slice())
    }

    /// The index file of a crate: a line for each version.
    pub(crate) fn index(&self, name: &str) -> Option<String> {
        let lines = self.0.iter().filter(|published| published.name.to_lowercase() == name);
        let lines: String = lines.map(|published| format!("{}\n", published.line)).collect();
        (!lines.is_empty()).then_some(lines)
    }

    /// Takes an upload, or says why not, in the cases in which crates.io would refuse it too.
    pub(crate) fn take(&mut self, upload: &[u8]) -> Result<(), String> {
        let (metadata, rest) = counted(upload).ok_or("expected the metadata and their length")?;
        let (packed, _) = counted(rest).ok_or("expected the packed crate and its length")?;
        let metadata: Value = serde_json::from_slice(metadata).map_err(|error| error.to_string())?;
        let text = |field: &str| metadata[field].as_str().unwrap_or_default().to_owned();
        let (name, version) = (text("name"), text("vers"));
        if let Some(missing) = REQUIRED.into_iter().find(|field| text(field).is_empty()) {
            return Err(format!("{name} has no {missing}"));
        }
        if self.packed(&name, &version).is_some() {
            return Err(format!("{name} {version} is already uploaded"));
        }
        let here = list(&metadata["deps"]).filter(|dependency| dependency["registry"].is_null());
        let mut names = here.filter_map(|dependency| dependency["name"].as_str());
        if let Some(unknown) = names.find(|name| !self.0.iter().any(|published| published.name == *name)) {
            return Err(format!("{name} depends on {unknown}, which is not published here"));
        }
        let line = line(&metadata, packed);
        self.0.push(Published { name, version, line, packed: packed.to_vec() });
        Ok(())
    }

    /// Marks a version as one that nobody new should use. Says whether it is there.
    pub(crate) fn yank(&mut self, name: &str, version: &str) -> bool {
        let yanked = self.0.iter_mut().find(|published| published.name == name && published.version == version);
        yanked.map(|published| published.line["yanked"] = json!(true)).is_some()
    }
}

/// In which folders of an index the file of a crate stands.
pub(crate) fn folders(name: &str) -> Vec<&str> {
    match name.len() {
        0 => Vec::new(),
        1 => vec!["1"],
        2 => vec!["2"],
        3 => vec!["3", name.get(..1).unwrap_or_default()],
        _ => vec![name.get(..2).unwrap_or_default(), name.get(2..4).unwrap_or_default()],
    }
}

/// Four bytes of length, the lowest first, that many bytes, and what comes after them.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

/// What an upload says, in the words of an index.
fn line(metadata: &Value, packed: &[u8]) -> Value {
    let digest: String = Sha256::digest(packed).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "name": metadata["name"],
        "vers": metadata["vers"],
        "deps": list(&metadata["deps"]).map(dependency).collect::<Vec<_>>(),
        "cksum": digest,
        // All features by the newer field: the older one knows no `dep:`.
        "features": {},
        "features2": metadata["features"],
        "yanked": false,
        "links": metadata["links"],
        "rust_version": metadata["rust_version"],
        "v": 2,
    })
}

/// An upload names a renamed dependency the other way round. No registry means this one, in both.
fn dependency(uploaded: &Value) -> Value {
    let renamed = uploaded["explicit_name_in_toml"].is_string();
    let name = &uploaded[if renamed { "explicit_name_in_toml" } else { "name" }];
    json!({
        "name": name,
        "package": if renamed { uploaded["name"].clone() } else { Value::Null },
        "req": uploaded["version_req"],
        "features": uploaded["features"],
        "optional": uploaded["optional"],
        "default_features": uploaded["default_features"],
        "target": uploaded["target"],
        "kind": uploaded["kind"],
        "registry": uploaded["registry"],
    })
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Without these crates.io takes no crate.
const REQUIRED: [&str; 4] = ["name", "vers", "description", "license"];

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(metadata: &Value, packed: &[u8]) -> Vec<u8> {
        let metadata = metadata.to_string().into_bytes();
        let counted = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_le_bytes(), bytes].concat();
        [counted(&metadata), counted(packed)].concat()
    }

    fn metadata(name: &str, dependencies: &Value) -> Value {
        json!({
            "name": name, "vers": "1.0.0", "description": "d", "license": "MIT", "features": { "f": ["dep:b"] },
            "deps": dependencies,
        })
    }

    #[test]
    fn index_files_stand_where_cargo_looks_for_them() {
        assert_eq!(folders("a"), ["1"]);
        assert_eq!(folders("ab"), ["2"]);
        assert_eq!(folders("abc"), ["3", "a"]);
        assert_eq!(folders("abcde"), ["ab", "cd"]);
    }

    #[test]
    fn upload_becomes_a_line_with_its_digest() {
        let mut shelf = Shelf::default();
        shelf.take(&upload(&metadata("Abcd", &json!([])), b"abc")).unwrap();
        let line: Value = serde_json::from_str(&shelf.index("abcd").unwrap()).unwrap();
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((&line["cksum"], &line["vers"]), (&json!(digest), &json!("1.0.0")));
        assert_eq!(line["features2"], json!({ "f": ["dep:b"] }));
        assert_eq!(shelf.packed("Abcd", "1.0.0"), Some(b"abc".as_slice()));
        assert_eq!((shelf.index("other"), shelf.packed("Abcd", "1.0.1")), (None, None));
    }

    #[test]
    fn dependency_on_another_registry_keeps_it_and_a_renamed_one_both_its_names() {
        let crates_io = "https://github.com/rust-lang/crates.io-index";
        let uploaded =
            json!({ "name": "real", "explicit_name_in_toml": "alias", "version_req": "^1", "registry": crates_io });
        let dependency = dependency(&uploaded);
        assert_eq!((&dependency["name"], &dependency["package"]), (&json!("alias"), &json!("real")));
        assert_eq!((&dependency["req"], &dependency["registry"]), (&json!("^1"), &json!(crates_io)));
    }

    #[test]
    fn what_crates_io_would_refuse_is_refused() {
        let mut shelf = Shelf::default();
        let good = metadata("good", &json!([]));
        shelf.take(&upload(&good, b"1")).unwrap();
        let mut refused = |upload: &[u8], why: &str| {
            let error = shelf.take(upload).unwrap_err();
            assert!(error.contains(why), "{error}");
        };
        refused(&upload(&good, b"2"), "good 1.0.0 is already uploaded");
        refused(&upload(&metadata("next", &json!([{ "name": "unheard" }])), b"3"), "depends on unheard");
        let mut bare = metadata("bare", &json!([]));
        bare["license"] = Value::Null;
        refused(&upload(&bare, b"4"), "bare has no license");
        refused(&upload(&good, b"5")[..9], "expected the metadata");
        refused(&upload(&good, b"")[..100], "expected the ");
        refused(&[0; 8], "EOF");
        assert_eq!(shelf.published(), [("good".to_owned(), "1.0.0".to_owned())]);
    }
}
