//! A user's program, from an empty folder.

use super::site::{Site, USER, told};
use crate::{Outcome, project};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use xshell::cmd;

pub(crate) struct Program<'a> {
    site: &'a Site,
    folder: PathBuf,
}

impl<'a> Program<'a> {
    /// In the versions that the workspace's lock file has, and in no other.
    pub(crate) fn create(site: &'a Site, folder: &str) -> Outcome<Self> {
        let (sh, folder) = (&site.sh, site.path(folder));
        told(cmd!(sh, "cargo new --quiet --vcs none --name {USER} {folder}"))?;
        sh.copy_file(project::root().join("Cargo.lock"), &folder)?;
        Ok(Self { site, folder })
    }

    pub(crate) fn add(&self, arguments: &[&str]) -> Outcome {
        let _there = self.site.sh.push_dir(&self.folder);
        let sh = &self.site.sh;
        told(cmd!(sh, "cargo add --quiet --registry local {arguments...}")).map(drop)
    }

    /// By lines of the manifest, so that no other registry is asked what is new.
    pub(crate) fn require(&self, dependencies: &str) -> Outcome {
        let path = self.folder.join("Cargo.toml");
        let manifest = fs::read_to_string(&path)?;
        let manifest = manifest.replacen("[dependencies]\n", &format!("[dependencies]\n{}\n", dependencies.trim()), 1);
        Ok(fs::write(path, manifest)?)
    }

    pub(crate) fn write(&self, file: &str, text: &str) -> Outcome {
        Ok(self.site.sh.write_file(self.folder.join(file), text)?)
    }

    /// A line for each crate: name, version, a bar, and the features that are turned on.
    pub(crate) fn tree(&self, package: &str) -> Outcome<String> {
        let _there = self.site.sh.push_dir(&self.folder);
        let (sh, format) = (&self.site.sh, "{p}|{f}");
        told(cmd!(sh, "cargo tree --quiet --edges normal --prefix none --package {package} --format {format}"))
    }

    /// `what` is `--bin NAME` or `--example NAME`, as for cargo.
    pub(crate) fn build(&self, what: &[&str; 2]) -> Outcome<PathBuf> {
        let _there = self.site.sh.push_dir(&self.folder);
        let sh = &self.site.sh;
        told(cmd!(sh, "cargo build --quiet {what...}"))?;
        let folder = self.site.target.join("debug").join(if what[0] == "--example" { "examples" } else { "" });
        Ok(folder.join(what[1]))
    }

    /// Runs what was built, which need not succeed.
    pub(crate) fn run(&self, built: &Path, vars: &[(String, String)]) -> Outcome<Run> {
        let _there = self.site.sh.push_dir(&self.folder);
        let command = self.site.sh.cmd(built).envs(vars.iter().map(|(name, value)| (name, value)));
        let output = command.quiet().ignore_status().output()?;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        Ok(Run { program: self.folder.display().to_string(), succeeded: output.status.success(), said })
    }
}

/// What a program ended in, and both its outputs.
pub(crate) struct Run {
    program: String,
    succeeded: bool,
    said: String,
}

impl Run {
    pub(crate) fn must_succeed(&self, saying: &str) -> Outcome {
        self.must(self.succeeded, "should succeed", saying)
    }

    pub(crate) fn must_fail(&self, saying: &str) -> Outcome {
        self.must(!self.succeeded, "should fail", saying)
    }

    fn must(&self, holds: bool, expected: &str, saying: &str) -> Outcome {
        if holds && self.said.contains(saying) {
            return Ok(());
        }
        Err(format!("{} {expected}, and say {saying:?}; it said:\n{}", self.program, self.said).into())
    }
}

/// The first Rust block of a README, whatever else its fence says, with the lines that its reader is not shown.
pub(crate) fn first_example(readme: &str) -> Outcome<String> {
    let mut events = Parser::new(readme).skip_while(|event| !begins_rust(event)).skip(1);
    let mut block = String::new();
    while let Some(Event::Text(text)) = events.next() {
        block += &text;
    }
    if block.is_empty() {
        return Err("the README has no example".into());
    }
    let mut example = String::new();
    for line in block.lines() {
        let line =
            line.strip_prefix("# ").or_else(|| line.strip_prefix('#').filter(|rest| rest.is_empty())).unwrap_or(line);
        writeln!(example, "{line}")?;
    }
    Ok(example)
}

/// `rust`, `rust,no_run` and the like, but not another language's name that begins so.
fn begins_rust(event: &Event<'_>) -> bool {
    let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(fence))) = event else { return false };
    fence.split([',', ' ']).next() == Some("rust")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;

    #[test]
    fn first_example_has_its_hidden_lines_and_its_attributes() {
        let readme = "# a\n\n```sh\ncargo add a\n```\n\n```rust\nuse a::B;\n# #[tokio::main] async fn main() {\n#\n#[allow(x)]\nB;\n# }\n```\n\n```rust\nsecond\n```\n";
        assert_eq!(
            first_example(readme).unwrap(),
            "use a::B;\n#[tokio::main] async fn main() {\n\n#[allow(x)]\nB;\n}\n"
        );
        assert!(first_example("# a\n").is_err());
    }

    #[test]
    fn first_example_is_found_whatever_else_its_fence_says() {
        for fence in ["rust", "rust,no_run", "rust, should_panic", "rust no_run"] {
            let readme = format!("```rustic\nno\n```\n\n```{fence}\nyes\n```\n\n```rust\nsecond\n```\n");
            assert_eq!(first_example(&readme).unwrap(), "yes\n", "{fence}");
        }
    }

    #[test]
    fn first_example_of_each_provider_is_a_whole_program() {
        for provider in Project::load().unwrap().providers() {
            let path = project::root().join(&provider.folder).join("README.md");
            let example = first_example(&fs::read_to_string(path).unwrap()).unwrap();
            assert!(example.contains("fn main("), "{}:\n{example}", provider.name);
        }
    }

    #[test]
    fn run_that_ends_otherwise_or_says_something_else_is_an_error_with_what_it_said() {
        let run = |succeeded| Run { program: "p".to_owned(), succeeded, said: "token 1".to_owned() };
        assert!(run(true).must_succeed("token").is_ok() && run(false).must_fail("token").is_ok());
        for outcome in [run(true).must_fail("token"), run(false).must_succeed("token"), run(true).must_succeed("no")] {
            let error = outcome.unwrap_err().to_string();
            assert!(error.starts_with("p should ") && error.ends_with("it said:\ntoken 1"), "{error}");
        }
    }
}
