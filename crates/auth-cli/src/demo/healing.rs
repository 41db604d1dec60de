//! An API answers 401 to everybody: one new token for all of them.

use std::sync::Arc;
use std::time::Duration;

use auth_core::{AccessToken, TokenSource};
use auth_sim::{Simulator, Vendor};
use tokio::task::JoinSet;

use super::callers::{Callers, joined};
use super::judge::Part;
use super::show::Bar;
use super::{call, start};
use crate::provider::Provider;
use crate::setting;
use crate::trouble::Trouble;

pub(crate) async fn run(bar: Bar) -> Result<Part, Trouble> {
    let sim = Arc::new(start(Simulator::builder(Vendor::StoneX)).await?);
    let hurry = |policy: &mut auth_core::RefreshPolicy| policy.min_interval = Duration::from_millis(500);
    let tokens = Provider::StoneX.source(setting::of_sim(&sim), hurry)?;
    let token = tokens.token().await?;
    for _ in 0..CALLERS {
        call(&sim, token.headers()?).await?;
    }
    bar.say("the token works, then it is revoked");
    sim.revoke(token.value());
    let mut tasks = JoinSet::new();
    for _ in 0..CALLERS {
        let (tokens, token, sim, bar) = (tokens.clone(), token.clone(), Arc::clone(&sim), bar.clone());
        tasks.spawn(async move {
            let status = call_twice(&tokens, token, &sim).await?;
            bar.tick(&format!("401, then {status} with a new token"));
            Ok::<_, Trouble>(status)
        });
    }
    let statuses = joined(tasks).await?.into_iter().collect::<Result<Vec<u16>, Trouble>>()?;
    let served = statuses.iter().filter(|status| **status == 200).count() as u64;
    bar.done(&format!("{served} callers got a 401, and are let in again"));
    Ok(Part { counts: sim.counts(), callers: Callers { served, ..Callers::default() } })
}

/// What every user of a source does with a 401: tell the source, and call once more.
async fn call_twice(tokens: &TokenSource, token: AccessToken, sim: &Simulator) -> Result<u16, Trouble> {
    match call(sim, token.headers()?).await? {
        401 => {
            tokens.rejected(&token);
            call(sim, &tokens.headers().await?).await
        }
        status => Ok(status),
    }
}

pub(crate) const CALLERS: u64 = 10;
