//! What a release changes, known before anything is.

use super::changelog;
use super::version::{self, Bump, Step};
use crate::Outcome;
use semver::Version;

/// What one run does: the crate that was asked for, and then its dependents if these were, too.
pub(crate) struct Plan {
    /// The commit that it was worked out for.
    pub(crate) head: String,
    pub(crate) branch: String,
    pub(crate) releases: Vec<Release>,
    /// Dependents that are left to the contributor.
    pub(crate) proposals: Vec<Proposal>,
    /// What must be out of the way before.
    pub(crate) obstacles: Vec<String>,
}

/// One crate's part: a commit and a tag.
pub(crate) struct Release {
    pub(crate) name: String,
    pub(crate) old: Version,
    pub(crate) new: Version,
    /// The last version before this one that has a tag.
    pub(crate) previous: Option<Version>,
    pub(crate) has_library: bool,
    pub(crate) edits: Vec<Edit>,
    /// What the tag says.
    pub(crate) message: String,
    pub(crate) changed_needs: Vec<Changed>,
}

/// A crate of the project whose release is not what the tree has, and so not what was tested.
pub(crate) struct Changed {
    pub(crate) name: String,
    /// Of its release.
    pub(crate) tag: String,
}

/// A file before and after.
pub(crate) struct Edit {
    pub(crate) path: String,
    pub(crate) old: String,
    pub(crate) new: String,
}

/// A release that follows from another.
pub(crate) struct Proposal {
    pub(crate) name: String,
    pub(crate) bump: Bump,
    pub(crate) why: String,
}

impl Release {
    pub(crate) fn tag(&self) -> String {
        version::tag(&self.name, &self.new)
    }

    pub(crate) fn subject(&self) -> String {
        subject(&self.name, &self.new)
    }

    /// What its users are told to expect; nothing if there are none yet.
    pub(crate) fn step(&self) -> Outcome<Option<Step>> {
        self.previous.as_ref().map(|previous| Step::between(previous, &self.new)).transpose()
    }
}

/// The first line of a release's commit, by which an interrupted run is known.
pub(crate) fn subject(name: &str, version: &Version) -> String {
    format!("Release {name} {version}")
}

/// What the tag of a release says.
pub(crate) fn message(name: &str, version: &Version, changelog: &str) -> String {
    format!("{name} {version}\n\n{}\n", changelog::of_version(changelog, version))
}
