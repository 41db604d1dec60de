//! What each provider brings along, and how much longer its cold build takes, than reqwest alone with the same TLS.
//!
//! Whole builds differ by a tenth from one to the next on a shared machine, which is a third of what is to be measured. So each
//! crate's part is timed by itself, and counts with its median over all builds that it was a part of. What two builds have in
//! common, most of it C code, is then the same number in both.

use super::median;
use crate::project::{self, Project};
use crate::{Outcome, tree};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use xshell::Shell;

/// A row for each provider.
pub(super) fn rows(sh: &Shell, project: &Project) -> Outcome<String> {
    let tls = tree::TLS[0];
    let bare = tree::bare_package(sh, &project.target, tls)?;
    let crates_of_bare = tree::bare_reqwest(sh, &project.target, tls)?;
    let names: Vec<&str> = project.providers().map(|provider| provider.name.as_str()).collect();
    let (mut taken, mut alone, mut whole) = (Taken::default(), Units::new(), Vec::new());
    // In turns, since the machine drifts, and so that what is in one of them alone was built as often.
    for (index, name) in names.iter().enumerate() {
        eprintln!("… cold builds, {} of {}: bare reqwest, {name}", index + 1, names.len());
        alone = taken.add(cold(sh, project, &bare, &[])?);
        whole.push(taken.add(cold(sh, project, project::root(), &["-p", name])?));
    }
    let alone = taken.seconds(&alone);
    let mut rows = String::new();
    for (name, units) in names.iter().zip(whole) {
        let whole = taken.seconds(&units);
        let (more, ratio) = (tree::of_provider(sh, name, tls)?.difference(&crates_of_bare).count(), whole / alone);
        let missed = if more > MOST_CRATES || ratio > MOST_TIME { " **missed**" } else { "" };
        let what = format!("{name} beside bare reqwest, {tls}: crates more / cold build by one job");
        let measured = format!("{more} / {whole:.0} s, {ratio:.2} × its {alone:.0} s");
        rows += &format!("| {what} | {measured}{missed} | ≤ {MOST_CRATES} / ≤ {MOST_TIME} × |\n");
    }
    Ok(rows)
}

/// What cargo builds at once, by the path of a file that comes of it, which tells features and settings apart.
type Units = BTreeSet<PathBuf>;

/// The seconds that each unit took, each time that it was built.
#[derive(Default)]
struct Taken(BTreeMap<PathBuf, Vec<f64>>);

impl Taken {
    /// Which units a build had.
    fn add(&mut self, build: Vec<(PathBuf, f64)>) -> Units {
        let units = build.iter().map(|(unit, _)| unit.clone()).collect();
        for (unit, seconds) in build {
            self.0.entry(unit).or_default().push(seconds);
        }
        units
    }

    /// What a build of these takes.
    fn seconds(&self, units: &Units) -> f64 {
        units.iter().filter_map(|unit| median(self.0.get(unit)?.clone())).sum()
    }
}

/// A build in `folder` with an empty target folder, one unit after the other.
fn cold(sh: &Shell, project: &Project, folder: &Path, arguments: &[&str]) -> Outcome<Vec<(PathBuf, f64)>> {
    let target = project.target.join("cold-build");
    sh.remove_path(&target)?;
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--jobs", "1", "--message-format", "json"]).args(arguments).current_dir(folder);
    // Debug information as anybody's own project has it, whatever this workspace says.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "full").env("CARGO_TARGET_DIR", &target);
    let begun = Instant::now();
    let mut cargo = cargo.stdout(Stdio::piped()).spawn()?;
    let messages = BufReader::new(cargo.stdout.take().ok_or("cargo's messages cannot be read")?);
    let messages = messages.lines().map(|line| Ok((begun.elapsed().as_secs_f64(), line?)));
    let build = units(messages)?;
    if !cargo.wait()?.success() {
        return Err(format!("cargo build {} in {} failed", arguments.join(" "), folder.display()).into());
    }
    sh.remove_path(&target)?;
    Ok(build)
}

/// Which units `messages` tell of, and the seconds from the one before: a message comes as soon as its unit is done.
fn units(messages: impl Iterator<Item = Outcome<(f64, String)>>) -> Outcome<Vec<(PathBuf, f64)>> {
    let (mut units, mut before) = (Vec::new(), 0.0);
    for message in messages {
        let (now, message) = message?;
        let file = match serde_json::from_str(&message)? {
            Message::CompilerArtifact { filenames } => filenames.into_iter().next(),
            Message::BuildScriptExecuted { out_dir } => Some(out_dir),
            Message::Another => None,
        };
        if let Some(file) = file {
            units.push((file, now - before));
            before = now;
        }
    }
    Ok(units)
}

/// Those of cargo's messages that say that something is done.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        filenames: Vec<PathBuf>,
    },
    BuildScriptExecuted {
        out_dir: PathBuf,
    },
    #[serde(other)]
    Another,
}

const MOST_CRATES: usize = 25;
const MOST_TIME: f64 = 1.3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_took_what_passed_since_the_one_before() {
        let messages = [
            (2.0, r#"{"reason":"compiler-artifact","filenames":["/t/a-1.rlib","/t/a-1.rmeta"],"fresh":false}"#),
            (2.5, r#"{"reason":"compiler-message","message":{}}"#),
            (5.0, r#"{"reason":"build-script-executed","out_dir":"/t/b-2/out"}"#),
            (5.0, r#"{"reason":"build-finished","success":true}"#),
        ];
        let units = units(messages.into_iter().map(|(at, message)| Ok((at, message.to_owned())))).unwrap();
        assert_eq!(units, [("/t/a-1.rlib".into(), 2.0), ("/t/b-2/out".into(), 3.0)]);
    }

    #[test]
    fn what_two_builds_have_in_common_counts_the_same_in_both() {
        let unit = |name: &str, seconds| (PathBuf::from(name), seconds);
        let mut taken = Taken::default();
        let mut alone = Units::new();
        let mut whole = Units::new();
        for disturbed in [60.0, 0.0, 0.0] {
            alone = taken.add(vec![unit("shared", 50.0 + disturbed), unit("bare", 1.0)]);
            whole = taken.add(vec![unit("shared", 50.0), unit("provider", 3.0)]);
        }
        assert_eq!((taken.seconds(&alone), taken.seconds(&whole)), (51.0, 53.0));
    }
}
