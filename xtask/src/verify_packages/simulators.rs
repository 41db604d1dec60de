//! The vendors that the programs talk to: those of the `authctl` that was just installed.

use crate::Outcome;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

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
        let lines: Vec<String> =
            BufReader::new(told).lines().map_while(Result::ok).take_while(|line| !line.starts_with(READY)).collect();
        simulators.variables = read(&lines);
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
