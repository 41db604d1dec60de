//! The books' side of refresh tokens: each is spent the moment it is sent.

use crate::Moment;

/// The refresh token that the source should hold.
#[derive(Debug, Default)]
pub(super) struct Refreshes {
    kept: Option<(u64, Moment)>,
    /// The last that reached the vendor.
    spent: Option<u64>,
    refusals: u32,
    stopped: bool,
}

impl Refreshes {
    /// The one to send now, which is spent by that.
    pub(super) fn due(&mut self, now: Moment) -> Option<(u64, Moment)> {
        self.kept.take().filter(|(_, until)| now < *until && !self.stopped)
    }

    /// Whether `serial` reaches the vendor for the first time.
    pub(super) fn spend(&mut self, serial: u64) -> bool {
        let first = self.spent.is_none_or(|spent| spent < serial);
        self.spent = Some(serial);
        first
    }

    /// It never left the machine.
    pub(super) fn unsent(&mut self, serial: u64, until: Moment) {
        self.kept = Some((serial, until));
    }

    /// Two refusals in a row: no refreshing for the life of the source.
    pub(super) fn refused(&mut self) {
        self.refusals += 1;
        if self.refusals >= 2 {
            (self.stopped, self.kept) = (true, None);
        }
    }

    pub(super) fn worked(&mut self) {
        self.refusals = 0;
    }

    pub(super) fn keep(&mut self, serial: u64, until: Moment) {
        if !self.stopped {
            self.kept = Some((serial, until));
        }
    }
}
