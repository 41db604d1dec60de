//! A run that is killed has no time to clear up: the stages until then are taken, and nothing after them.

use super::{Ending, Noted, Scratch, planned, release};
use crate::release::run::{Run, Stage};

const LINE: &str = "t-core minor --with-dependents";

fn killed_after(scratch: &Scratch, stages: usize) -> Option<String> {
    let plan = planned(scratch, LINE);
    let run = Run { repository: &scratch.repository, plan: &plan, checks: &Noted::default() };
    let all = run.stages();
    for stage in all.iter().take(stages) {
        run.take(*stage).unwrap();
    }
    (stages < all.len()).then(|| all[stages].to_string())
}

/// Whatever is run after it, the end is that of a run that nobody disturbed.
#[test]
fn run_that_is_killed_between_any_two_stages_is_brought_to_its_end_by_the_same_line() {
    let whole = Scratch::released();
    release(&whole, LINE).unwrap();
    let expected = whole.content();
    // The checks before leave nothing.
    let first = before(&Scratch::released(), |stage| matches!(stage, Stage::Copy));
    for stages in first.. {
        let scratch = Scratch::released();
        let Some(next) = killed_after(&scratch, stages) else {
            assert!(stages > first + 10, "{stages} stages are too few");
            break;
        };
        let ending = release(&scratch, LINE);
        // All that is left then is to remove the copy, and the line asks for a release more, of which there is nothing
        // to tell.
        let is_done = next == Stage::Clean.to_string();
        assert_eq!(ending.is_err(), is_done, "before {next}: {:?}", ending.err().map(|error| error.to_string()));
        assert_eq!(scratch.content(), expected, "before {next}");
    }
}

/// The number of stages before the first that any of these is.
fn before(scratch: &Scratch, is: fn(&Stage<'_>) -> bool) -> usize {
    let plan = planned(scratch, LINE);
    let run = Run { repository: &scratch.repository, plan: &plan, checks: &Noted::default() };
    run.stages().iter().position(is).unwrap()
}

#[test]
fn nothing_is_seen_of_a_run_that_is_killed_before_the_branch_moves_on() {
    let scratch = Scratch::released();
    let (head, files) = (scratch.git("rev-parse HEAD"), scratch.content());
    killed_after(&scratch, before(&scratch, |stage| matches!(stage, Stage::Advance)));
    assert_eq!(scratch.git("rev-parse HEAD"), head);
    assert_eq!(scratch.git("status --porcelain"), "");
    assert_eq!(scratch.content().replace("2 checkout", "1 checkout"), files);
}

#[test]
fn release_without_its_tag_gets_it_wherever_its_commit_is_by_now() {
    let scratch = Scratch::released();
    killed_after(&scratch, before(&scratch, |stage| matches!(stage, Stage::Tag(_))));
    scratch.commit("Work on");
    let shown = release(&scratch, "t-core minor --dry-run").err().map(|error| error.to_string()).unwrap_or_default();
    assert!(shown.starts_with("interrupted before the tag: t-tool-v0.1.1, t-vendor-v0.2.0, t-core-v0.2.0"), "{shown}");

    let ending = release(&scratch, "t-core minor").unwrap();
    assert!(matches!(ending, Ending::Finished(..)));
    assert!(
        ending.to_string().starts_with(
            "interrupted before its tag, which is set now: t-tool-v0.1.1, t-vendor-v0.2.0, t-core-v0.2.0\nthen"
        ),
        "{ending}"
    );
    assert_eq!(scratch.git("log --format=%s -1 t-core-v0.2.0"), "Release t-core 0.2.0");
    let message = scratch.git("tag --list --format=%(contents) t-vendor-v0.2.0");
    assert_eq!(message.trim(), "t-vendor 0.2.0\n\n- New.\n- Needs t-core 0.2.0.");
}

/// A release whose tag was deleted, and the crate mended after that.
fn taken_back_and_mended() -> Scratch {
    let scratch = Scratch::released();
    release(&scratch, "t-core patch").unwrap();
    scratch.git("tag --delete t-core-v0.1.1");
    scratch.write("crates/t-core/src/lib.rs", "//! Core.\n/// One, mended.\npub const ONE: u8 = 1;\n");
    scratch.commit("Mend it");
    scratch
}

/// The command that an error offers after `way`.
fn offered(error: &str, way: &str) -> String {
    let line = error.lines().find_map(|line| line.strip_prefix(way)).unwrap_or_else(|| panic!("{way}: {error}"));
    line.trim().split(", then").next().unwrap_or_default().to_owned()
}

fn typed(scratch: &Scratch, command: &str) {
    let sh = &scratch.repository.sh;
    xshell::cmd!(sh, "sh -c {command}").quiet().ignore_stdout().run().unwrap();
}

#[test]
fn release_whose_tag_was_deleted_for_a_repair_is_not_tagged_as_it_was() {
    let scratch = taken_back_and_mended();
    let before = scratch.state();
    for line in ["t-core patch", "t-core 0.1.1", "t-core patch --dry-run"] {
        let error = release(&scratch, line).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.starts_with("t-core-v0.1.1 is missing, and t-core has changed since"), "{line}: {error}");
        assert_eq!(scratch.state(), before);
    }
}

