//! Which version comes next, and what cargo takes the step for.

use crate::Outcome;
use semver::{Version, VersionReq};
use std::fmt;
use std::str::FromStr;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bump {
    Patch,
    Minor,
    Major,
    To(Version),
}

impl Bump {
    pub(crate) fn next(&self, current: &Version) -> Version {
        let Version { major, minor, patch, .. } = *current;
        match self {
            Self::Patch => Version::new(major, minor, patch + 1),
            Self::Minor => Version::new(major, minor + 1, 0),
            Self::Major => Version::new(major + 1, 0, 0),
            Self::To(version) => version.clone(),
        }
    }

    /// The smallest that tells users that the new version may break them.
    pub(crate) fn breaking(current: &Version) -> Self {
        match current.major {
            0 => Self::Minor,
            _ => Self::Major,
        }
    }
}

impl FromStr for Bump {
    type Err = Box<dyn std::error::Error + Send + Sync>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "patch" => Ok(Self::Patch),
            "minor" => Ok(Self::Minor),
            "major" => Ok(Self::Major),
            _ => match plain(text) {
                Some(version) => Ok(Self::To(version)),
                None => Err(format!("{text:?} is none of patch, minor, major and X.Y.Z").into()),
            },
        }
    }
}

/// What a contributor would type.
impl fmt::Display for Bump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Patch => f.write_str("patch"),
            Self::Minor => f.write_str("minor"),
            Self::Major => f.write_str("major"),
            Self::To(version) => version.fmt(f),
        }
    }
}

/// What users of a version expect of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Repairs.
    Patch,
    /// Additions. Below 1.0 cargo makes no difference between these and repairs.
    Minor,
    /// Anything: no `cargo update` takes it.
    Major,
}

impl Step {
    pub(crate) fn between(old: &Version, new: &Version) -> Outcome<Self> {
        let same = old.major == new.major && old.minor == new.minor;
        Ok(match VersionReq::parse(&old.to_string())?.matches(new) {
            false => Self::Major,
            true if same && old.major > 0 => Self::Patch,
            true => Self::Minor,
        })
    }
}

/// As cargo-semver-checks calls them.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        })
    }
}

/// X.Y.Z and no more: pre-releases are not made here.
fn plain(text: &str) -> Option<Version> {
    Version::parse(text).ok().filter(|version| version.pre.is_empty() && version.build.is_empty())
}

/// The name of the tag that releases a crate.
pub(crate) fn tag(name: &str, version: &Version) -> String {
    format!("{name}-v{version}")
}

/// The version that `tag` releases `name` in.
pub(crate) fn version_of(name: &str, tag: &str) -> Option<Version> {
    plain(tag.strip_prefix(name)?.strip_prefix("-v")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn the_words_count_as_cargo_does() {
        for (bump, from, to) in [
            ("patch", "0.1.2", "0.1.3"),
            ("minor", "0.1.2", "0.2.0"),
            ("major", "0.1.2", "1.0.0"),
            ("major", "1.4.2", "2.0.0"),
            ("0.7.1", "0.1.2", "0.7.1"),
        ] {
            let bump: Bump = bump.parse().unwrap();
            assert_eq!(bump.next(&version(from)), version(to), "{bump} from {from}");
        }
    }

    #[test]
    fn what_is_no_version_is_refused_with_what_is_expected() {
        for text in ["", "Patch", "1.2", "v1.2.3", "1.2.3-rc.1", "1.2.3+built"] {
            let error = text.parse::<Bump>().unwrap_err().to_string();
            assert!(error.ends_with("is none of patch, minor, major and X.Y.Z"), "{error}");
        }
    }

    /// Below 1.0 the second number is the one that breaks.
    #[test]
    fn step_is_what_cargos_requirement_makes_of_it() {
        for (from, to, step) in [
            ("0.0.1", "0.0.2", Step::Major),
            ("0.1.0", "0.1.1", Step::Minor),
            ("0.1.1", "0.2.0", Step::Major),
            ("0.1.1", "1.0.0", Step::Major),
            ("1.0.0", "1.0.1", Step::Patch),
            ("1.0.0", "1.1.0", Step::Minor),
            ("1.0.0", "2.0.0", Step::Major),
        ] {
            assert_eq!(Step::between(&version(from), &version(to)).unwrap(), step, "{from} to {to}");
        }
        for from in ["0.0.1", "0.3.1", "1.0.0"] {
            let next = Bump::breaking(&version(from)).next(&version(from));
            assert_eq!(Step::between(&version(from), &next).unwrap(), Step::Major, "{from} to {next}");
        }
    }

    #[test]
    fn tag_of_a_crate_is_not_that_of_one_whose_name_goes_on() {
        assert_eq!(tag("auth-core", &version("0.1.0")), "auth-core-v0.1.0");
        assert_eq!(version_of("auth-core", "auth-core-v0.1.0"), Some(version("0.1.0")));
        for other in ["auth-core-test-v0.1.0", "auth-core-vulgar", "auth-core-v0.1", "v0.1.0"] {
            assert_eq!(version_of("auth-core", other), None, "{other}");
        }
    }
}
