//! `cargo xtask fuzz`: libFuzzer on every target of `crates/fuzz`, and a table of what it did.
//!
//! What it learns is kept below `target`, so that the next run goes on where this one ended.

use crate::step::{Action, Step};
use crate::{Outcome, project};
use std::fs;
use std::path::Path;
use xshell::{Shell, cmd};

/// What libFuzzer says of one target.
#[derive(Debug, Default, PartialEq)]
struct Run {
    target: String,
    executions: u64,
    per_second: u64,
    /// Edges between blocks of code that some input has reached.
    edges: u64,
    new_units: u64,
    finding: Option<Finding>,
}

#[derive(Debug, PartialEq)]
struct Finding {
    /// What was asserted, or that it took too long or too much.
    what: String,
    /// The file with the input.
    artefact: String,
}

pub(crate) fn run(target: Option<&str>, seconds: u32) -> Outcome {
    let sh = project::shell()?;
    let targets = chosen(targets(project::root())?, target)?;
    for (tool, command, install) in TOOLS {
        let found = sh.cmd("sh").arg("-c").arg(command).quiet().ignore_stdout().ignore_stderr().run();
        found.map_err(|_| format!("{tool} is not here: {install}"))?;
    }
    let mut runs = Vec::new();
    for target in targets {
        println!("\n{target}: build, then {seconds} s");
        runs.push(fuzz(&sh, &target, seconds)?);
    }
    println!("\n{}", table(&runs));
    verdict(&runs)
}

/// For `cargo xtask ci`: the bodies of the targets on their seeds. Needs neither nightly Rust nor libFuzzer. The package has a
/// lock file of its own; where a crate got another version or dependency, `cargo update -w` there brings it up to date.
pub(crate) fn seeds() -> Step {
    let format = format!("fmt --manifest-path {MANIFEST} -- --check");
    let test = format!("test --manifest-path {MANIFEST} --test seeds --locked --target-dir target/fuzz-seeds");
    let actions = vec![Action::cargo(&format), Action::cargo(&test).with_env("RUSTFLAGS", "--cfg fuzzing -D warnings")];
    Step { title: "fuzz targets on their seeds".to_owned(), actions }
}

fn targets(root: &Path) -> Outcome<Vec<String>> {
    let files = fs::read_dir(root.join("crates/fuzz/fuzz_targets"))?;
    let paths = files.map(|entry| Ok(entry?.path())).collect::<Outcome<Vec<_>>>()?;
    let mut names: Vec<String> = paths.iter().filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

fn chosen(all: Vec<String>, wanted: Option<&str>) -> Outcome<Vec<String>> {
    match wanted {
        None => Ok(all),
        Some(name) if all.iter().any(|target| target == name) => Ok(vec![name.to_owned()]),
        Some(name) => Err(format!("there is no target {name}; expected one of {}", all.join(", ")).into()),
    }
}

/// One job, and without a sanitizer: no crate of the project has unsafe code, and it is several times as fast so.
fn fuzz(sh: &Shell, target: &str, seconds: u32) -> Outcome<Run> {
    let (corpus, artefacts) = (format!("target/fuzz/corpus/{target}"), format!("target/fuzz/artefacts/{target}/"));
    sh.create_dir(&corpus)?;
    sh.create_dir(&artefacts)?;
    nightly(sh, &["build", target]).run()?;
    let (seeds, limit) = (format!("crates/fuzz/seeds/{target}"), format!("-max_total_time={seconds}"));
    // cargo-fuzz runs the target in its own folder.
    let here = project::root().display();
    let (prefix, words) = (format!("-artifact_prefix={here}/{artefacts}"), format!("-dict={here}/{WORDS}"));
    let libfuzzer = ["--", &limit, &prefix, &words].into_iter().chain(LIMITS.iter().copied());
    let run = nightly(sh, &["run", target, &corpus, &seeds]).args(libfuzzer).quiet().ignore_status().output()?;
    let told = String::from_utf8_lossy(&run.stderr);
    fs::write(project::root().join(format!("target/fuzz/{target}.log")), told.as_bytes())?;
    match read(target, &told) {
        run if run.executions == 0 && run.finding.is_none() => Err(format!("{target} did not run\n{told}").into()),
        run => Ok(run),
    }
}

fn nightly<'a>(sh: &'a Shell, arguments: &[&str]) -> xshell::Cmd<'a> {
    let (command, rest) = arguments.split_first().unwrap_or((&"", &[]));
    let options = COMMON.split(' ');
    // This program runs on stable, and says so to what it starts.
    cmd!(sh, "cargo +nightly fuzz {command} {options...} {rest...}").env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO")
}

/// The statistics at the end of libFuzzer's output; where it was stopped by a finding, what it said last.
fn read(target: &str, told: &str) -> Run {
    let last = |key: &str| told.lines().rev().find_map(|line| line.split_once(key)).map(|(_, rest)| rest);
    let number =
        |key: &str| last(key).and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default();
    let artefact = last("Test unit written to ").map(|path| path.trim().to_owned());
    Run {
        target: target.to_owned(),
        executions: number("stat::number_of_executed_units:"),
        per_second: number("stat::average_exec_per_sec:"),
        edges: number(" cov: "),
        new_units: number("stat::new_units_added:"),
        finding: artefact.map(|artefact| Finding { what: what(told), artefact }),
    }
}

