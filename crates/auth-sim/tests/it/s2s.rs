use std::time::Duration;

use auth_sim::{Builder, Simulator, Vendor};

use crate::calls::{authenticate, bare_ping, basic, code_call, exchange, ping, s2s_token, start};
use crate::raw::Answer;

fn refusal(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

async fn start_with(set_up: impl FnOnce(Builder) -> Builder) -> Simulator {
    set_up(Simulator::builder(Vendor::S2s)).start().await.expect("a simulator")
}

async fn fresh_code(sim: &Simulator) -> String {
    let answer = code_call(sim).send().await;
    answer.json()["code"].as_str().expect("a code").to_owned()
}

async fn refresh(sim: &Simulator, token: &str) -> Answer {
    s2s_token(sim, &format!("grant_type=refresh_token&refresh_token={token}")).send().await
}

fn refresh_token(answer: &Answer) -> String {
    answer.json()["refresh_token"].as_str().expect("a refresh token").to_owned()
}

fn is_gateway_401(answer: &Answer) -> bool {
    answer.status == 401 && answer.json()["httpCode"] == "401"
}

#[tokio::test]
async fn the_answer_has_the_pages_members() {
    let sim = start(Vendor::S2s).await;
    let answer = authenticate(&sim).await;
    let json = answer.json();
    assert!(answer.token().starts_with("AAI"));
    assert_eq!(json["token_type"], "bearer");
    assert_eq!(json["expires_in"], 1095);
    assert_eq!(json["refresh_token_expires_in"], 2_682_000);
    assert_eq!(json["scope"], sim.credentials().scope);
    assert!(json["consented_on"].is_u64());
}

#[tokio::test]
async fn a_code_call_with_a_wrong_or_missing_credential_ends_at_the_gateway() {
    let sim = start(Vendor::S2s).await;
    for name in ["X-Service-Account-ID", "X-Service-Account-Secret", "X-IBM-client-id", "X-IBM-client-secret"] {
        assert!(is_gateway_401(&code_call(&sim).with(name, "wrong").send().await), "wrong {name}");
        assert!(is_gateway_401(&code_call(&sim).without(name).send().await), "no {name}");
    }
    assert_eq!(sim.counts().code_requests, 8);
    assert_eq!(sim.counts().refused, 8);
}

#[tokio::test]
async fn a_code_call_without_scope_is_refused() {
    let sim = start(Vendor::S2s).await;
    for call in [code_call(&sim).without("scope"), code_call(&sim).with("scope", " ")] {
        assert_eq!(call.send().await.refusal(), refusal(400, "invalid_scope"));
    }
}

#[tokio::test]
async fn the_code_call_is_a_get() {
    let sim = start(Vendor::S2s).await;
    assert_eq!(code_call(&sim).method("POST").send().await.status, 405);
    assert_eq!(code_call(&sim).path("/s2s-oauth2/code").send().await.status, 404);
}

#[tokio::test]
async fn two_sets_of_credentials_on_the_token_call_are_one_too_many() {
    let sim = start(Vendor::S2s).await;
    let code = fresh_code(&sim).await;
    let in_form = format!("grant_type=authorization_code&code={code}&client_id=a");
    for call in [
        exchange(&sim, &code).header("X-IBM-client-id", &sim.credentials().client_id),
        exchange(&sim, &code).header("X-IBM-client-secret", &sim.credentials().client_secret),
        s2s_token(&sim, &in_form),
    ] {
        let answer = call.send().await;
        assert_eq!(answer.refusal(), refusal(400, "invalid_request"));
        assert_eq!(answer.json()["error_description"], "Multiple OAuth client credentials are provided");
    }
    assert_eq!(exchange(&sim, &code).send().await.status, 200, "the code was not spent");
}

#[tokio::test]
async fn a_token_call_without_good_basic_is_an_invalid_client() {
    let sim = start(Vendor::S2s).await;
    let good = sim.credentials();
    let code = fresh_code(&sim).await;
    let right = basic(&good.client_id, &good.client_secret);
    for wrong in [
        basic(&good.client_id, "b"),
        basic("a", &good.client_secret),
        basic(&format!("{} ", good.client_id), &format!(" {}", good.client_secret)),
        right.replace("Basic", "basic"),
        "Basic !".to_owned(),
    ] {
        let answer = exchange(&sim, &code).with("Authorization", &wrong).send().await;
        assert_eq!(answer.refusal(), refusal(401, "invalid_client"), "{wrong}");
    }
    let none = exchange(&sim, &code).without("Authorization").send().await;
    assert_eq!(none.refusal(), refusal(401, "invalid_client"));
}

#[tokio::test]
async fn a_secret_with_a_colon_and_percent_signs_goes_raw() {
    let sim = start_with(|sim| sim.client_secret("in:vented%20secret+of s2s")).await;
    assert_eq!(authenticate(&sim).await.status, 200);
}

#[tokio::test]
async fn a_token_call_without_a_form_or_its_members_is_an_invalid_request() {
    let sim = start(Vendor::S2s).await;
    let code = fresh_code(&sim).await;
    for call in [
        exchange(&sim, &code).with("Content-Type", "application/json"),
        s2s_token(&sim, "grant_type=authorization_code"),
        s2s_token(&sim, "grant_type=refresh_token"),
        s2s_token(&sim, &format!("code={code}")),
    ] {
        assert_eq!(call.send().await.refusal(), refusal(400, "invalid_request"));
    }
    let other = s2s_token(&sim, "grant_type=client_credentials").send().await;
    assert_eq!(other.refusal(), refusal(400, "unsupported_grant_type"));
}

#[tokio::test]
async fn a_code_is_good_once() {
    let sim = start(Vendor::S2s).await;
    let code = fresh_code(&sim).await;
    assert_eq!(exchange(&sim, &code).send().await.status, 200);
    assert_eq!(exchange(&sim, &code).send().await.refusal(), refusal(400, "invalid_grant"));
    assert_eq!(exchange(&sim, "AALnever-issued").send().await.refusal(), refusal(400, "invalid_grant"));
}

#[tokio::test]
async fn an_old_code_is_refused() {
    let sim = start_with(|sim| sim.code_lifetime(Duration::ZERO)).await;
    assert_eq!(authenticate(&sim).await.refusal(), refusal(400, "invalid_grant"));
}

#[tokio::test]
async fn a_refresh_token_works_once_and_rotates() {
    let sim = start(Vendor::S2s).await;
    let first = refresh_token(&authenticate(&sim).await);
    let answer = refresh(&sim, &first).await;
    assert_eq!(ping(&sim, &answer.token()).send().await.status, 200);
    assert_eq!(answer.json()["scope"], sim.credentials().scope);
    let second = refresh_token(&answer);
    assert_ne!(first, second);
    let again = refresh(&sim, &first).await;
    assert_eq!(again.refusal(), refusal(400, "invalid_grant"));
    let said = "*[invented-client-of-s2s] refresh_token was used before or revoked, message rejected*";
    assert_eq!(again.json()["error_description"], said);
    assert_eq!(refresh(&sim, &second).await.status, 200);
}

#[tokio::test]
async fn a_client_id_that_an_error_repeats_is_written_as_json_has_it() {
    let sim = start_with(|sim| sim.client_id(r#"invented"client\of s2s"#)).await;
    let json = refresh(&sim, "AAJnever-issued").await.json();
    let said = json["error_description"].as_str().expect("a description");
    assert!(said.starts_with(r#"*[invented"client\of s2s] "#), "{said}");
}

#[tokio::test]
async fn an_old_a_revoked_and_an_unknown_refresh_token_are_refused() {
    let sim = start_with(|sim| sim.refresh_lifetime(Duration::ZERO)).await;
    let old = refresh_token(&authenticate(&sim).await);
    assert_eq!(refresh(&sim, &old).await.refusal(), refusal(400, "invalid_grant"));
    let sim = start(Vendor::S2s).await;
    let revoked = refresh_token(&authenticate(&sim).await);
    sim.revoke_refresh_tokens();
    assert_eq!(refresh(&sim, &revoked).await.refusal(), refusal(400, "invalid_grant"));
    assert_eq!(refresh(&sim, "AAJnever-issued").await.refusal(), refusal(400, "invalid_grant"));
}

#[tokio::test]
async fn the_token_call_is_a_get_unless_posts_are_taken_too() {
    let sim = start(Vendor::S2s).await;
    let code = fresh_code(&sim).await;
    assert_eq!(exchange(&sim, &code).method("POST").send().await.status, 405);
    assert_eq!(exchange(&sim, &code).send().await.status, 200);
    let sim = start_with(|sim| sim.token_by_post(true)).await;
    let code = fresh_code(&sim).await;
    assert_eq!(exchange(&sim, &code).method("POST").send().await.status, 200);
    assert_eq!(authenticate(&sim).await.status, 200);
}

#[tokio::test]
async fn the_clients_headers_can_have_the_newer_names() {
    let names = ("X-Isbank-Client-Id", "X-Isbank-Client-Secret");
    let sim = start_with(|sim| sim.client_header_names(names.0, names.1)).await;
    let good = sim.credentials();
    assert!(is_gateway_401(&code_call(&sim).send().await));
    let newer = code_call(&sim).header(names.0, &good.client_id).header(names.1, &good.client_secret);
    assert_eq!(newer.send().await.status, 200);
}

#[tokio::test]
async fn the_ping_wants_the_clients_headers_beside_the_token() {
    let sim = start(Vendor::S2s).await;
    let token = authenticate(&sim).await.token();
    assert_eq!(ping(&sim, &token).send().await.status, 200);
    assert!(is_gateway_401(&bare_ping(&sim, &token).send().await));
    for name in ["X-IBM-client-id", "X-IBM-client-secret"] {
        assert!(is_gateway_401(&ping(&sim, &token).with(name, "wrong").send().await), "wrong {name}");
        assert!(is_gateway_401(&ping(&sim, &token).without(name).send().await), "no {name}");
    }
    assert_eq!(sim.counts().pings_refused, 5);
}

#[tokio::test]
async fn a_token_travels_with_the_secret_it_was_issued_to() {
    let sim = start(Vendor::S2s).await;
    let token = authenticate(&sim).await.token();
    sim.rotate_secret("invented-second-secret");
    assert_eq!(ping(&sim, &token).send().await.status, 200);
    let mixed = ping(&sim, &token).with("X-IBM-client-secret", "invented-second-secret").send().await;
    assert!(is_gateway_401(&mixed));
}

#[tokio::test]
async fn a_rotated_service_account_secret_is_the_only_one_let_in() {
    let sim = start(Vendor::S2s).await;
    sim.rotate_service_account_secret("invented-second-secret");
    assert!(is_gateway_401(&code_call(&sim).send().await));
    let call = code_call(&sim).with("X-Service-Account-Secret", "invented-second-secret");
    assert_eq!(call.send().await.status, 200);
    assert_eq!(sim.vars()[2], ("S2S_SERVICE_ACCOUNT_SECRET", "invented-second-secret".to_owned()));
}
