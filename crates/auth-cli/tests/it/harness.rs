//! Runs the program, bounded in time, with nothing of this process's environment but the path.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use auth_sim::{Simulator, Vendor};

/// A run of the program that is to come.
pub(crate) struct Call {
    command: Command,
    stdin: Option<String>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn authctl(args: &[&str]) -> Call {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authctl"));
    command.args(args).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    Call { command, stdin: None }
}

impl Call {
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn var_os(mut self, name: &str, value: &std::ffi::OsStr) -> Self {
        self.command.env(name, value);
        self
    }

    /// The variables of that simulator.
    pub(crate) fn vars_of(mut self, sim: &Simulator) -> Self {
        self.command.envs(sim.vars());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.to_owned());
        self
    }

    pub(crate) fn stdout(mut self, to: impl Into<Stdio>) -> Self {
        self.command.stdout(to);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Done {
        self.command.stdout(Stdio::piped());
        self.run_as_is()
    }

    /// Runs it to its end, with standard output where it was put.
    pub(crate) fn run_as_is(mut self) -> Done {
        let stdin = if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child = Running(self.command.stdin(stdin).stderr(Stdio::piped()).spawn().expect("the program starts"));
        feed(child.0.stdin.take(), self.stdin);
        let out = child.0.stdout.take().map(all_of);
        let err = all_of(child.0.stderr.take().expect("a pipe"));
        // Both ends close when the program does.
        let err = err.recv_timeout(PATIENCE).expect("the program ends in time");
        let out = out.map(|out| out.recv_timeout(PATIENCE).expect("the program ends in time")).unwrap_or_default();
        Done { code: child.0.wait().expect("the program has ended").code(), out, err }
    }

    /// Starts it, and reads what it prints until the line that begins with `last`.
    pub(crate) fn run_until(mut self, last: &str) -> (Running, Vec<String>) {
        let command = self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Running(command.spawn().expect("the program starts"));
        let (tell, told) = channel();
        let stdout = BufReader::new(child.0.stdout.take().expect("a pipe"));
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line: &String| !line.starts_with(last)) {
            lines.push(told.recv_timeout(PATIENCE).expect("the program goes on printing"));
        }
        (child, lines)
    }
}

impl Done {
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// Standard error with its lines as one, and single blanks: where a line was broken does not matter.
    pub(crate) fn told(&self) -> String {
        self.err.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The token, if it is alone on standard output.
    #[track_caller]
    pub(crate) fn token(&self) -> &str {
        let token = self.out.strip_suffix('\n').unwrap_or_else(|| panic!("{self:?}"));
        assert!(token.len() > 40 && !token.contains(char::is_whitespace), "{self:?}");
        token
    }
}

/// A program that is running; it does not outlive the test.
pub(crate) struct Running(Child);

impl Running {
    /// Sends it a signal by name.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status();
        assert!(sent.expect("there is a kill").success());
    }

    /// Its exit code and what it wrote to standard error.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let err =
            all_of(self.0.stderr.take().expect("a pipe")).recv_timeout(PATIENCE).expect("the program ends in time");
        (self.0.wait().expect("the program has ended").code(), err)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, as a rule.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn feed(stdin: Option<ChildStdin>, text: Option<String>) {
    if let (Some(mut stdin), Some(text)) = (stdin, text) {
        // A program that reads nothing has closed its end.
        let _ = stdin.write_all(text.as_bytes());
    }
}

fn all_of(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, told) = channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = from.read_to_string(&mut text);
        tell.send(read.map(|_| text).unwrap_or_else(|error| error.to_string()))
    });
    told
}

pub(crate) async fn started(vendor: Vendor) -> Simulator {
    Simulator::start(vendor).await.expect("a free loopback port")
}

/// The status of the simulator's ping for headers as `--format headers` prints them.
pub(crate) async fn ping(sim: &Simulator, headers: &str) -> u16 {
    let headers = headers.lines().map(|line| line.split_once(": ").expect("a header"));
    sim.ping(headers).await.expect("the simulator answers")
}

/// Far more than any run takes, on a machine far busier than any.
const PATIENCE: Duration = Duration::from_secs(120);
