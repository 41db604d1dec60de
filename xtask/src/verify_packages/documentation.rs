//! Documentation as docs.rs builds it: by what each packed crate asks for in `[package.metadata.docs.rs]`, with a rustdoc of
//! nightly's abilities. A warning is an error.

use super::packed::Packed;
use super::site::{Site, told};
use crate::{Outcome, project};
use serde::Deserialize;
use std::fs;
use std::path::PathBuf;
use toml::Table;
use xshell::cmd;

/// Each by itself, so that none gets a feature that only another has turned on. They share a workspace for its lock file.
pub(crate) fn build(site: &Site, libraries: &[&Packed]) -> Outcome {
    let folders: Vec<_> = libraries.iter().map(|library| &library.folder).collect();
    let (sh, workspace) = (&site.sh, site.unpacked());
    let members = format!("[workspace]\nresolver = \"3\"\nmembers = {folders:?}\n");
    sh.write_file(workspace.join("Cargo.toml"), members)?;
    sh.copy_file(project::root().join("Cargo.lock"), &workspace)?;
    let _there = sh.push_dir(workspace);
    let _rustdoc = sh.push_env("RUSTDOC", rustdoc(site)?);
    for library in libraries {
        let (name, wishes) = (&library.name, Wishes::read(&library.read("Cargo.toml")?)?);
        let features = wishes.features();
        let _flags = sh.push_env("RUSTDOCFLAGS", wishes.flags());
        told(cmd!(sh, "cargo doc --quiet --package {name} --lib --no-deps {features...}"))?;
    }
    Ok(())
}

/// rustdoc as docs.rs has it, of nightly. Only rustdoc: else all beneath would be built once more.
fn rustdoc(site: &Site) -> Outcome<PathBuf> {
    let (sh, script) = (&site.sh, site.path("rustdoc"));
    fs::write(&script, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n")?;
    cmd!(sh, "chmod +x {script}").quiet().run()?;
    Ok(script)
}

/// `[package.metadata.docs.rs]`, as far as this project uses it; a key that is not known here is an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Wishes {
    all_features: bool,
    no_default_features: bool,
    features: Vec<String>,
    rustdoc_args: Vec<String>,
}

impl Wishes {
    fn read(manifest: &str) -> Outcome<Self> {
        let manifest: Table = manifest.parse()?;
        let metadata = manifest.get("package").and_then(|package| package.get("metadata")?.get("docs")?.get("rs"));
        Ok(metadata.cloned().map_or_else(|| Ok(Self::default()), toml::Value::try_into)?)
    }

    /// As arguments of cargo.
    fn features(&self) -> Vec<String> {
        let switches = [("--all-features", self.all_features), ("--no-default-features", self.no_default_features)];
        let switches = switches.into_iter().filter(|(_, is_on)| *is_on).map(|(switch, _)| switch.to_owned());
        switches.chain(self.features.iter().map(|name| format!("--features={name}"))).collect()
    }

    /// docs.rs sets `docsrs` for everybody.
    fn flags(&self) -> String {
        let flags = ["--cfg", "docsrs", "-D", "warnings"].into_iter();
        flags.chain(self.rustdoc_args.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crate_is_documented_with_the_features_it_asks_for_and_no_others() {
        let asked = |metadata: &str| {
            let wishes = Wishes::read(&format!("[package]\nname = \"a\"\n{metadata}")).unwrap();
            (wishes.features().join(" "), wishes.flags())
        };
        let plain = "--cfg docsrs -D warnings".to_owned();
        assert_eq!(asked(""), (String::new(), plain.clone()));
        let head = "[package.metadata.docs.rs]\n";
        assert_eq!(asked(&format!("{head}all-features = true")), ("--all-features".to_owned(), plain.clone()));
        let some = format!("{head}no-default-features = true\nfeatures = [\"a\", \"b\"]");
        assert_eq!(asked(&some), ("--no-default-features --features=a --features=b".to_owned(), plain.clone()));
        let flags = format!("{head}rustdoc-args = [\"--cfg\", \"x\"]");
        assert_eq!(asked(&flags), (String::new(), format!("{plain} --cfg x")));
    }

    #[test]
    fn wish_that_would_be_passed_over_is_an_error() {
        let error = Wishes::read("[package.metadata.docs.rs]\ndefault-target = \"x\"").unwrap_err().to_string();
        assert!(error.contains("default-target"), "{error}");
    }
}
