//! The token request, by the provider's own crate, and what its answer says.

use std::time::Duration;

use auth_core::{AccessToken, Error, EventKind, MAX_LIFETIME, Redactor, TokenSource};

use super::finding::{Checked, Finding};
use super::settings::Settings;
use crate::exit::Exit;
use crate::inspect::relative::exactly;
use crate::token::in_time;
use crate::trouble::{Trouble, facts, without_hint};

/// An answer that came: a token, or one that is none.
pub(super) struct Answer {
    token: Result<AccessToken, Error>,
    ungranted: Vec<String>,
}

/// Asks as `authctl token` does.
pub(super) async fn ask(settings: &Settings, limit: Duration) -> Checked<Answer> {
    let tokens = match settings.source() {
        Ok(tokens) => tokens,
        Err(error) => return failed(error).alone(),
    };
    let asked = in_time(limit, tokens).await;
    // An error reaches its callers just before its event is written down; a look at the status waits for that.
    let _ = tokens.status();
    let attempts = attempts(tokens);
    match asked {
        Ok(token) => attempts.with(Answer { token: Ok(token), ungranted: ungranted(tokens) }),
        Err(Trouble::Token { error: error @ Error::Malformed(_), .. }) => {
            attempts.with(Answer { token: Err(error), ungranted: Vec::new() })
        }
        Err(Trouble::Token { error, .. }) => failed(&error).alone(),
        Err(other) => {
            let last =
                other.error().map(|last| format!("; the last attempt: {}", without_hint(last))).unwrap_or_default();
            let found = format!("no token within {} s{last}", limit.as_secs_f64());
            let facts = other.error().map(|last| facts(last, other.exit())).unwrap_or_default();
            advised(Finding::failed(other.exit(), found), facts, other.exit()).alone()
        }
    }
}

/// How many requests it took to get an answer.
fn attempts(tokens: &TokenSource) -> Finding {
    let events = tokens.recent_events();
    let failures = events.iter().filter_map(|event| match &event.kind {
        EventKind::AttemptFailed { error, .. } => Some(without_hint(error)),
        _ => None,
    });
    let failures: Vec<_> = failures.collect();
    match failures.last() {
        None => Finding::ok("answered at the first attempt"),
        Some(last) => {
            let found = format!("answered at attempt {}, after: {last}", failures.len() + 1);
            Finding::warning(found).try_this("the vendor is not well, or the network; if it lasts, tell the vendor")
        }
    }
}

fn ungranted(tokens: &TokenSource) -> Vec<String> {
    let events = tokens.recent_events().into_iter();
    let scopes = events.filter_map(|event| match event.kind {
        EventKind::ScopesNotGranted { scopes, .. } => Some(scopes),
        _ => None,
    });
    scopes.flatten().collect()
}

/// In the words of `authctl token`.
fn failed(error: &Error) -> Finding {
    let exit = Exit::of(error);
    advised(Finding::failed(exit, without_hint(error)), facts(error, exit), exit)
}

fn advised(mut finding: Finding, facts: Vec<(&'static str, String)>, exit: Exit) -> Finding {
    for (name, text) in facts {
        let text = if name == "hint" { text } else { format!("{name}: {text}") };
        finding = finding.try_this(text);
    }
    finding.try_this(exit.advice())
}

/// The token, if the answer is the documented one; and whether it lives as long as one expects.
pub(super) fn judge(answer: Answer, redactor: &Redactor) -> Checked<AccessToken> {
    let token = match answer.token {
        Ok(token) => token,
        Err(error) => return failed(&error).alone(),
    };
    let scope = token.scope().map(|scope| format!(", scope {}", redactor.clean(scope))).unwrap_or_default();
    let lives = if token.lifetime() >= MAX_LIFETIME { "a day or more".to_owned() } else { exactly(token.lifetime()) };
    let mut found = format!("a Bearer token that lives {lives}{scope}");
    let mut advice = Vec::from_iter(odd_life(token.lifetime()));
    if !answer.ungranted.is_empty() {
        found.push_str(&format!("; asked for and not granted: {}", answer.ungranted.join(" ")));
        advice.push("have the vendor grant what you need, or ask for less");
    }
    if advice.is_empty() {
        return Finding::ok(found).with(token);
    }
    advice.into_iter().fold(Finding::warning(found), Finding::try_this).with(token)
}

/// A vendor that means milliseconds, or a moment, says so by accident.
fn odd_life(lifetime: Duration) -> Option<&'static str> {
    match lifetime {
        life if life >= MAX_LIFETIME => {
            Some("more than a day is not believed: ask the vendor whether expires_in is in seconds")
        }
        life if life < SHORT => {
            Some("it lives so short that it is renewed all the time: ask the vendor whether that is meant")
        }
        _ => None,
    }
}

const SHORT: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use auth_sim::{Fault, MgPlusError, Simulator, Vendor};

    use super::super::finding::Outcome;
    use super::*;
    use crate::cli::{DoctorArgs, Given};
    use crate::overrides::Overrides;
    use crate::provider::Provider;
    use crate::setting;

    #[tokio::test]
    async fn time_that_is_over_is_told_with_what_the_vendor_answered_before() {
        let sim = Simulator::start(Vendor::MgPlus).await.unwrap();
        sim.faults().next(1, MgPlusError::GeneralError.into());
        sim.faults().lasting(Duration::MAX, Fault::Hang);
        // The source itself would wait for longer.
        let (provider, timeout) = (Provider::MgPlus, Duration::from_secs(30));
        let args = DoctorArgs { provider, json: false, sim: true, timeout, given: Given::default() };
        let overrides = Overrides::read(provider, &args.given).unwrap();
        let settings = Settings::read(&args, &overrides, setting::of_sim(&sim));
        let (finding, answer) = ask(&settings, Duration::from_secs(1)).await;
        assert!(finding.outcome == Outcome::Failed && finding.exit == Exit::Later && answer.is_none(), "{finding:?}");
        let expected = "no token within 1 s; the last attempt: mgplus-sts is not available (status 500";
        assert!(finding.found.starts_with(expected), "{finding:?}");
        assert!(finding.advice.last().unwrap().starts_with("try again later"), "{finding:?}");
    }

    #[test]
    fn life_is_odd_below_two_minutes_and_from_a_day_on() {
        let is_odd = |seconds| odd_life(Duration::from_secs(seconds)).is_some();
        assert_eq!([1, 119, 120, 3600, 86_399, 86_400].map(is_odd), [true, true, false, false, false, true]);
    }
}
