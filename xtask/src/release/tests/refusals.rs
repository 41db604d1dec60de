use super::{Noted, Scratch, release, release_with, shown};

/// That `line` is refused for `reason`, and that nothing has changed.
fn refuses(scratch: &Scratch, line: &str, reason: &str) {
    let before = scratch.state();
    let error = release(scratch, line).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains(reason), "{line}: {error:?} for {reason:?}");
    assert_eq!(scratch.state(), before, "{line}");
}

#[test]
fn what_cannot_be_a_release_is_refused_with_the_reason() {
    let scratch = Scratch::released();
    scratch.git("tag t-core-v0.3.0");
    for (line, reason) in [
        ("t-cor patch", "no crate is called t-cor; there are t-core, t-vendor, t-tool"),
        ("t-trials patch", "t-trials is not published: its Cargo.toml says `publish = false`"),
        ("t-core 0.0.9", "0.0.9 is not higher than 0.1.0"),
        ("t-core 0.1.0", "t-core-v0.1.0 exists: t-core 0.1.0 is released"),
        ("t-core 0.3.0", "t-core-v0.3.0 exists"),
    ] {
        refuses(&scratch, line, reason);
    }
}

#[test]
fn uncommitted_work_is_named_and_kept() {
    let scratch = Scratch::released();
    scratch.write("crates/t-core/src/lib.rs", "//! Half done.\n");
    scratch.write("new file", "");
    refuses(&scratch, "t-core patch", "not committed:\n  crates/t-core/src/lib.rs\n  new file");
}

#[test]
fn new_file_is_seen_though_the_contributor_has_git_show_none() {
    let scratch = Scratch::released();
    scratch.git("config status.showUntrackedFiles no");
    scratch.write("new file", "");
    refuses(&scratch, "t-core patch", "not committed:\n  new file");
}

/// Git would write between the lines what the program says that verifies the signature.
#[cfg(unix)]
#[test]
fn signed_commit_is_found_by_its_subject_though_the_contributor_has_git_show_signatures() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::released();
    // Git takes a program that does not read what it is to sign for one that failed.
    let signs = "#!/bin/sh\ncat >/dev/null\nprintf '[GNUPG:] SIG_CREATED \\nverified' >&2\necho '-----BEGIN PGP SIGNATURE-----'\n";
    scratch.write("target/signs", signs);
    let program = scratch.repository.sh.current_dir().join("target/signs");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    scratch.git(&format!("config gpg.program {}", program.display()));
    scratch.git("commit --quiet --allow-empty --gpg-sign --message Signed");
    scratch.git("config log.showSignature true");
    assert!(scratch.git("cat-file -p HEAD").contains("gpgsig"));
    let head = scratch.repository.head().unwrap();
    assert_eq!(scratch.repository.commit_called("Signed").unwrap(), Some(head));
}

#[test]
fn another_branch_is_refused_unless_it_is_named() {
    let scratch = Scratch::released();
    scratch.git("switch --quiet --create fixes");
    refuses(&scratch, "t-core patch", "releases are made on main, and this is fixes: `--branch fixes` allows it");
    assert!(release(&scratch, "t-core patch --branch fixes").is_ok());
    scratch.git("switch --quiet --detach");
    refuses(&scratch, "t-vendor patch", "no branch is checked out");
}

#[test]
fn changelog_with_nothing_new_is_refused() {
    for text in
        ["# Changelog of t-core\n\n## Unreleased\n\n## 0.1.0 - 2020-01-01\n\n- Old.\n", "# Changelog of t-core\n"]
    {
        let scratch = Scratch::released();
        scratch.write("crates/t-core/CHANGELOG.md", text);
        scratch.commit("Say nothing");
        refuses(&scratch, "t-core patch", "crates/t-core/CHANGELOG.md: nothing below `## Unreleased`");
    }
}

#[test]
fn index_without_the_crate_is_refused() {
    let scratch = Scratch::released();
    scratch.write("CHANGELOG.md", "# Changelog\n");
    scratch.commit("Forget the rows");
    refuses(&scratch, "t-core patch", "CHANGELOG.md: no row for t-core in the table");
}

/// A word counts from a release; there is none to count from.
#[test]
fn first_release_names_its_version() {
    let scratch = Scratch::unreleased();
    let reason =
        "t-core 0.1.0 is not released itself: say which version you want, as in `cargo xtask release t-core 0.1.0`";
    refuses(&scratch, "t-core minor", reason);
}

#[test]
fn crate_is_not_released_before_what_it_needs() {
    let scratch = Scratch::unreleased();
    let reason = "t-vendor needs t-core 0.1.0, which is not released: first `cargo xtask release t-core 0.1.0`";
    refuses(&scratch, "t-vendor 0.1.0", reason);
}

