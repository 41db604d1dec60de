//! `cargo xtask ci`: what must hold before a change lands. The plan is read off the workspace, never listed.

use crate::project::{Package, Project};
use crate::step::{Action, Step, run_all};
use crate::{Outcome, fuzz, lint, loom, minimal};

pub(crate) fn run() -> Outcome {
    run_all(&plan(&Project::load()?))
}

/// Quick checks first. Steps that build the same features stand together, so that the heavy crates are built few times.
fn plan(project: &Project) -> Vec<Step> {
    let mut steps = lint::steps(project);
    steps.push(lint::proof());
    steps.push(Step::cargo("all tests", "test --workspace"));
    let models = Action::Call { shown: "cargo xtask loom", function: loom::run };
    steps.push(Step::one("interleavings", models));
    steps.push(fuzz::seeds());
    steps.extend(project.packages.iter().filter(|package| package.is_published).map(test_alone));
    steps.extend(two_tls(project));
    let lowest = Action::Call { shown: "cargo xtask minimal-versions", function: minimal::run };
    steps.push(Step::one("lowest versions of dependencies", lowest));
    steps
}

/// A crate must work for its users without what its neighbours happen to turn on. Those that nobody gets are tested with all.
fn test_alone(package: &Package) -> Step {
    Step::cargo(format!("{} tested alone", package.name), &format!("test -p {}", package.name))
}

/// One build in which one provider asks for rustls and another for native-tls. Both are on in auth-core then, and the
/// two providers' tests must pass so.
fn two_tls(project: &Project) -> Option<Step> {
    let mut both =
        project.providers().filter(|package| package.has_feature("rustls") && package.has_feature("native-tls"));
    let (one, other) = (&both.next()?.name, &both.next()?.name);
    let features = format!("--no-default-features --features {one}/rustls,{other}/native-tls");
    Some(Step::cargo(
        format!("{one} on rustls, {other} on native-tls"),
        &format!("test -p {one} -p {other} {features}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(steps: &[Step]) -> Vec<String> {
        steps.iter().flat_map(|step| &step.actions).map(ToString::to_string).collect()
    }

    #[test]
    fn every_crate_that_users_get_is_tested_alone_and_all_are_together() {
        let project = Project::load().unwrap();
        let commands = commands(&plan(&project));
        for package in &project.packages {
            let alone = commands.contains(&format!("cargo test -p {}", package.name));
            assert_eq!(alone, package.is_published, "{}", package.name);
        }
        assert!(commands.contains(&"cargo test --workspace".to_owned()));
    }

    #[test]
    fn ci_contains_all_of_lint() {
        let project = Project::load().unwrap();
        let commands_of_ci = commands(&plan(&project));
        for command in commands(&lint::steps(&project)) {
            assert!(commands_of_ci.contains(&command), "{command}");
        }
    }

    #[test]
    fn this_workspace_is_tested_with_both_tls_libraries_in_one_build() {
        let step = two_tls(&Project::load().unwrap());
        let commands = commands(&step.into_iter().collect::<Vec<_>>());
        assert!(commands[0].contains("/rustls,") && commands[0].contains("/native-tls"), "{commands:?}");
    }
}
