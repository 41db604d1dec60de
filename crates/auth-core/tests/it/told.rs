//! What tokens, sources and their parts tell about themselves.

use std::time::Duration;

use auth_core::{
    Answer, BaseUrl, Caller, Error, Fingerprint, HttpClient, Reason, RefreshPolicy, Renew, Request, RequestContext,
    Secret, TokenEndpoint, TokenResponse, TokenSource, Vars, async_trait,
};
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::script::{Answer as Answers, HOUR, SECOND, Script, pass, throttled, unavailable, wrong_secret};

/// A vendor that grants a scope and wants a header of its own on each call.
struct Particular;

const CALL_ID: HeaderName = HeaderName::from_static("x-call-id");
const DECADE: Duration = Duration::from_secs(86_400 * 365 * 10);

#[async_trait]
impl TokenEndpoint for Particular {
    fn vendor(&self) -> &'static str {
        "particular-auth"
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, _: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let response = TokenResponse::new("invented-token", Duration::from_secs(600))?;
        Ok(response.with_scope(Some("read write".to_owned())).needs_per_call(CALL_ID))
    }
}

#[tokio::test]
async fn token_tells_its_number_its_life_its_scopes_and_the_header_that_is_missing() {
    let token = TokenSource::new(Particular).token().await.expect("a token");
    assert_eq!((token.scope(), token.needs_per_call()), (Some("read write"), Some(&CALL_ID)));
    assert_eq!(token.id().to_string(), "#1");
    assert_eq!(format!("{token:?}"), "AccessToken { id: 1, lifetime: 600s, .. }");
    let error = token.headers().expect_err("a header is missing").to_string();
    assert!(error.contains("x-call-id"), "{error}");
}

#[tokio::test]
async fn token_of_no_scope_and_no_header_of_each_call_tells_of_none() {
    let token = TokenSource::fixed("invented-token").token().await.expect("a token");
    assert_eq!((token.scope(), token.needs_per_call()), (None, None));
}

