//! A plan as a person reads it.

use super::plan::{Changed, Edit, Plan, Proposal, Release};
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

    fn push(&self) -> String {
        push(&self.branch, self.releases.iter().map(Release::tag).collect())
    }
}

/// What publishes the tags. GitHub starts no workflow for more than three tags that are pushed at once, but the
/// workflow of one of them publishes what all have tagged.
pub(crate) fn push(branch: &str, mut tags: Vec<String>) -> String {
    let alone = if tags.len() > 3 { tags.pop() } else { None };
    let together = format!("  git push --atomic origin {branch} {}", tags.join(" "));
    let alone = alone.map(|tag| format!("\n  git push origin {tag}"));
    together + &alone.unwrap_or_default()
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, old, new, .. } = self;
        let from = if old == new { String::new() } else { format!("{old} -> ") };
        writeln!(f, "{name} {from}{new}: {}", self.expectation())?;
        for edit in &self.edits {
            write!(f, "{edit}")?;
        }
        for need in &self.changed_needs {
            writeln!(f, "  note: {need}, which users get with {name}")?;
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

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has changed since {}", self.name, self.tag)
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
        let three = ["a-v1.0.0", "b-v1.0.0", "c-v1.0.0"].map(str::to_owned);
        let line = "  git push --atomic origin main a-v1.0.0 b-v1.0.0 c-v1.0.0";
        assert_eq!(push("main", three.to_vec()), line);
        let four = [&three[..], &["d-v1.0.0".to_owned()]].concat();
        assert_eq!(push("main", four), format!("{line}\n  git push origin d-v1.0.0"));
    }
}
