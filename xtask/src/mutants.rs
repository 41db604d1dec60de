//! `cargo xtask mutants`: breaks the code as CONTRIBUTING.md says, one line at a time, and sees the named test fail.
//!
//! A test that cannot fail is a defect; this finds those that guard the invariants. It works on a copy, so that the
//! tree is never broken.

use crate::{Outcome, loom, project};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use xshell::{Shell, cmd};

/// One way to break an invariant.
#[derive(Deserialize)]
pub(crate) struct Mutant {
    /// Which invariant, by its number in CONTRIBUTING.md.
    pub(crate) invariant: u32,
    pub(crate) file: String,
    pub(crate) replace: String,
    pub(crate) with: String,
    /// The test that fails then, by its full path in `crate`.
    pub(crate) test: String,
    #[serde(rename = "crate")]
    pub(crate) package: String,
    /// Whether the test is a model, which `cargo xtask loom` runs.
    #[serde(default)]
    pub(crate) model: bool,
}

#[derive(Deserialize)]
struct Table {
    mutant: Vec<Mutant>,
}

/// Runs the mutants whose test has `only` in its name.
pub(crate) fn run(only: &str) -> Outcome {
    let mut mutants = listed(&fs::read_to_string(project::root().join(LIST))?)?;
    mutants.retain(|mutant| mutant.test.contains(only));
    must(!mutants.is_empty(), &format!("no mutant has a test with {only:?} in its name; {LIST} lists them"))?;
    let sh = project::shell()?;
    let copy = project::Project::load()?.target.join("mutants");
    project::copy_tracked_files(&sh, &copy)?;
    sh.change_dir(&copy);
    let mut seen = BTreeSet::new();
    for mutant in mutants.iter().filter(|mutant| seen.insert(&mutant.test)) {
        must(test(&sh, mutant, &copy)?, &format!("{} fails before anything is broken", mutant.test))?;
    }
    let mut living = Vec::new();
    for (index, mutant) in mutants.iter().enumerate() {
        let kind = if mutant.model { ", model-checked" } else { "" };
        println!("\n[{}/{}] invariant {}{kind}: {}", index + 1, mutants.len(), mutant.invariant, mutant.file);
        println!("  - {}\n  + {}", mutant.replace, mutant.with);
        let path = copy.join(&mutant.file);
        let whole = fs::read_to_string(&path)?;
        fs::write(&path, mutant.applied_to(&whole)?)?;
        let lives = test(&sh, mutant, &copy);
        fs::write(&path, whole)?;
        let lives = lives?;
        println!("  {} {}", if lives { "lives, unnoticed by" } else { "killed by" }, mutant.test);
        living.extend(lives.then_some(mutant.test.as_str()));
    }
    println!("\n{} mutants, {} killed", mutants.len(), mutants.len() - living.len());
    must(living.is_empty(), &format!("these tests do not notice what they are there for: {}", living.join(", ")))
}

impl Mutant {
    /// The file's text, broken. The line to break must stand in it once.
    pub(crate) fn applied_to(&self, text: &str) -> Outcome<String> {
        match text.matches(&self.replace).count() {
            1 => Ok(text.replace(&self.replace, &self.with)),
            n => Err(format!("{LIST}: `{}` stands {n} times in {}; expected once", self.replace, self.file).into()),
        }
    }
}

/// The mutants in the TOML block of `text`.
pub(crate) fn listed(text: &str) -> Outcome<Vec<Mutant>> {
    let block = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    let block = block.ok_or_else(|| format!("{LIST}: expected a block of TOML with the mutants"))?;
    Ok(toml::from_str::<Table>(block).map_err(|error| format!("{LIST}: {error}"))?.mutant)
}

/// Whether the mutant's test passes in the copy; an error if there is no such test, or it does not compile.
fn test(sh: &Shell, mutant: &Mutant, copy: &Path) -> Outcome<bool> {
    let (package, name) = (&mutant.package, &mutant.test);
    let _target = sh.push_env("CARGO_TARGET_DIR", copy.join("target"));
    let _backtrace = sh.push_env("RUST_BACKTRACE", "0");
    let run = if mutant.model {
        let models = loom::build(sh).map_err(|error| format!("{LIST}: the mutant of {}: {error}", mutant.file))?;
        cmd!(sh, "timeout {LIMIT} {models} --exact {name}")
    } else {
        cmd!(sh, "timeout {LIMIT} cargo test --quiet -p {package} --lib --test it -- --exact {name}")
    };
    let run = run.quiet().ignore_status().output()?;
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    must(run.status.code() != Some(TIMED_OUT), &format!("{name} did not end within {LIMIT} s"))?;
    if err.contains("could not compile") {
        return Err(format!("{LIST}: the mutant of {} does not compile\n{err}", mutant.file).into());
    }
    must(out.contains("running 1 test"), &format!("{LIST}: there is no test {name} in {package}"))?;
    Ok(run.status.success())
}

fn must(holds: bool, otherwise: &str) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise.to_owned().into()) }
}

const LIST: &str = "CONTRIBUTING.md";
/// Seconds for one build and test; a mutant that hangs its test is no proof.
const LIMIT: &str = "300";
/// What coreutils' `timeout` exits with.
const TIMED_OUT: i32 = 124;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_invariant_has_a_mutant_and_every_mutant_its_line() {
        let mutants = listed(&fs::read_to_string(project::root().join(LIST)).unwrap()).unwrap();
        for invariant in 1..=8 {
            assert!(mutants.iter().any(|mutant| mutant.invariant == invariant), "no mutant of invariant {invariant}");
        }
        for mutant in mutants {
            let text = fs::read_to_string(project::root().join(&mutant.file)).unwrap();
            mutant.applied_to(&text).unwrap();
        }
    }

    #[test]
    fn every_model_has_a_mutant() {
        let folder = project::root().join("crates/auth-core/src/model");
        let mut models = BTreeSet::new();
        for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let (module, text) = (file.file_stem().unwrap().to_str().unwrap(), fs::read_to_string(&file).unwrap());
            let names = text.split("#[test]\n").skip(1).map(|test| test.split(['(', ' ']).nth(1).unwrap());
            models.extend(names.map(|name| format!("model::{module}::{name}")));
        }
        let mutants = listed(&fs::read_to_string(project::root().join(LIST)).unwrap()).unwrap();
        let tests = mutants.into_iter().filter(|mutant| mutant.model).map(|mutant| mutant.test);
        assert_eq!(tests.collect::<BTreeSet<_>>(), models);
    }

    #[test]
    fn name_that_no_test_has_is_an_error_and_not_a_row_of_kills() {
        let error = run("no such test").unwrap_err().to_string();
        assert!(error.contains("no mutant has a test with \"no such test\" in its name"), "{error}");
    }

    #[test]
    fn line_that_stands_twice_or_nowhere_is_refused() {
        let list = "```toml\n[[mutant]]\ninvariant = 1\nfile = \"f\"\nreplace = \"a\"\nwith = \"b\"\ntest = \"t\"\ncrate = \"c\"\n```";
        let mutant = listed(list).unwrap().remove(0);
        assert_eq!(mutant.applied_to("xax").unwrap(), "xbx");
        assert!(mutant.applied_to("aa").is_err() && mutant.applied_to("x").is_err());
        assert!(listed("no block").is_err());
    }
}
