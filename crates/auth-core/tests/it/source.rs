//! The users' handle: background renewal, wishes for more life, what it tells of itself.

use std::sync::Arc;
use std::time::Duration;

use auth_core::{Error, KeepWarm, Reason, Rejection, TokenSource};

use crate::script::{Answer, HOUR, SECOND, Script, pass, settle, wrong_secret};

// Background renewal.

#[tokio::test(start_paused = true)]
async fn token_in_use_is_renewed_before_anybody_asks() {
    let script = Script::tokens_of(HOUR);
    let tokens = script.source();
    tokens.token().await.expect("a token");
    settle().await;
    pass(46 * 60 * SECOND).await;
    assert_eq!((script.requests(), script.asked()[1].reason), (2, Reason::Ahead));
}

#[tokio::test(start_paused = true)]
async fn token_that_nobody_uses_is_let_go_after_two_lifetimes() {
    let script = Script::tokens_of(HOUR);
    let tokens = script.source();
    tokens.token().await.expect("a token");
    for _ in 0..40 {
        pass(900 * SECOND).await;
    }
    let idle = script.requests();
    assert!((2..=5).contains(&idle), "{idle} requests in ten hours of no use");
    tokens.token().await.expect("a token");
    assert_eq!(script.requests(), idle + 1);
}

#[tokio::test(start_paused = true)]
async fn token_is_kept_warm_for_ever_where_that_is_the_policy() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.keep_warm = KeepWarm::Always);
    let tokens = script.source();
    tokens.ready(SECOND).await.expect("a token");
    for _ in 0..40 {
        pass(900 * SECOND).await;
    }
    assert!(script.requests() > 12, "{}", script.requests());
}

#[tokio::test(start_paused = true)]
async fn background_task_ends_with_the_last_handle() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.keep_warm = KeepWarm::Always);
    let tokens = script.source();
    let clone = tokens.clone();
    tokens.token().await.expect("a token");
    settle().await;
    let metrics = tokio::runtime::Handle::current().metrics();
    assert_eq!(metrics.num_alive_tasks(), 1);
    drop(tokens);
    settle().await;
    assert_eq!(metrics.num_alive_tasks(), 1);
    drop(clone);
    settle().await;
    assert_eq!(metrics.num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn shutdown_stops_background_renewal_lets_the_flight_end_and_calls_go_on() {
    let script = Script::tokens_of(HOUR).takes(3 * SECOND).advises(|policy| policy.keep_warm = KeepWarm::Always);
    let tokens = script.source();
    let waiting = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.token().await }
    });
    settle().await;
    let began = tokio::time::Instant::now();
    tokens.shutdown().await;
    assert_eq!(began.elapsed(), 3 * SECOND);
    assert!(waiting.await.expect("no panic").is_ok());
    pass(2 * HOUR).await;
    assert_eq!(script.requests(), 1);
    assert!(tokens.token().await.is_ok());
}

// More life than is left.

