//! Where redirects may take a token.

use auth_core::{Hosts, TokenSource};
use httpmock::{Mock, MockServer};
use reqwest::Client;

use crate::authorization::Tokens;

/// `here` redirects `/moved` to `there`'s `/orders`.
async fn moved<'a>(here: &'a MockServer, there: &MockServer) -> Mock<'a> {
    let location = there.url("/orders");
    here.mock_async(|when, then| {
        when.path("/moved");
        then.status(307).header("location", location);
    })
    .await
}

/// Any request to `/orders`.
async fn orders(there: &MockServer) -> Mock<'_> {
    there
        .mock_async(|when, then| {
            when.path("/orders");
            then.status(200);
        })
        .await
}

fn only(server: &MockServer) -> Hosts {
    Hosts::only(&server.address().to_string()).expect("a host")
}

#[tokio::test]
async fn token_does_not_follow_a_redirect_to_another_host() {
    let (here, there) = (MockServer::start_async().await, MockServer::start_async().await);
    let (redirecting, reached) = (moved(&here, &there).await, orders(&there).await);
    let client =
        auth_reqwest::client(Client::builder().no_proxy(), Tokens::many().source(), only(&here)).expect("a client");
    let response = client.get(here.url("/moved")).send().await.expect("an answer");
    assert_eq!(
        (response.status().as_u16(), response.headers()["location"].to_str().ok()),
        (307, Some(there.url("/orders").as_str()))
    );
    assert_eq!((redirecting.calls_async().await, reached.calls_async().await), (1, 0));
}

#[tokio::test]
async fn redirect_within_a_host_is_followed_with_the_token() {
    let here = MockServer::start_async().await;
    let (_redirecting, location) = (moved(&here, &here).await, here.url("/orders"));
    let reached = here
        .mock_async(|when, then| {
            when.path("/orders").header("authorization", "Bearer invented");
            then.status(200);
        })
        .await;
    let (tokens, hosts) = (TokenSource::fixed("invented"), only(&here));
    let client = auth_reqwest::client(Client::builder().no_proxy(), tokens, hosts).expect("a client");
    let response = client.get(here.url("/moved")).send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.url().as_str()), (200, location.as_str()));
    assert_eq!(reached.calls_async().await, 1);
}

#[tokio::test]
async fn redirects_among_hosts_that_are_named_are_followed() {
    let (here, there) = (MockServer::start_async().await, MockServer::start_async().await);
    let (_redirecting, reached) = (moved(&here, &there).await, orders(&there).await);
    let hosts = only(&here).and(only(&there));
    let client =
        auth_reqwest::client(Client::builder().no_proxy(), TokenSource::fixed("invented"), hosts).expect("a client");
    assert_eq!(client.get(here.url("/moved")).send().await.expect("an answer").status(), 200);
    assert_eq!(reached.calls_async().await, 1);
}

#[tokio::test]
async fn refusal_of_a_host_that_was_not_shown_the_token_drops_none() {
    let (here, there) = (MockServer::start_async().await, MockServer::start_async().await);
    let _redirecting = moved(&here, &there).await;
    let refusing = there.mock_async(|when, then| {
        when.path("/orders").header_missing("authorization");
        then.status(401);
    });
    let refusing = refusing.await;
    let tokens = Tokens::many();
    let hosts = only(&here).and(only(&there));
    let client = auth_reqwest::client(Client::builder().no_proxy(), tokens.source(), hosts).expect("a client");
    assert_eq!(client.get(here.url("/moved")).send().await.expect("an answer").status(), 401);
    assert_eq!((refusing.calls_async().await, tokens.asked()), (1, 1));
}

