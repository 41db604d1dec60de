//! Makes the release: in a copy of the tree, so that a run that fails or is killed has changed nothing that anybody
//! sees, until the branch moves on to the finished commits. The tags come last: a release without its tag is one that
//! was interrupted.

use super::checks::Checks;
use super::plan::{Plan, Release};
use super::repository::{Copy, Repository};
use crate::Outcome;
use std::fmt;

/// Where a run is. It can be killed between two of these, or within one.
#[derive(Clone, Copy)]
pub(crate) enum Stage<'a> {
    Lint,
    Test(&'a Release),
    Compare(&'a Release),
    Copy,
    Edit(&'a Release),
    Commit(&'a Release),
    Judge,
    Advance,
    Tag(&'a Release),
    Clean,
}

/// One release, or several that are made together.
pub(crate) struct Run<'a> {
    pub(crate) repository: &'a Repository,
    pub(crate) plan: &'a Plan,
    pub(crate) checks: &'a dyn Checks,
}

impl Run<'_> {
    /// # Errors
    ///
    /// Whatever a stage failed with. Until the branch has moved on, the tree is as it was.
    pub(crate) fn all(&self) -> Outcome {
        let stages = self.stages();
        for (index, stage) in stages.iter().enumerate() {
            println!("\n[{}/{}] {stage}", index + 1, stages.len());
            if let Err(error) = self.take(*stage) {
                self.copy().remove()?;
                return Err(format!("{stage}: {error}\n{}", stage.consequence()).into());
            }
        }
        Ok(())
    }

    pub(crate) fn stages(&self) -> Vec<Stage<'_>> {
        let releases = &self.plan.releases;
        let mut stages = vec![Stage::Lint];
        stages.extend(releases.iter().flat_map(|release| [Stage::Test(release), Stage::Compare(release)]));
        stages.push(Stage::Copy);
        stages.extend(releases.iter().flat_map(|release| [Stage::Edit(release), Stage::Commit(release)]));
        stages.extend([Stage::Judge, Stage::Advance]);
        // The one that was asked for gets its tag last: who asks again after an interruption asks for that one.
        stages.extend(releases.iter().rev().map(Stage::Tag));
        stages.push(Stage::Clean);
        stages
    }

    pub(crate) fn take(&self, stage: Stage<'_>) -> Outcome {
        match stage {
            Stage::Lint => self.checks.lint(),
            Stage::Test(release) => self.checks.test(&release.name),
            Stage::Compare(release) => self.checks.compare(release),
            Stage::Copy => self.repository.copy(COPY, &self.plan.head).map(drop),
            Stage::Edit(release) => self.edit(release),
            Stage::Commit(release) => self.commit(release),
            Stage::Judge => self.checks.result(&self.copy().inside()),
            Stage::Advance => self.advance(),
            Stage::Tag(release) => self.tag(release),
            Stage::Clean => self.copy().remove(),
        }
    }

    fn copy(&self) -> Copy<'_> {
        self.repository.copy_at(COPY)
    }

    fn edit(&self, release: &Release) -> Outcome {
        let folder = self.copy().folder;
        for edit in &release.edits {
            std::fs::write(folder.join(&edit.path), &edit.new)?;
        }
        Ok(())
    }

    fn commit(&self, release: &Release) -> Outcome {
        self.copy().inside().git(&["commit", "--quiet", "--all", "--message", &release.subject()])?;
        Ok(())
    }

    /// The checks took minutes, in which somebody may have worked on.
    fn advance(&self) -> Outcome {
        let moved = self.repository.head()? != self.plan.head;
        if moved || !self.repository.dirty()?.is_empty() {
            return Err("the tree has changed meanwhile".into());
        }
        let made = self.copy().inside().head()?;
        self.repository.git(&["merge", "--quiet", "--ff-only", &made])?;
        Ok(())
    }

    fn tag(&self, release: &Release) -> Outcome {
        let commit = self.repository.commit_called(&release.subject())?.ok_or("its commit is gone")?;
        self.repository.tag(&release.tag(), &commit, &release.message)
    }
}

impl fmt::Display for Stage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lint => f.write_str("cargo xtask lint"),
            Self::Test(release) => write!(f, "cargo test -p {}", release.name),
            Self::Compare(release) => write!(f, "the interface of {} beside that of its last release", release.name),
            Self::Copy => f.write_str("a copy of the tree, to make the release in"),
            Self::Edit(release) => write!(f, "versions and changelogs for {}", release.tag()),
            Self::Commit(release) => write!(f, "commit: {}", release.subject()),
            Self::Judge => f.write_str("tidy rules, lock files and packages of what came out"),
            Self::Advance => f.write_str("the branch moves on to it"),
            Self::Tag(release) => write!(f, "tag: {}", release.tag()),
            Self::Clean => f.write_str("the copy goes"),
        }
    }
}

impl Stage<'_> {
    fn consequence(&self) -> &'static str {
        match self {
            Self::Tag(_) | Self::Clean => "the commits are made: run the same line again, which does the rest",
            _ => "nothing was changed",
        }
    }
}

/// The name of the copy.
pub(crate) const COPY: &str = "release";
