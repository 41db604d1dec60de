//! Shell scripts: those that are called so, and those whose first line says it.

use crate::step::Action;
use crate::{Outcome, project, tools};

pub(crate) fn run() -> Outcome {
    let sh = project::shell()?;
    let files = project::files(&sh)?;
    let is_script = |path: &&str| {
        let text = sh.read_binary_file(path).unwrap_or_default();
        is_script(path, String::from_utf8_lossy(&text).lines().next().unwrap_or_default())
    };
    shellcheck(files.iter().map(String::as_str).filter(is_script)).run(&sh)?;
    Ok(())
}

pub(crate) fn shellcheck<'a>(scripts: impl Iterator<Item = &'a str>) -> Action {
    Action::tool(tools::SHELLCHECK, "").with(scripts.map(str::to_owned))
}

fn is_script(path: &str, first_line: &str) -> bool {
    let words = first_line.strip_prefix("#!").unwrap_or_default().split(['/', ' ']);
    path.ends_with(".sh") || words.into_iter().any(|word| SHELLS.contains(&word))
}

/// Those that shellcheck knows.
const SHELLS: [&str; 4] = ["sh", "bash", "dash", "ksh"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_known_by_their_name_or_their_first_line() {
        for (path, first_line) in
            [("a.sh", ""), ("run", "#!/bin/sh"), ("run", "#!/usr/bin/env bash"), ("run", "#!/bin/bash -eu")]
        {
            assert!(is_script(path, first_line), "{path} {first_line}");
        }
        for (path, first_line) in [("run", ""), ("run", "sh"), ("run", "#!/usr/bin/env python3"), ("bash.rs", "//!")] {
            assert!(!is_script(path, first_line), "{path} {first_line}");
        }
    }
}
