//! The order and the second run on an invented registry; the rest with cargo itself, on one that speaks its protocol.

use super::registry::{Cargo, Registry};
use super::{State, Upload, table, uploads};
use crate::Outcome;
use crate::registry::{Fault, Registry as Loopback};
use crate::release::lock::Lock;
use crate::release::tests::scratch::{PUBLISHED, Scratch};
use semver::Version;
use std::cell::RefCell;

/// Holds what it is given, and refuses one crate.
#[derive(Default)]
struct Shelf {
    held: RefCell<Vec<String>>,
    refuses: &'static str,
    /// Whether it keeps what it refuses, as one whose answer is lost.
    keeps: bool,
}

impl Shelf {
    fn refusing(refuses: &'static str) -> Self {
        Self { refuses, ..Self::default() }
    }

    fn held(&self) -> String {
        self.held.borrow().join(" ")
    }
}

impl Registry for Shelf {
    fn has(&self, name: &str, version: &Version) -> Outcome<bool> {
        Ok(self.held.borrow().contains(&format!("{name}@{version}")))
    }

    fn upload(&self, name: &str, version: &Version) -> Outcome {
        let is_refused = name == self.refuses;
        if !is_refused || self.keeps {
            self.held.borrow_mut().push(format!("{name}@{version}"));
        }
        if is_refused { Err("refused on purpose".into()) } else { Ok(()) }
    }
}

fn publish(scratch: &Scratch, registry: &dyn Registry) -> Vec<Upload> {
    super::publish(&scratch.repository, registry).unwrap()
}

/// What became of each.
fn states(uploads: Vec<Upload>) -> Vec<State> {
    uploads.into_iter().map(|upload| upload.state).collect()
}

fn tag(scratch: &Scratch, name: &str, version: Version) {
    scratch.repository.tag(&format!("{name}-v{version}"), "HEAD", "invented").unwrap();
}

#[test]
fn crates_go_after_those_that_they_need_and_versions_go_up() {
    let (scratch, shelf) = (Scratch::released(), Shelf::default());
    tag(&scratch, "t-core", Version::new(0, 10, 0));
    tag(&scratch, "t-core", Version::new(0, 2, 0));
    publish(&scratch, &shelf);
    assert_eq!(shelf.held(), "t-core@0.1.0 t-core@0.2.0 t-core@0.10.0 t-vendor@0.1.0 t-tool@0.1.0");
}

#[test]
fn what_has_no_tag_stays_here() {
    let (scratch, shelf) = (Scratch::unreleased(), Shelf::default());
    assert_eq!(table(&publish(&scratch, &shelf)), "nothing has a tag; `cargo xtask release` makes one\n");
    tag(&scratch, "t-core", Version::new(0, 1, 0));
    publish(&scratch, &shelf);
    assert_eq!(shelf.held(), "t-core@0.1.0");
}

#[test]
fn second_run_publishes_what_the_first_could_not_and_nothing_twice() {
    let (scratch, mut shelf) = (Scratch::released(), Shelf::refusing("t-vendor"));
    let first = publish(&scratch, &shelf);
    let expected = "\
t-core-v0.1.0    published
t-vendor-v0.1.0  failed: refused on purpose
t-tool-v0.1.0    not tried: t-vendor failed
";
    assert_eq!(table(&first), expected);
    shelf.refuses = "";
    assert_eq!(states(publish(&scratch, &shelf)), [State::WasThere, State::Published, State::Published]);
    assert_eq!(shelf.held(), "t-core@0.1.0 t-vendor@0.1.0 t-tool@0.1.0");
    assert_eq!(states(publish(&scratch, &shelf)), [State::WasThere, State::WasThere, State::WasThere]);
}

#[test]
fn newer_version_waits_for_the_older() {
    let (scratch, shelf) = (Scratch::released(), Shelf::refusing("t-tool"));
    tag(&scratch, "t-tool", Version::new(0, 2, 0));
    let left = State::Left("t-tool failed".to_owned());
    assert_eq!(states(publish(&scratch, &shelf)).pop(), Some(left));
}

/// It would take the copy that the other packs for one of an interrupted run.
#[test]
fn nothing_is_uploaded_while_another_run_is_at_it() {
    let (scratch, shelf) = (Scratch::released(), Shelf::default());
    let lock = Lock::take(&scratch.repository).unwrap();
    let error = super::publish(&scratch.repository, &shelf).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.starts_with("another `release` or `publish` runs"), "{error}");
    assert_eq!(shelf.held(), "");
    drop(lock);
    publish(&scratch, &shelf);
    assert_eq!(shelf.held(), "t-core@0.1.0 t-vendor@0.1.0 t-tool@0.1.0");
}

#[test]
fn back_port_is_published_beside_the_newer_version_that_is_there() {
    let (scratch, shelf) = (Scratch::released(), Shelf::default());
    tag(&scratch, "t-core", Version::new(0, 2, 0));
    publish(&scratch, &shelf);
    tag(&scratch, "t-core", Version::new(0, 1, 1));
    publish(&scratch, &shelf);
    assert_eq!(shelf.held(), "t-core@0.1.0 t-core@0.2.0 t-vendor@0.1.0 t-tool@0.1.0 t-core@0.1.1");
}

#[test]
fn crate_that_arrived_though_the_answer_did_not_is_published() {
    let scratch = Scratch::released();
    let shelf = Shelf { keeps: true, ..Shelf::refusing("t-core") };
    assert_eq!(states(publish(&scratch, &shelf)), [State::Published, State::Published, State::Published]);
}

