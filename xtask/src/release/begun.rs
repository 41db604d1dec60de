//! What an interrupted run left, and how it is brought to an end.

use super::plan::{message, subject};
use super::repository::Repository;
use super::run::COPY;
use super::{manifest, version};
use crate::Outcome;
use crate::project::{Package, Project};
use semver::Version;

/// A release whose commit is there and whose tag is not.
pub(crate) struct Begun {
    pub(crate) name: String,
    pub(crate) tag: String,
    commit: String,
    message: String,
    /// Whether the crate is another by now. Its tag may have been deleted on purpose, for this.
    is_outdated: bool,
}

impl Begun {
    /// Those of all crates, the ones that need others first, as a run sets the tags.
    pub(crate) fn all(repository: &Repository, project: &Project) -> Outcome<Vec<Self>> {
        let packages = project.in_order().into_iter().rev();
        let begun = packages.map(|package| Self::of(repository, project, package));
        Ok(begun.collect::<Outcome<Vec<_>>>()?.into_iter().flatten().collect())
    }

    fn of(repository: &Repository, project: &Project, package: &Package) -> Outcome<Option<Self>> {
        let Package { name, version, folder, .. } = package;
        if repository.tagged(name)?.contains(version) {
            return Ok(None);
        }
        let Some(commit) = repository.commit_called(&subject(name, version))? else { return Ok(None) };
        let changelog = repository.show(&commit, &format!("{folder}/CHANGELOG.md"))?;
        let message = message(name, version, &changelog);
        let is_outdated = has_changed(repository, project, package, &commit)?;
        Ok(Some(Self { name: name.clone(), tag: version::tag(name, version), commit, message, is_outdated }))
    }

    /// # Errors
    ///
    /// If the crate has changed since: only a person knows whether the release is still wanted as it was.
    pub(crate) fn check(&self) -> Outcome {
        let Self { name, tag, commit, .. } = self;
        if !self.is_outdated {
            return Ok(());
        }
        let title = self.message.lines().next().unwrap_or_default();
        Err(format!(
            "{tag} is missing, and {name} has changed since the commit of that release\n\
             to release it as it was: git tag --message \"{title}\" {tag} {commit}\n\
             to release it as it is:  git revert --no-edit {commit}, then run the same line again"
        )
        .into())
    }

    pub(crate) fn finish(&self, repository: &Repository) -> Outcome {
        repository.tag(&self.tag, &self.commit, &self.message)
    }
}

/// Whether `package`, or what it takes from the root's manifest, is another than it was at `commit`.
fn has_changed(repository: &Repository, project: &Project, package: &Package, commit: &str) -> Outcome<bool> {
    if repository.differs(commit, std::slice::from_ref(&package.folder))? {
        return Ok(true);
    }
    // A run releases several, of which the later ones set their own requirements.
    let others = project.packages.iter().map(|other| &other.name);
    let others: Vec<&String> = others.filter(|name| **name != package.name && !package.needs.contains(name)).collect();
    let without_others = |root: String| {
        others.iter().try_fold(root, |root, name| manifest::with_requirement(&root, name, &Version::new(0, 0, 0)))
    };
    let (then, now) = (repository.show(commit, "Cargo.toml")?, repository.show("HEAD", "Cargo.toml")?);
    Ok(without_others(then)? != without_others(now)?)
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
