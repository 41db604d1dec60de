use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use crate::Target;

/// What a simulator has seen and done since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Every request, whatever its path.
    pub requests: u64,
    /// Requests to the token endpoint.
    pub token_requests: u64,
    /// Requests for an authorization code (s2s-oauth).
    pub code_requests: u64,
    /// Calls of the protected ping.
    pub pings: u64,
    /// Tokens minted, those too that a fault spoilt or cut on their way; the same token given twice counts once.
    pub minted: u64,
    /// Requests, other than pings, that the simulator refused by its own judgement: faults do not count here.
    pub refused: u64,
    /// Pings refused by the simulator's own judgement.
    pub pings_refused: u64,
    /// Requests that met a fault of the plan.
    pub faults: u64,
    /// Token and code requests being answered now.
    pub in_flight: u64,
    /// The most token and code requests that were ever being answered at once.
    pub max_in_flight: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    requests: AtomicU64,
    token_requests: AtomicU64,
    code_requests: AtomicU64,
    pings: AtomicU64,
    minted: AtomicU64,
    refused: AtomicU64,
    pings_refused: AtomicU64,
    faults: AtomicU64,
    in_flight: AtomicU64,
    max_in_flight: AtomicU64,
}

impl Counters {
    /// Counts a request; it is in flight until its answer is made, or the client goes away.
    pub(crate) fn arrived(&self, target: Option<Target>) -> InFlight<'_> {
        self.requests.fetch_add(1, SeqCst);
        match target {
            Some(Target::Ping) => self.pings.fetch_add(1, SeqCst),
            Some(Target::Code) => self.code_requests.fetch_add(1, SeqCst),
            Some(_) => self.token_requests.fetch_add(1, SeqCst),
            None => 0,
        };
        let counted = matches!(target, Some(Target::Code | Target::Token));
        if counted {
            let now = self.in_flight.fetch_add(1, SeqCst) + 1;
            self.max_in_flight.fetch_max(now, SeqCst);
        }
        InFlight { counters: self, counted }
    }

    pub(crate) fn minted(&self) {
        self.minted.fetch_add(1, SeqCst);
    }

    /// The token just made was not given to anybody.
    pub(crate) fn unminted(&self) {
        self.minted.fetch_sub(1, SeqCst);
    }

    pub(crate) fn refused(&self, target: Option<Target>) {
        match target {
            Some(Target::Ping) => self.pings_refused.fetch_add(1, SeqCst),
            _ => self.refused.fetch_add(1, SeqCst),
        };
    }

    pub(crate) fn faulted(&self) {
        self.faults.fetch_add(1, SeqCst);
    }

    pub(crate) fn read(&self) -> Counts {
        Counts {
            requests: self.requests.load(SeqCst),
            token_requests: self.token_requests.load(SeqCst),
            code_requests: self.code_requests.load(SeqCst),
            pings: self.pings.load(SeqCst),
            minted: self.minted.load(SeqCst),
            refused: self.refused.load(SeqCst),
            pings_refused: self.pings_refused.load(SeqCst),
            faults: self.faults.load(SeqCst),
            in_flight: self.in_flight.load(SeqCst),
            max_in_flight: self.max_in_flight.load(SeqCst),
        }
    }
}

/// A request being answered.
pub(crate) struct InFlight<'a> {
    counters: &'a Counters,
    counted: bool,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if self.counted {
            self.counters.in_flight.fetch_sub(1, SeqCst);
        }
    }
}
