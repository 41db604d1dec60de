//! Why a command ends early, told in full on standard error.

use std::fmt;
use std::io;
use std::time::Duration;

use auth_core::Error;

use crate::exit::Exit;
use crate::provider::Provider;

/// Why a command ends without what was asked for. Display is the whole message.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The command line, or a file that it names, must change.
    Usage(String),
    /// No token; the doctor of that provider may see why.
    Token { error: Error, doctor: Option<Provider> },
    /// No token in time, and what the last attempt failed with.
    TooSlow { limit: Duration, last: Option<Error>, doctor: Option<Provider> },
    /// Standard output cannot be written.
    Output(io::Error),
    /// Something of this machine is missing.
    Local(String),
}

impl Trouble {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Token { error, .. } => Exit::of(error),
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
            Self::Token { error, .. } => without_hint(error),
            Self::TooSlow { limit, last: None, .. } => format!("no token within {} s", limit.as_secs_f64()),
            Self::TooSlow { limit, last: Some(error), .. } => {
                format!("no token within {} s; the last attempt: {}", limit.as_secs_f64(), without_hint(error))
            }
            Self::Output(error) => format!("standard output cannot be written: {error}"),
        }
    }

    /// The next thing to try.
    fn advice(&self) -> String {
        let exit = self.exit();
        let doctor = match self {
            Self::Token { doctor, .. } | Self::TooSlow { doctor, .. } => *doctor,
            _ => None,
        };
        // What is found before anything is sent, the message itself names.
        let doctor = doctor.filter(|_| matches!(exit, Exit::Person | Exit::Later | Exit::Unexpected));
        let doctor =
            doctor.map(|of| format!("; `authctl doctor {}` looks step by step", of.short())).unwrap_or_default();
        format!("{}{doctor} (exit code {})", exit.advice(), exit.code())
    }

    /// The same, and the doctor of `provider` is pointed to.
    pub(crate) fn see_doctor(mut self, provider: Provider) -> Self {
        if let Self::Token { doctor, .. } | Self::TooSlow { doctor, .. } = &mut self {
            *doctor = Some(provider);
        }
        self
    }

    pub(crate) fn error(&self) -> Option<&Error> {
        match self {
            Self::Token { error, .. } => Some(error),
            Self::TooSlow { last, .. } => last.as_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", wrapped(&self.head(), "error: ".len()))?;
        let (exit, advice) = (self.exit(), self.advice());
        let facts = self.error().map(|error| facts(error, exit)).unwrap_or_default();
        for (name, text) in facts.into_iter().chain([("what to do", advice)]) {
            write!(f, "\n  {name:14}  {}", wrapped(&text, INDENT))?;
        }
        Ok(())
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Token { error, doctor: None }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// What is known of an error beside its own line.
pub(crate) fn facts(error: &Error, exit: Exit) -> Vec<(&'static str, String)> {
    // Of others it would be the source's own wait before it asks again, and the source ends here.
    let is_vendors = matches!(error, Error::Throttled(_) | Error::Unavailable(_)) && exit == Exit::Later;
    let wait = error.retry_after().filter(|_| is_vendors);
    let rows = [
        ("hint", error.hint().map(str::to_owned)),
        ("vendor says", error.description().map(str::to_owned)),
        ("correlation id", error.correlation_id().map(str::to_owned)),
        ("retry after", wait.map(|wait| format!("{} s", whole_seconds(wait)))),
    ];
    rows.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}

/// The error's own line; its hint has a line of its own below.
pub(crate) fn without_hint(error: &Error) -> String {
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
        let text = Trouble::from(Error::Rejected(failure)).to_string();
        let expected = "error: acme refused the request (status 403)\n  \
                        hint            ask Acme to allow this address\n  \
                        what to do      a person must act: the same request will be refused again\n                  \
                        (exit code 3)";
        assert_eq!(text, expected);
    }

    #[test]
    fn doctor_is_pointed_to_where_it_may_see_more_than_the_message() {
        let failure = || Failure::of("acme");
        let told = |trouble: Trouble| trouble.see_doctor(Provider::S2s).to_string().contains("`authctl doctor s2s`");
        assert!(told(Error::Rejected(failure()).into()) && told(Error::Malformed(failure()).into()));
        assert!(told(Trouble::TooSlow { limit: Duration::from_secs(1), last: None, doctor: None }));
        assert!(!told(Error::config("no URL").into()) && !told(Error::Internal(failure()).into()));
        assert!(!told(Trouble::Usage("odd".to_owned())));
    }

    #[test]
    fn every_trouble_ends_with_the_next_thing_to_try() {
        for trouble in [
            Trouble::Usage("odd".to_owned()),
            Error::config("no URL").into(),
            Error::Unavailable(Failure::of("acme").hint("wait").retry_after(Duration::from_secs(7))).into(),
            Error::Internal(Failure::of("acme")).into(),
            Trouble::TooSlow { limit: Duration::from_secs(1), last: None, doctor: Some(Provider::MgPlus) },
            io::Error::from(io::ErrorKind::StorageFull).into(),
            Trouble::Local("no runtime".to_owned()),
        ] {
            let (text, exit) = (trouble.to_string(), trouble.exit());
            let (_, last) = text.rsplit_once("\n  what to do      ").expect("a last row");
            let last = last.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(last.starts_with(exit.advice()), "{text}");
            assert!(last.ends_with(&format!("(exit code {})", exit.code())), "{text}");
        }
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
        let told = |error| Trouble::from(error).to_string().contains("retry after     7 s");
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
