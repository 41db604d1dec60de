//! A workspace of the same shape as this one, small and without dependencies, in a repository of its own.

use crate::project::Project;
use crate::release::repository::Repository;
use tempfile::TempDir;
use xshell::Shell;

/// Gone when it is dropped.
pub(crate) struct Scratch {
    pub(crate) repository: Repository,
    _folder: TempDir,
}

impl Scratch {
    /// Every crate is at 0.1.0, has something new, and no tag.
    pub(crate) fn unreleased() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Self { repository: Repository { sh: shell(&folder) }, _folder: folder };
        scratch.write(".gitignore", "/target\n");
        scratch.write("Cargo.toml", ROOT);
        scratch.write("CHANGELOG.md", INDEX);
        for (name, manifest, source, code) in CRATES {
            let folder = format!("crates/{name}");
            scratch.write(&format!("{folder}/Cargo.toml"), &format!("[package]\nname = \"{name}\"\n{manifest}"));
            scratch.write(
                &format!("{folder}/CHANGELOG.md"),
                &format!("# Changelog of {name}\n\n## Unreleased\n\n- New.\n"),
            );
            scratch.write(&format!("{folder}/src/{source}"), code);
        }
        scratch.repository.sh.cmd("cargo").arg("generate-lockfile").quiet().run().unwrap();
        scratch.git("init --quiet --initial-branch main");
        scratch.git("config user.name Nobody");
        scratch.git("config user.email nobody@example.invalid");
        scratch.commit("Begin");
        scratch
    }

    /// Every published crate is at 0.1.0, has a tag, and something new since.
    pub(crate) fn released() -> Self {
        let scratch = Self::unreleased();
        for name in PUBLISHED {
            scratch.repository.tag(&format!("{name}-v0.1.0"), "HEAD", "invented").unwrap();
        }
        scratch
    }

    pub(crate) fn project(&self) -> Project {
        Project::read(&self.repository.sh).unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        self.repository.sh.write_file(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        self.repository.sh.read_file(path).unwrap()
    }

    /// `arguments` are separated by single blanks.
    pub(crate) fn git(&self, arguments: &str) -> String {
        self.repository.git(&arguments.split(' ').collect::<Vec<_>>()).unwrap()
    }

    pub(crate) fn commit(&self, subject: &str) {
        self.git("add --all");
        self.repository.git(&["commit", "--quiet", "--allow-empty", "--message", subject]).unwrap();
    }

    /// All that a run could change and a person would see: tags, branches, other checkouts, status and every file's
    /// bytes.
    pub(crate) fn state(&self) -> String {
        let refs = self.git("for-each-ref --format=%(refname)%(objectname)");
        let (tree, status, copies) =
            (self.files(), self.git("status --porcelain"), self.git("worktree list --porcelain"));
        format!("{refs}\n{copies}\n{status}\n{tree}")
    }

    /// The same without what differs from one commit to another of the same content.
    pub(crate) fn content(&self) -> String {
        let tags = self.git("for-each-ref --format=%(refname)%(contents)%(tree)%(*tree) refs/tags");
        let (log, status, files) = (self.git("log --format=%s%T"), self.git("status --porcelain"), self.files());
        let copies = self.git("worktree list --porcelain").matches("worktree ").count();
        format!("{tags}\n{log}\n{status}\n{copies} checkout\n{files}")
    }

    fn files(&self) -> String {
        let files = self.git("ls-files --cached --others --exclude-standard");
        files.lines().map(|path| format!("{path}:\n{}\n", self.read(path))).collect()
    }
}

/// A shell in `folder`, in which neither the contributor's settings nor the network have a say.
pub(crate) fn shell(folder: &TempDir) -> Shell {
    let sh = Shell::new().unwrap();
    sh.change_dir(folder.path().canonicalize().unwrap());
    sh.set_var("GIT_CONFIG_GLOBAL", "/dev/null");
    sh.set_var("GIT_CONFIG_NOSYSTEM", "1");
    sh.set_var("CARGO_NET_OFFLINE", "true");
    // One of its own: cargo locks it, and tests run side by side.
    sh.set_var("CARGO_HOME", sh.current_dir().join("target/cargo-home"));
    sh
}

/// Each after those that it needs.
pub(crate) const PUBLISHED: [&str; 3] = ["t-core", "t-vendor", "t-tool"];

const ROOT: &str = "\
[workspace]
resolver = \"3\"
members = [\"crates/*\"]

[workspace.dependencies]
# Ours.
t-core = { path = \"crates/t-core\", version = \"0.1.0\" }
t-vendor = { path = \"crates/t-vendor\", version = \"0.1.0\" }
";

const INDEX: &str = "\
# Changelog

| crate | released | on | changelog |
|---|---|---|---|
| t-core | – | – | [CHANGELOG.md](crates/t-core/CHANGELOG.md) |
| t-vendor | – | – | [CHANGELOG.md](crates/t-vendor/CHANGELOG.md) |
| t-tool | – | – | [CHANGELOG.md](crates/t-tool/CHANGELOG.md) |
";

/// Name, the rest of the manifest, and a source file.
const CRATES: [(&str, &str, &str, &str); 4] = [
    ("t-core", PLAIN, "lib.rs", "//! Core.\n/// One.\npub const ONE: u8 = 1;\n"),
    (
        "t-vendor",
        "version = \"0.1.0\"\nedition = \"2024\"\nlicense = \"MIT\"\ndescription = \"d\"\n\
         [dependencies]\nt-core.workspace = true\n[dev-dependencies]\nt-trials = { path = \"../t-trials\" }\n",
        "lib.rs",
        "//! Vendor.\npub use t_core::ONE;\n",
    ),
    (
        "t-tool",
        "version = \"0.1.0\"\nedition = \"2024\"\nlicense = \"MIT\"\ndescription = \"d\"\n\
         [dependencies]\nt-core.workspace = true\nt-vendor.workspace = true\n",
        "main.rs",
        "fn main() {\n    assert_eq!(t_core::ONE, t_vendor::ONE);\n}\n",
    ),
    ("t-trials", "version = \"0.0.0\"\nedition = \"2024\"\npublish = false\n", "lib.rs", "//! Trials.\n"),
];

const PLAIN: &str = "version = \"0.1.0\"\nedition = \"2024\"\nlicense = \"MIT\"\ndescription = \"d\"\n";
