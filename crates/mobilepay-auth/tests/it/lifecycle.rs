//! The vendor's advice, and the whole way against its simulator.

use std::time::Duration;

use auth_core::{RefreshPolicy, Rejection, TokenEndpoint};
use auth_sim::{Builder, Simulator, Vendor};
use mobilepay_auth::{BasicEncoding, Claims, Error, IbmClientId, MerchantVat, MobilePayAuth, Secret, TokenSource};

use crate::{endpoint, ping, source, start};

const VERSION: &str = "1.2.3";

async fn start_with(set_up: fn(Builder) -> Builder) -> Simulator {
    set_up(Simulator::builder(Vendor::MobilePay)).start().await.expect("simulator")
}

/// A simulator that wants the gateway's header on the token call too.
async fn strict() -> Simulator {
    start_with(|sim| sim.demand_ibm_client_id(true)).await
}

fn bound(sim: &Simulator, vat: &str) -> MobilePayAuth {
    endpoint(sim).merchant_vat(vat).expect("a VAT number")
}

/// The vendor's API takes no call without a version.
fn with_version(mobilepay: MobilePayAuth) -> MobilePayAuth {
    mobilepay.client_system_version(VERSION).expect("a version")
}

fn vat(text: &str) -> MerchantVat {
    text.parse().expect("a VAT number")
}

#[tokio::test]
async fn bound_token_is_accepted_where_it_is_meant_for_and_asked_for_once() {
    let sim = strict().await;
    let tokens = TokenSource::new(with_version(bound(&sim, "DK00000042")));
    assert_eq!(tokens.status().vendor, env!("CARGO_PKG_NAME"));
    for _ in 0..10 {
        assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
    }
    assert_eq!(sim.counts().token_requests, 1);
    let token = tokens.token().await.expect("a token");
    assert_eq!((token.lifetime(), token.scope()), (Duration::from_secs(3700), Some("integrator_scope")));
    let claims: Claims = token.claims().expect("claims");
    assert_eq!(claims.merchant_vat, Some(vat("DK00000042")));
    assert!(claims.nbf.is_some() && claims.nbf < claims.exp);
}

#[tokio::test]
async fn one_unbound_token_serves_many_merchants_each_named_by_its_call() {
    let sim = strict().await;
    let mobilepay = with_version(endpoint(&sim));
    let tokens = TokenSource::new(mobilepay.clone());
    let token = tokens.token().await.expect("a token");
    for merchant in ["DK00000042", "FI00000043"] {
        let headers = mobilepay.headers_for(&token, &vat(merchant)).expect("headers");
        let named: Vec<_> = headers.iter().filter(|(_, value)| *value == merchant).map(|(name, _)| name).collect();
        assert_eq!(named, ["x-mobilepay-merchant-vat-number"]);
        assert_eq!(ping(&sim, &headers).await, 200);
    }
    assert_eq!(sim.counts().token_requests, 1);
    assert!(token.claims::<Claims>().expect("claims").merchant_vat.is_none());
}

#[tokio::test]
async fn unbound_token_has_no_headers_without_a_merchant_and_the_error_names_what_is_missing() {
    let sim = start().await;
    let tokens = TokenSource::new(endpoint(&sim));
    let error = tokens.headers().await.expect_err("an error");
    assert!(matches!(error, Error::Config(_)), "{error}");
    for words in ["x-mobilepay-merchant-vat-number", "headers_for"] {
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(tokens.authorization().await.is_ok());
}

#[tokio::test]
async fn version_is_on_later_calls_only_where_it_was_given() {
    let sim = start().await;
    let tokens = TokenSource::new(bound(&sim, "DK00000042"));
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 400);
}

#[tokio::test]
async fn bound_endpoint_makes_headers_for_its_own_merchant_alone() {
    let sim = start().await;
    let mobilepay = with_version(bound(&sim, "DK00000042"));
    let token = TokenSource::new(mobilepay.clone()).token().await.expect("a token");
    let headers = mobilepay.headers_for(&token, &vat("DK00000042")).expect("headers");
    let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["authorization", "x-ibm-client-id", "x-mobilepay-client-system-version"]);
    assert_eq!(ping(&sim, &headers).await, 200);
    let error = mobilepay.headers_for(&token, &vat("DK00000043")).expect_err("an error");
    assert!(matches!(error, Error::Config(_)) && error.to_string().contains("bound to another merchant"), "{error}");
}

#[tokio::test]
async fn bound_endpoint_refuses_another_merchant_even_for_a_token_that_tells_none() {
    let sim = start().await;
    let opaque = TokenSource::fixed("invented-token").token().await.expect("a token");
    let error = bound(&sim, "DK00000042").headers_for(&opaque, &vat("DK00000043")).expect_err("an error");
    assert!(matches!(error, Error::Config(_)), "{error}");
}

