//! Lives of sources in which everything happens that can be told.

use auth_core::{Answer as Answered, AnswerRules, ClientCredentials, Error, Fault, Redactor, Rejection, TokenSource};
use http::{HeaderMap, StatusCode};

use crate::script::{Answer, HOUR, SECOND, Script, pass, settle, unavailable, wrong_secret};

/// Each kind of event at least once.
pub(crate) async fn all() {
    refused_and_restored().await;
    renewed_through_an_outage().await;
    rejected().await;
    rejected_too_often().await;
    abandoned().await;
    refreshing().await;
    Script::default().answers([Answer::Panic]).source().token().await.expect_err("a panic");
    Script::default().answers([Answer::Narrow]).source().token().await.expect("a token of fewer scopes");
}

/// A first request that is refused, a hold that is lifted, and the end.
pub(crate) async fn refused_and_restored() {
    let tokens = Script::default().answers([Answer::Fail(coded(400))]).source();
    tokens.token().await.expect_err("refused");
    tokens.refresh().await.expect("a token");
    tokens.shutdown().await;
}

/// A renewal that fails, and one that succeeds at the second request.
async fn renewed_through_an_outage() {
    let script = Script::tokens_of(HOUR);
    let tokens = script.source();
    tokens.token().await.expect("a token");
    script.then([Answer::Fail(coded(503))]);
    pass(HOUR * 3 / 4).await;
    tokens.token().await.expect("the old token");
    settle().await;
    script.then([Answer::Fail(coded(503))]);
    tokens.refresh().await.expect("a token at the second request");
}

async fn rejected() {
    let script = Script::tokens_of(HOUR);
    script.always(Answer::Value("invented-same"));
    let tokens = script.source();
    let token = tokens.token().await.expect("a token");
    assert_eq!(tokens.rejected(&token), Rejection::Accepted);
    tokens.token().await.expect_err("the same token");
}

async fn rejected_too_often() {
    let tokens = Script::tokens_of(HOUR).source();
    for _ in 0..3 {
        let token = tokens.token().await.expect("a token");
        assert_eq!(tokens.rejected(&token), Rejection::Accepted);
        pass(SECOND).await;
    }
    let token = tokens.token().await.expect("a token");
    assert_eq!(tokens.rejected(&token), Rejection::Ignored);
}

/// A renewal that no longer counts, since the token that it was to follow is rejected.
pub(crate) async fn abandoned() {
    let script = Script::tokens_of(HOUR);
    let tokens = script.source();
    let token = tokens.token().await.expect("a token");
    script.then([Answer::Hang]);
    pass(HOUR * 3 / 4).await;
    tokens.token().await.expect("the old token");
    settle().await;
    assert_eq!(tokens.rejected(&token), Rejection::Accepted);
    settle().await;
}

async fn refreshing() {
    let script = Script::default();
    script.always(Answer::RefuseRefresh);
    let tokens = script.source();
    for _ in 0..3 {
        tokens.refresh().await.expect("a token");
    }
}

/// An error with all that fields can show of it.
fn coded(status: u16) -> Error {
    let rules = AnswerRules { vendor: "script", fault: Fault::oauth, hint: |_, _| None, default_lifetime: HOUR };
    let credentials = ClientCredentials::new("invented-id", "invented-secret").expect("credentials");
    let status = StatusCode::from_u16(status).expect("a status");
    let answer = Answered::new(status, HeaderMap::new(), r#"{"error":"invented_code"}"#);
    rules.token(&answer, &Redactor::new(&credentials)).expect_err("no token")
}

/// One source, of which `name` is told, that meets success, an outage, a refusal, a rejection and its end.
pub(crate) async fn named(script: &Script, name: &str) -> TokenSource {
    let tokens = script.named(name);
    let token = tokens.token().await.expect("a token");
    script.then([Answer::Fail(unavailable()), Answer::Fail(wrong_secret())]);
    tokens.refresh().await.expect_err("refused at the second request");
    assert_eq!(tokens.rejected(&token), Rejection::Accepted);
    assert_eq!(tokens.rejected(&token), Rejection::AlreadyReplaced);
    tokens.refresh().await.expect("a token");
    tokens.shutdown().await;
    tokens
}