/// A registry that cannot be asked is not one that has nothing.
#[test]
fn unreachable_registry_is_an_error_before_anything_is_uploaded() {
    let scratch = Scratch::released();
    let sh = &scratch.repository.sh;
    sh.set_var("CARGO_NET_OFFLINE", "false");
    sh.set_var("CARGO_NET_RETRY", "0");
    sh.set_var("CARGO_REGISTRIES_LOCAL_INDEX", "sparse+http://127.0.0.1:9/");
    let cargo = Cargo { repository: &scratch.repository, name: "local" };
    let error = uploads(&scratch.repository, &cargo).err().map(|error| error.to_string());
    assert!(error.is_some_and(|error| error.starts_with("local does not say if it has t-core@0.1.0: error: ")));
}

/// A scratch repository that knows `registry`.
fn knowing(registry: &Loopback) -> Scratch {
    let scratch = Scratch::released();
    let sh = &scratch.repository.sh;
    sh.set_var("CARGO_NET_OFFLINE", "false");
    for (name, value) in registry.environment() {
        sh.set_var(name, value);
    }
    scratch
}

fn names(registry: &Loopback) -> Vec<String> {
    registry.published().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn cargo_publishes_the_tree_of_the_tag_and_not_what_is_in_the_folder() {
    let registry = Loopback::start().unwrap();
    let scratch = knowing(&registry);
    scratch.write("crates/t-core/src/lib.rs", "this is no Rust\n");
    scratch.commit("Break it");
    scratch.write("crates/t-vendor/src/lib.rs", "nor is this\n");
    let before = scratch.state();
    let cargo = Cargo { repository: &scratch.repository, name: "local" };
    let published = table(&publish(&scratch, &cargo));
    assert_eq!(published.matches("  published\n").count(), 3, "{published}");
    assert_eq!(names(&registry), PUBLISHED);
    assert_eq!(scratch.state(), before);
}

#[test]
fn cargo_goes_on_after_an_upload_that_was_refused_and_uploads_nothing_twice() {
    let registry = Loopback::start().unwrap();
    let scratch = knowing(&registry);
    registry.break_upload_after(1, Fault::Refuse);
    let cargo = Cargo { repository: &scratch.repository, name: "local" };
    let first = table(&publish(&scratch, &cargo));
    assert!(
        first.starts_with("t-core-v0.1.0    published\nt-vendor-v0.1.0  failed: error: failed to publish"),
        "{first}"
    );
    assert_eq!(states(publish(&scratch, &cargo)), [State::WasThere, State::Published, State::Published]);
    assert_eq!(names(&registry), PUBLISHED);
}

#[test]
fn upload_whose_answer_is_lost_is_not_repeated() {
    let registry = Loopback::start().unwrap();
    let scratch = knowing(&registry);
    registry.break_upload_after(0, Fault::LoseAnswer);
    let cargo = Cargo { repository: &scratch.repository, name: "local" };
    let published = table(&publish(&scratch, &cargo));
    assert_eq!(published.matches("  published\n").count(), 3, "{published}");
    assert_eq!(names(&registry), PUBLISHED);
}

#[test]
fn tag_that_names_another_version_than_its_tree_is_not_published() {
    let registry = Loopback::start().unwrap();
    let scratch = knowing(&registry);
    tag(&scratch, "t-core", Version::new(0, 2, 0));
    let cargo = Cargo { repository: &scratch.repository, name: "local" };
    let published = table(&publish(&scratch, &cargo));
    assert!(published.contains("t-core-v0.2.0    failed: the tree of its tag has t-core 0.1.0\n"), "{published}");
    assert_eq!(names(&registry), ["t-core"]);
}

/// It cannot be uploaded again, and the repaired one is due.
#[test]
fn yanked_version_counts_as_there_and_the_patch_is_published() {
    let registry = Loopback::start().unwrap();
    let scratch = knowing(&registry);
    let cargo = Cargo { repository: &scratch.repository, name: "local" };
    publish(&scratch, &cargo);
    let sh = &scratch.repository.sh;
    xshell::cmd!(sh, "cargo yank --quiet --registry local t-core@0.1.0").quiet().run().unwrap();
    let manifest = "crates/t-core/Cargo.toml";
    scratch.write(manifest, &scratch.read(manifest).replace("0.1.0", "0.1.1"));
    scratch.commit("Repair it");
    tag(&scratch, "t-core", Version::new(0, 1, 1));

    let expected = [State::WasThere, State::Published, State::WasThere, State::WasThere];
    assert_eq!(states(publish(&scratch, &cargo)), expected);
    assert_eq!(names(&registry), ["t-core", "t-vendor", "t-tool", "t-core"]);
}

/// If it went on, it would not get far: cargo is offline and has no token here.
#[test]
fn crates_io_gets_nothing_whose_repository_is_a_placeholder() {
    let scratch = Scratch::released();
    let root = scratch.read("Cargo.toml");
    let inherited = "\n[workspace.package]\nrepository = \"https://example.invalid/t\"\n";
    scratch.write("Cargo.toml", &format!("{root}{inherited}"));
    scratch.commit("Say where the sources are not");
    scratch.git("tag --force t-core-v0.1.0");
    scratch.repository.sh.set_var("CARGO_REGISTRY_TOKEN", "");

    let cargo = Cargo { repository: &scratch.repository, name: super::registry::CRATES_IO };
    let refused = cargo.upload("t-core", &Version::new(0, 1, 0)).unwrap_err().to_string();
    let line = root.lines().count() + 3;
    let expected = format!("Cargo.toml:{line}: `repository = \"https://example.invalid/t\"` is a placeholder: say");
    assert!(refused.starts_with(&expected), "{refused}");
}
