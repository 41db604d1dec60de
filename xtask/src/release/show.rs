//! A plan as a person reads it.

use super::plan::{Edit, Plan, Proposal, Release};
use super::version::Step;
use std::fmt;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for release in &self.releases {
            writeln!(f, "{release}")?;
        }
        f.write_str(&self.follow_up())?;
        for obstacle in &self.obstacles {
            writeln!(f, "in the way: {obstacle}")?;
        }
        Ok(())
    }
}

impl Plan {
    /// What is left to the contributor.
    pub(crate) fn follow_up(&self) -> String {
        let line = |Proposal { name, bump, why }: &Proposal| format!("  cargo xtask release {name} {bump}   # {why}\n");
        let lines: String = self.proposals.iter().map(line).collect();
        let heading = if lines.is_empty() { "" } else { "to follow, by hand or by --with-dependents:\n" };
        format!("{heading}{lines}then, by hand:\n{}\n", self.push())
    }

    /// Good for as long as nothing is pushed, and nothing is committed on top.
    pub(crate) fn undo(&self) -> String {
        let tags: Vec<String> = self.releases.iter().map(Release::tag).collect();
        format!("git tag --delete {} && git reset --keep {}", tags.join(" "), self.head)
    }

    /// What publishes the tags. GitHub starts no workflow for more than three tags that are pushed at once, but the workflow of
    /// one of them publishes what all have tagged.
    pub(crate) fn push(&self) -> String {
        let mut refs: Vec<String> = self.releases.iter().map(Release::tag).collect();
        refs.insert(0, self.branch.clone());
        let alone = if refs.len() > 4 { refs.split_off(refs.len() - 1) } else { Vec::new() };
        let lines = [refs, alone].into_iter().filter(|refs| !refs.is_empty());
        let lines: Vec<String> = lines.map(|refs| format!("  git push --atomic origin {}", refs.join(" "))).collect();
        lines.join("\n")
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, old, new, .. } = self;
        let from = if old == new { String::new() } else { format!("{old} -> ") };
        writeln!(f, "{name} {from}{new}: {}", self.expectation())?;
        for edit in &self.edits {
            write!(f, "{edit}")?;
        }
        for note in &self.notes {
            writeln!(f, "  note: {note}")?;
        }
        writeln!(f, "  commit: {}\n  tag:    {}", self.subject(), self.tag())
    }
}

impl Release {
    fn expectation(&self) -> String {
        let previous = self.previous.as_ref().map(ToString::to_string).unwrap_or_default();
        match self.step() {
            Ok(None) => "the first release".to_owned(),
            Ok(Some(Step::Major)) => format!("may break users of {previous}, who get it when they ask for it"),
            Ok(Some(_)) => format!("breaks no user of {previous}, who get it by `cargo update`"),
            Err(error) => error.to_string(),
        }
    }
}

/// The lines that differ, with the number of the first.
impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (old, new): (Vec<&str>, Vec<&str>) = (self.old.lines().collect(), self.new.lines().collect());
        let before = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
        let (old, new) = (&old[before..], &new[before..]);
        let after = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
        writeln!(f, "  {}:{}", self.path, before + 1)?;
        for line in &old[..old.len() - after] {
            writeln!(f, "{}", format!("    - {line}").trim_end())?;
        }
        for line in &new[..new.len() - after] {
            writeln!(f, "{}", format!("    + {line}").trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use semver::Version;

    fn edit(old: &str, new: &str) -> String {
        Edit { path: "a".to_owned(), old: old.to_owned(), new: new.to_owned() }.to_string()
    }

    #[test]
    fn edit_shows_the_lines_that_differ_and_where_they_begin() {
        assert_eq!(edit("1\n2\n3\n", "1\n4\n3\n"), "  a:2\n    - 2\n    + 4\n");
        assert_eq!(edit("1\n\n3\n", "1\n\n2\n\n3\n"), "  a:3\n    + 2\n    +\n");
        assert_eq!(edit("1\n1\n", "1\n"), "  a:2\n    - 1\n");
    }

    /// A push of four tags starts no workflow.
    #[test]
    fn last_of_many_tags_is_pushed_by_itself() {
        let release = |name: &str| Release {
            name: name.to_owned(),
            old: Version::new(0, 1, 0),
            new: Version::new(0, 1, 0),
            previous: None,
            has_library: true,
            edits: Vec::new(),
            message: String::new(),
            notes: Vec::new(),
        };
        let push = |names: &[&str]| {
            let releases = names.iter().map(|name| release(name)).collect();
            let (head, branch) = (String::new(), "main".to_owned());
            Plan { head, branch, releases, proposals: Vec::new(), obstacles: Vec::new() }.push()
        };
        assert_eq!(push(&["a", "b", "c"]), "  git push --atomic origin main a-v0.1.0 b-v0.1.0 c-v0.1.0");
        let four = "  git push --atomic origin main a-v0.1.0 b-v0.1.0 c-v0.1.0\n  git push --atomic origin d-v0.1.0";
        assert_eq!(push(&["a", "b", "c", "d"]), four);
    }
}
