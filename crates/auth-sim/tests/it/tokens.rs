//! What is inside the tokens, read by jsonwebtoken, and how long they are good.

use std::time::Duration;

use auth_sim::{Builder, Simulator, Vendor};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};

use crate::calls::{authenticate, bare_ping, ping, start, token_call};
use crate::raw::request;

async fn start_with(vendor: Vendor, set_up: impl FnOnce(Builder) -> Builder) -> Simulator {
    set_up(Simulator::builder(vendor)).start().await.expect("a simulator")
}

/// The claims of a fresh token, its signature checked.
async fn claims(sim: &Simulator) -> Value {
    let token = authenticate(sim).await.token();
    let key = DecodingKey::from_rsa_der(sim.public_key_der());
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_aud = false;
    decode::<Value>(&token, &key, &validation).expect("a signed token").claims
}

fn life(claims: &Value) -> f64 {
    let begins = if claims["iat"].is_null() { "nbf" } else { "iat" };
    claims["exp"].as_f64().expect("exp") - claims[begins].as_f64().expect("a beginning")
}

fn members(claims: &Value) -> Vec<&str> {
    claims.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_token_of_mgplus_says_from_when_to_when() {
    let sim = start(Vendor::MgPlus).await;
    let claims = claims(&sim).await;
    assert!(claims["nbf"].is_u64() && claims["exp"].is_u64());
    assert!((life(&claims) - 3600.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn a_token_of_stonex_has_the_claims_of_the_sample() {
    let sim = start(Vendor::StoneX).await;
    let claims = claims(&sim).await;
    assert_eq!(members(&claims), ["aud", "cid", "exp", "iat", "iss", "jti", "scp", "sub", "ver"]);
    assert_eq!(claims["ver"], 1);
    assert_eq!(claims["cid"], sim.credentials().client_id);
    assert_eq!(claims["sub"], claims["cid"]);
    assert_eq!(claims["scp"], json!(["client_credentials"]));
    assert!((life(&claims) - 3600.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn a_token_of_the_partner_api_has_dates_with_fractions() {
    let sim = start_with(Vendor::Partner, |sim| sim.is_test(true)).await;
    let claims = claims(&sim).await;
    let page = ["aud", "exp", "iat", "is_test", "jti", "nbf", "partner_id", "scopes", "sub", "user_id"];
    assert_eq!(members(&claims), page);
    assert!(claims["exp"].is_f64());
    assert!((life(&claims) - 3599.994).abs() < 1e-3);
    assert_eq!(claims["is_test"], true);
    assert_eq!(claims["sub"], "");
    assert_eq!(claims["aud"], sim.credentials().client_id);
    assert_eq!(claims["jti"].as_str().map(str::len), Some(80));
}

#[tokio::test]
async fn a_token_of_the_partner_api_can_have_whole_dates() {
    let sim = start_with(Vendor::Partner, |sim| sim.integer_dates(true)).await;
    let claims = claims(&sim).await;
    assert!(claims["iat"].is_u64() && claims["nbf"].is_u64() && claims["exp"].is_u64());
    assert_eq!(claims["is_test"], false);
}

#[tokio::test]
async fn a_token_of_mobilepay_names_the_merchant_it_is_bound_to() {
    let sim = start(Vendor::MobilePay).await;
    assert_eq!(claims(&sim).await["merchant_vat"], "DK00000042");
    let unbound = token_call(&sim).body("grant_type=client_credentials").send().await.token();
    let claims: Value = jsonwebtoken::dangerous::insecure_decode_claims(&unbound).expect("claims");
    assert_eq!(claims.get("merchant_vat"), None);
}

#[tokio::test]
async fn a_token_of_the_bank_is_opaque_and_holds_the_client_id_in_clear() {
    let sim = start(Vendor::S2s).await;
    let token = authenticate(&sim).await.token();
    assert!(!token.contains('.'));
    let bytes = URL_SAFE_NO_PAD.decode(&token).expect("base64url");
    let id = sim.credentials().client_id.as_bytes();
    assert!(bytes.windows(id.len()).any(|window| window == id));
}

#[tokio::test]
async fn every_token_is_another() {
    for vendor in Vendor::ALL {
        let sim = start(vendor).await;
        assert_ne!(authenticate(&sim).await.token(), authenticate(&sim).await.token(), "{vendor}");
    }
}

#[tokio::test]
async fn the_ping_takes_a_fresh_token_of_every_vendor() {
    for vendor in Vendor::ALL {
        let sim = start(vendor).await;
        let answer = ping(&sim, &authenticate(&sim).await.token()).send().await;
        assert_eq!((answer.status, answer.json()), (200, json!({"pong": true})), "{vendor}");
    }
}

#[tokio::test]
async fn the_ping_challenges_who_brings_no_token_or_a_bad_one() {
    for vendor in Vendor::ALL {
        let sim = start(vendor).await;
        let none = request("GET", &sim.ping_url()).send().await;
        assert_eq!((none.status, none.header("www-authenticate")), (401, Some("Bearer")), "{vendor}");
        let token = authenticate(&sim).await.token();
        for bad in ["never-issued".to_owned(), format!("{token}x"), token[1..].to_owned()] {
            let answer = ping(&sim, &bad).send().await;
            let challenge = Some(r#"Bearer error="invalid_token""#);
            assert_eq!((answer.status, answer.header("www-authenticate")), (401, challenge), "{vendor}");
        }
        let basic = ping(&sim, &token).with("Authorization", &format!("bearer {token}"));
        assert_eq!(basic.send().await.status, 401, "{vendor}");
    }
}

#[tokio::test]
async fn a_token_of_another_simulator_is_refused_though_the_key_is_the_same() {
    let (one, other) = (start(Vendor::MgPlus).await, start(Vendor::MgPlus).await);
    assert_eq!(one.public_key_der(), other.public_key_der());
    let token = authenticate(&one).await.token();
    assert_eq!(bare_ping(&other, &token).send().await.status, 401);
}

#[tokio::test]
async fn a_dead_token_is_refused() {
    for vendor in Vendor::ALL {
        let sim = start_with(vendor, |sim| sim.lifetime(Duration::ZERO)).await;
        let answer = authenticate(&sim).await;
        assert_eq!(answer.json()["expires_in"], 0, "{vendor}");
        assert_eq!(ping(&sim, &answer.token()).send().await.status, 401, "{vendor}");
    }
}

#[tokio::test]
async fn a_lifetime_is_told_in_whole_seconds_unless_it_has_a_fraction() {
    let sim = start_with(Vendor::MgPlus, |sim| sim.lifetime(Duration::from_secs(2))).await;
    assert_eq!(authenticate(&sim).await.json()["expires_in"], 2);
    let sim = start_with(Vendor::MgPlus, |sim| sim.lifetime(Duration::from_millis(1500))).await;
    assert_eq!(authenticate(&sim).await.json()["expires_in"], 1.5);
}

#[tokio::test]
async fn an_absurd_lifetime_is_no_reason_to_fall_over() {
    for vendor in Vendor::ALL {
        let sim = start_with(vendor, |sim| sim.lifetime(Duration::MAX).refresh_lifetime(Duration::MAX)).await;
        let token = authenticate(&sim).await.token();
        assert_eq!(ping(&sim, &token).send().await.status, 200, "{vendor}");
    }
}

#[tokio::test]
async fn a_revoked_token_is_refused_and_the_others_are_not() {
    let sim = start(Vendor::StoneX).await;
    let (one, other) = (authenticate(&sim).await.token(), authenticate(&sim).await.token());
    assert!(sim.revoke(&one));
    assert!(!sim.revoke(&one));
    assert_eq!(ping(&sim, &one).send().await.status, 401);
    assert_eq!(ping(&sim, &other).send().await.status, 200);
    sim.revoke_all();
    assert_eq!(ping(&sim, &other).send().await.status, 401);
    assert_eq!(ping(&sim, &authenticate(&sim).await.token()).send().await.status, 200);
}

#[tokio::test]
async fn a_token_that_had_ended_was_not_good_until_it_was_revoked() {
    for vendor in Vendor::ALL {
        let sim = start_with(vendor, |sim| sim.lifetime(Duration::ZERO)).await;
        let token = authenticate(&sim).await.token();
        assert!(!sim.revoke(&token), "{vendor}");
    }
}
