//! `authctl sim`: simulators until Ctrl-C.

use std::io::{self, Write};

use auth_sim::{Exchange, Simulator};

use crate::cli::SimArgs;
use crate::exit::Exit;
use crate::provider::Provider;
use crate::setting;
use crate::trouble::Trouble;

pub(crate) async fn run(args: &SimArgs) -> Result<Exit, Trouble> {
    // Before the first line is printed: whoever reads it may send the signal at once.
    let stop = stop_signal().map_err(|error| Trouble::Local(format!("Ctrl-C cannot be waited for: {error}")))?;
    let sims = start(args).await?;
    tell(&sims, &mut io::stdout().lock())?;
    stop.await;
    let mut err = io::stderr();
    for sim in sims {
        let counts = sim.counts();
        // Nobody is left to be told when standard error is gone.
        let _ = writeln!(
            err,
            "{}: {} requests for a token, {} tokens, {} pings",
            sim.vendor(),
            counts.code_requests + counts.token_requests,
            counts.minted,
            counts.pings
        );
        sim.shutdown().await;
    }
    Ok(Exit::Success)
}

/// The simulator of `--sim`.
pub(crate) async fn embedded(provider: Provider) -> Result<Simulator, Trouble> {
    let sim = Simulator::start(provider.vendor()).await;
    sim.map_err(|error| Trouble::Local(format!("no simulator can be started: {error}")))
}

async fn start(args: &SimArgs) -> Result<Vec<Simulator>, Trouble> {
    let mut sims = Vec::new();
    for (place, provider) in chosen(args).into_iter().enumerate() {
        let port = port(args.port, place)?;
        let mut builder = Simulator::builder(provider.vendor()).port(port);
        if let Some(lifetime) = args.lifetime {
            builder = builder.lifetime(lifetime);
        }
        if !args.quiet {
            builder = builder.on_exchange(move |exchange| log(provider, exchange));
        }
        let sim = builder.start().await.map_err(|error| cannot_start(provider, port, &error))?;
        sims.push(sim);
    }
    Ok(sims)
}

fn log(provider: Provider, exchange: &Exchange) {
    let Exchange { method, path, status, took, .. } = exchange;
    let answer = status.map_or("no answer".to_owned(), |status| format!("answered {status}"));
    // Nobody is left to be told when standard error is gone.
    let _ = writeln!(io::stderr(), "{}: {method} {path} {answer}, {} ms", provider.name(), took.as_millis());
}

/// All, or those named, each once, in the order given.
fn chosen(args: &SimArgs) -> Vec<Provider> {
    let mut chosen = Vec::new();
    for provider in if args.providers.is_empty() { &Provider::ALL[..] } else { &args.providers } {
        if !chosen.contains(provider) {
            chosen.push(*provider);
        }
    }
    chosen
}

fn port(first: u16, place: usize) -> Result<u16, Trouble> {
    if first == 0 {
        return Ok(0);
    }
    let port = u16::try_from(place).ok().and_then(|place| first.checked_add(place));
    port.ok_or_else(|| Trouble::Usage(format!("there is no port {place} after --port {first}")))
}

fn cannot_start(provider: Provider, port: u16, error: &io::Error) -> Trouble {
    match port {
        0 => Trouble::Local(format!("the simulator of {} cannot be started: {error}", provider.name())),
        _ => Trouble::Usage(format!("the simulator of {} cannot have port {port}: {error}", provider.name())),
    }
}

/// Lines for a shell: what is not for it is a comment.
fn tell(sims: &[Simulator], out: &mut impl Write) -> Result<(), Trouble> {
    for sim in sims {
        writeln!(out, "# {} answers at {}", sim.vendor(), sim.url())?;
        writeln!(out, "# a call that needs its token: GET {}", sim.ping_url())?;
        for (name, value) in sim.vars() {
            writeln!(out, "{}", setting::export(name, &value))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "# Ready; Ctrl-C ends it.")?;
    Ok(out.flush()?)
}

/// Ends with Ctrl-C, or with what a service manager sends.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without the signal there is no way to stop but to be killed, so it ends at once.
        let _ = tokio::signal::ctrl_c().await;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(providers: &[Provider], port: u16) -> SimArgs {
        SimArgs { providers: providers.to_vec(), port, lifetime: None, quiet: true }
    }

    #[test]
    fn all_are_chosen_if_none_is_named_and_each_once() {
        assert_eq!(chosen(&args(&[], 0)), Provider::ALL);
        let twice = [Provider::StoneX, Provider::MgPlus, Provider::StoneX];
        assert_eq!(chosen(&args(&twice, 0)), [Provider::StoneX, Provider::MgPlus]);
    }

    #[test]
    fn ports_are_consecutive_and_end_with_the_last_there_is() {
        assert_eq!(port(0, 4).unwrap(), 0);
        assert_eq!(port(4000, 4).unwrap(), 4004);
        assert!(matches!(port(65_535, 1), Err(Trouble::Usage(_))));
    }
}
