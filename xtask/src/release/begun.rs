//! What an interrupted run left, and how it is brought to an end.

use super::plan::{message, subject};
use super::repository::Repository;
use super::run::COPY;
use super::version;
use crate::Outcome;
use crate::project::{Package, Project};

/// A release whose commit is there and whose tag is not.
pub(crate) struct Begun {
    pub(crate) name: String,
    pub(crate) tag: String,
    commit: String,
    message: String,
}

impl Begun {
    /// Those of all crates, the ones that need others first, as a run sets the tags.
    pub(crate) fn all(repository: &Repository, project: &Project) -> Outcome<Vec<Self>> {
        let packages = project.in_order().into_iter().rev();
        let begun = packages.map(|package| Self::of(repository, package));
        Ok(begun.collect::<Outcome<Vec<_>>>()?.into_iter().flatten().collect())
    }

    fn of(repository: &Repository, package: &Package) -> Outcome<Option<Self>> {
        let Package { name, version, folder, .. } = package;
        if repository.tagged(name)?.contains(version) {
            return Ok(None);
        }
        let Some(commit) = repository.commit_called(&subject(name, version))? else { return Ok(None) };
        let changelog = repository.show(&commit, &format!("{folder}/CHANGELOG.md"))?;
        let message = message(name, version, &changelog);
        Ok(Some(Self { name: name.clone(), tag: version::tag(name, version), commit, message }))
    }

    pub(crate) fn finish(&self, repository: &Repository) -> Outcome {
        repository.tag(&self.tag, &self.commit, &self.message)
    }
}

/// Removes the copy of an interrupted run. If git was killed as it moved the branch on, some files may be those of the
/// copy already: they are put back. Says what was done.
pub(crate) fn mend(repository: &Repository) -> Outcome<Option<&'static str>> {
    let copy = repository.copy_at(COPY);
    if copy.is_checkout() {
        put_back(repository, &copy.inside().head().unwrap_or_default())?;
    }
    let done = copy.is_there().then_some("an interrupted run left a copy of the tree: it is cleared away");
    // Git may know of one that is gone.
    copy.remove()?;
    Ok(done)
}

/// If all that is changed is as in the commit `made`, it was not changed by a person.
fn put_back(repository: &Repository, made: &str) -> Outcome {
    let dirty = repository.dirty()?;
    let is_as_made = |path: &String| {
        let made = repository.show(made, path);
        made.is_ok_and(|text| repository.sh.read_file(path).is_ok_and(|here| here == text))
    };
    if dirty.is_empty() || !dirty.iter().all(is_as_made) {
        return Ok(());
    }
    let mut arguments = vec!["restore", "--staged", "--worktree", "--source=HEAD", "--"];
    arguments.extend(dirty.iter().map(String::as_str));
    repository.git(&arguments).map(drop)
}
