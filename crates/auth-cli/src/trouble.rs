//! Why a command ends early, told in full on standard error.

use std::fmt;
use std::io;
use std::time::Duration;

use auth_core::Error;

use crate::exit::Exit;

/// Why a command ends without what was asked for. Display is the whole message.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The command line, or a file that it names, must change.
    Usage(String),
    /// No token.
    Token(Error),
    /// No token in time, and what the last attempt failed with.
    TooSlow { limit: Duration, last: Option<Error> },
    /// Standard output cannot be written.
    Output(io::Error),
    /// Something of this machine is missing.
    Local(String),
}

impl Trouble {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Token(error) => Exit::of(error),
            Self::TooSlow { .. } => Exit::Later,
            // Whoever read it has had enough, as `head` has.
            Self::Output(_) if self.is_quiet() => Exit::Success,
            Self::Output(_) | Self::Local(_) => Exit::Internal,
        }
    }

    /// Whether there is nobody to tell.
    pub(crate) fn is_quiet(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    fn head(&self) -> String {
        match self {
            Self::Usage(what) | Self::Local(what) => what.clone(),
            Self::Token(error) => without_hint(error),
            Self::TooSlow { limit, last: None } => format!("no token within {} s", limit.as_secs_f64()),
            Self::TooSlow { limit, last: Some(error) } => {
                format!("no token within {} s; the last attempt: {}", limit.as_secs_f64(), without_hint(error))
            }
            Self::Output(error) => format!("standard output cannot be written: {error}"),
        }
    }

    fn error(&self) -> Option<&Error> {
        match self {
            Self::Token(error) => Some(error),
            Self::TooSlow { last, .. } => last.as_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", wrapped(&self.head(), "error: ".len()))?;
        let (error, exit) = (self.error(), self.exit());
        // Otherwise the wait is the source's own before it asks again, and the source ends here.
        let is_vendors = |error: &&Error| matches!(error, Error::Throttled(_) | Error::Unavailable(_));
        let wait = error.filter(is_vendors).filter(|_| exit == Exit::Later).and_then(Error::retry_after);
        let wait = wait.map(|wait| format!("{} s", whole_seconds(wait)));
        let advice = format!("{} (exit code {})", exit.advice(), exit.code());
        let rows = [
            ("hint", error.and_then(Error::hint)),
            ("vendor says", error.and_then(Error::description)),
            ("correlation id", error.and_then(Error::correlation_id)),
            ("retry after", wait.as_deref()),
            ("what to do", Some(advice.as_str())),
        ];
        for (name, text) in rows {
            if let Some(text) = text {
                write!(f, "\n  {name:14}  {}", wrapped(text, INDENT))?;
            }
        }
        Ok(())
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Token(error)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// The error's own line; its hint has a line of its own below.
fn without_hint(error: &Error) -> String {
    let text = error.to_string();
    let hint = error.hint().map(|hint| format!(": {hint}")).unwrap_or_default();
    text.strip_suffix(&hint).unwrap_or(&text).to_owned()
}

/// A wait that is told must not end too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// Breaks `text` between words where a line of a terminal ends. The first line begins in column `indent`, as do the others.
pub(crate) fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > 0 && indent + line + 1 + word.chars().count() > WIDTH {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join(&format!("\n{:indent$}", ""))
}

/// A terminal's usual width.
const WIDTH: usize = 80;
/// Where the texts of the rows begin.
const INDENT: usize = 18;

#[cfg(test)]
mod tests {
    use auth_core::Failure;

    use super::*;

    #[test]
    fn block_says_what_happened_and_what_to_do_without_repeating_the_hint() {
        let failure = Failure::of("acme").status(403).hint("ask Acme to allow this address");
        let text = Trouble::Token(Error::Rejected(failure)).to_string();
        let expected = "error: acme refused the request (status 403)\n  \
                        hint            ask Acme to allow this address\n  \
                        what to do      a person must act: the same request will be refused again\n                  \
                        (exit code 3)";
        assert_eq!(text, expected);
    }

    #[test]
    fn no_line_is_wider_than_a_terminal_but_for_a_single_long_word() {
        let text = wrapped(&"word ".repeat(40), 18);
        assert!(text.lines().count() > 1);
        assert!(text.lines().enumerate().all(|(n, line)| line.len() + if n == 0 { 18 } else { 0 } <= WIDTH), "{text}");
        assert_eq!(wrapped(&"x".repeat(100), 18), "x".repeat(100));
    }

    #[test]
    fn wait_that_is_told_is_rounded_up() {
        assert_eq!(whole_seconds(Duration::from_millis(6001)), 7);
        assert_eq!(whole_seconds(Duration::from_secs(7)), 7);
    }

    #[test]
    fn only_the_vendors_own_wait_is_told() {
        let failure = || Failure::of("acme").retry_after(Duration::from_secs(7));
        let told = |error| Trouble::Token(error).to_string().contains("retry after     7 s");
        assert!(told(Error::Throttled(failure())) && told(Error::Unavailable(failure())));
        assert!(!told(Error::Unreachable(failure())) && !told(Error::Rejected(failure())));
    }

    #[test]
    fn closed_pipe_is_no_failure_but_a_full_disk_is() {
        let broken = Trouble::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(broken.is_quiet() && broken.exit() == Exit::Success);
        let full = Trouble::from(io::Error::from(io::ErrorKind::StorageFull));
        assert!(!full.is_quiet() && full.exit() == Exit::Internal);
    }
}
