//! `cargo xtask picture`: the life of a token, as the root README shows it, from a run of auth-core in virtual time.

use crate::{Outcome, project};
use xshell::cmd;

pub(crate) fn run() -> Outcome {
    let sh = project::shell()?;
    cmd!(sh, "cargo test --quiet --package auth-core --test it picture").env("DRAW_PICTURES", "1").run()?;
    println!("Drawn in crates/auth-core/pictures.");
    Ok(())
}
