//! One client, one vendor, and what stands between them.

use std::sync::Arc;
use std::time::Duration;

use auth_core::{HttpClient, ManualClock, RefreshPolicy, Renew, TokenSource};
use auth_sim::{Fault, Simulator};

use super::column::Column;
use super::expect::LIFETIME;
use super::front::{Front, Wire};
use super::line::DRIP;
use super::tls::Pki;
use super::{Case, Failure};
use crate::{Setup, source};

/// What is wrong.
#[derive(Clone)]
pub(super) enum Trouble {
    /// Nothing.
    Nothing,
    /// A fault of the simulator's plan.
    Plan(Fault),
    /// A fault of the wire.
    Wire(Wire),
}

/// How the vendor is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Plain,
    Tls,
}

/// How long an attempt may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Long enough for a busy machine: the fault ends by itself.
    Long,
    /// No longer than it takes to see that nothing comes.
    Short,
    /// Long enough for something to come again and again, so that a deadline that began anew with it would never pass.
    Slow,
}

impl Trouble {
    /// Whether nobody is there to count requests.
    pub(super) fn is_unseen(&self) -> bool {
        matches!(self, Self::Wire(wire) if wire.is_door())
    }
}

impl Patience {
    fn policy(self) -> fn(&mut RefreshPolicy) {
        match self {
            Self::Long => patient,
            Self::Short => impatient,
            Self::Slow => slow,
        }
    }
}

/// What the cells of one run share.
pub(super) struct Lab {
    pki: Arc<Pki>,
    https: HttpClient,
}

impl Lab {
    pub(super) fn new() -> Result<Self, Failure> {
        let pki = Arc::new(Pki::new()?);
        let https = pki.client()?;
        Ok(Self { pki, https })
    }
}

/// Everything that one run of a cell needs. The clock stands still, so that a renewal is due and a hold is over when the
/// run says so; the network's deadlines are real.
pub(super) struct Stage {
    pub(super) tokens: TokenSource,
    pub(super) clock: ManualClock,
    sim: Simulator,
    front: Option<Front>,
    column: Column,
    trouble: Trouble,
}

impl Stage {
    pub(super) async fn set(case: &Case, lab: &Lab) -> Result<Self, Failure> {
        let sim = Simulator::builder(case.column.vendor()).lifetime(Duration::from_secs(LIFETIME)).start().await?;
        let needs_front = case.way == Way::Tls || matches!(case.trouble, Trouble::Wire(_));
        let front = if needs_front { Some(open(&sim, case, lab).await?) } else { None };
        let client = if case.way == Way::Tls { lab.https.clone() } else { HttpClient::shared() };
        let clock = ManualClock::new();
        let setup = Setup { client, clock: clock.clone(), adjust: case.patience.policy() };
        let tokens = source(case.column.vendor(), &vars(&sim, front.as_ref(), case.way), setup)?;
        Ok(Self { tokens, clock, sim, front, column: case.column, trouble: case.trouble.clone() })
    }

    /// From now on the fault is met.
    pub(super) async fn begin(&mut self) -> Result<(), Failure> {
        match (&self.trouble, &mut self.front) {
            (Trouble::Plan(fault), _) => {
                self.sim.faults().lasting_on(self.column.target(), Duration::MAX, fault.clone());
            }
            (Trouble::Wire(wire), Some(front)) => front.meet(wire.clone()).await?,
            _ => {}
        }
        Ok(())
    }

    /// From now on all is well.
    pub(super) async fn end(&mut self) -> Result<(), Failure> {
        self.sim.faults().clear();
        match &mut self.front {
            Some(front) => Ok(front.heal().await?),
            None => Ok(()),
        }
    }

    /// Requests that the vendor saw, or connections where that is all that can be seen.
    pub(super) fn seen(&self) -> u64 {
        match &self.front {
            Some(front) => front.connections(),
            None => self.sim.counts().requests,
        }
    }

    /// The same, once it is no less than `expected`: a client may have given up before its vendor looked.
    pub(super) async fn seen_at_least(&self, expected: u64) -> u64 {
        let mut looks = tokio::time::interval(LOOK);
        for _ in 0..MOST_LOOKS {
            if self.seen() >= expected {
                break;
            }
            looks.tick().await;
        }
        self.seen()
    }

    /// Whether what stands between broke by itself.
    pub(super) fn is_broken(&self) -> bool {
        self.front.as_ref().is_some_and(Front::is_broken)
    }
}

async fn open(sim: &Simulator, case: &Case, lab: &Lab) -> Result<Front, Failure> {
    let pki = (case.way == Way::Tls).then(|| Arc::clone(&lab.pki));
    Ok(Front::open(authority(sim.url()).parse()?, case.column, pki).await?)
}

/// The variables of the simulator's credentials, with the front's address in place of its own.
fn vars(sim: &Simulator, front: Option<&Front>, way: Way) -> Vec<(&'static str, String)> {
    let Some(front) = front else { return sim.vars() };
    let own = format!("http://{}", authority(sim.url()));
    let scheme = if way == Way::Tls { "https" } else { "http" };
    let other = format!("{scheme}://{}", front.address());
    sim.vars().into_iter().map(|(name, value)| (name, value.replacen(&own, &other, 1))).collect()
}

/// `127.0.0.1:PORT`.
fn authority(url: &str) -> &str {
    url.trim_start_matches("http://").split('/').next().unwrap_or_default()
}

fn patient(policy: &mut RefreshPolicy) {
    // One vendor advises a quarter of an hour before the end, which is less than the longest hold.
    policy.renew = Renew::default();
    policy.attempt_timeout = FLIGHT;
    policy.flight_timeout = FLIGHT;
    policy.retry_backoff = Duration::from_millis(20);
    policy.retry_reserve = Duration::from_millis(100);
}

fn impatient(policy: &mut RefreshPolicy) {
    patient(policy);
    policy.attempt_timeout = Duration::from_millis(600);
}

/// Until three bytes of a drip have come, the first of them at once.
fn slow(policy: &mut RefreshPolicy) {
    patient(policy);
    policy.attempt_timeout = DRIP * 5 / 2;
}

/// Shorter than any `Retry-After` of the matrix that is not nothing, so that none fits into a flight.
const FLIGHT: Duration = Duration::from_secs(6);
const LOOK: Duration = Duration::from_millis(2);
const MOST_LOOKS: u32 = 2500;
