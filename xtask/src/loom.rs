//! `cargo xtask loom`: model-checks the driver and the flights of auth-core, in every interleaving within a bound.

use crate::{Outcome, project};
use serde_json::Value;
use std::path::PathBuf;
use xshell::{Shell, cmd};

pub(crate) fn run() -> Outcome {
    let sh = project::shell()?;
    let models = build(&sh)?;
    some(&cmd!(sh, "{models} --list model::").quiet().read()?)?;
    Ok(cmd!(sh, "timeout {LIMIT} {models} model::").run()?)
}

/// The test program with the models, of the tree that `sh` stands in.
///
/// The cfg is told to rustc for auth-core alone. By RUSTFLAGS all that auth-core depends on would be built a second time.
pub(crate) fn build(sh: &Shell) -> Outcome<PathBuf> {
    let cargo =
        cmd!(sh, "cargo rustc --quiet -p auth-core --lib --profile test --message-format json-render-diagnostics");
    let messages = cargo.args(["--config", OPTIMIZED, "--", "--cfg", "auth_core_loom"]).quiet().read()?;
    let program = messages.lines().filter_map(program_of).next_back();
    program.ok_or_else(|| "cargo built no test program of auth-core".into())
}

/// Checking no models would go well, too.
fn some(listed: &str) -> Outcome {
    match listed.lines().any(|line| line.ends_with(": test")) {
        true => Ok(()),
        false => Err("auth-core's test program has no models: what is `auth_core_loom` called in it?".into()),
    }
}

/// What a message of cargo's says was built, if it is a program.
fn program_of(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    message["executable"].as_str().map(PathBuf::from)
}

/// The model checker is most of what a model costs; all other tests are built with it, and never run it.
const OPTIMIZED: &str = "profile.dev.package.loom.opt-level=3";
/// Seconds for all models together. They take some twenty; beyond this one has lost its way.
const LIMIT: &str = "300";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_without_models_is_refused() {
        assert!(some("model::cell::a: test\n\n1 test, 0 benchmarks\n").is_ok());
        assert!(some("\n0 tests, 0 benchmarks\n").is_err());
    }

    #[test]
    fn program_is_found_among_the_messages_of_cargo() {
        assert_eq!(
            program_of(r#"{"reason":"compiler-artifact","executable":"/t/a-1"}"#),
            Some(PathBuf::from("/t/a-1"))
        );
        assert_eq!(program_of(r#"{"reason":"compiler-artifact","executable":null}"#), None);
        assert_eq!(program_of("warning: not JSON"), None);
    }
}
