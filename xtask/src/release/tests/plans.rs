use super::{Scratch, TODAY, options, planned, scratch, shown};
use crate::project::{self, Project};
use crate::release::repository::Repository;
use semver::Version;

#[test]
fn plan_shows_every_line_that_changes() {
    let expected = "\
t-vendor 0.1.0 -> 0.1.1: breaks no user of 0.1.0, who get it by `cargo update`
  crates/t-vendor/Cargo.toml:3
    - version = \"0.1.0\"
    + version = \"0.1.1\"
  Cargo.toml:8
    - t-vendor = { path = \"crates/t-vendor\", version = \"0.1.0\" }
    + t-vendor = { path = \"crates/t-vendor\", version = \"0.1.1\" }
  Cargo.lock:23
    - version = \"0.1.0\"
    + version = \"0.1.1\"
  crates/t-vendor/CHANGELOG.md:5
    + ## 0.1.1 - 2020-02-03
    +
  CHANGELOG.md:6
    - | t-vendor | – | – | [CHANGELOG.md](crates/t-vendor/CHANGELOG.md) |
    + | t-vendor | 0.1.1 | 2020-02-03 | [CHANGELOG.md](crates/t-vendor/CHANGELOG.md) |
  commit: Release t-vendor 0.1.1
  tag:    t-vendor-v0.1.1

then, by hand:
  git push --atomic origin main t-vendor-v0.1.1
";
    assert_eq!(shown(&Scratch::released(), "t-vendor patch"), expected);
}

#[test]
fn dry_run_changes_nothing() {
    for scratch in [Scratch::released(), Scratch::unreleased()] {
        let before = scratch.state();
        assert!(shown(&scratch, "t-core 0.2.0 --with-dependents").contains("tag:    t-core-v0.2.0"));
        assert_eq!(scratch.state(), before);
    }
}

#[test]
fn dry_run_shows_what_is_in_the_way() {
    let scratch = Scratch::released();
    scratch.git("switch --quiet --create fixes");
    scratch.write("new file", "");
    let shown = shown(&scratch, "t-core patch");
    assert!(shown.contains("in the way: releases are made on main"), "{shown}");
    assert!(shown.contains("in the way: not committed:\n  new file"), "{shown}");
}

/// A dependent's requirement takes it, and so does `cargo update` of its users.
#[test]
fn release_that_breaks_nobody_asks_nothing_of_dependents() {
    let plan = planned(&Scratch::released(), "t-core patch");
    assert!(plan.proposals.is_empty());
    assert!(!plan.releases[0].edits.iter().any(|edit| edit.path == "crates/t-vendor/CHANGELOG.md"));
}

#[test]
fn release_that_breaks_proposes_the_dependents_and_tells_their_changelogs() {
    let shown = shown(&Scratch::released(), "t-core minor");
    let proposed = "\
to follow, by hand or by --with-dependents:
  cargo xtask release t-vendor minor   # its users meet t-core 0.2.0 in it
  cargo xtask release t-tool patch   # to be built with t-core 0.2.0
";
    assert!(shown.contains(proposed), "{shown}");
    assert!(shown.contains("  crates/t-vendor/CHANGELOG.md:6\n    + - Needs t-core 0.2.0.\n"), "{shown}");
}

#[test]
fn first_release_proposes_those_that_could_not_be_released_without_it() {
    let shown = shown(&Scratch::unreleased(), "t-core 0.1.0");
    let why = "# not released yet, and could not be without t-core";
    let proposed =
        format!("  cargo xtask release t-vendor 0.1.0   {why}\n  cargo xtask release t-tool 0.1.0   {why}\n");
    assert!(shown.contains(&proposed), "{shown}");
}

#[test]
fn dependent_that_waits_for_another_crate_is_not_proposed() {
    let scratch = Scratch::unreleased();
    let tool = "crates/t-tool/Cargo.toml";
    scratch.write(tool, &format!("{}t-sim = {{ path = \"../t-sim\" }}\n", scratch.read(tool)));
    scratch.write("crates/t-sim/Cargo.toml", "[package]\nname = \"t-sim\"\nversion = \"0.1.0\"\n");
    scratch.write("crates/t-sim/src/lib.rs", "");
    let shown = shown(&scratch, "t-core 0.1.0");
    assert!(shown.contains("release t-vendor 0.1.0") && !shown.contains("release t-tool"), "{shown}");
}

/// This repository itself, whatever is released of it by now.
#[test]
fn this_workspace_has_a_plan_that_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sh = scratch::shell(&folder);
    // The tests may run in a checkout that another user owns.
    let settings = sh.current_dir().join("gitconfig");
    sh.write_file(&settings, "[safe]\n\tdirectory = *\n").unwrap();
    sh.set_var("GIT_CONFIG_GLOBAL", settings);
    let root = project::root();
    xshell::cmd!(sh, "git clone --quiet {root} clone").quiet().run().unwrap();
    sh.change_dir("clone");
    let news = "crates/auth-core/CHANGELOG.md";
    let changelog = crate::release::changelog::with_entry(&sh.read_file(news).unwrap(), "Invented.");
    sh.write_file(news, changelog).unwrap();
    let repository = Repository { sh };

    let project = Project::read(&repository.sh).unwrap();
    let core = project.packages.iter().find(|package| package.name == "auth-core").unwrap();
    let line = format!("auth-core {}", Version::new(core.version.major + 1, 0, 0));
    let before = (repository.head().unwrap(), repository.git(&["diff"]).unwrap());
    let plan = crate::release::plan(&repository, project, &options(&line), TODAY).unwrap();

    let paths: Vec<&str> = plan.releases[0].edits.iter().map(|edit| edit.path.as_str()).collect();
    for path in
        ["crates/auth-core/Cargo.toml", "Cargo.toml", "Cargo.lock", "crates/fuzz/Cargo.lock", news, "CHANGELOG.md"]
    {
        assert!(paths.contains(&path), "{path} is not in {paths:?}");
    }
    assert!(plan.proposals.len() >= 5, "five providers need auth-core");
    assert_eq!((repository.head().unwrap(), repository.git(&["diff"]).unwrap()), before);
}
