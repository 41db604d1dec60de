//! The books' side of rejections, and of the tokens that came back after one.

use super::rules::Rules;
use crate::Moment;

/// Rejections of young tokens, and answers that repeat what was rejected.
#[derive(Debug, Default)]
pub(super) struct Strikes {
    recent: Vec<Moment>,
    ignored_until: Option<Moment>,
    /// Serial numbers of rejected tokens.
    rejected: Vec<u64>,
}

impl Strikes {
    pub(super) fn are_ignored(&self, now: Moment) -> bool {
        self.ignored_until.is_some_and(|until| now < until)
    }

    /// After three within five minutes further ones are ignored for five minutes.
    pub(super) fn count(&mut self, now: Moment, rules: &Rules) {
        let window = rules.numbers.rejection_window;
        self.recent.retain(|at| now.since(*at) < window);
        self.recent.push(now);
        if self.recent.len() >= rules.numbers.max_rejections {
            self.recent.clear();
            self.ignored_until = Some(now + window);
        }
    }

    pub(super) fn remember(&mut self, serial: u64) {
        if !self.rejected.contains(&serial) {
            self.rejected.push(serial);
        }
    }

    pub(super) fn are_of(&self, serial: u64) -> bool {
        self.rejected.contains(&serial)
    }
}
