//! What users do with a provider.

use super::packed::Packed;
use super::program::{self, Program};
use super::simulators::Simulators;
use super::site::{MIDDLEWARE, Site, USER};
use super::unwanted::{self, Unwanted};
use crate::Outcome;
use crate::tree::TLS;

/// The packed example gets a token, and speaks TLS where it is told to. Answers how many crates come with the provider: none
/// that only a test wants, and none of a neighbour.
pub(crate) fn with_tls(site: &Site, provider: &Packed, unwanted: &Unwanted, simulators: &Simulators) -> Outcome<usize> {
    let program = Program::create(site, &provider.name)?;
    program.add(&[&provider.name])?;
    let tree = unwanted::read(&program.tree(&provider.name)?);
    let findings = unwanted.in_tree(&provider.name, &tree);
    if !findings.is_empty() {
        return Err(findings.join("\n").into());
    }
    run_example(&program, provider, simulators, HANDSHAKE_FAILED)?;
    Ok(tree.len())
}

/// Without TLS a program works on loopback, and elsewhere says what it lacks.
pub(crate) fn without_tls(site: &Site, provider: &Packed, simulators: &Simulators) -> Outcome {
    let program = Program::create(site, &format!("{}-without-tls", provider.name))?;
    program.add(&[&provider.name, "--no-default-features"])?;
    run_example(&program, provider, simulators, "turn on the feature `rustls` or `native-tls`")
}

/// Against a simulator, and then against it by https, which it does not speak.
fn run_example(program: &Program<'_>, provider: &Packed, simulators: &Simulators, refusal: &str) -> Outcome {
    program.require(NEEDS)?;
    program.write("src/main.rs", &provider.read(EXAMPLE)?)?;
    let vars = simulators.variables(&provider.name)?;
    let built = program.build(PROGRAM)?;
    program.run(&built, vars)?.must_succeed(TOKEN)?;
    program.run(&built, &https(vars))?.must_fail(refusal)
}

/// With the variables that the README tells of.
pub(crate) fn readme(site: &Site, provider: &Packed, simulators: &Simulators) -> Outcome {
    let program = Program::create(site, &format!("{}-readme", provider.name))?;
    program.add(&[&provider.name])?;
    program.require(NEEDS)?;
    program.write("src/main.rs", &program::first_example(&provider.read("README.md")?)?)?;
    let built = program.build(PROGRAM)?;
    program.run(&built, simulators.variables(&provider.name)?)?.must_succeed("")
}

/// auth-reqwest carries a provider's tokens, and auth-sim is what its user tests with.
pub(crate) fn middleware(site: &Site) -> Outcome {
    let program = Program::create(site, MIDDLEWARE)?;
    program.add(&["auth-core"])?;
    program.add(&["auth-reqwest"])?;
    program.add(&[VENDOR])?;
    program.add(&["--dev", "auth-sim"])?;
    program.require(MIDDLEWARE_NEEDS)?;
    program.write("examples/middleware.rs", include_str!("programs/middleware.rs"))?;
    let built = program.build(&["--example", MIDDLEWARE])?;
    program.run(&built, &[])?.must_succeed(TOKEN)
}

/// The features of auth-core that no provider turns on.
pub(crate) fn adapters(site: &Site, simulators: &Simulators) -> Outcome {
    let program = Program::create(site, "adapters")?;
    program.add(&["auth-core", "--features", "blocking,metrics,tower"])?;
    program.add(&[VENDOR])?;
    program.require(NEEDS)?;
    program.require(ADAPTERS_NEED)?;
    program.write("src/main.rs", include_str!("programs/adapters.rs"))?;
    let built = program.build(PROGRAM)?;
    program.run(&built, simulators.variables(VENDOR)?)?.must_succeed(TOKEN)
}

/// One turns on rustls and the other the platform's library. They share one auth-core, its error and its client, so features
/// are united, and both providers speak by rustls, as the README of auth-core says.
pub(crate) fn two_tls(site: &Site, providers: [&Packed; 2], simulators: &Simulators) -> Outcome {
    let program = Program::create(site, "two-tls")?;
    program.require(NEEDS)?;
    for ((provider, module), tls) in providers.into_iter().zip(["one", "other"]).zip(TLS) {
        program.add(&[&provider.name, "--no-default-features", "--features", tls])?;
        let example = provider.read(EXAMPLE)?.replace("async fn main()", "pub async fn main()");
        program.write(&format!("src/{module}.rs"), &example)?;
    }
    let owner = providers[0].name.replace('-', "_");
    program.write("src/main.rs", &BOTH.replace("OWNER", &owner))?;
    let (one, other) = (simulators.variables(&providers[0].name)?, simulators.variables(&providers[1].name)?);
    let built = program.build(PROGRAM)?;
    program.run(&built, &[one, other].concat())?.must_succeed(TOKEN)?;
    for vars in [[one, &https(other)], [&https(one), other]] {
        let run = program.run(&built, &vars.concat())?;
        run.must_fail(HANDSHAKE_FAILED)?;
        run.must_fail(RUSTLS)?;
    }
    Ok(())
}

fn https(vars: &[(String, String)]) -> Vec<(String, String)> {
    vars.iter().map(|(name, value)| (name.clone(), value.replacen("http://", "https://", 1))).collect()
}

/// As for cargo.
const PROGRAM: &[&str; 2] = &["--bin", USER];
/// The same file in every provider.
const EXAMPLE: &str = "examples/token.rs";
/// How the example begins to tell of its token.
const TOKEN: &str = "token ";
/// How it tells that TLS was spoken, in vain.
const HANDSHAKE_FAILED: &str = "reach: Some(Tls)";
/// What rustls calls an answer that is not TLS, and no other library does.
const RUSTLS: &str = "InvalidContentType";
/// Both examples, of which each has a `main` of its own.
const BOTH: &str = "\
mod one;
mod other;

fn main() -> Result<(), OWNER::Error> {
    one::main()?;
    other::main()
}
";
/// Whose tokens the programs carry that are not about a vendor.
const VENDOR: &str = "mgplus-sts";
/// The first is what the READMEs tell to add. The others some providers bring, and change thereby how all below is built:
/// named here, it is built once for all providers.
const NEEDS: &str = r#"
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
serde = "1"
serde_urlencoded = "0.7"
"#;
const ADAPTERS_NEED: &str = r#"
http = "1"
tower = { version = "0.5", default-features = false, features = ["util"] }
"#;
/// tokio as `authctl` has it, so that all below is built once for both.
const MIDDLEWARE_NEEDS: &str = r#"
reqwest = { version = "0.13", default-features = false }
serde = "1"
serde_urlencoded = "0.7"
tokio = { version = "1", features = ["macros", "rt-multi-thread", "signal", "sync", "time"] }
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_alone_become_https() {
        let vars = [("A_URL", "http://127.0.0.1:1"), ("A_ID", "invented")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(https(&vars)[0].1, "https://127.0.0.1:1");
        assert_eq!(https(&vars)[1], vars[1]);
    }
}
