use super::{Ending, Noted, Scratch, release, release_with};

fn contains(scratch: &Scratch, path: &str, text: &str) {
    let read = scratch.read(path);
    assert!(read.contains(text), "{path}: {text:?} is not in\n{read}");
}

#[test]
fn release_is_a_commit_and_a_tag_with_what_is_new() {
    let scratch = Scratch::released();
    let checks = Noted::default();
    let ending = release_with(&scratch, "t-core patch", &checks).unwrap().to_string();

    assert_eq!(*checks.asked.borrow(), ["ready for 1", "lint", "test t-core", "compare t-core minor", "result"]);
    assert_eq!(scratch.git("log --format=%s -1"), "Release t-core 0.1.1");
    assert_eq!(scratch.git("rev-list --count HEAD"), "2");
    assert_eq!(scratch.git("rev-parse t-core-v0.1.1^{commit}"), scratch.git("rev-parse HEAD"));
    assert_eq!(scratch.git("tag --list --format=%(contents) t-core-v0.1.1").trim(), "t-core 0.1.1\n\n- New.");
    contains(&scratch, "crates/t-core/Cargo.toml", "version = \"0.1.1\"");
    contains(
        &scratch,
        "Cargo.toml",
        "t-core = { path = \"crates/t-core\", version = \"0.1.1\" }\nt-vendor = { path = \"crates/t-vendor\", version = \"0.1.0\" }\n",
    );
    contains(&scratch, "Cargo.lock", "name = \"t-core\"\nversion = \"0.1.1\"");
    contains(&scratch, "crates/t-core/CHANGELOG.md", "## Unreleased\n\n## 0.1.1 - 2020-02-03\n\n- New.\n");
    contains(&scratch, "CHANGELOG.md", "| t-core | 0.1.1 | 2020-02-03 | [");
    assert_eq!(scratch.git("status --porcelain"), "");
    assert_eq!(scratch.git("worktree list").lines().count(), 1);
    assert!(ending.contains("git push --atomic origin main t-core-v0.1.1"), "{ending}");
}

/// To git, a line that begins so is a comment.
#[test]
fn headings_of_the_changelog_are_in_the_tag() {
    let scratch = Scratch::released();
    scratch.write("crates/t-core/CHANGELOG.md", "# Changelog of t-core\n\n## Unreleased\n\n### Fixed\n\n- All.\n");
    scratch.commit("Mend all");
    release(&scratch, "t-core patch").unwrap();
    let message = scratch.git("tag --list --format=%(contents) t-core-v0.1.1");
    assert_eq!(message.trim(), "t-core 0.1.1\n\n### Fixed\n\n- All.");
}

#[test]
fn first_release_keeps_the_version() {
    let scratch = Scratch::unreleased();
    let checks = Noted::default();
    release_with(&scratch, "t-core 0.1.0", &checks).unwrap();
    assert_eq!(checks.asked.borrow()[3], "compare t-core nothing");
    assert_eq!(scratch.git("tag --list"), "t-core-v0.1.0");
    contains(&scratch, "crates/t-core/Cargo.toml", "version = \"0.1.0\"");
    contains(&scratch, "crates/t-core/CHANGELOG.md", "## 0.1.0 - 2020-02-03\n\n- New.\n");
}

#[test]
fn releases_follow_one_another() {
    let scratch = Scratch::unreleased();
    for line in ["t-core 0.1.0", "t-vendor 0.1.0", "t-tool 0.1.0"] {
        release(&scratch, line).unwrap();
    }
    scratch.write(
        "crates/t-core/CHANGELOG.md",
        &scratch.read("crates/t-core/CHANGELOG.md").replace("## Unreleased\n", "## Unreleased\n\n- More.\n"),
    );
    scratch.commit("Do more");
    release(&scratch, "t-core minor").unwrap();
    // What the release of the core wrote there is enough to release it.
    release(&scratch, "t-vendor minor").unwrap();
    let tags = "t-core-v0.1.0\nt-core-v0.2.0\nt-tool-v0.1.0\nt-vendor-v0.1.0\nt-vendor-v0.2.0";
    assert_eq!(scratch.git("tag --list"), tags);
    contains(&scratch, "crates/t-vendor/CHANGELOG.md", "## 0.2.0 - 2020-02-03\n\n- Needs t-core 0.2.0.\n\n## 0.1.0");
}

#[test]
fn dependents_are_released_along_with_the_core() {
    let scratch = Scratch::released();
    let checks = Noted::default();
    release_with(&scratch, "t-core minor --with-dependents", &checks).unwrap();
    let asked =
        ["lint", "test t-core", "compare t-core major", "test t-vendor", "compare t-vendor major", "test t-tool"];
    assert_eq!(checks.asked.borrow()[1..7], asked);
    assert_eq!(scratch.git("log --format=%s -3"), "Release t-tool 0.1.1\nRelease t-vendor 0.2.0\nRelease t-core 0.2.0");
    // Each tag has its own commit, in which the crates after it are not released yet.
    assert_eq!(scratch.git("rev-parse t-core-v0.2.0^{commit}"), scratch.git("rev-parse HEAD~2"));
    assert!(scratch.git("show t-core-v0.2.0:crates/t-vendor/Cargo.toml").contains("0.1.0"));
    contains(&scratch, "crates/t-tool/CHANGELOG.md", "- New.\n- Needs t-core 0.2.0.\n- Needs t-vendor 0.2.0.\n");
}

#[test]
fn release_can_be_taken_back_by_the_line_that_it_prints() {
    let scratch = Scratch::released();
    let before = scratch.state();
    let ending = release(&scratch, "t-core minor --with-dependents").unwrap();
    let Ending::Released(plan) = ending else { panic!("not released") };
    for command in plan.undo().split(" && ") {
        scratch.git(command.trim_start_matches("git "));
    }
    assert_eq!(scratch.state(), before);
}
