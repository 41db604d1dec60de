//! `cargo xtask bench`: all benchmarks and what a provider costs its user, as one table with the machine and the date.

mod builds;

use crate::Outcome;
use crate::project::{self, Project};
use serde::Deserialize;
use std::fs;
use std::path::Path;
use xshell::{Shell, cmd};

/// Measures; unless `without_builds`, cold builds too, and then the table becomes that of auth-core's README.
pub(crate) fn run(without_builds: bool) -> Outcome {
    let (sh, project) = (project::shell()?, Project::load()?);
    let mut rows = warm(&sh, &project)?;
    rows += &load(&sh)?;
    if !without_builds {
        rows += &builds::rows(&sh, &project)?;
    }
    let measured = format!("{}\n\n{HEAD}{rows}", machine(&sh)?);
    println!("\n{measured}");
    if without_builds {
        println!("Not written to {README}: the cold builds are missing.");
        return Ok(());
    }
    let readme = sh.read_file(README)?;
    sh.write_file(README, replaced(&readme, &measured)?)?;
    println!("Written to {README}.");
    Ok(())
}

/// Where and when.
fn machine(sh: &Shell) -> Outcome<String> {
    let date = cmd!(sh, "date -u +%Y-%m-%d").quiet().read()?;
    let rustc = cmd!(sh, "rustc --version").quiet().read()?;
    let system = cmd!(sh, "uname -sm").quiet().read()?;
    let processors = std::thread::available_parallelism()?;
    let names = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = names.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    Ok(format!("{date}, {processors} × {}, {system}, {rustc}", name.unwrap_or("unknown processor")))
}

/// Reads beside the plainest cell, by criterion.
fn warm(sh: &Shell, project: &Project) -> Outcome<String> {
    let results = project.target.join("criterion");
    sh.remove_path(&results)?;
    eprintln!("… warm reads");
    cmd!(sh, "cargo bench --quiet -p auth-core --bench warm -- --quiet").ignore_stdout().run()?;
    let mut rows = String::new();
    for (read, reference, most) in READS {
        let measured: Vec<Compared> =
            SPREADS.iter().map(|spread| compared(&results, spread, read, reference)).collect::<Outcome<_>>()?;
        let joined = |part: fn(&Compared) -> String| measured.iter().map(part).collect::<Vec<_>>().join(" / ");
        let (times, references) = (joined(|c| format!("{:.0}", c.time)), joined(|c| format!("{:.0}", c.reference)));
        let ratios = joined(|c| format!("{:.2}", c.ratio));
        let missed = if measured.iter().any(|c| c.ratio > most) { " **missed**" } else { "" };
        let what = format!("`{read}()` beside the plainest {reference}: {}", SPREADS.join(" / "));
        rows += &format!("| {what} | {times} ns, {ratios} × its {references} ns{missed} | ≤ {most} × |\n");
    }
    Ok(rows)
}

struct Compared {
    time: f64,
    reference: f64,
    ratio: f64,
}

/// Medians over the passes. The ratio is that of each pass, since the machine drifts from one to the next.
fn compared(results: &Path, spread: &str, read: &str, reference: &str) -> Outcome<Compared> {
    let mut passes = Vec::new();
    for pass in 1.. {
        let folder = results.join(format!("{spread}, pass {pass}"));
        if !folder.exists() {
            break;
        }
        passes.push((nanos(&folder.join(read))?, nanos(&folder.join(reference))?));
    }
    let of = |part: fn(&(f64, f64)) -> f64| median(passes.iter().map(part).collect());
    let none = || format!("no results of `{read}` in {}", results.display());
    Ok(Compared {
        time: of(|(time, _)| *time).ok_or_else(none)?,
        reference: of(|(_, reference)| *reference).ok_or_else(none)?,
        ratio: of(|(time, reference)| time / reference).ok_or_else(none)?,
    })
}

/// What criterion writes: each sample's iterations and nanoseconds.
#[derive(Deserialize)]
struct Sample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

/// The median of a benchmark's samples.
fn nanos(folder: &Path) -> Outcome<f64> {
    let sample: Sample = serde_json::from_str(&fs::read_to_string(folder.join("new/sample.json"))?)?;
    let each = sample.times.iter().zip(&sample.iters).map(|(time, iterations)| time / iterations);
    Ok(median(each.collect()).ok_or("a benchmark without samples")?)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The other benchmark prints rows itself.
fn load(sh: &Shell) -> Outcome<String> {
    let printed = cmd!(sh, "cargo bench --quiet -p auth-core --bench load").read()?;
    let rows = printed.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what "));
    Ok(rows.map(|row| format!("{row}\n")).collect())
}

/// `readme` with `measured` between the marks.
fn replaced(readme: &str, measured: &str) -> Outcome<String> {
    let (before, rest) = readme.split_once(BEGIN).ok_or_else(|| format!("{README}: expected a line {BEGIN}"))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| format!("{README}: expected a line {END}"))?;
    Ok(format!("{before}{BEGIN}\n{measured}\n{END}{after}"))
}

const README: &str = "crates/auth-core/README.md";
const BEGIN: &str = "<!-- measured by `cargo xtask bench` -->";
const END: &str = "<!-- end of what was measured -->";
const HEAD: &str = "| what | measured | goal |\n|---|---|---|\n";
/// As the benchmark calls them.
const SPREADS: [&str; 3] = ["1 thread", "2 threads", "64 tasks"];
/// What is read, the reference, and how many times as long it may take.
const READS: [(&str, &str, f64); 3] =
    [("token", "cell", 1.2), ("authorization", "cell header", 1.2), ("headers", "cell header", 1.2)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_replaces_what_stood_between_the_marks() {
        let readme = format!("above\n{BEGIN}\nold\n{END}\nbelow\n");
        assert_eq!(replaced(&readme, "new").unwrap(), format!("above\n{BEGIN}\nnew\n{END}\nbelow\n"));
        assert!(replaced("no marks", "new").is_err());
    }

    #[test]
    fn readme_of_the_core_has_the_marks() {
        let readme = fs::read_to_string(project::root().join(README)).unwrap();
        assert!(replaced(&readme, "new").is_ok());
    }

    /// The comparison with others is written by hand.
    #[test]
    fn root_readme_says_of_warm_reads_what_was_measured_last() {
        let read = |path: &str| fs::read_to_string(project::root().join(path)).unwrap();
        let (measured, compared) = (read(README), read("README.md"));
        let row = measured.lines().find(|line| line.starts_with("| `token()` beside")).unwrap();
        let ratios: Vec<&str> = row.split(" ns, ").nth(1).unwrap().split(" / ").take(2).collect();
        let said = format!("| {} × / {} × |", ratios[0], ratios[1]);
        assert!(compared.contains(&said), "README.md: expected {said}");
    }

    #[test]
    fn median_is_the_one_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(Vec::new()), None);
    }
}
