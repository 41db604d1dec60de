//! Many callers, no token yet: one request for all of them.

use std::collections::HashSet;
use std::time::Duration;

use auth_sim::{Simulator, Vendor};
use tokio::task::JoinSet;

use super::callers::{Callers, joined};
use super::judge::Part;
use super::show::Bar;
use super::start;
use crate::provider::Provider;
use crate::setting;
use crate::trouble::Trouble;

pub(crate) async fn run(bar: Bar) -> Result<Part, Trouble> {
    let sim = start(Simulator::builder(Vendor::S2s).delay(DELAY)).await?;
    let tokens = Provider::S2s.source(setting::of_sim(&sim), |_| ())?;
    bar.say("a thousand callers come before there is a token");
    let mut tasks = JoinSet::new();
    for _ in 0..CALLERS {
        let (tokens, bar) = (tokens.clone(), bar.clone());
        tasks.spawn(async move {
            let token = tokens.token().await;
            bar.advance();
            token
        });
    }
    let (mut callers, mut different) = (Callers::default(), HashSet::new());
    for token in joined(tasks).await? {
        match token {
            Ok(token) => {
                callers.served += 1;
                different.insert(token.value().to_owned());
            }
            Err(_) => callers.failed += 1,
        }
    }
    callers.tokens = different.len() as u64;
    let counts = sim.counts();
    bar.done(&format!("{} callers served by {} request for a token", callers.served, counts.token_requests));
    Ok(Part { counts, callers })
}

pub(crate) const CALLERS: u64 = 1000;
/// Of each of the two calls: long enough for everybody to come before the answer.
const DELAY: Duration = Duration::from_millis(300);
