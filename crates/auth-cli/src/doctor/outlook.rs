//! What a service that uses the token would live through: its headers, its renewals, the vendor's outages.

use std::time::Duration;

use auth_core::{AccessToken, HeaderSet, RefreshPolicy};
use http::HeaderValue;

use super::finding::{Checked, Finding};
use crate::format::title_case;
use crate::inspect::relative::exactly;

/// The names of the headers that each call carries.
pub(super) fn headers(token: &AccessToken) -> Checked<()> {
    let per_call = token.needs_per_call();
    // What it holds is shown to nobody.
    let own = per_call.map(|name| token.headers_with(name.clone(), HeaderValue::from_static("")));
    let set = own.map_or_else(|| token.headers().cloned(), Ok);
    let names = set.iter().flat_map(HeaderSet::iter).filter(|(name, _)| Some(*name) != per_call);
    let names: Vec<_> = names.map(|(name, _)| title_case(name.as_str())).collect();
    let found = format!("each call carries {}", names.join(", "));
    let Some(name) = per_call else { return Finding::ok(found).alone() };
    let name = title_case(name.as_str());
    let advice = format!("give {name} at each call, which differs from call to call, or bind the token to a merchant");
    Finding::ok(format!("{found}, and {name} of its own")).try_this(advice).alone()
}

/// When a token is renewed, and until when it is handed out: all counted from its request.
#[derive(Debug, PartialEq)]
pub(super) struct Renewal {
    earliest: Duration,
    latest: Duration,
    served_until: Duration,
}

impl Renewal {
    pub(super) fn of(policy: &RefreshPolicy, lifetime: Duration) -> Self {
        let (earliest, latest) = (policy.renew_after(lifetime, 1.0), policy.renew_after(lifetime, 0.0));
        Self { earliest, latest, served_until: lifetime - policy.floor_of(lifetime) }
    }

    /// Whether there is time to renew before the token is handed out no more.
    pub(super) fn window(&self) -> Checked<()> {
        let (from, to, end) = (exactly(self.earliest), exactly(self.latest), exactly(self.served_until));
        let found = format!("renewed {from} to {to} after its request, handed out until {end} after it");
        if self.invisible() >= LEAST_WINDOW {
            return Finding::ok(found).alone();
        }
        let advice = "the vendor's tokens leave hardly any time to renew them: ask whether they can live longer";
        Finding::warning(found).try_this(advice).alone()
    }

    /// How much the vendor will be asked, and what of its outages will be noticed.
    pub(super) fn outlook(&self, requests_per_token: u32) -> Checked<()> {
        let an_hour = |after: Duration| f64::from(requests_per_token) * HOUR.as_secs_f64() / after.as_secs_f64();
        let (least, most) = (an_hour(self.latest), an_hour(self.earliest));
        let (outage, to, end) = (exactly(self.invisible()), exactly(self.latest), exactly(self.served_until));
        let found = format!(
            "{} requests an hour for each process in use; no caller notices an outage of up to about {outage}, \
             whenever it begins ({end} less the latest renewal at {to})",
            between(least, most)
        );
        Finding::ok(found).alone()
    }

    /// The longest outage that no caller sees, whenever it begins: from the latest start of a renewal to the end of the token
    /// that it is to replace. Renewals that fail are tried again until then; the last of them takes
    /// its own time, some seconds at most.
    fn invisible(&self) -> Duration {
        self.served_until.saturating_sub(self.latest)
    }
}

/// Tenths, where there is one.
fn between(least: f64, most: f64) -> String {
    if least < 0.1 { "less than 0.1".to_owned() } else { format!("{least:.1} to {most:.1}") }
}

const HOUR: Duration = Duration::from_secs(3600);
/// One longest hold of the source, after which it asks again.
const LEAST_WINDOW: Duration = auth_core::MAX_TRANSIENT_HOLD;

#[cfg(test)]
mod tests;
