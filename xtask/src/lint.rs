//! `cargo xtask lint`: all that needs no test run.

mod advisories;
mod prove;
mod rust_version;
mod scripts;
mod surface;

use crate::project::{Package, Project};
use crate::step::{Action, Step, run_all};
use crate::{Outcome, tidy, tools};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The checks that have this in their titles alone
    #[arg(long, default_value = "", hide_default_value = true)]
    only: String,
    /// Instead of checking the project, see other programs' checks complain about an example each
    #[arg(long, conflicts_with = "only")]
    prove: bool,
}

pub(crate) fn run(options: &Options) -> Outcome {
    if options.prove {
        return prove::run();
    }
    let steps = steps(&Project::load()?);
    let (chosen, others): (Vec<_>, Vec<_>) = steps.into_iter().partition(|step| step.title.contains(&options.only));
    if chosen.is_empty() {
        let titles: Vec<_> = others.iter().map(|step| step.title.as_str()).collect();
        return Err(
            format!("no check has {:?} in its title; they are:\n  {}", options.only, titles.join("\n  ")).into()
        );
    }
    run_all(&chosen)
}

/// For `cargo xtask ci`: a check that cannot complain is none.
pub(crate) fn proof() -> Step {
    Step::one("what lint must refuse", Action::Call { shown: "cargo xtask lint --prove", function: prove::run })
}

/// The quick ones first.
pub(crate) fn steps(project: &Project) -> Vec<Step> {
    quick().into_iter().chain(thorough(project)).collect()
}

/// The checks that build nothing.
pub(crate) fn quick() -> Vec<Step> {
    let advisories = Action::Attempt { shown: "cargo xtask lint --only advisories", function: advisories::run };
    vec![
        Step::cargo("formatting", "fmt --all -- --check"),
        Step::one("tidy rules", Action::Call { shown: "cargo xtask tidy", function: tidy::run }),
        Step::one("spelling", typos()),
        Step::one("TOML", taplo()),
        Step::one("Markdown", rumdl()),
        call("shell scripts", "cargo xtask lint --only shell", scripts::run),
        Step { title: "unused dependencies".to_owned(), actions: vec![shear(), shear().with([FUZZ.to_owned()])] },
        Step::one("licences, duplicates, sources", deny()),
        Step::one("advisories", advisories),
        call("rust-version of dependencies", "cargo xtask lint --only rust-version", rust_version::run),
    ]
}

/// Those that build. Which crates and features there are is read off the workspace, never listed.
pub(crate) fn thorough(project: &Project) -> Vec<Step> {
    let mut steps: Vec<_> = project.packages.iter().filter(|package| package.is_published).map(clippy).collect();
    steps.push(Step::cargo(
        "clippy: all with their tests",
        "clippy --workspace --all-features --all-targets -- -D warnings",
    ));
    steps.push(Step::one("documentation", documentation()));
    steps.push(call("foreign types in public", "cargo xtask lint --only foreign", surface::run));
    steps
}

fn call(title: &str, shown: &'static str, function: fn() -> Outcome) -> Step {
    Step::one(title, Action::Call { shown, function })
}

fn typos() -> Action {
    Action::tool(tools::TYPOS, "")
}

fn taplo() -> Action {
    Action::tool(tools::TAPLO, "fmt --check --diff").with_env("RUST_LOG", "error")
}

fn rumdl() -> Action {
    Action::tool(tools::RUMDL, "check --quiet .")
}

fn shear() -> Action {
    Action::tool(tools::SHEAR, "")
}

fn deny() -> Action {
    Action::tool(tools::DENY, "check --deny unmatched-skip licenses bans sources")
}

/// A workspace of its own.
const FUZZ: &str = "crates/fuzz";

/// The crate as its user builds it, without what its neighbours happen to turn on: with no, each and every feature. Code
/// that is dead without a feature is refused, too. Tests turn on more, and are checked all at once.
fn clippy(package: &Package) -> Step {
    let name = &package.name;
    let clippy = |what: &str| Action::cargo(&format!("clippy -p {name} {what} -- -D warnings"));
    let mut actions = Vec::new();
    if !package.features.is_empty() {
        actions.push(clippy("--no-default-features"));
        let features = package.features.iter();
        actions.extend(features.map(|feature| clippy(&format!("--no-default-features --features {feature}"))));
    }
    actions.push(clippy("--all-features"));
    Step { title: format!("clippy: {name}"), actions }
}

/// Private items too: their links are read by those who change the code.
fn documentation() -> Action {
    let command = "doc --workspace --no-deps --all-features --document-private-items";
    Action::cargo(command).with_env("RUSTDOCFLAGS", "-D warnings")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_built_none_each_and_all() {
        let features = ["one", "two"].map(str::to_owned).into();
        let package = Package {
            name: "a-vendor".to_owned(),
            version: semver::Version::new(0, 1, 0),
            folder: "crates/a-vendor".to_owned(),
            needs: Vec::new(),
            features,
            has_library: true,
            is_published: true,
        };
        let commands: Vec<String> = clippy(&package).actions.iter().map(ToString::to_string).collect();
        let expected = [
            "--no-default-features",
            "--no-default-features --features one",
            "--no-default-features --features two",
            "--all-features",
        ]
        .map(|features| format!("cargo clippy -p a-vendor {features} -- -D warnings"));
        assert_eq!(commands, expected);
    }

    #[test]
    fn check_that_is_not_there_is_an_error_and_not_a_run_of_nothing() {
        let options = Options { only: "no such check".to_owned(), prove: false };
        let error = run(&options).expect_err("nothing to run").to_string();
        assert!(error.starts_with("no check has \"no such check\"") && error.contains("\n  spelling\n"), "{error}");
    }

    #[test]
    fn every_crate_that_users_get_is_checked_alone_and_all_are_with_their_tests() {
        let project = Project::load().unwrap();
        let steps = steps(&project);
        for package in &project.packages {
            let alone = steps.iter().any(|step| step.title == format!("clippy: {}", package.name));
            assert_eq!(alone, package.is_published, "{}", package.name);
        }
        let commands: Vec<String> = steps.iter().flat_map(|step| &step.actions).map(ToString::to_string).collect();
        assert!(commands.contains(&"cargo clippy --workspace --all-features --all-targets -- -D warnings".to_owned()));
    }
}
