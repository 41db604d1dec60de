use auth_sim::{Builder, Simulator, Vendor};

use crate::calls::{basic, ping, start, token_call};

const VAT_HEADER: &str = "X-MobilePay-Merchant-VAT-Number";
const VERSION_HEADER: &str = "x-mobilepay-client-system-version";
const UNBOUND: &str = "grant_type=client_credentials";

fn refusal(error: &str) -> (u16, String) {
    (400, error.to_owned())
}

async fn start_with(set_up: impl FnOnce(Builder) -> Builder) -> Simulator {
    set_up(Simulator::builder(Vendor::MobilePay)).start().await.expect("a simulator")
}

#[tokio::test]
async fn the_answer_has_the_pages_members() {
    let sim = start(Vendor::MobilePay).await;
    assert!(sim.url().ends_with("/integrator-authentication"));
    let answer = token_call(&sim).send().await.json();
    assert_eq!(answer["expires_in"], 3700);
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["scope"], "integrator_scope");
}

#[tokio::test]
async fn another_content_type_is_an_invalid_request() {
    let sim = start(Vendor::MobilePay).await;
    for kind in ["x-www-urlencoded", "application/json"] {
        let answer = token_call(&sim).with("Content-Type", kind).send().await;
        assert_eq!(answer.refusal(), refusal("invalid_request"), "{kind}");
    }
}

#[tokio::test]
async fn wrong_or_missing_credentials_are_an_invalid_client() {
    let sim = start(Vendor::MobilePay).await;
    let good = sim.credentials();
    let right = basic(&good.client_id, &good.client_secret);
    for wrong in [basic(&good.client_id, "b"), basic("a", &good.client_secret), right.replace("Basic", "basic")] {
        let answer = token_call(&sim).with("Authorization", &wrong).send().await;
        assert_eq!(answer.refusal(), refusal("invalid_client"), "{wrong}");
    }
    assert_eq!(token_call(&sim).without("Authorization").send().await.refusal(), refusal("invalid_client"));
}

#[tokio::test]
async fn the_halves_of_basic_are_form_decoded() {
    let sim = start_with(|sim| sim.client_id("invented:client").client_secret("invented secret+100%")).await;
    let encoded = basic("invented%3Aclient", "invented%20secret%2B100%25");
    assert_eq!(token_call(&sim).with("Authorization", &encoded).send().await.status, 200);
    let plus = basic("invented%3Aclient", "invented+secret%2B100%25");
    assert_eq!(token_call(&sim).with("Authorization", &plus).send().await.status, 200);
    let raw = basic("invented:client", "invented secret+100%");
    assert_eq!(token_call(&sim).with("Authorization", &raw).send().await.refusal(), refusal("invalid_client"));
}

#[tokio::test]
async fn the_halves_of_basic_can_be_taken_raw() {
    let sim = start_with(|sim| sim.client_secret("invented secret+100%").raw_basic(true)).await;
    assert_eq!(token_call(&sim).send().await.status, 200);
}

#[tokio::test]
async fn a_missing_grant_type_is_an_invalid_request_and_another_is_not_supported() {
    let sim = start(Vendor::MobilePay).await;
    let missing = token_call(&sim).body("merchant_vat=DK00000042").send().await;
    assert_eq!(missing.refusal(), refusal("invalid_request"));
    let other = token_call(&sim).body("grant_type=password").send().await;
    assert_eq!(other.refusal(), refusal("unsupported_grant_type"));
}

#[tokio::test]
async fn a_vat_number_is_dk_or_fi_and_eight_digits() {
    let sim = start(Vendor::MobilePay).await;
    for wrong in ["SE00000042", "DK0000042", "DK000000042", "dk00000042", "DK0000004a", "", "DK%D9%A30000042"] {
        let answer = token_call(&sim).body(format!("{UNBOUND}&merchant_vat={wrong}")).send().await;
        assert_eq!(answer.refusal(), refusal("invalid_request"), "{wrong}");
    }
    assert_eq!(token_call(&sim).body(format!("{UNBOUND}&merchant_vat=FI00000042")).send().await.status, 200);
}

