//! The targets on their committed seeds, without libFuzzer: so that they build, and hold, between one fuzzing and the next.

use std::fs;
use std::path::PathBuf;

use auth_fuzz::TARGETS;

fn below(folder: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

#[test]
fn every_seed_holds_what_its_target_asserts() {
    for (name, target) in TARGETS {
        let seeds = below(&format!("seeds/{name}"));
        assert!(seeds.len() >= 3, "{name} has {} seeds", seeds.len());
        for seed in seeds {
            eprintln!("{}", seed.display());
            target(&fs::read(&seed).expect("a seed"));
        }
    }
}

#[test]
fn every_target_has_its_file_and_every_file_its_target() {
    let names = |folder| below(folder).into_iter().filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()));
    let listed: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("fuzz_targets").collect::<Vec<_>>(), listed);
    assert_eq!(names("seeds").collect::<Vec<_>>(), listed);
}

#[test]
fn seed_that_is_cut_anywhere_holds_as_well() {
    for (name, target) in TARGETS {
        for seed in below(&format!("seeds/{name}")) {
            let bytes = fs::read(&seed).expect("a seed");
            for part in 1..CUTS {
                target(&bytes[..bytes.len() * part / CUTS]);
            }
        }
    }
}

const CUTS: usize = 8;
