//! `cargo xtask loom`: model-checks the shared cell of auth-core, in a target folder of its own.

use crate::{Outcome, project};
use xshell::cmd;

pub(crate) fn run() -> Outcome {
    let sh = project::shell()?;
    let target = project::Project::load()?.target.join("loom");
    let run = cmd!(sh, "cargo test -p auth-core --lib sync::model").env("RUSTFLAGS", "--cfg auth_core_loom");
    Ok(run.env("CARGO_TARGET_DIR", target).run()?)
}
