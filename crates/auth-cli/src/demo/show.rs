//! What the demo looks like while it runs: progress bars on a terminal, lines anywhere else.

use std::ffi::OsStr;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Where the demo tells what it does. Clones share one place.
#[derive(Clone, Debug)]
pub(crate) struct Show {
    bars: Option<MultiProgress>,
    /// The first line that could not be written.
    broken: Arc<Mutex<Option<io::Error>>>,
}

/// One part of the demo.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    show: Show,
    name: &'static str,
    bar: Option<ProgressBar>,
}

impl Show {
    pub(crate) fn new(plain: bool) -> Self {
        let live = !plain && can_move(std::env::var_os("TERM").as_deref()) && io::stdout().is_terminal();
        let bars = live.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stdout()));
        Self { bars, broken: Arc::default() }
    }

    /// A part of `steps` steps.
    pub(crate) fn bar(&self, name: &'static str, steps: u64) -> Bar {
        let bar = self.bars.as_ref().map(|bars| {
            let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
            bars.add(ProgressBar::new(steps).with_style(style).with_prefix(name))
        });
        Bar { show: self.clone(), name, bar }
    }

    /// A line that stays.
    pub(crate) fn line(&self, text: &str) {
        let mut out = io::stdout().lock();
        if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush()) {
            self.broken().get_or_insert(error);
        }
    }

    /// Leaves the bars as they are. Whether all of it could be shown.
    pub(crate) fn end(&self) -> io::Result<()> {
        if self.bars.is_some() {
            // The last bar's line has no end yet.
            self.line("");
        }
        self.broken().take().map_or(Ok(()), Err)
    }

    fn broken(&self) -> std::sync::MutexGuard<'_, Option<io::Error>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bar {
    /// What happens now.
    pub(crate) fn say(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(what.to_owned()),
            None => self.show.line(&format!("  {:8} {what}", self.name)),
        }
    }

    /// A step is done, and it was this.
    pub(crate) fn step(&self, what: &str) {
        self.say(what);
        self.advance();
    }

    /// One of many steps alike is done: a bar tells it, a line would be one too many.
    pub(crate) fn tick(&self, what: &str) {
        if self.bar.is_some() {
            self.step(what);
        }
    }

    /// A step is done about which there is nothing to say.
    pub(crate) fn advance(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// The part is done, and came to this.
    pub(crate) fn done(&self, what: &str) {
        self.say(what);
        if let Some(bar) = &self.bar {
            bar.abandon();
        }
    }
}

/// Whether a terminal of that name can go back to a line that it has written.
pub(crate) fn can_move(term: Option<&OsStr>) -> bool {
    term.is_none_or(|term| term != "dumb")
}

/// Fits 80 columns; a longer message is cut at the terminal's edge.
const TEMPLATE: &str = "  {prefix:8} {bar:16.cyan/dim} {wide_msg}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dumb_terminal_gets_lines() {
        assert!(can_move(None) && can_move(Some("xterm-256color".as_ref())));
        assert!(!can_move(Some("dumb".as_ref())));
    }
}
