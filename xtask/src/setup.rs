//! `cargo xtask setup`: the tools of lint, prebuilt and pinned, in a folder of the build's. It installs nothing elsewhere.

use crate::{Outcome, project, release, tools};
use xshell::cmd;

/// Those of lint, and if `for_release` those that a release needs besides.
pub(crate) fn run(for_release: bool) -> Outcome {
    of_lint()?;
    if for_release { release::install() } else { Ok(()) }
}

fn of_lint() -> Outcome {
    if tools::ALL.iter().all(|tool| tool.path().is_ok()) {
        println!("nothing to do: {} are there", named()?);
        return Ok(());
    }
    install()?;
    for tool in tools::ALL {
        tool.path().map_err(|error| format!("{error}; that was just done, and to no avail"))?;
    }
    println!("installed into {}: {}", tools::environment()?.display(), named()?);
    Ok(())
}

/// Into a fresh environment, so that nothing of an older or a broken one is left.
fn install() -> Outcome {
    let sh = project::shell()?;
    let (environment, requirements) = (tools::environment()?, tools::requirements());
    cmd!(sh, "{PYTHON} -m venv --clear {environment}").run().map_err(|error| format!("{error}\n{NO_PYTHON}"))?;
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let options = "--quiet --disable-pip-version-check --only-binary :all: --no-deps --require-hashes".split(' ');
    Ok(cmd!(sh, "{python} -m pip install {options...} --requirement {requirements}").run()?)
}

fn named() -> Outcome<String> {
    let named = tools::ALL.iter().map(|tool| Ok(format!("{} {}", tool.program, tool.version()?)));
    Ok(named.collect::<Outcome<Vec<_>>>()?.join(", "))
}

const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };
const NO_PYTHON: &str =
    "the tools come as Python packages: install Python with its venv module (Debian: `apt-get install python3-venv`)";
