//! `cargo xtask verify-packages`: what a user would get, proved before anybody gets it.
//!
//! All crates are packed and published, with real cargo, to a registry on loopback. From there a user who has nothing but
//! an empty folder takes them, one provider at a time, and runs what the READMEs show.

mod alone;
mod packed;
mod program;
mod simulators;
mod site;

use crate::Outcome;
use crate::project::{self, Project};
use crate::tree::{self, TLS};
use alone::Unwanted;
use packed::Packed;
use program::Program;
use simulators::Simulators;
use site::Site;
use std::collections::BTreeMap;
use std::time::Instant;

/// Packs, publishes, uses. Ends at the first thing that is not as a user would want it.
pub(crate) fn run() -> Outcome {
    let begun = Instant::now();
    let project = Project::load()?;
    let site = Site::open(&project)?;

    heading(1, "published, one by one");
    let packed = packed::publish_all(&site)?;
    let mut rows: BTreeMap<&str, Row> = packed.iter().map(|packed| (packed.name.as_str(), Row::of(packed))).collect();

    heading(2, "authctl, installed");
    let simulators = Simulators::start(&site.install("auth-cli", "authctl")?)?;

    heading(3, "each provider in a program of its own");
    for provider in published(&packed, project.providers().map(|package| &package.name)) {
        let row = rows.entry(&provider.name).or_default();
        row.tree = alone(&site, provider, &project)?;
        with_tls(&site, provider, &simulators)?;
        without_tls(&site, provider, &simulators)?;
        row.program = "token; https; without TLS";
    }

    heading(4, "each README's first example");
    for library in published(&packed, project.libraries().map(|package| &package.name)) {
        readme(&site, library)?;
        rows.entry(&library.name).or_default().readme = "runs";
    }

    heading(5, "two TLS libraries in one program");
    let mut both =
        published(&packed, project.providers().filter(|p| TLS.iter().all(|tls| p.has_feature(tls))).map(|p| &p.name));
    let (one, other) = both.next().zip(both.next()).ok_or("expected two providers with both TLS libraries")?;
    two_tls(&site, [one, other], &simulators)?;

    heading(6, "documentation, as docs.rs builds it");
    for library in published(&packed, project.libraries().map(|package| &package.name)) {
        site.document(library)?;
        rows.entry(&library.name).or_default().docs = "build";
    }
    println!(
        "\n{}\n{} and {} in one program: run. All in {:.0} s.",
        table(&rows),
        one.name,
        other.name,
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

const STEPS: usize = 6;

fn heading(number: usize, title: &str) {
    println!("\n[{number}/{STEPS}] {title}");
}

/// Those of `packed` that have one of the names.
fn published<'a>(packed: &'a [Packed], names: impl Iterator<Item = &'a String>) -> impl Iterator<Item = &'a Packed> {
    names.filter_map(|name| packed.iter().find(|packed| packed.name == *name))
}

/// How many crates a user gets with the provider: none that only a test wants, and none of a neighbour.
fn alone(site: &Site, provider: &Packed, project: &Project) -> Outcome<usize> {
    let program = Program::create(site, &format!("{}-alone", provider.name))?;
    program.add(&[&provider.name])?;
    let tree = alone::read(&program.tree(&provider.name)?);
    let sh = project::shell()?;
    let (metadata, bare) = (project::metadata(&sh)?, tree::bare_reqwest(&sh, &project.target, TLS[0])?);
    let findings = Unwanted::of(&metadata, &bare).in_tree(&provider.name, &tree);
    if findings.is_empty() { Ok(tree.len()) } else { Err(findings.join("\n").into()) }
}

/// The packed example gets a token, and speaks TLS where it is told to.
fn with_tls(site: &Site, provider: &Packed, simulators: &Simulators) -> Outcome {
    let program = Program::create(site, &provider.name)?;
    program.add(&[&provider.name])?;
    program.require(TOKIO)?;
    program.write("src/main.rs", &provider.read("examples/token.rs")?)?;
    let vars = simulators.variables(&provider.name)?;
    program.run("--bin user", vars)?.must_succeed("token ")?;
    // The simulator speaks none, so that the handshake fails.
    program.run("--bin user", &https(vars))?.must_fail("Reach")
}

/// Without TLS a program works on loopback, and elsewhere says what it lacks.
fn without_tls(site: &Site, provider: &Packed, simulators: &Simulators) -> Outcome {
    let program = Program::create(site, &format!("{}-without-tls", provider.name))?;
    program.add(&[&provider.name, "--no-default-features"])?;
    program.require(TOKIO)?;
    program.write("src/main.rs", &provider.read("examples/token.rs")?)?;
    let vars = simulators.variables(&provider.name)?;
    program.run("--bin user", vars)?.must_succeed("token ")?;
    program.run("--bin user", &https(vars))?.must_fail("turn on the feature `rustls` or `native-tls`")
}

/// As somebody tests a program: auth-sim is for development.
fn readme(site: &Site, library: &Packed) -> Outcome {
    let program = Program::create(site, &format!("{}-readme", library.name))?;
    program.add(&[&library.name])?;
    if library.name != "auth-sim" {
        program.add(&["--dev", "auth-sim"])?;
    }
    program.require(README_NEEDS)?;
    program.write("examples/readme.rs", &program::first_example(&library.read("README.md")?)?)?;
    program.run("--example readme", &[])?.must_succeed("")
}

/// One has rustls and the other the platform's library. They share one auth-core and its error.
fn two_tls(site: &Site, providers: [&Packed; 2], simulators: &Simulators) -> Outcome {
    let program = Program::create(site, "two-tls")?;
    program.require(TOKIO)?;
    let mut vars = Vec::new();
    for ((provider, module), tls) in providers.into_iter().zip(["one", "other"]).zip(TLS) {
        program.add(&[&provider.name, "--no-default-features", "--features", tls])?;
        let example = provider.read("examples/token.rs")?.replace("async fn main()", "pub async fn main()");
        program.write(&format!("src/{module}.rs"), &example)?;
        vars.extend_from_slice(simulators.variables(&provider.name)?);
    }
    let error = providers[0].name.replace('-', "_");
    let main = format!(
        "mod one;\nmod other;\nfn main() -> Result<(), {error}::Error> {{\n    one::main()?;\n    other::main()\n}}\n"
    );
    program.write("src/main.rs", &main)?;
    program.run("--bin user", &vars)?.must_succeed("token ")?;
    program.run("--bin user", &https(&vars))?.must_fail("Reach")
}

fn https(vars: &[(String, String)]) -> Vec<(String, String)> {
    vars.iter().map(|(name, value)| (name.clone(), value.replacen("http://", "https://", 1))).collect()
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
        format!("{name:<16} {size:>9} {files:>6} {tree:>7}  {program:<26} {readme:<7} {docs}").trim_end().to_owned()
            + "\n"
    };
    let mut table = line(["crate", "packed", "files", "crates", "its example", "README", "docs"]);
    for (name, row) in rows {
        let size = format!("{:.1} KiB", row.size as f64 / 1024.0);
        let tree = if row.tree == 0 { String::new() } else { row.tree.to_string() };
        table += &line([name, &size, &row.files.to_string(), &tree, row.program, row.readme, row.docs]);
    }
    table
}

/// What the example needs of it, beside what the provider has turned on.
const TOKIO: &str = "tokio = { version = \"1\", features = [\"macros\", \"rt\"] }";
/// tokio as `authctl` has it, so that all beneath is built once.
const README_NEEDS: &str = "tokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\", \"signal\", \"sync\", \"time\"] }\nhttp = \"1\"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_has_a_line_for_each_crate_and_blanks_where_nothing_was_run() {
        let provider = Row {
            size: 12_345,
            files: 12,
            tree: 96,
            program: "token; https; without TLS",
            readme: "runs",
            docs: "build",
        };
        let cli = Row { size: 1024, files: 3, ..Row::default() };
        let table = table(&[("some-vendor", provider), ("auth-cli", cli)].into());
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[1], "auth-cli           1.0 KiB      3");
        assert_eq!(lines[2], "some-vendor       12.1 KiB     12      96  token; https; without TLS  runs    build");
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn urls_alone_become_https() {
        let vars = [("A_URL", "http://127.0.0.1:1"), ("A_ID", "invented")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(https(&vars)[0].1, "https://127.0.0.1:1");
        assert_eq!(https(&vars)[1], vars[1]);
    }
}
