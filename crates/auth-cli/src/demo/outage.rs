//! The vendor is down while its token lives: nobody notices.

use std::time::Duration;

use auth_core::{EventKind, RefreshPolicy, Renew};
use auth_sim::{PartnerError, Simulator, Vendor};

use super::callers::Crowd;
use super::judge::Part;
use super::show::Bar;
use super::start;
use crate::provider::Provider;
use crate::setting;
use crate::trouble::Trouble;

pub(crate) async fn run(bar: Bar) -> Result<Part, Trouble> {
    let sim = start(Simulator::builder(Vendor::Partner).lifetime(LIFETIME)).await?;
    let tokens = Provider::Partner.source(setting::of_sim(&sim), hurry)?;
    let mut events = tokens.events();
    tokens.token().await?;
    sim.faults().next(FAILURES, PartnerError::ServiceUnavailable.into());
    bar.say("the vendor goes down while its token lives");
    let crowd = Crowd::gather(&tokens);
    while let Some(event) = events.next().await {
        match event.kind {
            EventKind::RenewalFailed { error, .. } => {
                let status = error.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
                bar.step(&format!("renewal gets {status}; callers keep their token"));
            }
            EventKind::Renewed { .. } => break,
            _ => {}
        }
    }
    tokens.shutdown().await;
    let callers = crowd.stop().await?;
    bar.step("the vendor is back");
    bar.done(&format!("{} reads, {} errors, renewed afterwards", callers.served, callers.failed));
    Ok(Part { counts: sim.counts(), callers })
}

/// In seconds what takes minutes with a token of an hour.
fn hurry(policy: &mut RefreshPolicy) {
    policy.renew = Renew::At { fraction: 0.25, jitter: 0.05 };
    policy.min_interval = Duration::from_millis(200);
    policy.transient_hold = Duration::from_millis(200);
}

/// The holds between them add up to a second or so, well within the token's life.
pub(crate) const FAILURES: u64 = 3;
const LIFETIME: Duration = Duration::from_secs(6);
