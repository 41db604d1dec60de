//! The vendor's advice, and the whole way against its simulator: by code, and by refresh token.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_core::{
    Error, EventKind, Fingerprint, RefreshPolicy, Rejection, RequestContext, Secret, TokenEndpoint, TokenResponse,
    TokenSource, async_trait,
};
use auth_sim::{Fault, S2sError, Simulator, Target, Vendor};
use s2s_oauth::{CredentialSource, HeaderNames, S2sOAuth};

use crate::{calls, credentials, cx, endpoint, known_to, ping, source, start};

#[tokio::test]
async fn token_is_accepted_where_it_is_meant_for_and_asked_for_once() {
    let sim = start().await;
    let tokens = TokenSource::new(endpoint(&sim));
    assert_eq!(tokens.status().vendor, env!("CARGO_PKG_NAME"));
    for _ in 0..10 {
        assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
    }
    assert_eq!(calls(&sim), (1, 1));
    let token = tokens.token().await.expect("a token");
    assert_eq!(token.lifetime(), Duration::from_secs(1095));
    assert_eq!(token.scope(), Some(sim.credentials().scope.as_str()));
    assert_eq!(token.authorization().to_str().expect("ASCII"), format!("Bearer {}", token.value()));
}

#[tokio::test]
async fn variables_of_the_simulator_lead_to_a_token() {
    let sim = start().await;
    let vars = sim.vars();
    let lookup = |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
    let tokens = TokenSource::new(S2sOAuth::from_vars(lookup).expect("endpoint"));
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
}

#[tokio::test]
async fn newer_gateway_accepts_its_header_names_and_a_posted_token_call() {
    let sim = Simulator::builder(Vendor::S2s).token_by_post(true);
    let sim = sim.client_header_names("X-Isbank-Client-Id", "X-Isbank-Client-Secret").start().await.expect("simulator");
    let tokens = TokenSource::new(endpoint(&sim).post().header_names(HeaderNames::isbank()).expect("names"));
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
    assert_eq!(sim.counts().refused, 0);
}

#[tokio::test]
async fn odd_characters_in_the_secrets_arrive_as_they_are() {
    let sim = Simulator::builder(Vendor::S2s).client_id("invented client").client_secret("in:vented%20+/=secret");
    let sim = sim.service_account("invented:account", "acc%20ount:+/=").start().await.expect("simulator");
    let tokens = TokenSource::new(endpoint(&sim));
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
}

#[tokio::test]
async fn page_gives_no_advice_on_renewal_so_the_default_holds() {
    assert_eq!(endpoint(&start().await).policy(), RefreshPolicy::default());
}

#[tokio::test]
async fn rejected_token_is_replaced_by_way_of_a_new_code() {
    let sim = start().await;
    let tokens = source(endpoint(&sim));
    let token = tokens.token().await.expect("a token");
    assert!(sim.revoke(token.value()));
    assert_eq!(ping(&sim, token.headers().expect("headers")).await, 401);
    assert_eq!(tokens.rejected(&token), Rejection::Accepted);
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
    assert_eq!(calls(&sim), (2, 2));
}

#[tokio::test]
async fn token_travels_with_the_credentials_it_was_issued_to_when_they_rotate() {
    let sim = start().await;
    let current = Arc::new(Mutex::new(known_to(&sim)));
    let shared = Arc::clone(&current);
    let from = CredentialSource::from_fn(move || {
        let now = shared.lock().expect("the lock").clone();
        async move { Ok(now) }
    });
    let tokens = source(S2sOAuth::new(sim.url(), from, "read:invented").expect("endpoint"));
    let old = tokens.token().await.expect("a token");

    sim.rotate_secret("invented-second-secret");
    sim.rotate_service_account_secret("invented-second-account-secret");
    let known = sim.credentials();
    let (account, client) = (&known.service_account_id, &known.client_id);
    *current.lock().expect("the lock") =
        credentials(account, "invented-second-account-secret", client, "invented-second-secret");

    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200, "the old pair, with the old token");
    let new = tokens.refresh().await.expect("a token");
    assert_ne!(old.value(), new.value());
    assert_eq!(ping(&sim, new.headers().expect("headers")).await, 200, "the new pair, with the new token");
}

