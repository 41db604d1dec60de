//! `cargo xtask faults`: every fault × every provider, printed as a matrix in Markdown. It has a build of its own to run, so
//! that this one stays small.

use crate::{Outcome, project};
use xshell::cmd;

pub(crate) fn run(only: Option<&str>) -> Outcome {
    let only = only.into_iter().flat_map(|part| ["--only", part]);
    let sh = project::shell()?;
    Ok(cmd!(sh, "cargo run --quiet --package auth-trials --bin faults -- {only...}").quiet().run()?)
}
