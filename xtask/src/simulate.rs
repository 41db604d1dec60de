//! `cargo xtask simulate`: the lifecycle in virtual time, world after world, each with a seed of its own.
//!
//! The machine is private to auth-core, so the worlds are a test of it. That test is built at full speed and everything
//! below it as usual, so that nothing but auth-core is compiled anew; arithmetic is checked for overflow all the same.

use crate::{Outcome, project};
use clap::Args;
use std::time::{SystemTime, UNIX_EPOCH};
use xshell::cmd;

#[derive(Args, Default)]
pub(crate) struct Options {
    /// The first world; alone, it is the only one
    #[arg(long)]
    seed: Option<u64>,
    /// How many worlds
    #[arg(long, conflicts_with = "seconds", value_parser = clap::value_parser!(u64).range(1..))]
    runs: Option<u64>,
    /// How long to go on with further worlds [default: 10]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: Option<u64>,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let sh = project::shell()?;
    let settings =
        OPTIMIZED.iter().flat_map(|name| ["--config".into(), format!("profile.test.package.{name}.opt-level=3")]);
    let test = cmd!(sh, "cargo test --quiet -p auth-core --lib {settings...} -- --exact {TEST} --nocapture").quiet();
    let plan = options.plan(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() * FAR_APART);
    println!("worlds from seed {} on", plan[0].1);
    let ran = test.envs(plan).run();
    Ok(ran.map_err(|_| "the simulation failed; above stand the seed, the last events, and how to see them again")?)
}

impl Options {
    /// What the test is told; `seed` where none is asked for.
    fn plan(&self, seed: u64) -> Vec<(&'static str, String)> {
        let mut plan = vec![("SIMULATE_SEED", self.seed.unwrap_or(seed).to_string())];
        match (self.seed, self.runs, self.seconds) {
            (_, Some(runs), _) => plan.push(("SIMULATE_RUNS", runs.to_string())),
            (Some(_), None, None) => plan.push(("SIMULATE_RUNS", "1".to_owned())),
            (_, None, seconds) => {
                plan.push(("SIMULATE_SECONDS", seconds.unwrap_or(10).to_string()));
                plan.push(("SIMULATE_OUTAGES", OUTAGES.to_string()));
            }
        }
        plan
    }
}

const TEST: &str = "lifecycle::simulation::random_worlds_keep_every_invariant";
/// What a world spends its time in.
const OPTIMIZED: &[&str] = &["auth-core", "fastrand"];
/// Enough to tell 0.01 % from nothing.
const OUTAGES: u64 = 20_000;
/// Two runs, a second apart, share no world.
const FAR_APART: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_alone_is_one_world_and_no_option_is_ten_seconds_of_new_ones() {
        let plan = |options: &Options| options.plan(7).iter().map(|(_, number)| number.clone()).collect::<Vec<_>>();
        assert_eq!(plan(&Options { seed: Some(3), ..Options::default() }), ["3", "1"]);
        assert_eq!(plan(&Options { seed: Some(3), runs: Some(9), seconds: None }), ["3", "9"]);
        assert_eq!(plan(&Options::default())[..2], ["7", "10"]);
    }

    #[test]
    fn test_that_is_run_exists() {
        let file = project::root().join("crates/auth-core/src/lifecycle/simulation.rs");
        let (module, name) = TEST.rsplit_once("::").unwrap();
        assert_eq!(module, "lifecycle::simulation");
        assert!(std::fs::read_to_string(file).unwrap().contains(&format!("fn {name}()")));
    }
}
