use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Fault;

/// Which requests a fault is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// The token call, and the code call where the vendor has one: whichever comes first.
    Auth,
    /// The token call alone.
    Token,
    /// The call for an authorization code alone (s2s-oauth).
    Code,
    /// The protected `GET {url}/api/ping`.
    Ping,
}

impl Target {
    fn covers(self, request: Self) -> bool {
        self == request || (self == Self::Auth && request != Self::Ping)
    }
}

/// A simulator's fault plan: what the next requests meet instead of a healthy vendor.
///
/// Faults are kept in the order in which they were planned; a request takes the first that is meant for it. All clones, and
/// the simulator, share one plan.
#[derive(Clone, Default)]
pub struct Faults {
    plan: Arc<Mutex<Vec<Planned>>>,
}

struct Planned {
    fault: Fault,
    target: Target,
    ends: Ends,
}

#[derive(Clone, Copy)]
enum Ends {
    After(u64),
    At(Instant),
    Never,
}

impl Faults {
    /// The next `requests` requests that the fault is meant for ([`Fault::target`]) meet it.
    pub fn next(&self, requests: u64, fault: Fault) {
        self.next_on(fault.target(), requests, fault);
    }

    /// The next `requests` requests of that kind meet the fault.
    pub fn next_on(&self, target: Target, requests: u64, fault: Fault) {
        self.add(target, Ends::After(requests), fault);
    }

    /// Every request that the fault is meant for meets it for so long, counted from now; [`Duration::MAX`] is for ever.
    pub fn lasting(&self, duration: Duration, fault: Fault) {
        self.lasting_on(fault.target(), duration, fault);
    }

    /// Every request of that kind meets the fault for so long, counted from now.
    pub fn lasting_on(&self, target: Target, duration: Duration, fault: Fault) {
        let ends = Instant::now().checked_add(duration);
        self.add(target, ends.map_or(Ends::Never, Ends::At), fault);
    }

    /// The vendor is healthy again. Requests that already met a fault keep it.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Whether no fault is left that a request could meet.
    pub fn is_empty(&self) -> bool {
        let mut plan = self.lock();
        plan.retain(Planned::is_live);
        plan.is_empty()
    }

    pub(crate) fn take(&self, request: Target) -> Option<Fault> {
        let mut plan = self.lock();
        plan.retain(Planned::is_live);
        let planned = plan.iter_mut().find(|planned| planned.target.covers(request))?;
        if let Ends::After(left) = &mut planned.ends {
            *left -= 1;
        }
        Some(planned.fault.clone())
    }

    fn add(&self, target: Target, ends: Ends, fault: Fault) {
        self.lock().push(Planned { fault, target, ends });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Planned>> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Planned {
    fn is_live(&self) -> bool {
        match self.ends {
            Ends::After(left) => left > 0,
            Ends::At(end) => Instant::now() < end,
            Ends::Never => true,
        }
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.lock();
        f.debug_list().entries(plan.iter().map(|planned| planned.fault.name())).finish()
    }
}