#[test]
fn both_ways_out_of_a_release_that_is_outdated_lead_out() {
    let scratch = taken_back_and_mended();
    let error = release(&scratch, "t-core patch").err().map(|error| error.to_string()).unwrap_or_default();
    typed(&scratch, &offered(&error, "to release it as it was:"));
    assert!(!scratch.git("show t-core-v0.1.1:crates/t-core/src/lib.rs").contains("mended"));
    assert!(release(&scratch, "t-core 0.1.1").is_err_and(|error| error.to_string().contains("0.1.1 exists")));

    let scratch = taken_back_and_mended();
    let error = release(&scratch, "t-core patch").err().map(|error| error.to_string()).unwrap_or_default();
    typed(&scratch, &offered(&error, "to release it as it is:"));
    release(&scratch, "t-core patch").unwrap();
    assert!(scratch.git("show t-core-v0.1.1:crates/t-core/src/lib.rs").contains("mended"));
}

/// What all crates take from the root's manifest is a part of each.
#[test]
fn release_is_outdated_by_a_change_in_the_roots_manifest_and_by_no_other_crate() {
    let scratch = Scratch::released();
    release(&scratch, LINE).unwrap();
    for tag in ["t-core-v0.2.0", "t-vendor-v0.2.0", "t-tool-v0.1.1"] {
        scratch.git(&format!("tag --delete {tag}"));
    }
    scratch.write("crates/t-trials/src/lib.rs", "//! Other trials.\n");
    scratch.commit("Try something else");
    let shown = release(&scratch, "t-core minor --dry-run").err().map(|error| error.to_string()).unwrap_or_default();
    assert!(shown.starts_with("interrupted before the tag: t-tool"), "{shown}");

    scratch.write("Cargo.toml", &format!("{}[profile.release]\nlto = true\n", scratch.read("Cargo.toml")));
    scratch.commit("Link longer");
    let error = release(&scratch, "t-core minor").err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.starts_with("t-tool-v0.1.1 is missing, and t-tool has changed since"), "{error}");
    assert!(!scratch.git("tag --list").contains("0.2.0"));
}

/// Another release than the one that was begun: it is not made on the side.
#[test]
fn what_was_begun_is_finished_before_anything_else_is() {
    let scratch = Scratch::released();
    killed_after(&scratch, before(&scratch, |stage| matches!(stage, Stage::Tag(_))));
    let error = release(&scratch, "t-core 0.3.0").err().map(|error| error.to_string()).unwrap_or_default();
    assert!(
        error.ends_with("t-core-v0.2.0\nnow run the same line again") && error.contains("set now: t-tool"),
        "{error}"
    );
    assert!(scratch.git("tag --list").contains("t-core-v0.2.0") && !scratch.git("tag --list").contains("0.3.0"));
}

/// Git writes the files first and moves the branch after that.
#[test]
fn files_of_a_branch_that_was_moving_on_are_put_back_and_the_release_is_made() {
    let whole = Scratch::released();
    release(&whole, LINE).unwrap();
    let scratch = Scratch::released();
    killed_after(&scratch, before(&scratch, |stage| matches!(stage, Stage::Advance)));
    for path in ["Cargo.toml", "crates/t-core/Cargo.toml"] {
        scratch.write(path, &whole.read(path));
    }
    scratch.git("add Cargo.toml");
    release(&scratch, LINE).unwrap();
    assert_eq!(scratch.content(), whole.content());
}

/// As one that was killed while it removed the copy, or while git made it.
#[test]
fn half_a_copy_is_cleared_away_and_one_that_is_gone_is_forgotten() {
    let copy = "target/xtask/release";
    let ruins: [fn(&Scratch, &str); 3] = [
        |scratch, copy| scratch.repository.sh.remove_path(format!("{copy}/.git")).unwrap(),
        |scratch, copy| scratch.repository.sh.remove_path(copy).unwrap(),
        |scratch, copy| scratch.write(".git/worktrees/release/locked", copy),
    ];
    for ruin in ruins {
        let scratch = Scratch::released();
        killed_after(&scratch, before(&scratch, |stage| matches!(stage, Stage::Edit(_))));
        ruin(&scratch, copy);
        release(&scratch, "t-core patch").unwrap();
        assert_eq!(scratch.git("worktree list").lines().count(), 1);
        assert!(!scratch.repository.sh.path_exists(copy));
    }
}

#[test]
fn work_of_ones_own_is_never_put_back() {
    let scratch = Scratch::released();
    killed_after(&scratch, before(&scratch, |stage| matches!(stage, Stage::Advance)));
    let mine = format!("{}# Mine.\n", scratch.read("Cargo.toml"));
    scratch.write("Cargo.toml", &mine);
    let refused = release(&scratch, LINE).err().map(|error| error.to_string());
    assert_eq!(refused.as_deref(), Some("not committed:\n  Cargo.toml"));
    assert_eq!(scratch.read("Cargo.toml"), mine);
    assert_eq!(scratch.git("worktree list").lines().count(), 1);
}

/// As one on a disk that is not plugged in.
#[test]
fn checkout_of_ones_own_that_is_away_is_not_forgotten() {
    let scratch = Scratch::released();
    scratch.git("worktree add --quiet --detach target/mine");
    scratch.repository.sh.remove_path("target/mine").unwrap();
    let away = scratch.git("worktree list --porcelain");
    release(&scratch, "t-core patch").unwrap();
    assert_eq!(scratch.git("worktree list").lines().count(), 2, "{away}");
    assert!(scratch.git("worktree list").contains("target/mine"));
}
