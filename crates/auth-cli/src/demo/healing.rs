//! An API answers 401 to everybody: one new token for all of them.

use std::time::Duration;

use auth_core::{AccessToken, TokenSource};
use auth_sim::{Simulator, Vendor};
use tokio::task::JoinSet;

use super::callers::{Callers, joined};
use super::judge::Part;
use super::show::Bar;
use super::{ping, start};
use crate::provider::Provider;
use crate::setting;
use crate::trouble::Trouble;

pub(crate) async fn run(bar: Bar) -> Result<Part, Trouble> {
    let sim = start(Simulator::builder(Vendor::StoneX)).await?;
    let hurry = |policy: &mut auth_core::RefreshPolicy| policy.min_interval = Duration::from_millis(500);
    let tokens = Provider::StoneX.source(setting::of_sim(&sim), hurry)?;
    let token = tokens.token().await?;
    for _ in 0..CALLERS {
        ping::get(&sim.ping_url(), token.headers()?).await?;
    }
    bar.say("the token works, then it is revoked");
    sim.revoke(token.value());
    let mut tasks = JoinSet::new();
    for _ in 0..CALLERS {
        let (tokens, token, url, bar) = (tokens.clone(), token.clone(), sim.ping_url(), bar.clone());
        tasks.spawn(async move {
            let status = call(&tokens, token, &url).await?;
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
async fn call(tokens: &TokenSource, token: AccessToken, url: &str) -> Result<u16, Trouble> {
    match ping::get(url, token.headers()?).await? {
        401 => {
            tokens.rejected(&token);
            ping::get(url, &tokens.headers().await?).await
        }
        status => Ok(status),
    }
}

pub(crate) const CALLERS: u64 = 10;
