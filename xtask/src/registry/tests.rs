use super::*;
use xshell::{Shell, cmd};

/// A folder with crates of no dependencies but each other, and cargo in it, which knows the registry.
struct Workshop {
    registry: Registry,
    sh: Shell,
    folder: tempfile::TempDir,
}

impl Workshop {
    fn open() -> Self {
        let (registry, sh, folder) = (Registry::start().unwrap(), Shell::new().unwrap(), tempfile::tempdir().unwrap());
        sh.change_dir(folder.path());
        sh.set_var("CARGO_HOME", folder.path().join("home"));
        sh.set_var("CARGO_TARGET_DIR", folder.path().join("target"));
        for (name, value) in registry.environment() {
            sh.set_var(name, value);
        }
        Self { registry, sh, folder }
    }

    fn write(&self, name: &str, dependencies: &str, code: &str) {
        let about = "edition = \"2024\"\ndescription = \"d\"\nlicense = \"MIT\"\n";
        let manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\n{about}\n[dependencies]\n{dependencies}\n");
        self.sh.write_file(format!("{name}/Cargo.toml"), manifest).unwrap();
        let file = if code.contains("fn main") { "main.rs" } else { "lib.rs" };
        self.sh.write_file(format!("{name}/src/{file}"), code).unwrap();
    }

    /// What cargo says if it is refused.
    fn publish(&self, name: &str) -> Result<(), String> {
        let manifest = format!("{name}/Cargo.toml");
        let publish =
            cmd!(self.sh, "cargo publish --registry local --no-verify --allow-dirty --manifest-path {manifest}");
        let output = publish.quiet().ignore_status().output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(said) }
    }

    fn published(&self) -> Vec<String> {
        self.registry.published().into_iter().map(|(name, version)| format!("{name} {version}")).collect()
    }
}

#[test]
fn published_crate_is_downloaded_built_and_run_by_another() {
    let workshop = Workshop::open();
    workshop.write("lower", "", "pub fn answer() -> u32 { 42 }");
    workshop.write("upper", "lower = { version = \"1\", registry = \"local\" }", "pub use lower::answer;");
    workshop.publish("lower").unwrap();
    workshop.publish("upper").unwrap();
    assert_eq!(workshop.published(), ["lower 1.0.0", "upper 1.0.0"]);

    workshop.write("user", "", "fn main() { print!(\"{}\", upper::answer()) }");
    let sh = &workshop.sh;
    cmd!(sh, "cargo add --quiet --manifest-path user/Cargo.toml upper --registry local").quiet().run().unwrap();
    assert_eq!(cmd!(sh, "cargo run --quiet --manifest-path user/Cargo.toml").quiet().read().unwrap(), "42");
}

#[test]
fn version_that_is_there_is_refused() {
    let workshop = Workshop::open();
    workshop.write("once", "", "");
    workshop.publish("once").unwrap();
    let error = workshop.publish("once").unwrap_err();
    assert!(error.contains("already"), "{error}");
    assert_eq!(workshop.published(), ["once 1.0.0"]);
}

#[test]
fn crate_before_its_dependency_is_refused() {
    let workshop = Workshop::open();
    workshop.write("upper", "lower = { version = \"1\", registry = \"local\" }", "");
    let error = workshop.publish("upper").unwrap_err();
    assert!(error.contains("lower"), "{error}");
    assert_eq!(workshop.published(), Vec::<String>::new());
}

#[test]
fn token_of_somebody_else_may_not_publish() {
    let workshop = Workshop::open();
    workshop.write("one", "", "");
    workshop.sh.set_var("CARGO_REGISTRIES_LOCAL_TOKEN", "invented-token-of-somebody-else");
    let error = workshop.publish("one").unwrap_err();
    assert!(error.contains("this token may not publish"), "{error}");
    assert_eq!(workshop.published(), Vec::<String>::new());
}

#[test]
fn broken_upload_fails_once_and_what_it_left_behind_is_as_it_was_told() {
    let workshop = Workshop::open();
    for (name, fault, then) in [("refused", Fault::Refuse, None), ("lost", Fault::LoseAnswer, Some("already"))] {
        let before = format!("before-{name}");
        workshop.write(&before, "", "");
        workshop.write(name, "", "");
        workshop.registry.break_upload_after(1, fault);
        workshop.publish(&before).unwrap();
        let error = workshop.publish(name).unwrap_err();
        assert_eq!(error.contains("broken on purpose"), fault == Fault::Refuse, "{error}");
        let again = workshop.publish(name).err();
        assert_eq!(again.is_some(), then.is_some(), "{again:?}");
        assert!(again.unwrap_or_default().contains(then.unwrap_or_default()));
    }
    assert_eq!(workshop.published(), ["before-refused 1.0.0", "refused 1.0.0", "before-lost 1.0.0", "lost 1.0.0"]);
}

#[test]
fn nothing_of_it_is_kept_by_cargo_and_all_of_others_is() {
    let workshop = Workshop::open();
    workshop.write("lower", "", "");
    workshop.publish("lower").unwrap();
    workshop.write("user", "lower = { version = \"1\", registry = \"local\" }", "");
    let sh = &workshop.sh;
    cmd!(sh, "cargo fetch --quiet --manifest-path user/Cargo.toml").quiet().run().unwrap();

    let kept = workshop.folder.path().join("home/registry");
    let folders = || KEPT.map(|folder| fs::read_dir(kept.join(folder)).unwrap().count());
    let url = workshop.registry.shared.url();
    forget(&kept, &format!("{url}0")).unwrap();
    assert_eq!(folders(), [1, 1, 1]);
    let elsewhere = kept.join("index/example.invalid-0/config.json");
    sh.write_file(&elsewhere, &url).unwrap();
    forget(&kept, &url).unwrap();
    assert_eq!(folders(), [0, 0, 1]);
    assert!(elsewhere.exists());
}

#[test]
fn dropped_registry_answers_no_more() {
    let workshop = Workshop::open();
    let address = workshop.registry.shared.address;
    assert!(TcpStream::connect(address).is_ok());
    drop(workshop.registry);
    assert!(TcpStream::connect(address).is_err());
}