/// The panic and its message, else libFuzzer's own error.
fn what(told: &str) -> String {
    let mut lines = told.lines();
    let panic: Vec<&str> =
        lines.by_ref().skip_while(|line| !line.contains("panicked at")).take(2).map(str::trim).collect();
    let own = || told.lines().find_map(|line| line.split_once("ERROR: libFuzzer: ")).map(|(_, error)| error);
    if panic.is_empty() { own().unwrap_or("see the log").to_owned() } else { panic.join(" ") }
}

fn table(runs: &[Run]) -> String {
    let row = |run: &Run| {
        let Run { target, executions, per_second, edges, new_units, finding } = run;
        let findings = u8::from(finding.is_some());
        format!("| {target} | {executions} | {per_second} | {edges} | {new_units} | {findings} |\n")
    };
    let head = "| target | executions | a second | edges | new units | findings |\n|---|---:|---:|---:|---:|---:|\n";
    runs.iter().map(row).fold(head.to_owned(), |table, row| table + &row)
}

fn verdict(runs: &[Run]) -> Outcome {
    let findings = runs.iter().filter_map(|run| Some((&run.target, run.finding.as_ref()?)));
    let findings: Vec<String> = findings
        .map(|(target, Finding { what, artefact })| {
            format!("{target}: {what}\nthe input: {artefact}\nreproduce: cargo +nightly fuzz run {COMMON} {target} {artefact}")
        })
        .collect();
    if findings.is_empty() { Ok(()) } else { Err(findings.join("\n\n").into()) }
}

const MANIFEST: &str = "crates/fuzz/Cargo.toml";
const WORDS: &str = "crates/fuzz/words.dict";
const COMMON: &str = "--fuzz-dir crates/fuzz --target-dir target/fuzz --sanitizer none --features libfuzzer";
/// Seconds and megabytes that one input may cost: no answer is longer than 64 KiB, and none takes a tenth of a second.
const LIMITS: [&str; 4] = ["-timeout=10", "-rss_limit_mb=1024", "-max_len=8192", "-print_final_stats=1"];
/// What is needed, how to see whether it is there, and where it comes from.
const TOOLS: [(&str, &str, &str); 3] = [
    ("nightly Rust", "rustup run nightly rustc --version", "rustup toolchain install nightly --profile minimal"),
    ("cargo-fuzz", "cargo-fuzz --version", "cargo install cargo-fuzz --locked"),
    ("a C++ compiler, for libFuzzer,", "c++ --version", "apt-get install g++"),
];

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: &str = "\
INFO: Seed: 1
#2	INITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 30Mb
#900	NEW    cov: 42 ft: 50 corp: 9/99b lim: 4 exec/s: 90 rss: 31Mb L: 3/4 MS: 1 ChangeBit-
#1000	DONE   cov: 43 ft: 51 corp: 9/99b lim: 4 exec/s: 100 rss: 31Mb
Done 1000 runs in 10 second(s)
stat::number_of_executed_units: 1000
stat::average_exec_per_sec:     100
stat::new_units_added:          8
";

    const LOUD: &str = "\
#900	NEW    cov: 42 ft: 50 corp: 9/99b lim: 4 exec/s: 90 rss: 31Mb L: 3/4 MS: 1 ChangeBit-

thread '<unnamed>' (1) panicked at src/check.rs:1:1:
a life of 0ns
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
==1== ERROR: libFuzzer: deadly signal
artifact_prefix='target/'; Test unit written to target/crash-0
stat::number_of_executed_units: 901
";

    fn run_of(told: &str) -> Run {
        read("answer", told)
    }

    #[test]
    fn statistics_are_read_and_shown_as_a_row() {
        let run = run_of(QUIET);
        assert_eq!((run.executions, run.per_second, run.edges, run.new_units), (1000, 100, 43, 8));
        assert!(table(&[run]).ends_with("|---:|\n| answer | 1000 | 100 | 43 | 8 | 0 |\n"));
        assert!(verdict(&[run_of(QUIET)]).is_ok());
    }

    #[test]
    fn finding_fails_and_says_what_it_is_and_how_to_see_it_again() {
        let error = verdict(&[run_of(QUIET), run_of(LOUD)]).unwrap_err().to_string();
        assert!(
            error.starts_with("answer: thread '<unnamed>' (1) panicked at src/check.rs:1:1: a life of 0ns\n"),
            "{error}"
        );
        let command = format!("cargo +nightly fuzz run {COMMON} answer target/crash-0");
        assert!(error.ends_with(&command), "{error}");
        assert!(table(&[run_of(LOUD)]).ends_with("| answer | 901 | 0 | 42 | 0 | 1 |\n"));
    }

    #[test]
    fn input_that_takes_too_long_is_a_finding_too() {
        let told = "==1== ERROR: libFuzzer: timeout after 11 seconds\nTest unit written to target/timeout-0\n";
        let finding = run_of(told).finding.unwrap();
        assert_eq!(
            (finding.what.as_str(), finding.artefact.as_str()),
            ("timeout after 11 seconds", "target/timeout-0")
        );
    }

    #[test]
    fn target_that_is_not_there_is_refused_with_those_that_are() {
        let all = targets(project::root()).unwrap();
        assert!(all.len() >= 10, "{all:?}");
        assert_eq!(chosen(all.clone(), Some("claims")).unwrap(), ["claims"]);
        let error = chosen(all, Some("clams")).unwrap_err().to_string();
        assert!(error.contains("no target clams") && error.contains("answer, claims"), "{error}");
    }
}
