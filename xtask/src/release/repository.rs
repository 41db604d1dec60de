//! What a release asks git for, and the copy of the tree that it is made in.

use super::version;
use crate::Outcome;
use semver::Version;
use std::path::{Path, PathBuf};
use xshell::{Shell, cmd};

/// The checkout that `sh` stands in, at its root.
pub(crate) struct Repository {
    pub(crate) sh: Shell,
}

impl Repository {
    /// Files that are changed, or new and not ignored.
    pub(crate) fn dirty(&self) -> Outcome<Vec<String>> {
        let status = self.git(&["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal"])?;
        Ok(status.split('\0').filter_map(|entry| entry.get(3..)).map(str::to_owned).collect())
    }

    /// The branch, or nothing if a commit is checked out by itself.
    pub(crate) fn branch(&self) -> Outcome<String> {
        self.git(&["branch", "--show-current"])
    }

    pub(crate) fn head(&self) -> Outcome<String> {
        self.git(&["rev-parse", "HEAD"])
    }

    /// The versions of `name` that have a tag, the oldest first.
    pub(crate) fn tagged(&self, name: &str) -> Outcome<Vec<Version>> {
        let tags = self.git(&["tag", "--list", &format!("{name}-v*")])?;
        let mut versions: Vec<Version> = tags.lines().filter_map(|tag| version::version_of(name, tag)).collect();
        versions.sort();
        Ok(versions)
    }

    /// The newest commit before this one with exactly this subject.
    pub(crate) fn commit_called(&self, subject: &str) -> Outcome<Option<String>> {
        let log = self.git(&["log", "--format=%H %s", "--fixed-strings", "--grep", subject])?;
        let mut commits = log.lines().filter_map(|line| line.split_once(' '));
        Ok(commits.find(|(_, of_commit)| *of_commit == subject).map(|(commit, _)| commit.to_owned()))
    }

    /// A file as it is in a commit.
    pub(crate) fn show(&self, commit: &str, path: &str) -> Outcome<String> {
        let sh = &self.sh;
        let object = format!("{commit}:{path}");
        // `read` would cut the last line break.
        let output = cmd!(sh, "git show {object}").quiet().output()?;
        Ok(String::from_utf8(output.stdout)?)
    }

    pub(crate) fn tracked(&self, pattern: &str) -> Outcome<Vec<String>> {
        let files = self.git(&["ls-files", "-z", "--", pattern])?;
        Ok(files.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
    }

    /// Whether anything below `paths` is another than it was at `revision`, a tag or a commit.
    pub(crate) fn differs(&self, revision: &str, paths: &[String]) -> Outcome<bool> {
        let mut arguments = vec!["diff", "--name-only", revision, "--"];
        arguments.extend(paths.iter().map(String::as_str));
        Ok(!self.git(&arguments)?.is_empty())
    }

    /// An annotated tag that says what is new.
    pub(crate) fn tag(&self, tag: &str, commit: &str, message: &str) -> Outcome {
        let sh = &self.sh;
        // The headings of a changelog begin with git's sign of a comment.
        let command = cmd!(sh, "git tag --annotate --cleanup=verbatim --file=- {tag} {commit}").stdin(message);
        Ok(command.quiet().run()?)
    }

    /// A second checkout of `commit` in `target/xtask/NAME`, in place of what an interrupted run left there.
    pub(crate) fn copy(&self, name: &str, commit: &str) -> Outcome<Copy<'_>> {
        let copy = self.copy_at(name);
        copy.remove()?;
        let (sh, folder) = (&self.sh, &copy.folder);
        // Twice forced: one that was killed as git made it is locked.
        cmd!(sh, "git worktree add --quiet --force --force --detach {folder} {commit}").quiet().run()?;
        Ok(copy)
    }

    /// The checkout that [`Self::copy`] makes, which need not be there.
    pub(crate) fn copy_at(&self, name: &str) -> Copy<'_> {
        Copy { of: self, name: name.to_owned(), folder: self.sh.current_dir().join("target/xtask").join(name) }
    }

    /// What git says is read line by line: what a contributor's settings put between the lines is left out.
    pub(crate) fn git(&self, arguments: &[&str]) -> Outcome<String> {
        Ok(self.sh.cmd("git").args(["-c", "log.showSignature=false"]).args(arguments).quiet().read()?)
    }
}

/// A checkout beside the contributor's: what is half done there is seen by nobody.
pub(crate) struct Copy<'a> {
    of: &'a Repository,
    name: String,
    pub(crate) folder: PathBuf,
}

impl Copy<'_> {
    pub(crate) fn is_there(&self) -> bool {
        self.folder.exists()
    }

    /// Whether it is whole enough for git to take it for a checkout of its own.
    pub(crate) fn is_checkout(&self) -> bool {
        self.folder.join(".git").exists()
    }

    /// A repository that stands in the copy.
    pub(crate) fn inside(&self) -> Repository {
        let sh = self.of.sh.clone();
        sh.change_dir(&self.folder);
        Repository { sh }
    }

    /// Git forgets this checkout and no other: `worktree prune` would take along those that are on a disk which is not
    /// plugged in.
    pub(crate) fn remove(&self) -> Outcome {
        remove_folder(&self.folder)?;
        // Git knows it by the name without links in it.
        let folder = self.of.sh.current_dir().canonicalize()?.join("target/xtask").join(&self.name);
        let known = self.of.git(&["worktree", "list", "--porcelain", "-z"])?;
        if known.split('\0').any(|line| line.strip_prefix("worktree ").is_some_and(|path| Path::new(path) == folder)) {
            let sh = &self.of.sh;
            // Twice forced: one that was killed as git made it is locked.
            cmd!(sh, "git worktree remove --force --force {folder}").quiet().run()?;
        }
        Ok(())
    }
}

fn remove_folder(folder: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