#[tokio::test]
async fn token_of_one_merchant_s_source_gets_no_headers_for_another() {
    let sim = start().await;
    let token = TokenSource::new(bound(&sim, "DK00000042")).token().await.expect("a token");
    for mixed_up in [endpoint(&sim), bound(&sim, "DK00000043")] {
        let error = mixed_up.headers_for(&token, &vat("DK00000043")).expect_err("an error");
        assert!(matches!(error, Error::Config(_)), "{error}");
    }
    assert!(endpoint(&sim).headers_for(&token, &vat("DK00000042")).is_ok());
}

#[tokio::test]
async fn unbound_token_gets_the_merchant_s_header_from_a_bound_endpoint_too() {
    let sim = start().await;
    let token = TokenSource::new(with_version(endpoint(&sim))).token().await.expect("a token");
    let headers = bound(&sim, "DK00000042").headers_for(&token, &vat("DK00000042")).expect("headers");
    assert_eq!(ping(&sim, &headers).await, 200);
}

#[tokio::test]
async fn fixed_token_of_a_unit_test_gets_the_merchant_s_header() {
    let sim = start().await;
    let token = TokenSource::fixed("invented-token").token().await.expect("a token");
    let headers = endpoint(&sim).headers_for(&token, &vat("DK00000042")).expect("headers");
    let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["authorization", "x-mobilepay-merchant-vat-number"]);
}

#[tokio::test]
async fn gateway_s_own_id_is_on_the_token_request_and_on_later_calls() {
    let sim = start_with(|sim| sim.ibm_client_id("invented-gateway-id")).await;
    let refused = TokenSource::new(bound(&sim, "DK00000042")).token().await.expect_err("an error");
    assert_eq!((refused.status(), refused.code()), (Some(401), Some("401")));
    let id = IbmClientId::Other(Secret::new("invented-gateway-id").expect("an id"));
    let mobilepay = with_version(bound(&sim, "DK00000042")).ibm_client_id(id).expect("an id");
    let tokens = TokenSource::new(mobilepay);
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
}

#[tokio::test]
async fn ibm_client_id_that_is_left_out_is_left_out_of_later_calls_too() {
    let (sim, strict) = (start_with(|sim| sim.demand_ibm_client_id(false)).await, start().await);
    for (sim, status) in [(sim, 200), (strict, 401)] {
        let mobilepay = with_version(bound(&sim, "DK00000042")).ibm_client_id(IbmClientId::None).expect("none");
        let headers = TokenSource::new(mobilepay).headers().await.expect("headers");
        let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["authorization", "x-mobilepay-client-system-version"]);
        assert_eq!(ping(&sim, &headers).await, status);
    }
}

#[tokio::test]
async fn each_basic_encoding_is_let_in_where_it_is_understood() {
    fn odd(sim: Builder) -> Builder {
        sim.client_secret("invented secret+100%")
    }
    let raw = |it: MobilePayAuth| it.basic_encoding(BasicEncoding::Raw).expect("no colon");
    let decoding = start_with(odd).await;
    assert!(TokenSource::new(endpoint(&decoding)).token().await.is_ok());
    let error = TokenSource::new(raw(endpoint(&decoding))).token().await.expect_err("an error");
    assert!(error.hint().is_some_and(|hint| hint.contains("Basic encoding")), "{error}");
    let literal = start_with(|sim| odd(sim).raw_basic(true)).await;
    assert!(TokenSource::new(raw(endpoint(&literal))).token().await.is_ok());
    assert_eq!(
        TokenSource::new(endpoint(&literal)).token().await.expect_err("an error").code(),
        Some("invalid_client")
    );
}

#[tokio::test]
async fn rejected_token_is_replaced() {
    let sim = start().await;
    let tokens = source(with_version(bound(&sim, "DK00000042")));
    let token = tokens.token().await.expect("a token");
    assert!(sim.revoke(token.value()));
    assert_eq!(ping(&sim, token.headers().expect("headers")).await, 401);
    assert_eq!(tokens.rejected(&token), Rejection::Accepted);
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
    assert_eq!(sim.counts().token_requests, 2);
}

#[tokio::test]
async fn variables_of_the_simulator_lead_to_a_token() {
    let sim = start_with(|sim| sim.ibm_client_id("invented-gateway-id")).await;
    let vars = sim.vars();
    let lookup = |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
    let tokens = TokenSource::new(MobilePayAuth::from_vars(lookup).expect("endpoint"));
    assert_eq!(ping(&sim, &tokens.headers().await.expect("headers")).await, 200);
    let claims: Claims = tokens.token().await.expect("a token").claims().expect("claims");
    assert_eq!(claims.merchant_vat, Some(vat("DK00000042")));
}

#[tokio::test]
async fn vendor_s_advice_of_two_retries_is_the_default_policy() {
    let policy = endpoint(&start().await).policy();
    assert_eq!(policy, RefreshPolicy::default());
    assert_eq!(policy.max_attempts, 1 + 2);
}
