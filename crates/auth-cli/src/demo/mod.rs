//! `authctl demo`: the five crates at work against simulators, and the counts to prove it.

mod callers;
mod five;
mod healing;
mod herd;
mod judge;
mod outage;
mod ping;
mod renewal;
mod show;
mod wrong_secret;

use std::io::{self, Write as _};
use std::time::Duration;

use auth_sim::{Builder, Simulator};

use crate::cli::DemoArgs;
use crate::exit::Exit;
use crate::trouble::Trouble;
use judge::{Measured, Verdict, judge};
use show::Show;

pub(crate) async fn run(args: &DemoArgs) -> Result<Exit, Trouble> {
    let show = Show::new(args.plain);
    let measured = tokio::time::timeout(LIMIT, measure(&show)).await;
    let measured =
        measured.map_err(|_| Trouble::Local(format!("the demo has not ended after {} s", LIMIT.as_secs())))??;
    let verdict = judge(&measured);
    match show.end().and_then(|()| tell(&verdict)) {
        // The verdict stands, even if nobody reads it.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ if verdict.is_right() => Ok(Exit::Success),
        _ => Ok(Exit::Internal),
    }
}

fn tell(verdict: &Verdict) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "\n{verdict}")?;
    out.flush()
}

async fn measure(show: &Show) -> Result<Measured, Trouble> {
    show.line("A token of each vendor, by its crate, and a call of the vendor's API with it:");
    let five = five::run(show).await?;
    show.line("\nFive things that go wrong elsewhere, all at the same time:");
    let (renewal, outage, healing, herd, wrong_secret) = tokio::try_join!(
        renewal::run(show.bar("renewal", renewal::RENEWALS)),
        outage::run(show.bar("outage", outage::FAILURES + 1)),
        healing::run(show.bar("401", healing::CALLERS)),
        herd::run(show.bar("herd", herd::CALLERS)),
        wrong_secret::run(show.bar("secret", wrong_secret::CALLS)),
    )?;
    Ok(Measured { five, renewal, outage, healing, herd, wrong_secret })
}

async fn start(builder: Builder) -> Result<Simulator, Trouble> {
    builder.start().await.map_err(|error| Trouble::Local(format!("no simulator can be started: {error}")))
}

/// A machine that needs this long is too busy for its counts to mean anything.
const LIMIT: Duration = Duration::from_secs(20);