#[tokio::test(start_paused = true)]
async fn wish_for_more_life_starts_one_flight_and_gets_the_fresh_token() {
    let script = Script::tokens_of(HOUR).takes(SECOND);
    let tokens = script.source();
    tokens.token().await.expect("a token");
    pass(30 * 60 * SECOND).await;
    let wish = 45 * 60 * SECOND;
    let (one, two) = tokio::join!(tokens.token_valid_for(wish), tokens.token_valid_for(wish));
    assert_eq!(one.expect("a token").value(), two.expect("a token").value());
    assert_eq!(script.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn wish_that_no_token_fulfils_is_told_after_one_request_a_token() {
    let script = Script::tokens_of(HOUR);
    let tokens = script.source();
    for _ in 0..10 {
        let error = tokens.token_valid_for(2 * HOUR).await.expect_err("too short");
        assert!(
            matches!(error, Error::TooShort { wanted, lifetime, .. } if wanted == 2 * HOUR && lifetime == HOUR),
            "{error}"
        );
        assert!(!error.is_transient());
    }
    assert_eq!(script.requests(), 1);
    assert!(tokens.token_valid_for(HOUR / 2).await.is_ok());
}

// The handle.

#[tokio::test(start_paused = true)]
async fn fixed_token_is_for_ever_and_asks_nobody() {
    let tokens = TokenSource::fixed("invented-token");
    let token = tokens.token().await.expect("a token");
    assert_eq!(token.value(), "invented-token");
    assert_eq!(tokens.authorization().await.expect("a header"), "Bearer invented-token");
    assert_eq!(tokens.rejected(&token), Rejection::Ignored);
    assert_eq!(tokens.refresh().await.expect("a token").value(), "invented-token");
    assert!(tokens.token_valid_for(1000 * HOUR).await.is_ok());
    assert!(token.expires_at() > std::time::SystemTime::now() + 1000 * HOUR);
    let unfit = TokenSource::fixed("two\r\nlines");
    assert!(matches!(unfit.token().await, Err(Error::Config(_))));
}

#[tokio::test(start_paused = true)]
async fn status_tells_what_the_source_is_doing() {
    let script = Script::tokens_of(HOUR).takes(SECOND);
    script.then([Answer::Token(HOUR)]);
    script.always(Answer::Fail(wrong_secret()));
    let tokens = script.source();
    let cold = tokens.status();
    assert_eq!((cold.vendor, cold.token, cold.renewing, cold.failures), ("script", None, false, 0));
    tokens.token().await.expect("a token");
    tokens.refresh().await.expect_err("a wrong secret");
    let held = tokens.status();
    assert!(held.token.is_some() && held.life_left.is_some_and(|left| left > HOUR / 2));
    assert_eq!(held.failures, 1);
    assert!(held.next_attempt.is_some_and(|next| next > 8 * SECOND) && held.last_error.is_some());
}

#[tokio::test(start_paused = true)]
async fn token_needing_a_header_per_call_has_no_ready_made_set() {
    use auth_core::{Fingerprint, RefreshPolicy, RequestContext, TokenEndpoint, TokenResponse, async_trait};
    use http::{HeaderName, HeaderValue};

    struct PerCall;
    #[async_trait]
    impl TokenEndpoint for PerCall {
        fn vendor(&self) -> &'static str {
            "per-call"
        }
        fn policy(&self) -> RefreshPolicy {
            RefreshPolicy::default()
        }
        async fn fingerprint(&self) -> Result<Fingerprint, Error> {
            Ok(Fingerprint::of_parts(&[]))
        }
        async fn request_token(&self, _: &RequestContext<'_>) -> Result<TokenResponse, Error> {
            let response = TokenResponse::new("invented-token", HOUR)?;
            let response =
                response.with_header(HeaderName::from_static("x-key"), HeaderValue::from_static("invented-key"));
            Ok(response.needs_per_call(HeaderName::from_static("x-merchant")))
        }
    }

    let tokens = TokenSource::new(PerCall);
    let error = tokens.headers().await.expect_err("a header is missing");
    assert!(matches!(error, Error::Config(_)) && error.to_string().contains("x-merchant"), "{error}");
    assert!(tokens.authorization().await.is_ok());
    let token = tokens.token().await.expect("a token");
    let set = token.headers_with(HeaderName::from_static("x-merchant"), HeaderValue::from_static("DK00000042"));
    let names: Vec<_> = set.iter().map(|(name, value)| (name.as_str(), value.is_sensitive())).collect();
    assert_eq!(names, [("authorization", true), ("x-key", true), ("x-merchant", false)]);
}

#[tokio::test]
async fn many_threads_at_once_get_valid_tokens_and_one_flight_at_a_time() {
    let script = Script::tokens_of(Duration::from_millis(400)).takes(Duration::from_millis(1));
    let tokens = Arc::new(TokenSource::new(script.clone()));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let tokens = Arc::clone(&tokens);
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(async {
                    for _ in 0..2000 {
                        tokens.token().await.expect("a token");
                        tokio::task::yield_now().await;
                    }
                });
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    assert_eq!(script.most_in_flight(), 1);
}
