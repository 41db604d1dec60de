//! `cargo xtask release`: one crate's version, changelog, commit and tag. Nothing leaves the machine.

mod begun;
mod changelog;
mod checks;
pub(crate) mod lock;
pub(crate) mod manifest;
mod plan;
mod planner;
pub(crate) mod repository;
mod run;
mod semver_checks;
mod show;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod version;

use crate::project::{self, Project};
use crate::{Outcome, release::begun::Begun};
use checks::{Checks, Real};
use lock::Lock;
use plan::Plan;
use planner::Planner;
use repository::Repository;
use run::Run;
use std::fmt;
use time::OffsetDateTime;
use version::Bump;

pub(crate) use semver_checks::install;

/// What is released, and how.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The crate
    #[arg(value_name = "CRATE")]
    pub(crate) name: String,
    /// patch, minor, major, or a version X.Y.Z. They count as in Cargo.toml: 0.1.2 becomes 0.1.3, 0.2.0 or 1.0.0. Below
    /// 1.0 `minor` is the step that may break users, who get it when they ask for it, and `patch` the one for repairs
    /// and additions, which `cargo update` takes. From 1.0 on `major` breaks, `minor` adds, `patch` repairs. A first
    /// release names its version
    #[arg(value_name = "patch|minor|major|X.Y.Z")]
    pub(crate) bump: Bump,
    /// Show what would be done, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Release the crates, too, that need this one and must follow
    #[arg(long)]
    pub(crate) with_dependents: bool,
    /// Release, too, with a crate of the project that has changed since its own release, which is what users get
    #[arg(long)]
    pub(crate) allow_changed_needs: bool,
    /// The branch that releases are made on
    #[arg(long, default_value = "main")]
    pub(crate) branch: String,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let repository = Repository { sh: project::shell()? };
    let today = OffsetDateTime::now_utc().date().to_string();
    println!("{}", release(&repository, options, &today, &Real)?);
    Ok(())
}

/// How a run ended well.
enum Ending {
    Planned(Plan),
    Released(Plan),
    /// The branch, and the tags on it that an earlier run had not come to.
    Finished(String, Vec<String>),
}

fn release(repository: &Repository, options: &Options, today: &str, checks: &dyn Checks) -> Outcome<Ending> {
    // What an interrupted run left may be unreadable, and is mended below.
    if let Ok(project) = Project::read(&repository.sh) {
        planner::published(&project, &options.name)?;
    }
    let _lock = if options.dry_run { None } else { Some(Lock::take(repository)?) };
    if !options.dry_run
        && let Some(done) = begun::mend(repository)?
    {
        println!("{done}");
    }
    let project = Project::read(&repository.sh)?;
    let begun = Begun::all(repository, &project)?;
    if !begun.is_empty() {
        return finish(repository, options, &begun);
    }
    let plan = plan(repository, project, options, today)?;
    if options.dry_run {
        return Ok(Ending::Planned(plan));
    }
    if !plan.obstacles.is_empty() {
        return Err(plan.obstacles.join("\n").into());
    }
    checks.ready(&plan.releases)?;
    Run { repository, plan: &plan, checks }.all()?;
    Ok(Ending::Released(plan))
}

fn plan(repository: &Repository, project: Project, options: &Options, today: &str) -> Outcome<Plan> {
    let mut planner = Planner::new(repository, project, today)?;
    let mut releases = vec![planner.release(&options.name, &options.bump)?];
    let mut proposals = planner.dependents(&releases[0])?;
    if options.with_dependents {
        for proposal in proposals.drain(..) {
            releases.push(planner.release(&proposal.name, &proposal.bump)?);
        }
    }
    let (head, branch, mut obstacles) = (repository.head()?, repository.branch()?, obstacles(repository, options)?);
    if !options.allow_changed_needs {
        obstacles.extend(releases.iter().flat_map(changed_needs));
    }
    Ok(Plan { head, branch, releases, proposals, obstacles })
}

/// What keeps a release from being made here and now.
fn obstacles(repository: &Repository, options: &Options) -> Outcome<Vec<String>> {
    let (branch, dirty) = (repository.branch()?, repository.dirty()?);
    let mut obstacles = Vec::new();
    if branch.is_empty() {
        obstacles.push(format!("no branch is checked out; releases are made on {}", options.branch));
    } else if branch != options.branch {
        let hint = format!("`--branch {branch}` allows it");
        obstacles.push(format!("releases are made on {}, and this is {branch}: {hint}", options.branch));
    }
    if !dirty.is_empty() {
        obstacles.push(format!("not committed:\n  {}", dirty.join("\n  ")));
    }
    Ok(obstacles)
}

/// The needs of a release that go first.
fn changed_needs(release: &plan::Release) -> impl Iterator<Item = String> {
    release.changed_needs.iter().map(|need| {
        let (lines, name) = (format!("`cargo xtask release {} patch`, or more than patch", need.name), &release.name);
        format!("{need}, and {name} needs it: release it first ({lines}), or `--allow-changed-needs`")
    })
}

/// Ends what was begun before anything new is. A word such as `patch` meant that release, and would now mean the one
/// after it.
fn finish(repository: &Repository, options: &Options, begun: &[Begun]) -> Outcome<Ending> {
    begun.iter().try_for_each(Begun::check)?;
    let tags: Vec<String> = begun.iter().map(|begun| begun.tag.clone()).collect();
    if options.dry_run {
        return Err(format!("interrupted before the tag: {}; a run without --dry-run sets it", tags.join(", ")).into());
    }
    for begun in begun {
        begun.finish(repository)?;
    }
    let wanted = begun.iter().any(|begun| match &options.bump {
        Bump::To(version) => begun.tag == version::tag(&options.name, version),
        _ => begun.name == options.name,
    });
    let ending = Ending::Finished(repository.branch()?, tags);
    if wanted { Ok(ending) } else { Err(format!("{ending}\nnow run the same line again").into()) }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Planned(plan) => plan.fmt(f),
            Self::Released(plan) => {
                let tags: Vec<String> = plan.releases.iter().map(plan::Release::tag).collect();
                writeln!(f, "\nreleased here, and nowhere else yet: {}\n", tags.join(", "))?;
                write!(f, "{}to take it back: {}", plan.follow_up(), plan.undo())
            }
            Self::Finished(branch, tags) => {
                let push = show::push(branch, tags.clone());
                write!(f, "interrupted before its tag, which is set now: {}\nthen, by hand:\n{push}", tags.join(", "))
            }
        }
    }
}