#[tokio::test]
async fn refusal_after_a_detour_over_another_host_drops_no_token_and_sends_nothing_twice() {
    let (here, there, tokens) = (MockServer::start_async().await, MockServer::start_async().await, Tokens::many());
    let first = moved(&here, &there).await;
    let back = here.url("/back");
    let detour = there.mock_async(|when, then| {
        when.path("/orders");
        then.status(307).header("location", back);
    });
    let _detour = detour.await;
    let refusing = here.mock_async(|when, then| {
        when.path("/back").header_missing("authorization");
        then.status(401);
    });
    let _refusing = refusing.await;
    let hosts = only(&here).and(only(&there));
    let client = auth_reqwest::client(Client::builder().no_proxy(), tokens.source(), hosts).expect("a client");
    client.post(here.url("/moved")).body("an order").send().await.expect("an answer");
    assert_eq!((first.calls_async().await, tokens.asked()), (1, 1));
}

#[tokio::test]
async fn post_that_was_answered_by_a_redirect_is_not_sent_again_where_that_leads_to_a_401() {
    let (server, tokens) = (MockServer::start_async().await, Tokens::many());
    let order = server.url("/orders/1");
    let done = server.mock_async(|when, then| {
        when.method("POST").path("/orders");
        then.status(303).header("location", order);
    });
    let done = done.await;
    let refusing = server.mock_async(|when, then| {
        when.method("GET").path("/orders/1").header("authorization", "Bearer invented-1");
        then.status(401);
    });
    let _refusing = refusing.await;
    let shown = server.mock_async(|when, then| {
        when.path("/orders/1").header("authorization", "Bearer invented-2");
        then.status(200);
    });
    let _shown = shown.await;
    let client = auth_reqwest::client(Client::builder().no_proxy(), tokens.source(), only(&server)).expect("a client");
    let response = client.post(server.url("/orders")).body("an order").send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), done.calls_async().await), (401, 1));
    let response = client.get(response.url().clone()).send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), tokens.asked()), (200, 2), "the token was dropped all the same");
}

/// `/orders` answers 401 to the first token.
async fn second_token_is_let_in(server: &MockServer) {
    for (token, status) in [("Bearer invented-1", 401), ("Bearer invented-2", 200)] {
        let answers = server.mock_async(|when, then| {
            when.path("/orders").header("authorization", token);
            then.status(status);
        });
        answers.await;
    }
}

#[tokio::test]
async fn get_that_is_redirected_to_a_401_is_sent_again() {
    let (server, tokens) = (MockServer::start_async().await, Tokens::many());
    let redirecting = moved(&server, &server).await;
    second_token_is_let_in(&server).await;
    let client = auth_reqwest::client(Client::builder().no_proxy(), tokens.source(), only(&server)).expect("a client");
    assert_eq!(client.get(server.url("/moved")).send().await.expect("an answer").status(), 200);
    assert_eq!(redirecting.calls_async().await, 2);
}

#[tokio::test]
async fn fragment_is_no_redirect() {
    let (server, tokens) = (MockServer::start_async().await, Tokens::many());
    second_token_is_let_in(&server).await;
    let client = auth_reqwest::client(Client::builder().no_proxy(), tokens.source(), only(&server)).expect("a client");
    let response = client.post(server.url("/orders?a=%20b c|d#there")).body("an order").send().await;
    assert_eq!(response.expect("an answer").status(), 200);
}

#[tokio::test]
async fn redirects_of_requests_that_carry_no_token_are_followed_as_ever_and_not_for_ever() {
    let (here, there) = (MockServer::start_async().await, MockServer::start_async().await);
    let (_redirecting, reached) = (moved(&here, &there).await, orders(&there).await);
    let hosts = Hosts::only("api.vendor.example").expect("a host");
    let client = auth_reqwest::client(Client::builder().no_proxy(), Tokens::many().source(), hosts).expect("a client");
    assert_eq!(client.get(here.url("/moved")).send().await.expect("an answer").status(), 200);
    assert_eq!(reached.calls_async().await, 1);

    let round = here.url("/round");
    let _round = here.mock_async(|when, then| {
        when.path("/round");
        then.status(307).header("location", round);
    });
    _round.await;
    let error = client.get(here.url("/round")).send().await.expect_err("it goes round");
    assert!(error.is_redirect(), "{error}");
}