#[tokio::test]
async fn headers_take_the_place_of_those_of_the_same_name_and_leave_the_others() {
    let headers = TokenSource::fixed("invented-token").headers().await.expect("headers");
    let mut request: HeaderMap = [(AUTHORIZATION, "Basic invented"), (ACCEPT, "text/plain")]
        .map(|(n, v)| (n, HeaderValue::from_static(v)))
        .into_iter()
        .collect();
    headers.apply(&mut request);
    assert_eq!(format!("{headers:?}"), r#"["authorization"]"#);
    assert_eq!(
        (&request[AUTHORIZATION], &request[ACCEPT], request.len()),
        (&HeaderValue::from_static("Bearer invented-token"), &HeaderValue::from_static("text/plain"), 2)
    );
}

#[tokio::test]
async fn source_shows_what_its_status_is() {
    let tokens = TokenSource::new(Particular);
    let before = format!("{tokens:?}");
    assert!(
        before.starts_with("TokenSource { status: Status { vendor: \"particular-auth\", source: None, token: None,"),
        "{before}"
    );
    tokens.token().await.expect("a token");
    let after = format!("{tokens:?}");
    assert!(after.contains("token: Some(TokenId(1)), life_left: Some("), "{after}");
}

#[tokio::test]
async fn source_with_a_name_says_it_wherever_it_shows_itself() {
    let builder = TokenSource::builder(Particular).name("shop-7");
    assert!(format!("{builder:?}").contains("name: Some(\"shop-7\")"), "{builder:?}");
    let tokens = builder.build();
    assert_eq!(tokens.status().source.as_deref(), Some("shop-7"));
    for shown in [format!("{tokens:?}"), format!("{:?}", tokens.events())] {
        assert!(shown.contains("source: Some(\"shop-7\")"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn events_are_told_in_words() {
    let script = Script::tokens_of(HOUR);
    script.then([Answers::Fail(wrong_secret()), Answers::Token(HOUR), Answers::Fail(throttled(7))]);
    let tokens = script.source();
    tokens.token().await.expect_err("a refusal");
    let token = tokens.refresh().await.expect("a token");
    tokens.refresh().await.expect_err("too many");
    tokens.rejected(&token);
    tokens.shutdown().await;
    let told: Vec<_> = tokens.recent_events().iter().map(ToString::to_string).collect();
    for (said, words) in told.iter().zip(LIFE_IN_WORDS) {
        assert!(said.starts_with(words), "{said}: expected {words}");
    }
    assert_eq!(told.len(), LIFE_IN_WORDS.len(), "{told:#?}");
}

const LIFE_IN_WORDS: [&str; 12] = [
    "requested: no token yet",
    "request failed: script refused the request (status 401)",
    "held: a person must act; nothing is asked for ",
    "hold lifted: asked for by the caller",
    "retried: asked for by the caller",
    "obtained: token #1 lives 3600s",
    "served: token #1 for the first time",
    "requested: asked for by the caller",
    "renewal failed, the token is still served: script",
    "held: nothing is asked for 7.0s",
    "rejected: token #1 is dropped",
    "shut down: no background renewal any more",
];

#[tokio::test(start_paused = true)]
async fn listener_hears_what_comes_and_not_what_was() {
    let tokens = Script::tokens_of(HOUR).source();
    let token = tokens.token().await.expect("a token");
    let mut listener = tokens.events();
    tokens.rejected(&token);
    let heard = listener.next().await.expect("an event");
    assert_eq!((heard.to_string(), heard.number), ("rejected: token #1 is dropped".to_owned(), 4));
}

#[tokio::test(start_paused = true)]
async fn outage_that_stays_unnoticed_is_that_between_renewal_and_end_and_then_what_is_left() {
    let script = Script::tokens_of(HOUR).advises(|policy| policy.renew = Renew::At { fraction: 0.75, jitter: 0.0 });
    let tokens = script.source();
    let survivable = || tokens.status().outage_survivable.map(|time| time.as_secs());
    assert_eq!(survivable(), None);
    tokens.token().await.expect("a token");
    script.always(Answers::Fail(unavailable()));
    for (passed, left) in [(0, 890), (2700, 890), (300, 590), (589, 1)] {
        pass(Duration::from_secs(passed)).await;
        assert_eq!(survivable(), Some(left), "{passed} s later");
    }
    pass(SECOND).await;
    assert_eq!(survivable(), None);
}

#[tokio::test]
async fn fixed_token_survives_every_outage() {
    let survivable = TokenSource::fixed("invented-token").status().outage_survivable;
    assert!(survivable > Some(2 * DECADE), "{survivable:?}");
}

#[test]
fn builder_shows_its_vendor_and_its_policy() {
    let shown = format!("{:?}", TokenSource::builder(Particular));
    let begun = "TokenSourceBuilder { vendor: \"particular-auth\", name: None, policy: RefreshPolicy {";
    assert!(shown.starts_with(begun) && shown.ends_with(", .. }"), "{shown}");
}

#[test]
fn what_an_endpoint_is_given_shows_no_secret_and_all_else() {
    let secret = Secret::new("invented-refresh-token").expect("a secret");
    let context = RequestContext::first(Duration::from_secs(1)).with_refresh_token(&secret);
    let shown = format!("{context:?}");
    assert!(shown.starts_with("RequestContext { attempt: 1, reason: Cold, refresh_token: Some("), "{shown}");
    assert!(shown.ends_with(", .. }") && !shown.contains("invented"), "{shown}");
}

#[test]
fn variables_show_which_are_missing_or_wrong_and_no_value() {
    let mut vars = Vars::new(|name| (name == "ACME_URL").then(|| "invented-text".into()));
    let missing = vars.needed("ACME_ID", Ok);
    let wrong = vars.needed("ACME_URL", |_| Err::<(), _>(Error::config("no URL")));
    let shown = format!("{vars:?}");
    assert!(missing.is_none() && wrong.is_none());
    assert!(shown.starts_with("Vars { missing: [\"ACME_ID\"], wrong: [") && !shown.contains("invented"), "{shown}");
}

#[test]
fn client_shows_whether_it_was_configured() {
    for (client, is) in [(HttpClient::shared(), false), (HttpClient::configured(|builder| builder), true)] {
        assert_eq!(format!("{client:?}"), format!("HttpClient {{ configured: {is}, .. }}"));
    }
}

#[test]
fn request_and_answer_show_their_form_and_neither_body_nor_values() {
    let url = BaseUrl::try_from("https://sts.invented.example").expect("a URL");
    let request = Request::new(Caller { vendor: "acme-auth", version: "1.0.0" }, Method::POST, url);
    let shown = format!("{:?}", request.form("client_secret=invented".to_owned()));
    let expected = r#"Request { method: POST, headers: ["user-agent", "accept", "content-type"], .. }"#;
    assert_eq!(shown, expected);
    let answer = Answer::new(StatusCode::OK, HeaderMap::new(), "invented");
    assert_eq!(format!("{answer:?}"), "Answer { status: 200, .. }");
}

#[test]
fn reasons_are_told_in_words() {
    for (reason, words) in [
        (Reason::Cold, "no token yet"),
        (Reason::Ahead, "renewal is due"),
        (Reason::Expired, "the token has expired"),
        (Reason::Rejected, "the token was rejected"),
        (Reason::Forced, "asked for by the caller"),
    ] {
        assert_eq!(reason.to_string(), words);
    }
}

#[test]
fn endpoint_without_advice_is_renewed_by_the_ordinary_policy() {
    let policy = TokenSource::builder(Particular);
    assert!(format!("{policy:?}").contains(&format!("policy: {:?}", RefreshPolicy::default())), "{policy:?}");
}

#[tokio::test]
async fn fixed_source_calls_itself_so_and_its_token_lives_for_decades() {
    let tokens = TokenSource::fixed("invented-token");
    assert_eq!(tokens.status().vendor, "fixed");
    let left = tokens.status().life_left.expect("a token");
    assert!(left > 2 * DECADE, "{left:?}");
    let lifetime = tokens.token().await.expect("a token").lifetime();
    assert!(lifetime > 2 * DECADE, "{lifetime:?}");
}
