//! A command-line tool without async: it asks for several orders at once, on threads of its own, with one token.
//!
//! ```sh
//! cargo run -p auth-examples --example command_line -- 17 18 19
//! ```

use std::io::{self, Write};
use std::process::ExitCode;
use std::{env, thread};

use auth_core::BlockingTokenSource;
use auth_sim::{Simulator, Vendor};
use partner_oauth::{PartnerOAuth, TokenSource};
use reqwest::StatusCode;
use reqwest::blocking::{Client, Response};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let orders: Vec<String> = env::args().skip(1).collect();
    if orders.is_empty() {
        eprintln!("error: expected the numbers of orders, such as 17 18 19");
        return ExitCode::from(USAGE);
    }
    let done = Simulated::start().and_then(|vendor| {
        // With the real vendor: PartnerOAuth::from_env()?, and the URL of its API in place of the ping.
        let endpoint = PartnerOAuth::from_vars(|name| vendor.sim.var(name))?;
        tool(endpoint, &vendor.sim.ping_url(), &orders, &mut io::stdout())
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&*error),
    }
}

fn tool(endpoint: PartnerOAuth, api: &str, orders: &[String], out: &mut impl Write) -> Result {
    let (tokens, client) = (TokenSource::new(endpoint).blocking(), Client::builder().no_proxy().build()?);
    let call = |order: &String| call(&tokens, &client, &format!("{api}?order={order}"));
    let answers: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = orders.iter().map(|order| scope.spawn(move || call(order))).collect();
        threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    for (order, answer) in orders.iter().zip(answers) {
        let answer = answer.map_err(|_| "a thread has panicked")??;
        writeln!(out, "order {order}: {}", answer.status())?;
    }
    Ok(())
}

/// A call, and once more with another token if the first is answered 401.
fn call(tokens: &BlockingTokenSource, client: &Client, url: &str) -> Result<Response> {
    let mut may_repeat = true;
    loop {
        let token = tokens.token()?;
        let response = client.get(url).headers(token.headers()?.to_map()).send()?;
        if response.status() != StatusCode::UNAUTHORIZED || !may_repeat {
            return Ok(response);
        }
        tokens.rejected(&token);
        may_repeat = false;
    }
}

/// Says what is wrong, which has what to do in it, and ends so that a script knows whether to try again.
fn complain(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    eprintln!("error: {error}");
    match error.downcast_ref::<auth_core::Error>() {
        Some(error) if error.is_transient() => ExitCode::from(TRY_AGAIN),
        _ => ExitCode::FAILURE,
    }
}

/// As clap has it.
const USAGE: u8 = 2;
/// `EX_TEMPFAIL` of sysexits.h.
const TRY_AGAIN: u8 = 75;

/// The vendor's side, which is a server and lives on a runtime. The tool knows nothing of that.
struct Simulated {
    sim: Simulator,
    _runtime: tokio::runtime::Runtime,
}

impl Simulated {
    fn start() -> Result<Self> {
        let runtime = tokio::runtime::Runtime::new()?;
        Ok(Self { sim: runtime.block_on(Simulator::start(Vendor::Partner))?, _runtime: runtime })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_sim::{Fault, RetryAfter};

    #[test]
    fn all_orders_are_asked_for_with_one_token() {
        let (vendor, orders, mut out) =
            (Simulated::start().unwrap(), ["17", "18", "19"].map(str::to_owned), Vec::new());
        tool(endpoint(&vendor), &vendor.sim.ping_url(), &orders, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "order 17: 200 OK\norder 18: 200 OK\norder 19: 200 OK\n");
        assert_eq!((vendor.sim.counts().token_requests, vendor.sim.counts().pings), (1, 3));
    }

    #[test]
    fn revoked_token_is_replaced_and_the_call_made_again() {
        let vendor = Simulated::start().unwrap();
        let (tokens, url) = (TokenSource::new(endpoint(&vendor)).blocking(), vendor.sim.ping_url());
        tokens.token().unwrap();
        vendor.sim.revoke_all();
        assert_eq!(
            call(&tokens, &Client::builder().no_proxy().build().unwrap(), &url).unwrap().status(),
            StatusCode::OK
        );
        assert_eq!((vendor.sim.counts().token_requests, vendor.sim.counts().pings_refused), (2, 1));
    }

    #[test]
    fn wrong_secret_is_asked_once_by_all_threads_and_is_nothing_to_wait_for() {
        let (vendor, orders) = (Simulated::start().unwrap(), ["17", "18", "19"].map(str::to_owned));
        let endpoint = endpoint(&vendor);
        vendor.sim.rotate_secret("invented-other-secret");
        let error = tool(endpoint, &vendor.sim.ping_url(), &orders, &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("wrong credentials"), "{error}");
        assert_eq!(complain(&*error), ExitCode::FAILURE);
        assert_eq!((vendor.sim.counts().token_requests, vendor.sim.counts().pings), (1, 0));
    }

    #[test]
    fn outage_ends_in_the_exit_code_that_means_try_again() {
        let vendor = Simulated::start().unwrap();
        let endpoint = endpoint(&vendor);
        vendor.sim.faults().next(1, Fault::RetryAfter { status: 503, after: RetryAfter::Seconds(60) });
        let error = tool(endpoint, &vendor.sim.ping_url(), &["17".to_owned()], &mut Vec::new()).unwrap_err();
        assert_eq!(complain(&*error), ExitCode::from(TRY_AGAIN), "{error}");
    }

    fn endpoint(vendor: &Simulated) -> PartnerOAuth {
        PartnerOAuth::from_vars(|name| vendor.sim.var(name)).unwrap()
    }
}
