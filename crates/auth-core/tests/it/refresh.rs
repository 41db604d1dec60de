//! Refresh tokens work once: when one is spent, kept, or given up.

use crate::script::{Answer, HOUR, Script, events};

#[tokio::test(start_paused = true)]
async fn refresh_token_is_spent_once_and_rotates() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Refreshable("refresh-a"), Answer::Refreshable("refresh-b"), Answer::Token(HOUR)]);
    let tokens = script.source();
    for _ in 0..4 {
        tokens.refresh().await.expect("a token");
    }
    let spent: Vec<_> = script.asked().into_iter().map(|asked| asked.refresh_token).collect();
    assert_eq!(spent, [None, Some("refresh-a".to_owned()), Some("refresh-b".to_owned()), None]);
}

#[tokio::test(start_paused = true)]
async fn refresh_token_whose_request_got_no_answer_is_not_sent_again() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Refreshable("refresh-a"), Answer::Hang]);
    let tokens = script.source();
    tokens.token().await.expect("a token");
    tokens.refresh().await.expect("a token without the refresh token");
    let spent: Vec<_> = script.asked().into_iter().map(|asked| asked.refresh_token).collect();
    assert_eq!(spent, [None, Some("refresh-a".to_owned()), None]);
}

#[tokio::test(start_paused = true)]
async fn refresh_token_that_was_never_sent_is_kept() {
    let script = Script::tokens_of(HOUR);
    script.then([Answer::Refreshable("refresh-a"), Answer::Unsent]);
    let tokens = script.source();
    tokens.token().await.expect("a token");
    tokens.refresh().await.expect("a token");
    let spent: Vec<_> = script.asked().into_iter().map(|asked| asked.refresh_token).collect();
    assert_eq!(spent, [None, Some("refresh-a".to_owned()), Some("refresh-a".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn two_refusals_in_a_row_end_refreshing_for_good_with_an_event() {
    let script = Script::tokens_of(HOUR);
    script.always(Answer::RefuseRefresh);
    let tokens = script.source();
    for _ in 0..6 {
        tokens.refresh().await.expect("a token");
    }
    let offered = script.asked().iter().filter(|asked| asked.refresh_token.is_some()).count();
    assert_eq!(offered, 2);
    assert_eq!(events(&tokens).iter().filter(|name| *name == "RefreshingStopped").count(), 1);
}
