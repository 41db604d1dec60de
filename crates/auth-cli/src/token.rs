//! `authctl token`: one token, on standard output alone.

use std::ffi::OsString;
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use auth_core::{AccessToken, Error, EventKind, RefreshPolicy, TokenSource};

use crate::cli::TokenArgs;
use crate::exit::Exit;
use crate::format::Format;
use crate::overrides::Overrides;
use crate::provider::Provider;
use crate::setting;
use crate::sim;
use crate::trouble::{Trouble, wrapped};

pub(crate) async fn print(args: &TokenArgs) -> Result<Exit, Trouble> {
    let overrides = Overrides::read(args.provider, &args.given)?;
    if args.sim {
        let sim = sim::embedded(args.provider).await?;
        return ask(args, source(args, &overrides, setting::of_sim(&sim))?).await;
    }
    let tokens = source(args, &overrides, |name| std::env::var_os(name))?;
    ask(args, tokens).await.map_err(|trouble| trouble.see_doctor(args.provider))
}

/// A source that can be asked for what the command wants. It sends nothing by itself, so it comes first: it names all that
/// is missing at once.
fn source(
    args: &TokenArgs,
    overrides: &Overrides,
    others: impl Fn(&str) -> Option<OsString>,
) -> Result<TokenSource, Trouble> {
    let lookup = overrides.over(others);
    let habits = &args.given.habits;
    let tokens = args.provider.source_with(&lookup, habits, |policy| take_at_most(args.timeout, policy));
    let tokens = tokens.map_err(|error| overrides.told(error))?;
    check_headers(args, lookup)?;
    Ok(tokens)
}

async fn ask(args: &TokenArgs, tokens: TokenSource) -> Result<Exit, Trouble> {
    let began = SystemTime::now();
    let token = in_time(args.timeout, &tokens).await;
    if args.verbose {
        tell_events(&tokens, began);
    }
    let text = args.format.write(args.provider, &token?)?;
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Exit::Success)
}

pub(crate) async fn in_time(limit: Duration, tokens: &TokenSource) -> Result<AccessToken, Trouble> {
    match tokio::time::timeout(limit, tokens.token()).await {
        Ok(Ok(token)) => Ok(token),
        Ok(Err(error)) => Err(as_answered(error, tokens).into()),
        Err(_) => Err(Trouble::TooSlow { limit, last: last_failure(tokens), doctor: None }),
    }
}

/// A caller is told in `retry_after` how long the source waits, which ends here; its event has what the vendor named, if it did.
fn as_answered(error: Error, tokens: &TokenSource) -> Error {
    // An error reaches its callers just before its event is written down; a look at the status waits for that.
    let _ = tokens.status();
    last_failure(tokens).filter(|last| last.to_string() == error.to_string()).unwrap_or(error)
}

fn last_failure(tokens: &TokenSource) -> Option<Error> {
    tokens.recent_events().into_iter().rev().find_map(|event| match event.kind {
        EventKind::AttemptFailed { error, .. } | EventKind::RequestFailed { error, .. } => Some(error),
        _ => None,
    })
}

/// A vendor that takes its time gets half of `limit` for one answer, and the other half is for a second attempt; or, of a
/// short limit, what the policy allows.
pub(crate) fn take_at_most(limit: Duration, policy: &mut RefreshPolicy) {
    policy.attempt_timeout = policy.attempt_timeout.max(limit / 2).min(limit);
    policy.flight_timeout = limit;
    policy.retry_reserve = policy.retry_reserve.min(limit / 4);
    // The limit is this command's own, not the source's.
    policy.dead_after = policy.dead_after.max(limit * 2);
}

/// Finds before anything is sent that a call would need more headers than the token has.
fn check_headers(args: &TokenArgs, lookup: impl Fn(&str) -> Option<OsString>) -> Result<(), Trouble> {
    let bound = lookup(setting::MERCHANT_VAT).is_some_and(|vat| !vat.is_empty());
    if args.format == Format::Headers && args.provider == Provider::MobilePay && !bound {
        return Err(Trouble::Usage(format!(
            "a token that is bound to no merchant needs the merchant's VAT number at each call, so its headers are not \
             complete; give {} (or {}), or take --format token and add X-MobilePay-Merchant-VAT-Number yourself",
            setting::MERCHANT_VAT_OPTION,
            setting::MERCHANT_VAT
        )));
    }
    Ok(())
}

fn tell_events(tokens: &TokenSource, began: SystemTime) {
    let mut err = std::io::stderr().lock();
    // An error reaches its callers just before its event is written down; a look at the status waits for that.
    let _ = tokens.status();
    for event in tokens.recent_events() {
        let after = event.at.duration_since(began).unwrap_or_default();
        // Nobody is left to be told when standard error is gone.
        let _ = writeln!(err, "{:8.3} s  {}", after.as_secs_f64(), wrapped(&event.to_string(), "   0.000 s  ".len()));
    }
}

#[cfg(test)]
mod tests {
    use auth_sim::{Fault, MgPlusError, Simulator, Vendor};

    use super::*;

    #[test]
    fn one_answer_may_take_half_the_time_and_never_more_than_all_of_it() {
        let attempt = |seconds| {
            let mut policy = RefreshPolicy::default();
            take_at_most(Duration::from_secs(seconds), &mut policy);
            assert_eq!(
                policy.flight_timeout,
                Duration::from_secs(seconds),
                "the source gives up when the command does"
            );
            assert!(policy.dead_after > policy.flight_timeout && policy.retry_reserve < policy.flight_timeout);
            policy.attempt_timeout.as_secs()
        };
        assert_eq!([attempt(1), attempt(10), attempt(30), attempt(120)], [1, 8, 15, 60]);
    }

    #[tokio::test]
    async fn time_that_is_over_is_told_with_what_the_last_attempt_met() {
        let sim = Simulator::start(Vendor::MgPlus).await.unwrap();
        sim.faults().next(1, MgPlusError::GeneralError.into());
        sim.faults().lasting(Duration::MAX, Fault::Hang);
        let tokens = Provider::MgPlus.source(setting::of_sim(&sim), |_| ()).unwrap();
        let trouble = in_time(Duration::from_secs(1), &tokens).await.unwrap_err();
        let told = trouble.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = "error: no token within 1 s; the last attempt: mgplus-sts is not available (status 500";
        assert!(told.starts_with(expected), "{told}");
    }
}