#[tokio::test]
async fn scopes_that_are_not_granted_are_an_event_and_the_token_is_served() {
    let sim = start().await;
    let body = r#"{"access_token":"invented","token_type":"bearer","expires_in":60,"scope":"all:eft"}"#;
    let answer = Fault::Answer { status: 200, content_type: "application/json".into(), body: body.into() };
    sim.faults().next_on(Target::Token, 1, answer);
    let tokens = source(S2sOAuth::new(sim.url(), known_to(&sim), "read:accounts all:eft").expect("endpoint"));
    assert_eq!(tokens.token().await.expect("a token").value(), "invented");
    let missing = tokens.recent_events().into_iter().find_map(|event| match event.kind {
        EventKind::ScopesNotGranted { scopes, .. } => Some(scopes),
        _ => None,
    });
    assert_eq!(missing, Some(vec!["read:accounts".to_owned()]));
}

#[tokio::test]
async fn without_the_option_no_refresh_token_is_kept_and_each_token_has_a_code_of_its_own() {
    let sim = start().await;
    let never_sent = Secret::new("AAJ-invented").expect("secret");
    let response = endpoint(&sim).request_token(&cx().with_refresh_token(&never_sent)).await.expect("a token");
    assert!(response.refresh_token().is_none());
    let tokens = source(endpoint(&sim));
    tokens.token().await.expect("a token");
    tokens.refresh().await.expect("another");
    assert_eq!((calls(&sim), sim.counts().refused), ((3, 3), 0));
}

async fn warm(sim: &Simulator) -> TokenSource {
    let tokens = source(endpoint(sim).refreshing(true));
    tokens.token().await.expect("a token");
    assert_eq!(calls(sim), (1, 1));
    tokens
}

fn count(tokens: &TokenSource, is: impl Fn(&EventKind) -> bool) -> usize {
    tokens.recent_events().iter().filter(|event| is(&event.kind)).count()
}

fn refusals(tokens: &TokenSource) -> usize {
    count(tokens, |kind| matches!(kind, EventKind::RefreshTokenRefused))
}

#[tokio::test]
async fn each_renewal_is_one_call_with_the_refresh_token_of_the_answer_before() {
    let sim = start().await;
    let tokens = warm(&sim).await;
    for token_calls in 2..=5 {
        tokens.refresh().await.expect("a token");
        assert_eq!(calls(&sim), (1, token_calls));
    }
    assert_eq!((sim.counts().refused, refusals(&tokens)), (0, 0), "no refresh token was sent twice");
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
}

#[tokio::test]
async fn refreshing_works_by_post_too() {
    let sim = Simulator::builder(Vendor::S2s).token_by_post(true).start().await.expect("simulator");
    let tokens = source(endpoint(&sim).post().refreshing(true));
    tokens.token().await.expect("a token");
    tokens.refresh().await.expect("a token");
    assert_eq!((calls(&sim), sim.counts().refused), ((1, 2), 0));
}

#[tokio::test]
async fn revoked_refresh_token_falls_back_to_a_code_in_the_same_attempt() {
    let sim = start().await;
    let tokens = warm(&sim).await;
    sim.revoke_refresh_tokens();
    tokens.refresh().await.expect("a token all the same");
    assert_eq!(calls(&sim), (2, 3), "a refused refresh, a code, its exchange");
    assert_eq!(refusals(&tokens), 1);
    assert_eq!(count(&tokens, |kind| matches!(kind, EventKind::AttemptFailed { .. })), 0);
    tokens.refresh().await.expect("a token");
    assert_eq!(calls(&sim), (2, 4), "the new refresh token is used");
}

