//! The request that each vendor's page documents, to be spoilt by the tests.

use auth_sim::{Simulator, Vendor};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::raw::{Answer, Request, request};

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) async fn start(vendor: Vendor) -> Simulator {
    Simulator::start(vendor).await.expect("a simulator")
}

/// What a client does for a token: for s2s-oauth the code call first, whose refusal ends it.
pub(crate) async fn authenticate(sim: &Simulator) -> Answer {
    if sim.vendor() != Vendor::S2s {
        return token_call(sim).send().await;
    }
    let answer = code_call(sim).send().await;
    let code = match answer.status {
        200 => answer.json()["code"].as_str().map(str::to_owned),
        _ => None,
    };
    match code {
        Some(code) => exchange(sim, &code).send().await,
        None => answer,
    }
}

/// The token call of every vendor but s2s-oauth.
pub(crate) fn token_call(sim: &Simulator) -> Request {
    let good = sim.credentials();
    let (id, secret) = (&good.client_id, &good.client_secret);
    match sim.vendor() {
        Vendor::MgPlus => request("POST", &format!("{}/connect/token", sim.url()))
            .header("Content-Type", FORM)
            .body(format!("grant_type=client_credentials&client_id={id}&client_secret={secret}")),
        Vendor::StoneX => request("POST", &format!("{}/api/v1/authentication", sim.url()))
            .header("Content-Type", "application/json")
            .body(json!({"client_id": id, "client_secret": secret}).to_string()),
        Vendor::Partner => request("POST", &format!("{}/api/oauth/token", sim.url()))
            .header("Accept", "application/json")
            .header("Content-Type", "application/json")
            .body(partner_body(id, secret)),
        Vendor::MobilePay => request("POST", &format!("{}/connect/token", sim.url()))
            .header("x-ibm-client-id", id)
            .header("Content-Type", FORM)
            .header("Authorization", &basic(id, secret))
            .body("grant_type=client_credentials&merchant_vat=DK00000042"),
        other => panic!("{other} needs a code"),
    }
}

pub(crate) fn partner_body(id: &str, secret: &str) -> String {
    json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret}).to_string()
}

/// s2s-oauth's code call.
pub(crate) fn code_call(sim: &Simulator) -> Request {
    let good = sim.credentials();
    request("GET", &format!("{}/api/v1/s2s-oauth2/code", sim.url()))
        .header("X-Service-Account-ID", &good.service_account_id)
        .header("X-Service-Account-Secret", &good.service_account_secret)
        .header("X-IBM-client-id", &good.client_id)
        .header("X-IBM-client-secret", &good.client_secret)
        .header("scope", &good.scope)
}

/// s2s-oauth's token call with that form.
pub(crate) fn s2s_token(sim: &Simulator, form: &str) -> Request {
    let good = sim.credentials();
    request("GET", &format!("{}/api/v1/s2s-oauth2/token", sim.url()))
        .header("Content-Type", FORM)
        .header("Accept", "application/json")
        .header("Authorization", &basic(&good.client_id, &good.client_secret))
        .body(form)
}

pub(crate) fn exchange(sim: &Simulator, code: &str) -> Request {
    s2s_token(sim, &format!("grant_type=authorization_code&code={code}"))
}

/// The protected call with everything that the vendor wants beside the token.
pub(crate) fn ping(sim: &Simulator, token: &str) -> Request {
    let good = sim.credentials();
    let ping = bare_ping(sim, token);
    match sim.vendor() {
        Vendor::S2s => {
            ping.header("X-IBM-client-id", &good.client_id).header("X-IBM-client-secret", &good.client_secret)
        }
        Vendor::MobilePay => ping
            .header("x-ibm-client-id", good.ibm_client_id.as_ref().unwrap_or(&good.client_id))
            .header("x-mobilepay-client-system-version", &good.client_system_version),
        _ => ping,
    }
}

/// The protected call with the token alone.
pub(crate) fn bare_ping(sim: &Simulator, token: &str) -> Request {
    request("GET", &sim.ping_url()).header("Authorization", &format!("Bearer {token}"))
}

pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}
