//! `authctl demo`: the five crates at work against simulators, and the counts to prove it.

mod callers;
mod five;
mod healing;
mod herd;
mod judge;
mod outage;
mod renewal;
mod show;
mod wrong_secret;

use std::io::{self, Write as _};
use std::time::Duration;

use auth_core::HeaderSet;
use auth_sim::{Builder, Simulator};

use crate::cli::DemoArgs;
use crate::exit::Exit;
use crate::trouble::Trouble;
use judge::{Measured, Verdict, judge};
use show::Show;
pub(crate) use show::can_move;

pub(crate) async fn run(args: &DemoArgs) -> Result<Exit, Trouble> {
    let show = Show::new(args.plain);
    let measured = tokio::time::timeout(LIMIT, measure(&show)).await;
    let measured =
        measured.map_err(|_| Trouble::Local(format!("the demo has not ended after {} s", LIMIT.as_secs())))??;
    let verdict = judge(&measured);
    ending(&verdict, show.end().and_then(|()| tell(&verdict)))
}

fn ending(verdict: &Verdict, shown: io::Result<()>) -> Result<Exit, Trouble> {
    match shown {
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

/// What a call of the vendor's API with `headers` answers.
async fn call(sim: &Simulator, headers: &HeaderSet) -> Result<u16, Trouble> {
    let status = sim.ping(headers.iter()).await;
    status.map_err(|error| Trouble::Local(format!("{} cannot be called: {error}", sim.ping_url())))
}

/// A machine that needs this long is too busy for its counts to mean anything.
const LIMIT: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_count_is_a_failure_whether_or_not_anybody_reads_it() {
        let broken = || Err(io::Error::from(io::ErrorKind::BrokenPipe));
        let right = judge(&judge::tests::right());
        let mut measured = judge::tests::right();
        measured.herd.counts.token_requests += 1;
        let wrong = judge(&measured);
        for shown in [|| Ok(()), broken] {
            assert_eq!(ending(&right, shown()).unwrap(), Exit::Success);
            assert_eq!(ending(&wrong, shown()).unwrap(), Exit::Internal);
        }
        let full = || Err(io::Error::from(io::ErrorKind::StorageFull));
        assert!(matches!(ending(&right, full()), Err(Trouble::Output(_))));
    }
}
