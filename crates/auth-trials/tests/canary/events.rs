//! Every kind of event, each with its markers in play.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use auth_core::{Error, EventKind, Rejection};
use auth_sim::Vendor;
use tokio::sync::Notify;

use crate::Theatre;
use crate::marker::Kind;
use crate::scenes::{PATIENCE, echoing, faltering, hesitant, reluctant};
use crate::types::show_token;
use crate::vendors::{Vault, policy};
use crate::watcher::{show_error, show_source};

/// The kinds that sources of `vendor` have, as auth-core names them: a new one is here as soon as it has a name.
pub(crate) fn all_of(vendor: Vendor) -> BTreeSet<&'static str> {
    const STATUS: &str = include_str!("../../../auth-core/src/status.rs");
    let (_, name) = STATUS.split_once("pub fn name(").expect("kinds have names");
    let (names, _) = name.split_once("\n    }\n").expect("an end");
    let all = names.lines().filter_map(|line| line.split('"').nth(1));
    all.filter(|name| vendor == Vendor::S2s || !OF_THE_BANK.contains(name)).collect()
}

/// No other vendor has refresh tokens, or scopes.
const OF_THE_BANK: [&str; 3] = ["refresh_token_refused", "refreshing_stopped", "scopes_not_granted"];

/// A source to which all happens that a single call does not meet, nor a healthy life.
pub(crate) async fn hard_life(theatre: &Theatre) {
    let mut policy = policy(PATIENCE);
    (policy.max_attempts, policy.max_rejections, policy.retry_backoff) = (2, 1, Duration::from_millis(1));
    let tokens = theatre.source(Vault::Good, policy);
    theatre.begin(faltering());
    show_token(&tokens.token().await.expect("a token, at the second attempt"));
    theatre.begin(echoing("400 Bad Request"));
    show_error(&tokens.refresh().await.expect_err("refused"));
    theatre.begin(reluctant());
    let token = tokens.refresh().await.expect("a token, for all the hold");

    let asked = Arc::new(Notify::new());
    theatre.begin(hesitant(Arc::clone(&asked)));
    let mut overtaken = Box::pin(tokens.refresh());
    tokio::select! {
        early = &mut overtaken => panic!("nothing was answered: {early:?}"),
        () = asked.notified() => theatre.begin(reluctant()),
    }
    assert_eq!(tokens.rejected(&token), Rejection::Accepted);
    let token = overtaken.await.expect("a token, of another flight");
    assert_eq!(tokens.rejected(&token), Rejection::Ignored);
    show_token(&tokens.refresh().await.expect("a token, without a refresh token"));

    let events = tokens.recent_events();
    let errors: Vec<_> = events.iter().filter_map(|event| Some((event.kind.name(), error_of(&event.kind)?))).collect();
    for (_, error) in &errors {
        show_error(error);
        let words = error.description().unwrap_or_default();
        assert!(words.contains(Kind::Body.value()), "the vendor's words are in play, not only {words:?}");
    }
    assert_eq!(errors.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["attempt_failed", "renewal_failed"]);
    show_source(&tokens);
}

fn error_of(kind: &EventKind) -> Option<&Error> {
    match kind {
        EventKind::AttemptFailed { error, .. }
        | EventKind::RequestFailed { error, .. }
        | EventKind::RenewalFailed { error, .. } => Some(error),
        _ => None,
    }
}
