//! Who may know whom.

use super::{Finding, files::Files, manifests};
use std::collections::BTreeSet;

/// Its README may name the crates made on it, for whoever looks for one of those.
pub(crate) fn core_knows_no_vendor(files: &Files) -> Vec<Finding> {
    let crates = files.providers().into_iter().flat_map(|name| [name.to_owned(), name.replace('-', "_")]);
    let words: Vec<String> = crates.chain(VENDORS.iter().map(ToString::to_string)).collect();
    let mut findings = Vec::new();
    for (path, text) in files.below("crates/auth-core/").filter(|(path, _)| !path.ends_with(".md")) {
        for (index, line) in text.lines().enumerate() {
            let line = line.to_lowercase();
            for word in words.iter().filter(|word| line.contains(word.as_str())) {
                findings.push(format!(
                    "{path}:{}: names `{word}`; say it without the vendor, or say it in the vendor's crate",
                    index + 1
                ));
            }
        }
    }
    findings
}

pub(crate) fn crates_depend_downwards(files: &Files) -> Vec<Finding> {
    let providers = files.providers();
    let adapters =
        files.published().into_iter().filter(|name| files.text(&format!("crates/{name}/src/lib.rs")).is_some());
    let libraries: BTreeSet<&str> = providers.iter().copied().chain(adapters).collect();
    let mut findings = Vec::new();
    for name in files.crates() {
        let path = format!("crates/{name}/Cargo.toml");
        for dependency in manifests::dependencies(files.text(&path).unwrap_or_default()) {
            let to_provider = providers.contains(dependency.name.as_str());
            let to_simulator = dependency.name == "auth-sim" && !dependency.is_for_tests();
            let forbidden = match name {
                "auth-core" => (to_provider || dependency.name == "auth-sim").then_some("the core knows no vendor"),
                "auth-sim" => (to_provider || dependency.name == "auth-core")
                    .then_some("the simulators are a reading of the pages of their own"),
                // A program, or a crate for tests, may need all of them.
                _ if !libraries.contains(name) => None,
                _ if to_simulator => Some("users are not given what only tests need; [dev-dependencies] may have it"),
                _ if providers.contains(name) => to_provider.then_some("each provider can be used without the others"),
                _ => (to_provider && !dependency.is_for_tests()).then_some("it serves every vendor alike"),
            };
            if let Some(why) = forbidden {
                findings.push(format!("{path}: remove the dependency on {}: {why}", dependency.name));
            }
        }
    }
    findings
}

/// How the vendors and their products are called, beside the names of their crates. In lower case.
const VENDORS: &[&str] = &[
    "mgplus",
    "mg+",
    "k2net",
    "games global",
    "stonex",
    "mobilepay",
    "isbank",
    "i̇şbank",
    "işbank",
    "x-ibm",
    "merchant_vat",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_named_in_the_core_is_found_in_any_case_and_in_comments() {
        for line in ["/// As StoneX does.", "const A: &str = \"MG+\";", "use some_vendor::A;", "// İşbank"] {
            let files = Files::of([("crates/auth-core/src/policy.rs", line), ("crates/some-vendor/src/lib.rs", "")]);
            let findings = core_knows_no_vendor(&files);
            assert!(
                findings.len() == 1 && findings[0].starts_with("crates/auth-core/src/policy.rs:1: "),
                "{line}: {findings:?}"
            );
        }
    }

    #[test]
    fn a_vendor_named_in_the_cores_tests_or_manifest_is_found() {
        for path in
            ["crates/auth-core/tests/it/http.rs", "crates/auth-core/benches/a.rs", "crates/auth-core/Cargo.toml"]
        {
            assert_eq!(core_knows_no_vendor(&Files::of([(path, "# stonex")])).len(), 1, "{path}");
        }
    }

    #[test]
    fn a_vendor_named_in_its_own_crate_or_in_the_cores_readme_is_let_through() {
        for path in ["crates/stonex-auth/src/lib.rs", "crates/auth-core/README.md"] {
            assert_eq!(core_knows_no_vendor(&Files::of([(path, "//! StoneX.")])), Vec::<Finding>::new());
        }
    }

    #[test]
    fn dependencies_that_point_sideways_or_upwards_are_found() {
        for (from, to) in [
            ("auth-core", "a-vendor"),
            ("auth-core", "auth-sim"),
            ("auth-sim", "a-vendor"),
            ("auth-sim", "auth-core"),
            ("b-vendor", "a-vendor"),
        ] {
            for table in ["dependencies", "dev-dependencies", "target.'cfg(unix)'.dependencies"] {
                let (path, manifest) =
                    (format!("crates/{from}/Cargo.toml"), format!("[{table}]\n{to}.workspace = true\n"));
                let findings = crates_depend_downwards(&Files::of([
                    (path.as_str(), manifest.as_str()),
                    ("crates/a-vendor/x", ""),
                ]));
                assert!(findings.len() == 1 && findings[0].contains(to), "{from} → {to} in {table}: {findings:?}");
            }
        }
    }

    #[test]
    fn provider_that_brings_the_simulator_to_its_users_is_found() {
        for (table, expected) in [("dependencies", 1), ("build-dependencies", 1), ("dev-dependencies", 0)] {
            let manifest = format!("[{table}]\nauth-sim = {{ path = \"../auth-sim\" }}\n");
            let findings = crates_depend_downwards(&Files::of([("crates/a-vendor/Cargo.toml", manifest.as_str())]));
            assert_eq!(findings.len(), expected, "{table}: {findings:?}");
        }
    }

    #[test]
    fn adapter_that_brings_a_vendor_or_the_simulator_to_its_users_is_found() {
        for (to, table, expected) in [
            ("a-vendor", "dependencies", 1),
            ("auth-sim", "dependencies", 1),
            ("a-vendor", "dev-dependencies", 0),
            ("auth-core", "dependencies", 0),
        ] {
            let manifest = format!("[{table}]\n{to} = {{ path = \"../{to}\" }}\n");
            let findings = crates_depend_downwards(&Files::of([
                ("crates/auth-adapter/Cargo.toml", manifest.as_str()),
                ("crates/auth-adapter/src/lib.rs", ""),
                ("crates/a-vendor/x", ""),
            ]));
            assert_eq!(findings.len(), expected, "{to} in {table}: {findings:?}");
        }
    }

    #[test]
    fn dependencies_that_point_downwards_are_let_through() {
        let files = Files::of([
            (
                "crates/a-vendor/Cargo.toml",
                "[dependencies]\nauth-core.workspace = true\n[dev-dependencies]\nauth-sim = { path = \"../auth-sim\" }\n",
            ),
            ("crates/auth-cli/Cargo.toml", "[dependencies]\na-vendor.workspace = true\n"),
        ]);
        assert_eq!(crates_depend_downwards(&files), Vec::<Finding>::new());
    }
}
