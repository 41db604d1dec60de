//! `cargo xtask lint`: all that needs no test run.

use crate::step::{Action, Step, run_all};
use crate::{Outcome, tidy};

pub(crate) fn run() -> Outcome {
    run_all(&steps())
}

/// The quick ones first.
pub(crate) fn steps() -> Vec<Step> {
    let tidy = Action::Call { shown: "cargo xtask tidy", function: tidy::run };
    let doc = Action::cargo("doc --workspace --no-deps --all-features").with_env("RUSTDOCFLAGS", "-D warnings");
    vec![
        Step::cargo("formatting", "fmt --all -- --check"),
        Step { title: "tidy rules".to_owned(), actions: vec![tidy] },
        Step::cargo("clippy", "clippy --workspace --all-targets --all-features -- -D warnings"),
        Step { title: "documentation".to_owned(), actions: vec![doc] },
    ]
}
