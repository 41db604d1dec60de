//! Advisories against what the lock file has. Their database is on the network: where it cannot be had, that is said.

use crate::step::Attempt;
use crate::{Outcome, project, tools};
use std::path::Path;
use xshell::{Shell, cmd};

pub(crate) fn run() -> Outcome<Attempt> {
    check(&project::shell()?, &tools::DENY.path()?)
}

/// An advisory that applies is an error; a database that cannot be had is none.
fn check(sh: &Shell, deny: &Path) -> Outcome<Attempt> {
    let fetch = cmd!(sh, "timeout {LIMIT} {deny} fetch db").env("GIT_TERMINAL_PROMPT", "0");
    let fetched = fetch.quiet().ignore_status().output()?;
    if !fetched.status.success() {
        return Ok(Attempt::LeftOut { why: why(&String::from_utf8_lossy(&fetched.stderr)) });
    }
    cmd!(sh, "{deny} check --disable-fetch advisories").quiet().run()?;
    Ok(Attempt::Done)
}

/// The last line that says something.
fn why(said: &str) -> String {
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    let last = last.map_or_else(|| format!("no answer within {LIMIT} s"), str::to_owned);
    format!("their database cannot be had: {last}")
}

/// Seconds. A network that swallows everything must not hold up who works offline.
const LIMIT: &str = "60";

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// What is made of a cargo-deny that ends so when it fetches, and so when it checks.
    fn outcome(fetch: &str, check: &str) -> Outcome<Attempt> {
        let folder = tempfile::tempdir().unwrap();
        let deny = folder.path().join("deny");
        let script = format!("#!/bin/sh\ncase \"$1\" in\n  fetch) {fetch} ;;\n  check) {check} ;;\nesac\n");
        std::fs::write(&deny, script).unwrap();
        std::fs::set_permissions(&deny, std::fs::Permissions::from_mode(0o700)).unwrap();
        super::check(&Shell::new().unwrap(), &deny)
    }

    #[test]
    fn without_a_database_nothing_is_checked_and_the_reason_is_kept() {
        let outcome = outcome("echo could not resolve host >&2; exit 1", "exit 0").unwrap();
        assert_eq!(outcome, Attempt::LeftOut { why: why("could not resolve host\n") });
        assert_eq!(why("a\nb\n\n"), "their database cannot be had: b");
        assert_eq!(why("\n"), "their database cannot be had: no answer within 60 s");
    }

    #[test]
    fn advisory_that_applies_is_an_error() {
        assert!(outcome("exit 0", "exit 1").is_err());
        assert_eq!(outcome("exit 0", "exit 0").unwrap(), Attempt::Done);
    }
}