#[tokio::test]
async fn the_gateway_knows_the_ibm_client_id_where_it_is_demanded() {
    let sim = start_with(|sim| sim.demand_ibm_client_id(true)).await;
    for call in [token_call(&sim).without("x-ibm-client-id"), token_call(&sim).with("x-ibm-client-id", "other")] {
        let answer = call.send().await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json()["httpCode"], "401");
    }
    let token = token_call(&sim).send().await.token();
    assert_eq!(ping(&sim, &token).without("x-ibm-client-id").send().await.status, 401);
    assert_eq!(ping(&sim, &token).send().await.status, 200);
}

#[tokio::test]
async fn the_ibm_client_id_can_be_another_than_the_client_id() {
    let sim = start_with(|sim| sim.ibm_client_id("invented-gateway-id")).await;
    assert_eq!(token_call(&sim).send().await.status, 401);
    let answer = token_call(&sim).with("x-ibm-client-id", "invented-gateway-id").send().await;
    assert_eq!(ping(&sim, &answer.token()).send().await.status, 200);
    assert!(sim.vars().contains(&("MOBILEPAY_IBM_CLIENT_ID", "invented-gateway-id".to_owned())));
}

#[tokio::test]
async fn later_calls_alone_demand_the_ibm_client_id_by_default() {
    let sim = start(Vendor::MobilePay).await;
    let token = token_call(&sim).without("x-ibm-client-id").send().await.token();
    for spoilt in [ping(&sim, &token).without("x-ibm-client-id"), ping(&sim, &token).with("x-ibm-client-id", "other")] {
        let answer = spoilt.send().await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json()["httpCode"], "401");
    }
    assert_eq!(ping(&sim, &token).send().await.status, 200);
}

#[tokio::test]
async fn an_ibm_client_id_that_is_not_demanded_may_be_missing() {
    let sim = start_with(|sim| sim.demand_ibm_client_id(false)).await;
    let token = token_call(&sim).without("x-ibm-client-id").send().await.token();
    assert_eq!(ping(&sim, &token).without("x-ibm-client-id").send().await.status, 200);
}

#[tokio::test]
async fn an_unbound_token_needs_the_merchant_on_every_call() {
    let sim = start(Vendor::MobilePay).await;
    let token = token_call(&sim).body(UNBOUND).send().await.token();
    assert_eq!(ping(&sim, &token).send().await.status, 400);
    assert_eq!(ping(&sim, &token).header(VAT_HEADER, "SE1").send().await.status, 400);
    assert_eq!(ping(&sim, &token).header(VAT_HEADER, "FI00000042").send().await.status, 200);
}

#[tokio::test]
async fn a_bound_token_works_for_its_merchant_alone() {
    let sim = start(Vendor::MobilePay).await;
    let token = token_call(&sim).send().await.token();
    assert_eq!(ping(&sim, &token).send().await.status, 200);
    assert_eq!(ping(&sim, &token).header(VAT_HEADER, "DK00000042").send().await.status, 200);
    assert_eq!(ping(&sim, &token).header(VAT_HEADER, "DK00000043").send().await.status, 403);
}

#[tokio::test]
async fn later_calls_carry_a_client_system_version_of_major_minor_build() {
    let sim = start(Vendor::MobilePay).await;
    let token = token_call(&sim).send().await.token();
    assert_eq!(ping(&sim, &token).without(VERSION_HEADER).send().await.status, 400);
    for wrong in ["1.2", "1.2.3.4", "1..3", "a.b.c"] {
        assert_eq!(ping(&sim, &token).with(VERSION_HEADER, wrong).send().await.status, 400, "{wrong}");
    }
    assert_eq!(ping(&sim, &token).send().await.status, 200);
}

#[tokio::test]
async fn a_client_system_version_that_is_not_demanded_may_be_missing() {
    let sim = start_with(|sim| sim.demand_client_system_version(false)).await;
    let token = token_call(&sim).send().await.token();
    assert_eq!(ping(&sim, &token).without(VERSION_HEADER).send().await.status, 200);
}

#[tokio::test]
async fn another_method_or_path_is_not_served() {
    let sim = start(Vendor::MobilePay).await;
    assert_eq!(token_call(&sim).method("GET").send().await.status, 405);
    assert_eq!(token_call(&sim).path("/connect/token").send().await.status, 404);
}
