//! The vendors that the programs talk to: those of the `authctl` that was just installed.

use crate::Outcome;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Run until it is dropped.
pub(crate) struct Simulators {
    process: Child,
    variables: Variables,
}

/// By the provider's name.
type Variables = BTreeMap<String, Vec<(String, String)>>;

impl Simulators {
    pub(crate) fn start(authctl: &Path) -> Outcome<Self> {
        let mut process = Command::new(authctl).arg("sim").stdout(Stdio::piped()).spawn()?;
        let told = process.stdout.take().ok_or("authctl sim has no standard output")?;
        let mut simulators = Self { process, variables: Variables::new() };
        simulators.variables = read(&lines(told, PATIENCE)?);
        Ok(simulators)
    }

    /// What a program of that provider reads.
    pub(crate) fn variables(&self, provider: &str) -> Outcome<&[(String, String)]> {
        let variables = self.variables.get(provider).map(Vec::as_slice);
        variables.ok_or_else(|| format!("authctl sim tells nothing of {provider}").into())
    }
}

impl Drop for Simulators {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// What is told before the last line, or before the end. Another thread reads, since a pipe has no time limit of its own; it
/// ends when the program does.
fn lines(told: impl Read + Send + 'static, within: Duration) -> Outcome<Vec<String>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || BufReader::new(told).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let until = Instant::now() + within;
    let mut lines = Vec::new();
    loop {
        match receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) if line.starts_with(READY) => return Ok(lines),
            Ok(line) => lines.push(line),
            Err(RecvTimeoutError::Disconnected) => return Ok(lines),
            Err(RecvTimeoutError::Timeout) => {
                return Err(
                    format!("authctl sim did not say {READY:?} in {within:?}; it said:\n{}", lines.join("\n")).into()
                );
            }
        }
    }
}

/// The blocks of a provider each: `# NAME answers at URL`, and then `export VARIABLE='VALUE'`.
fn read(lines: &[String]) -> Variables {
    let mut variables = Variables::new();
    let mut provider = String::new();
    for line in lines {
        if let Some((name, _)) = line.strip_prefix("# ").and_then(|line| line.split_once(" answers at ")) {
            name.clone_into(&mut provider);
        } else if let Some((name, value)) = line.strip_prefix("export ").and_then(|line| line.split_once('=')) {
            let variable = (name.to_owned(), value.trim_matches('\'').to_owned());
            variables.entry(provider.clone()).or_default().push(variable);
        }
    }
    variables
}

/// The last line.
const READY: &str = "# Ready";
/// It takes a second or two, of which most makes a key.
const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Write, pipe};

    #[test]
    fn variables_are_read_by_provider() {
        let told = "\
# a-vendor answers at http://127.0.0.1:1
# a call that needs its token: GET http://127.0.0.1:1/ping
export A_URL='http://127.0.0.1:1'
export A_SECRET='invented=secret'

# b-vendor answers at http://127.0.0.1:2
export B_URL='http://127.0.0.1:2'
";
        let lines: Vec<String> = told.lines().map(str::to_owned).collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let variables = read(&lines);
        assert_eq!(variables["a-vendor"], [pair("A_URL", "http://127.0.0.1:1"), pair("A_SECRET", "invented=secret")]);
        assert_eq!(variables["b-vendor"], [pair("B_URL", "http://127.0.0.1:2")]);
    }

    #[test]
    fn program_that_tells_nothing_is_an_error_that_names_the_provider() {
        let simulators = Simulators::start(Path::new("true")).unwrap();
        let error = simulators.variables("a-vendor").unwrap_err().to_string();
        assert_eq!(error, "authctl sim tells nothing of a-vendor");
    }

    #[test]
    fn program_that_never_gets_ready_is_given_up() {
        let (reader, _writer) = pipe().unwrap();
        let error = lines(reader, Duration::from_millis(200)).unwrap_err().to_string();
        assert!(error.starts_with("authctl sim did not say \"# Ready\" in 200ms"), "{error}");
    }

    #[test]
    fn nothing_is_waited_for_after_the_line_that_says_ready() {
        let (reader, mut writer) = pipe().unwrap();
        writeln!(writer, "one\n# Ready: until Ctrl-C\ntwo").unwrap();
        assert_eq!(lines(reader, Duration::from_secs(60)).unwrap(), ["one"]);
    }
}
