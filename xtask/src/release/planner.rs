//! Works out what a release changes.

use super::plan::{Changed, Edit, Proposal, Release, message};
use super::repository::Repository;
use super::version::{self, Bump, Step};
use super::{changelog, manifest};
use crate::Outcome;
use crate::project::{Package, Project};
use semver::Version;
use std::collections::BTreeMap;

/// Works out one release after another, each on top of those before.
pub(crate) struct Planner<'a> {
    repository: &'a Repository,
    project: Project,
    /// The versions with a tag, those of this plan included.
    tagged: BTreeMap<String, Vec<Version>>,
    /// Files that are changed so far.
    changed: BTreeMap<String, String>,
    date: String,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(repository: &'a Repository, project: Project, date: &str) -> Outcome<Self> {
        let tags = |package: &Package| Ok((package.name.clone(), repository.tagged(&package.name)?));
        let tagged = project.packages.iter().map(tags).collect::<Outcome<_>>()?;
        Ok(Self { repository, project, tagged, changed: BTreeMap::new(), date: date.to_owned() })
    }

    pub(crate) fn release(&mut self, name: &str, bump: &Bump) -> Outcome<Release> {
        let package = published(&self.project, name)?;
        let (old, folder, has_library) = (package.version.clone(), package.folder.clone(), package.has_library);
        let new = self.next(package, bump)?;
        self.needs_are_released(package)?;
        let previous = self.tags(name).iter().rfind(|version| **version < new).cloned();
        let mut edits = self.versions(name, &folder, &new)?;
        edits.extend(self.changelogs(name, &folder, &new)?);
        let message = message(name, &new, &self.text(&format!("{folder}/CHANGELOG.md"))?);
        let (name, changed_needs) = (name.to_owned(), self.changed_needs(name)?);
        let mut release = Release { name, old, new, previous, has_library, edits, message, changed_needs };
        if release.step()? == Some(Step::Major) {
            release.edits.extend(self.tell_dependents(&release)?);
        }
        self.remember(&release);
        Ok(release)
    }

    /// The releases that should follow `release`, each after those that it needs.
    pub(crate) fn dependents(&self, release: &Release) -> Outcome<Vec<Proposal>> {
        let step = release.step()?;
        let mut reached = vec![release.name.clone()];
        let mut proposals = Vec::new();
        for package in self.project.in_order().into_iter().filter(|package| package.name != release.name) {
            if !package.needs.iter().any(|need| reached.contains(need)) {
                continue;
            }
            let can_follow = package.needs.iter().all(|need| reached.contains(need) || self.is_released(need));
            let proposal = propose(package, release, step, !self.tags(&package.name).is_empty());
            if let Some(proposal) = proposal.filter(|_| can_follow) {
                reached.push(package.name.clone());
                proposals.push(proposal);
            }
        }
        Ok(proposals)
    }

    fn next(&self, package: &Package, bump: &Bump) -> Outcome<Version> {
        let Package { name, version: current, .. } = package;
        let new = bump.next(current);
        let is_word = !matches!(bump, Bump::To(_));
        if self.tags(name).contains(&new) {
            return Err(format!("{} exists: {name} {new} is released", version::tag(name, &new)).into());
        }
        if is_word && !self.is_released(name) {
            let line = format!("cargo xtask release {name} {current}");
            return Err(
                format!("{name} {current} is not released itself: say which version you want, as in `{line}`").into()
            );
        }
        if new < *current {
            return Err(format!("{new} is not higher than {current}, which {name} has already").into());
        }
        Ok(new)
    }

    /// A crate that is published before what it needs cannot be built by anybody.
    fn needs_are_released(&self, package: &Package) -> Outcome {
        let missing = package.needs.iter().find(|need| !self.is_released(need));
        missing.map_or(Ok(()), |need| {
            let version = self.project.package(need).map(|need| need.version.to_string()).unwrap_or_default();
            let line = format!("cargo xtask release {need} {version}");
            Err(format!("{} needs {need} {version}, which is not released: first `{line}`", package.name).into())
        })
    }

    /// The tests use what a crate needs as it is in the tree. Users get the release of it, with which the crate may not
    /// even build.
    fn changed_needs(&self, name: &str) -> Outcome<Vec<Changed>> {
        let needs = self.project.package(name).into_iter().flat_map(|package| &package.needs);
        let mut changed = Vec::new();
        for need in needs.filter_map(|need| self.project.package(need)) {
            let tag = version::tag(&need.name, &need.version);
            // One that is released by this plan has no tag yet.
            let is_set = self.repository.tagged(&need.name)?.contains(&need.version);
            let built_from = BUILT_FROM.map(|path| format!("{}/{path}", need.folder));
            if is_set && self.repository.differs(&tag, &built_from)? {
                changed.push(Changed { name: need.name.clone(), tag });
            }
        }
        Ok(changed)
    }

    /// Whether the version in its manifest has a tag.
    fn is_released(&self, name: &str) -> bool {
        self.project.package(name).is_some_and(|package| self.tags(name).contains(&package.version))
    }

    /// The version in the manifest, in the requirement of its dependents, and in every lock file.
    fn versions(&mut self, name: &str, folder: &str, new: &Version) -> Outcome<Vec<Edit>> {
        let mut edits = Vec::new();
        edits.extend(self.edit(&format!("{folder}/Cargo.toml"), |text| manifest::with_version(text, new))?);
        edits.extend(self.edit("Cargo.toml", |text| manifest::with_requirement(text, name, new))?);
        for lock in self.repository.tracked(":(glob)**/Cargo.lock")? {
            edits.extend(self.edit(&lock, |text| manifest::with_locked(text, name, new))?);
        }
        Ok(edits)
    }

    /// The section of what is new, and the row of the root's index.
    fn changelogs(&mut self, name: &str, folder: &str, new: &Version) -> Outcome<Vec<Edit>> {
        let (path, date) = (format!("{folder}/CHANGELOG.md"), self.date.clone());
        if changelog::unreleased(&self.text(&path)?).is_empty() {
            return Err(format!("{path}: nothing below `## Unreleased`; say there what is new").into());
        }
        let moved = self.edit(&path, |text| Ok(changelog::released(text, new, &date)))?;
        let row = self.edit("CHANGELOG.md", |text| {
            changelog::index(text, name, new, &date).ok_or_else(|| format!("no row for {name} in the table").into())
        })?;
        Ok(moved.into_iter().chain(row).collect())
    }

    /// Users of a dependent meet the new version in it, and are told so when that dependent is released.
    fn tell_dependents(&mut self, release: &Release) -> Outcome<Vec<Edit>> {
        let needs_it = |package: &&Package| package.needs.contains(&release.name) && package.is_published;
        let had_users = |package: &&Package| !self.tags(&package.name).is_empty();
        let dependents = self.project.packages.iter().filter(needs_it).filter(had_users);
        let files: Vec<String> = dependents.map(|package| format!("{}/CHANGELOG.md", package.folder)).collect();
        let entry = format!("Needs {} {}.", release.name, release.new);
        let edits = files.iter().map(|path| self.edit(path, |text| Ok(changelog::with_entry(text, &entry))));
        Ok(edits.collect::<Outcome<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// What `change` makes of a file, if it makes anything of it.
    fn edit(&mut self, path: &str, change: impl FnOnce(&str) -> Outcome<String>) -> Outcome<Option<Edit>> {
        let old = self.text(path)?;
        let new = change(&old).map_err(|error| format!("{path}: {error}"))?;
        if new == old {
            return Ok(None);
        }
        self.changed.insert(path.to_owned(), new.clone());
        Ok(Some(Edit { path: path.to_owned(), old, new }))
    }

    fn text(&self, path: &str) -> Outcome<String> {
        match self.changed.get(path) {
            Some(text) => Ok(text.clone()),
            None => Ok(self.repository.sh.read_file(path)?),
        }
    }

    fn tags(&self, name: &str) -> &[Version] {
        self.tagged.get(name).map_or(&[], Vec::as_slice)
    }

    fn remember(&mut self, release: &Release) {
        self.tagged.entry(release.name.clone()).or_default().push(release.new.clone());
        if let Some(package) = self.project.packages.iter_mut().find(|package| package.name == release.name) {
            package.version = release.new.clone();
        }
    }
}

/// The crate of this name, which users get.
pub(crate) fn published<'a>(project: &'a Project, name: &str) -> Outcome<&'a Package> {
    match project.package(name) {
        Some(package) if package.is_published => Ok(package),
        Some(_) => Err(format!("{name} is not published: its Cargo.toml says `publish = false`").into()),
        None => {
            let names: Vec<&str> = project.in_order().iter().map(|package| package.name.as_str()).collect();
            Err(format!("no crate is called {name}; there are {}", names.join(", ")).into())
        }
    }
}

/// What `package`, which needs what is released, should do about it; nothing if its users get the new version anyway.
fn propose(package: &Package, release: &Release, step: Option<Step>, has_users: bool) -> Option<Proposal> {
    let Release { name, new, .. } = release;
    let (bump, why) = match (step, has_users) {
        (None, false) => {
            (Bump::To(package.version.clone()), format!("not released yet, and could not be without {name}"))
        }
        (Some(Step::Major), true) if package.has_library => {
            (Bump::breaking(&package.version), format!("its users meet {name} {new} in it"))
        }
        (Some(Step::Major), true) => (Bump::Patch, format!("to be built with {name} {new}")),
        _ => return None,
    };
    Some(Proposal { name: package.name.clone(), bump, why })
}

/// What of a crate's folder makes a difference to those who build with it.
const BUILT_FROM: [&str; 3] = ["src", "Cargo.toml", "build.rs"];
