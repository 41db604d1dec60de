//! The vendor's advice, the whole way against its simulator, and the guard against test tokens.

use std::time::Duration;

use auth_core::{RefreshPolicy, Rejection, TokenEndpoint};
use auth_sim::{Fault, Simulator, Vendor};
use partner_oauth::{Claims, Error, PartnerOAuth, TokenSource};

use crate::{cx, endpoint, ping, source, start};

#[tokio::test]
async fn token_is_accepted_where_it_is_meant_for_and_asked_for_once() {
    let sim = start().await;
    let tokens = TokenSource::new(endpoint(&sim).require_live());
    assert_eq!(tokens.status().vendor, env!("CARGO_PKG_NAME"));
    for _ in 0..10 {
        assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
    }
    assert_eq!((sim.counts().token_requests, sim.counts().pings_refused), (1, 0));
    let token = tokens.token().await.expect("a token");
    assert_eq!(token.lifetime(), Duration::from_secs(3600));
    let names: Vec<_> = token.headers().expect("headers").iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["authorization"]);
}

#[tokio::test]
async fn rejected_token_is_replaced() {
    let sim = start().await;
    let tokens = source(endpoint(&sim));
    let revoked = tokens.token().await.expect("a token");
    assert!(sim.revoke(revoked.value()));
    assert_eq!(ping(&sim, revoked.headers().expect("headers")).await, 401);
    assert_eq!(tokens.rejected(&revoked), Rejection::Accepted);
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
    assert_eq!(sim.counts().token_requests, 2);
}

#[tokio::test]
async fn variables_of_the_simulator_lead_to_a_token() {
    let sim = start().await;
    let vars = sim.vars();
    let lookup = |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
    let tokens = TokenSource::new(PartnerOAuth::from_vars(lookup).expect("endpoint"));
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
}

#[tokio::test]
async fn fractional_and_whole_numeric_dates_are_both_read_from_tokens() {
    for whole in [false, true] {
        let sim = Simulator::builder(Vendor::Partner).integer_dates(whole).start().await.expect("simulator");
        let claims: Claims = TokenSource::new(endpoint(&sim)).token().await.expect("a token").claims().expect("claims");
        let (iat, exp) = (claims.iat.expect("iat").as_secs_f64(), claims.exp.expect("exp").as_secs_f64());
        assert!((3599.0..=3601.0).contains(&(exp - iat)), "{iat} {exp}");
        assert!(!whole || exp.fract() == 0.0, "{exp}");
        assert_eq!(claims.aud, [sim.credentials().client_id.as_str()]);
        assert_eq!((claims.sub.as_deref(), claims.is_test), (Some(""), Some(false)));
        assert!(claims.jti.is_some() && claims.user_id.is_some() && claims.partner_id.is_some());
        assert_eq!(claims.scopes, ["invented:create", "invented:delete"]);
    }
}

#[tokio::test]
async fn life_that_the_answer_does_not_tell_is_what_the_dates_of_the_token_say() {
    let sim = Simulator::builder(Vendor::Partner).lifetime(Duration::from_secs(600)).start().await.expect("simulator");
    sim.faults().next(1, Fault::ExpiresIn(auth_sim::ExpiresIn::Missing));
    // Some milliseconds are lost in minting, and a fraction is cut off.
    let token = TokenSource::new(endpoint(&sim)).token().await.expect("a token");
    assert_eq!(token.lifetime(), Duration::from_secs(599));
}

#[tokio::test]
async fn page_gives_no_advice_on_renewal_so_the_default_holds() {
    assert_eq!(endpoint(&start().await).policy(), RefreshPolicy::default());
}

#[tokio::test]
async fn test_token_is_never_published_where_live_ones_are_required_and_asked_for_once() {
    let sim = Simulator::builder(Vendor::Partner).is_test(true).start().await.expect("simulator");
    let tokens = TokenSource::new(endpoint(&sim).require_live());
    for _ in 0..100 {
        let error = tokens.token().await.expect_err("a refusal");
        assert!(matches!(error, Error::Rejected(_)) && !error.is_transient(), "{error}");
        assert!(error.to_string().contains("test token"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("live partner")), "{error}");
    }
    assert!(tokens.status().token.is_none());
    assert_eq!((sim.counts().token_requests, sim.counts().minted), (1, 1));
}

#[tokio::test]
async fn test_token_is_as_good_as_any_where_live_ones_are_not_required() {
    let sim = Simulator::builder(Vendor::Partner).is_test(true).start().await.expect("simulator");
    let token = TokenSource::new(endpoint(&sim)).token().await.expect("a token");
    assert_eq!(ping(&sim, token.headers().expect("headers")).await, 200);
    assert_eq!(token.claims::<Claims>().expect("claims").is_test, Some(true));
}

/// What `require_live()` makes of a token with these claims, or of this token if it has no braces.
async fn judged(claims: &str) -> Result<(), Error> {
    let token = if claims.contains('{') { format!("e30.{}.invented", base64url(claims)) } else { claims.to_owned() };
    let sim = start().await;
    let body = format!(r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"{token}"}}"#);
    sim.faults().next(1, Fault::Answer { status: 200, content_type: "application/json".to_owned(), body });
    endpoint(&sim).require_live().request_token(&cx()).await.map(drop)
}

/// RFC 4648 §5, without padding.
fn base64url(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: Vec<u8> = text.bytes().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
    let digit = |six: &[u8]| six.iter().fold(0, |sum, bit| sum << 1 | usize::from(*bit)) << (6 - six.len());
    bits.chunks(6).map(|six| char::from(ALPHABET[digit(six)])).collect()
}

#[tokio::test]
async fn token_that_does_not_say_whether_it_is_live_is_not_taken_for_a_live_one() {
    for odd in ["opaque", "a.b.c", "{}", r#"{"is_test":null}"#, r#"{"is_test":"false"}"#, r#"{"is_test":0}"#] {
        let error = judged(odd).await.expect_err(odd);
        assert!(matches!(error, Error::Malformed(_)) && !error.is_transient(), "{odd}: {error}");
        assert!(error.to_string().contains("no claim is_test") && error.hint().is_some(), "{odd}: {error}");
    }
}

#[tokio::test]
async fn other_claims_may_be_odd_where_live_tokens_are_required() {
    assert!(judged(r#"{"is_test":false,"aud":4711,"scopes":"all","sub":null}"#).await.is_ok());
    let error = judged(r#"{"is_test":true,"aud":4711}"#).await.expect_err("a refusal");
    assert!(matches!(error, Error::Rejected(_)), "{error}");
}

#[tokio::test]
async fn live_token_is_served_while_a_test_token_comes_in_its_place() {
    let sim = start().await;
    let tokens = source(endpoint(&sim).require_live());
    let live = tokens.token().await.expect("a token");
    let token = format!("e30.{}.invented", base64url(r#"{"is_test":true}"#));
    let body = format!(r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"{token}"}}"#);
    sim.faults().next(1, Fault::Answer { status: 200, content_type: "application/json".to_owned(), body });
    assert!(matches!(tokens.refresh().await, Err(Error::Rejected(_))));
    assert_eq!(tokens.token().await.expect("a token").value(), live.value());
}
