//! Takes the steps, tells each as it is done, and keeps what they came to.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use super::finding::{Checked, Finding, Outcome, Step};
use super::render;
use crate::demo::can_move;
use crate::exit::Exit;
use crate::provider::Provider;
use crate::trouble::Trouble;

/// The steps so far.
#[derive(Debug)]
pub(super) struct Exam {
    pub(super) provider: Provider,
    /// Where the token comes from, once that is known.
    pub(super) url: Option<String>,
    pub(super) done: Vec<Done>,
    as_json: bool,
    is_live: bool,
    /// The first line that could not be written.
    broken: Option<io::Error>,
}

/// A step that was taken, or left out.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) step: Step,
    pub(super) finding: Finding,
    /// How long somebody else was waited for.
    pub(super) took: Option<Duration>,
}

impl Exam {
    pub(super) fn new(provider: Provider, as_json: bool) -> Self {
        let is_live = io::stderr().is_terminal() && can_move(std::env::var_os("TERM").as_deref());
        Self { provider, url: None, done: Vec::new(), as_json, is_live, broken: None }
    }

    /// A step that waits for somebody; meanwhile a terminal shows which.
    pub(super) async fn step<T>(&mut self, step: Step, check: impl Future<Output = Checked<T>>) -> Option<T> {
        let spinner = self.is_live.then(|| spinner(step));
        let began = Instant::now();
        let (finding, value) = check.await;
        let took = Some(began.elapsed()).filter(|_| step.is_timed() && finding.outcome != Outcome::Skipped);
        if let Some(spinner) = spinner {
            spinner.finish_and_clear();
        }
        self.tell(Done { step, finding, took });
        value
    }

    /// A step that needs no time.
    pub(super) fn note<T>(&mut self, step: Step, (finding, value): Checked<T>) -> Option<T> {
        self.tell(Done { step, finding, took: None });
        value
    }

    /// Every step that was not taken is told, with the reason `why`.
    pub(super) fn skip_the_rest(&mut self, why: &'static str) {
        for step in &Step::ALL[self.done.len()..] {
            self.tell(Done { step: *step, finding: Finding::skipped(why), took: None });
        }
    }

    /// The summary, or the whole in JSON; and how the program ends.
    ///
    /// # Errors
    ///
    /// [`Trouble::Output`] if something could not be written.
    pub(super) fn end(mut self) -> Result<Exit, Trouble> {
        let exit = self.exit();
        let text = if self.as_json { render::json(&self) } else { render::summary(&self) };
        self.write(&text);
        match self.broken.map(Trouble::from) {
            // A reader that has had enough does not make the vendor well.
            Some(trouble) if !trouble.is_quiet() => Err(trouble),
            _ => Ok(exit),
        }
    }

    /// What the first step that failed asks for.
    pub(super) fn exit(&self) -> Exit {
        let first = self.done.iter().find(|done| done.finding.outcome == Outcome::Failed);
        first.map_or(Exit::Success, |done| done.finding.exit)
    }

    fn tell(&mut self, done: Done) {
        if !self.as_json {
            self.write(&render::lines(&done));
        }
        self.done.push(done);
    }

    fn write(&mut self, text: &str) {
        let mut out = anstream::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            self.broken.get_or_insert(error);
        }
    }
}

fn spinner(step: Step) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(step.name());
    spinner.enable_steady_tick(TICK);
    spinner
}

const TICK: Duration = Duration::from_millis(100);