#[tokio::test]
async fn two_refusals_in_a_row_end_refreshing() {
    let sim = start().await;
    let tokens = warm(&sim).await;
    for _ in 0..2 {
        sim.revoke_refresh_tokens();
        tokens.refresh().await.expect("a token");
    }
    assert_eq!(calls(&sim), (3, 5));
    assert_eq!(count(&tokens, |kind| matches!(kind, EventKind::RefreshingStopped)), 1);
    tokens.refresh().await.expect("a token");
    assert_eq!(calls(&sim), (4, 6), "by code");
}

#[tokio::test]
async fn whatever_refusal_a_refresh_gets_the_caller_gets_a_token() {
    let errors = [
        S2sError::RefreshTokenUsed,
        S2sError::InvalidClient,
        S2sError::UnsupportedGrantType,
        S2sError::InvalidRequest,
        S2sError::GatewayUnauthorized,
    ];
    let odd = [Fault::Garbage, Fault::Empty, Fault::EmptyObject, Fault::Gzip, Fault::Html(403), Fault::Html(405)];
    for fault in errors.map(Fault::from).into_iter().chain(odd) {
        let sim = start().await;
        let tokens = warm(&sim).await;
        let name = fault.name();
        sim.faults().next_on(Target::Token, 1, fault);
        tokens.refresh().await.expect(&name);
        assert_eq!((calls(&sim), refusals(&tokens)), ((2, 3), 1), "{name}");
    }
}

#[tokio::test]
async fn refresh_without_an_answer_counts_as_spent_and_the_next_attempt_asks_for_a_code() {
    for fault in [Fault::Reset, Fault::CutBody, Fault::Html(502), Fault::from(S2sError::GatewayServerError)] {
        let sim = start().await;
        let tokens = warm(&sim).await;
        let name = fault.name();
        sim.faults().next_on(Target::Token, 1, fault);
        tokens.refresh().await.expect(&name);
        assert_eq!((calls(&sim), refusals(&tokens)), ((2, 3), 0), "{name}");
        assert_eq!(count(&tokens, |kind| matches!(kind, EventKind::AttemptFailed { .. })), 1, "{name}");
        assert_eq!(sim.counts().refused, 0, "{name}: no refresh token was sent twice");
    }
}

#[tokio::test]
async fn throttled_refresh_asks_for_no_code_at_once() {
    let sim = start().await;
    let tokens = warm(&sim).await;
    sim.faults().next_on(Target::Token, 1, S2sError::GatewayTooManyRequests.into());
    let error = tokens.refresh().await.expect_err("an error");
    assert!(matches!(error, Error::Throttled(_)), "{error}");
    assert_eq!(calls(&sim), (1, 2));
}

/// A bank whose second request meets a host that takes no connection.
struct AwayOnce {
    bank: S2sOAuth,
    nowhere: S2sOAuth,
    requests: AtomicUsize,
}

#[async_trait]
impl TokenEndpoint for AwayOnce {
    fn vendor(&self) -> &'static str {
        self.bank.vendor()
    }

    fn policy(&self) -> RefreshPolicy {
        self.bank.policy()
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        self.bank.fingerprint().await
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let away = self.requests.fetch_add(1, Ordering::SeqCst) == 1;
        if away { self.nowhere.request_token(cx).await } else { self.bank.request_token(cx).await }
    }
}

#[tokio::test]
async fn refresh_token_survives_a_refused_connection() {
    let sim = start().await;
    let bank = endpoint(&sim).refreshing(true);
    let nowhere = S2sOAuth::new("http://127.0.0.1:1", known_to(&sim), "read:invented").expect("endpoint");
    let endpoint = AwayOnce { bank, nowhere: nowhere.refreshing(true), requests: AtomicUsize::new(0) };
    let tokens = source(endpoint);
    tokens.token().await.expect("a token");
    tokens.refresh().await.expect("a token at the second attempt");
    assert_eq!(count(&tokens, |kind| matches!(kind, EventKind::AttemptFailed { .. })), 1);
    assert_eq!(calls(&sim), (1, 2), "the second attempt had the refresh token still");
}
