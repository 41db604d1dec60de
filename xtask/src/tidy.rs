//! `cargo xtask tidy`: the rules that no compiler checks. Each is a function over the project's files; what it finds says
//! which file to edit, and how.

mod changelogs;
mod code;
mod constants;
mod crates;
mod credentials;
mod docs;
mod examples;
mod files;
mod layers;
mod manifests;
mod paths;
mod providers;
mod sizes;
mod source;

use crate::{Outcome, project};
use files::Files;

/// What is wrong, where, and what to do about it.
type Finding = String;

/// In the order in which a reader would want to know.
const RULES: &[fn(&Files) -> Vec<Finding>] = &[
    credentials::no_published_credential,
    credentials::every_jwt_is_invented,
    paths::no_path_of_one_machine,
    crates::every_crate_has_its_files,
    crates::licences_are_the_projects,
    crates::root_changelog_links_each_crate,
    changelogs::one_heading_per_version,
    crates::readme_is_the_documentation,
    docs::links_lead_somewhere,
    docs::root_readme_links_each_crate,
    docs::provider_readmes_have_the_same_headings,
    docs::provider_readmes_list_the_variables,
    docs::providers_are_known_in_each_place,
    docs::code_in_readmes_is_compiled_and_shown_whole,
    constants::durations_are_stated,
    providers::same_files,
    providers::wire_does_no_io,
    providers::wire_names_its_page,
    layers::core_knows_no_vendor,
    layers::crates_depend_downwards,
    manifests::fields_are_inherited_but_never_the_version,
    manifests::dependencies_are_inherited,
    manifests::what_only_tests_need_is_by_path,
    manifests::own_crates_keep_their_names,
    manifests::no_tests_are_turned_off,
    manifests::no_git_dependencies,
    examples::examples_are_tests,
    code::all_is_rust,
    code::nothing_unfinished,
    code::no_unsafe,
    code::no_unwrap,
    code::no_ignored_test,
    code::no_ignored_example,
    code::no_sleeping_test,
    code::no_printing_library,
    sizes::no_long_file,
    sizes::no_long_function,
];

pub(crate) fn run() -> Outcome {
    let files = Files::of_the_project(project::root())?;
    let findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&files)).collect();
    if findings.is_empty() {
        return Ok(());
    }
    Err(format!("{} to tidy up:\n{}", findings.len(), findings.join("\n")).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_tidy() {
        if let Err(findings) = run() {
            panic!("{findings}");
        }
    }

    #[test]
    fn the_projects_files_are_seen() {
        let files = Files::of_the_project(project::root()).unwrap();
        assert!(files.text("Cargo.toml").is_some_and(|text| text.contains("[workspace]")));
        assert!(files.text("crates/auth-core/LICENSE-MIT").is_some(), "a symlink is read as the file it names");
        assert!(files.crates().len() >= 8, "{:?}", files.crates());
    }
}
