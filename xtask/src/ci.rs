//! `cargo xtask ci`: what must hold before a change lands. The plan is read off the workspace, never listed.

use crate::project::{Package, Project};
use crate::step::{Action, Step, run_all};
use crate::{Outcome, fuzz, lint, loom, minimal};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Instant;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The steps that run beside the others, and nothing else
    #[arg(long)]
    beside: bool,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let (begun, project) = (Instant::now(), Project::load()?);
    let plan = Plan::of(&project);
    if options.beside {
        return run_all(&plan.beside);
    }
    run_all(&plan.first)?;
    println!("\nBeside what follows, and shown after it: {}", titles(&plan.beside));
    let mut itself = Command::new(std::env::current_exe()?);
    itself.args(["ci", "--beside"]);
    let mut beside = Beside::start(itself, &project.target.join("xtask"))?;
    run_all(&plan.then)?;
    let ended = beside.end();
    println!("\n{:.1} minutes in all", begun.elapsed().as_secs_f64() / 60.0);
    ended
}

struct Plan {
    /// Most of what is wrong is seen by quick checks.
    first: Vec<Step>,
    /// What people wait for, in the order of its time.
    then: Vec<Step>,
    /// While one crate is compiled, and while tests run, half of the machine would wait.
    beside: Vec<Step>,
}

impl Plan {
    /// Steps that build the same features stand together, so that the heavy crates are built few times.
    fn of(project: &Project) -> Self {
        let mut then = lint::thorough(project);
        then.extend([lint::proof(), Step::cargo("all tests", "test --workspace")]);
        let models = Action::Call { shown: "cargo xtask loom", function: loom::run };
        // It has a target folder of its own, and need not wait until others have built.
        let mut beside = vec![fuzz::seeds(), Step::one("interleavings", models)];
        beside.extend(project.packages.iter().filter(|package| package.is_published).map(alone));
        beside.extend(two_tls(project));
        let lowest = Action::Call { shown: "cargo xtask minimal-versions", function: minimal::run };
        beside.push(Step::one("lowest versions of dependencies", lowest));
        Self { first: lint::quick(), then, beside }
    }
}

/// A library must work for its users without what its neighbours happen to turn on. A program has none where it is installed:
/// that its tests compile alone is enough.
fn alone(package: &Package) -> Step {
    let name = &package.name;
    match package.has_library {
        true => Step::cargo(format!("{name} tested alone"), &format!("test -p {name}")),
        false => Step::cargo(format!("{name}'s tests built alone"), &format!("check -p {name} --all-targets")),
    }
}

fn titles(steps: &[Step]) -> String {
    steps.iter().map(|step| step.title.as_str()).collect::<Vec<_>>().join("; ")
}

/// This program once more, in a process of its own, so that its processor time can be told from this one's.
struct Beside {
    process: Child,
    /// What it says, which would be mixed with what the others say.
    said: PathBuf,
}

impl Beside {
    fn start(mut command: Command, folder: &Path) -> Outcome<Self> {
        fs::create_dir_all(folder)?;
        let said = folder.join("ci-beside.log");
        let file = File::create(&said)?;
        let process = command.stdout(file.try_clone()?).stderr(file).spawn()?;
        Ok(Self { process, said })
    }

    /// Waits for its end, and shows what it said.
    fn end(&mut self) -> Outcome {
        let status = self.process.wait()?;
        print!("\nBeside the rest:\n{}", fs::read_to_string(&self.said)?);
        match status.success() {
            true => Ok(()),
            false => Err("a step beside the rest failed, see above".into()),
        }
    }
}

impl Drop for Beside {
    /// What failed is to be seen at once: at most what its present step has begun goes on, and nothing after it. Once it has
    /// ended there is nothing to stop.
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _status = self.process.wait();
    }
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
    use std::process::Stdio;

    fn commands(steps: &[Step]) -> Vec<String> {
        steps.iter().flat_map(|step| &step.actions).map(ToString::to_string).collect()
    }

    #[test]
    fn every_library_that_users_get_is_tested_alone() {
        let project = Project::load().unwrap();
        let commands = commands(&Plan::of(&project).beside);
        for package in &project.packages {
            let is_library = package.is_published && package.has_library;
            assert_eq!(commands.contains(&format!("cargo test -p {}", package.name)), is_library, "{}", package.name);
        }
        assert!(commands.contains(&"cargo check -p auth-cli --all-targets".to_owned()));
    }

    #[test]
    fn what_fails_beside_the_rest_fails() {
        for (program, is_good) in [("true", true), ("false", false)] {
            let folder = tempfile::tempdir().unwrap();
            let mut beside = Beside::start(Command::new(program), folder.path()).unwrap();
            assert_eq!(beside.end().is_ok(), is_good);
        }
    }

    #[test]
    fn what_is_beside_ends_when_the_rest_has_failed() {
        let folder = tempfile::tempdir().unwrap();
        let mut endless = Command::new("sleep");
        endless.arg("600");
        let beside = Beside::start(endless, folder.path()).unwrap();
        let process = beside.process.id().to_string();
        drop(beside);
        let is_there = Command::new("kill").args(["-0", &process]).stderr(Stdio::null()).status().unwrap();
        assert!(!is_there.success(), "it goes on");
    }

    #[test]
    fn ci_contains_all_of_lint() {
        let project = Project::load().unwrap();
        let plan = Plan::of(&project);
        let commands_of_ci = [commands(&plan.first), commands(&plan.then)].concat();
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
