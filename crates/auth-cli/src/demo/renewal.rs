//! Short tokens are renewed in the background, and no caller waits.

use std::sync::Arc;
use std::time::Duration;

use auth_core::EventKind;
use auth_sim::{Simulator, Vendor};

use super::callers::Crowd;
use super::judge::Part;
use super::show::Bar;
use super::start;
use crate::provider::Provider;
use crate::setting;
use crate::trouble::Trouble;

pub(crate) async fn run(bar: Bar) -> Result<Part, Trouble> {
    let sim = Arc::new(start(Simulator::builder(Vendor::MgPlus).lifetime(LIFETIME).delay(DELAY)).await?);
    let tokens = Provider::MgPlus.source(setting::of_sim(&sim), |_| ())?;
    let mut events = tokens.events();
    tokens.token().await?;
    bar.say(&format!("a token lives {} s, callers read it all the time", LIFETIME.as_secs()));
    let crowd = Crowd::gather(&tokens).and_one_that_calls(&tokens, Arc::clone(&sim));
    let mut renewed = 0;
    while renewed < RENEWALS {
        match events.next().await.map(|event| event.kind) {
            Some(EventKind::Renewed { token, .. }) => {
                renewed += 1;
                bar.step(&format!("token {token} came before the one before it expired"));
            }
            Some(_) => {}
            None => break,
        }
    }
    tokens.shutdown().await;
    let callers = crowd.stop().await?;
    bar.done(&format!("{} reads, {} of which had to wait", callers.served, callers.waited));
    Ok(Part { counts: sim.counts(), callers })
}

pub(crate) const RENEWALS: u64 = 3;
/// MG+ advises to renew 15 minutes before expiry, or at half the life of a token as short as this.
const LIFETIME: Duration = Duration::from_secs(3);
/// Long enough that a caller who waits for the answer is seen.
const DELAY: Duration = Duration::from_millis(100);