/// It may use what that release does not have: nobody could build it.
#[test]
fn crate_is_not_released_with_a_need_that_has_changed_since_its_tag() {
    for (path, text) in [
        ("src/lib.rs", "//! Core.\n/// Two.\npub const ONE: u8 = 2;\n"),
        ("build.rs", "fn main() {}\n"),
        ("Cargo.toml", "[package]\nname = \"t-core\"\nversion = \"0.1.0\"\n[features]\nmore = []\n"),
    ] {
        let scratch = Scratch::released();
        scratch.write(&format!("crates/t-core/{path}"), text);
        scratch.commit("Count on");
        let reason = "t-core has changed since t-core-v0.1.0, and t-vendor needs it: \
            release it first (`cargo xtask release t-core patch`, or more than patch), or `--allow-changed-needs`";
        refuses(&scratch, "t-vendor patch", reason);
        assert!(shown(&scratch, "t-vendor patch").contains(&format!("in the way: {reason}\n")));
    }
}

#[test]
fn need_that_has_changed_is_no_obstacle_once_it_is_released_or_allowed() {
    let changed = || {
        let scratch = Scratch::released();
        scratch.write("crates/t-core/src/lib.rs", "//! Core.\n/// Two.\npub const ONE: u8 = 2;\n");
        scratch.write("crates/t-core/README.md", "Which nobody builds with.\n");
        scratch.commit("Count on");
        scratch
    };
    let note = "note: t-core has changed since t-core-v0.1.0, which users get with t-vendor\n";
    let allowed = changed();
    assert!(shown(&allowed, "t-vendor patch --allow-changed-needs").contains(note));
    release(&allowed, "t-vendor patch --allow-changed-needs").unwrap();
    release(&changed(), "t-core minor --with-dependents").unwrap();
    let one_by_one = changed();
    release(&one_by_one, "t-core patch").unwrap();
    assert!(!shown(&one_by_one, "t-vendor patch").contains("note: "));
    release(&one_by_one, "t-vendor patch").unwrap();
}

/// And not after minutes.
#[test]
fn missing_tool_is_noticed_before_anything_is_run() {
    let scratch = Scratch::released();
    let before = scratch.state();
    let checks = Noted::refusing("ready for 3");
    assert!(release_with(&scratch, "t-core minor --with-dependents", &checks).is_err());
    assert_eq!(*checks.asked.borrow(), ["ready for 3"]);
    assert_eq!(scratch.state(), before);
}

#[test]
fn failed_check_leaves_everything_as_it_was() {
    for refused in ["lint", "test t-core", "compare t-core major", "test t-vendor", "result"] {
        let scratch = Scratch::released();
        let before = scratch.state();
        let checks = Noted::refusing(refused);
        let error =
            release_with(&scratch, "t-core minor --with-dependents", &checks).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.ends_with("refused on purpose\nnothing was changed")), "{refused}");
        assert_eq!(checks.asked.borrow().last().map(String::as_str), Some(refused));
        assert_eq!(scratch.state(), before, "{refused}");
    }
}

/// It would take the copy of the other for one of an interrupted run.
#[test]
fn second_run_at_once_is_refused_and_leaves_the_first_in_peace() {
    let scratch = Scratch::released();
    let second = |scratch: &Scratch| {
        scratch.write("target/xtask/release/half-made", "");
        refuses(scratch, "t-vendor patch", "another `release` or `publish` runs in this checkout");
        assert!(shown(scratch, "t-vendor patch").contains("tag:    t-vendor-v0.1.1"), "a plan disturbs nobody");
        assert_eq!(scratch.read("target/xtask/release/half-made"), "");
    };
    release_with(&scratch, "t-core patch", &Busy(&scratch, second)).unwrap();
    release(&scratch, "t-vendor patch").unwrap();
}

#[test]
fn nothing_is_cleared_away_for_a_crate_that_is_not_there() {
    let scratch = Scratch::released();
    scratch.write("target/xtask/release/half-made", "");
    refuses(&scratch, "t-cor patch", "no crate is called t-cor");
    assert_eq!(scratch.read("target/xtask/release/half-made"), "");
}

/// As a contributor who works on while the checks run.
struct Busy<'a>(&'a Scratch, fn(&Scratch));

impl super::Checks for Busy<'_> {
    fn ready(&self, _: &[super::Release]) -> crate::Outcome {
        Ok(())
    }

    fn lint(&self) -> crate::Outcome {
        (self.1)(self.0);
        Ok(())
    }

    fn test(&self, _: &str) -> crate::Outcome {
        Ok(())
    }

    fn compare(&self, _: &super::Release) -> crate::Outcome {
        Ok(())
    }

    fn result(&self, _: &super::Repository) -> crate::Outcome {
        Ok(())
    }
}

#[test]
fn work_done_while_the_checks_ran_is_not_run_over() {
    let works: [fn(&Scratch); 2] =
        [|scratch| scratch.write("crates/t-core/src/lib.rs", "//! New.\n"), |scratch| scratch.commit("Work on")];
    for work in works {
        let scratch = Scratch::released();
        let error = release_with(&scratch, "t-core patch", &Busy(&scratch, work)).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("the tree has changed meanwhile")));
        assert_eq!(scratch.git("tag --list t-core-v*"), "t-core-v0.1.0");
        assert!(!scratch.git("log --format=%s").contains("Release"));
    }
}
