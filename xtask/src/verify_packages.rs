//! `cargo xtask verify-packages`: what a user would get, proved before anybody gets it.
//!
//! All crates are packed and published, with real cargo, to a registry on loopback. From there a user who has nothing but
//! an empty folder takes them, one provider at a time, and runs what the READMEs show.

mod documentation;
mod packed;
mod program;
mod simulators;
mod site;
mod unwanted;
mod uses;

use crate::Outcome;
use crate::project::{self, Package, Project};
use crate::tree::{self, TLS};
use packed::Packed;
use simulators::Simulators;
use site::Site;
use std::collections::BTreeMap;
use std::time::Instant;
use unwanted::Unwanted;

/// Publishes, uses, and ends at the first thing that is not as a user would want it.
pub(crate) fn run() -> Outcome {
    let begun = Instant::now();
    let project = Project::load()?;
    let site = Site::open(&project)?;

    heading(1, "published, one by one", begun);
    let packed = packed::publish_all(&site)?;
    let mut rows: BTreeMap<&str, Row> = packed.iter().map(|packed| (packed.name.as_str(), Row::of(packed))).collect();

    heading(2, "authctl, installed, and its simulators", begun);
    let simulators = Simulators::start(&site.install("auth-cli", "authctl")?)?;

    heading(3, "each provider in a program of its own", begun);
    let unwanted = unwanted(&project)?;
    let providers: Vec<&Packed> = of(&packed, project.providers()).collect();
    for provider in &providers {
        let row = rows.entry(&provider.name).or_default();
        row.tree = uses::with_tls(&site, provider, &unwanted, &simulators)?;
        uses::without_tls(&site, provider, &simulators)?;
        row.program = "runs, and without TLS";
    }

    heading(4, "each README's first example", begun);
    for provider in &providers {
        uses::readme(&site, provider, &simulators)?;
        rows.entry(&provider.name).or_default().readme = "runs";
    }

    heading(5, "one provider with rustls and another with native-tls, in one program", begun);
    let mut both = of(&packed, project.providers().filter(|package| TLS.iter().all(|tls| package.has_feature(tls))));
    let both = both.next().zip(both.next()).ok_or("expected two providers with both TLS libraries")?;
    uses::two_tls(&site, both.into(), &simulators)?;

    heading(6, "tokens for reqwest, for tower, and for threads that do not await", begun);
    uses::middleware(&site)?;
    uses::adapters(&site, &simulators)?;
    for name in ["auth-core", "auth-reqwest", "auth-sim"] {
        rows.entry(name).or_default().program = "runs";
    }

    heading(7, "documentation, as docs.rs builds it", begun);
    let libraries: Vec<&Packed> = of(&packed, project.libraries()).collect();
    documentation::build(&site, &libraries)?;
    for library in libraries {
        rows.entry(&library.name).or_default().docs = "build";
    }
    all_are_used(&rows)?;
    println!("\n{}\nall in {:.0} s", table(&rows), begun.elapsed().as_secs_f64());
    Ok(())
}

const STEPS: usize = 7;

fn heading(number: usize, title: &str, begun: Instant) {
    println!("\n[{number}/{STEPS}] {title} (after {:.0} s)", begun.elapsed().as_secs_f64());
}

/// The published ones of `packages`.
fn of<'a>(packed: &'a [Packed], packages: impl Iterator<Item = &'a Package>) -> impl Iterator<Item = &'a Packed> {
    packages.filter_map(|package| packed.iter().find(|packed| packed.name == package.name))
}

/// Each library has been in some user's program.
fn all_are_used(rows: &BTreeMap<&str, Row>) -> Outcome {
    let unused = rows.iter().find(|(_, row)| !row.docs.is_empty() && row.program.is_empty());
    match unused {
        Some((name, _)) => Err(format!("{name} is published, and no program uses it: write one in {USES}").into()),
        None => Ok(()),
    }
}

const USES: &str = "xtask/src/verify_packages/uses.rs";

fn unwanted(project: &Project) -> Outcome<Unwanted> {
    let sh = project::shell()?;
    Ok(Unwanted::of(&project::metadata(&sh)?, &tree::bare_reqwest(&sh, &project.target, TLS[0])?))
}

/// A line of the table at the end.
#[derive(Default)]
struct Row {
    size: usize,
    files: usize,
    tree: usize,
    program: &'static str,
    readme: &'static str,
    docs: &'static str,
}

impl Row {
    fn of(packed: &Packed) -> Self {
        Self { size: packed.size, files: packed.files.len(), ..Self::default() }
    }
}

fn table(rows: &BTreeMap<&str, Row>) -> String {
    let line = |cells: [&str; 7]| {
        let [name, size, files, tree, program, readme, docs] = cells;
        let line = format!("{name:<16} {size:>9} {files:>6} {tree:>7}  {program:<22} {readme:<7} {docs}");
        line.trim_end().to_owned() + "\n"
    };
    let mut table = line(["crate", "packed", "files", "crates", "its example", "README", "docs"]);
    for (name, row) in rows {
        let size = format!("{:.1} KiB", row.size as f64 / 1024.0);
        let tree = if row.tree == 0 { String::new() } else { row.tree.to_string() };
        table += &line([name, &size, &row.files.to_string(), &tree, row.program, row.readme, row.docs]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_has_a_line_for_each_crate_and_blanks_where_nothing_was_run() {
        let provider =
            Row { size: 12_345, files: 12, tree: 96, program: "runs, and without TLS", readme: "runs", docs: "build" };
        let cli = Row { size: 1024, files: 3, ..Row::default() };
        let table = table(&[("some-vendor", provider), ("auth-cli", cli)].into());
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[1], "auth-cli           1.0 KiB      3");
        assert_eq!(lines[2], "some-vendor       12.1 KiB     12      96  runs, and without TLS  runs    build");
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn library_that_no_program_uses_is_an_error_and_a_tool_is_not() {
        let library = |program| Row { program, docs: "build", ..Row::default() };
        let mut rows: BTreeMap<&str, Row> = [("some-vendor", library("runs")), ("auth-cli", Row::default())].into();
        assert!(all_are_used(&rows).is_ok());
        rows.insert("auth-new", library(""));
        assert!(all_are_used(&rows).unwrap_err().to_string().starts_with("auth-new is published"));
    }
}
