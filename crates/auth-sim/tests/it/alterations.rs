//! Faults that alter a token answer.

use auth_sim::{ExpiresIn, Fault, OddToken, Vendor};
use serde_json::{Value, json};

use crate::calls::{authenticate, ping, start, token_call};
use crate::faults::with_fault;

#[tokio::test]
async fn expires_in_takes_every_form() {
    for (form, member) in [
        (ExpiresIn::Integer(0), Some(json!(0))),
        (ExpiresIn::Integer(i64::MAX), Some(json!(i64::MAX))),
        (ExpiresIn::Integer(-1), Some(json!(-1))),
        (ExpiresIn::Float(1799.5), Some(json!(1799.5))),
        (ExpiresIn::Text(1800), Some(json!("1800"))),
        (ExpiresIn::Words, Some(json!("in a while"))),
        (ExpiresIn::Null, Some(Value::Null)),
        (ExpiresIn::Missing, None),
    ] {
        let (sim, answer) = with_fault(Fault::ExpiresIn(form)).await;
        assert_eq!(answer.json().get("expires_in"), member.as_ref());
        assert_eq!(ping(&sim, &answer.token()).send().await.status, 200, "the token is as good as ever");
    }
}

#[tokio::test]
async fn an_odd_token_takes_every_form() {
    for (odd, member) in [
        (OddToken::CrLf, Some(json!("invented\r\nX-Injected: yes"))),
        (OddToken::Blank, Some(json!("invented token"))),
        (OddToken::Control, Some(json!("invented\u{7}token"))),
        (OddToken::NonAscii, Some(json!("erfundenes-tökén"))),
        (OddToken::Empty, Some(json!(""))),
        (OddToken::Null, Some(Value::Null)),
        (OddToken::Missing, None),
    ] {
        let (_sim, answer) = with_fault(Fault::Token(odd)).await;
        assert_eq!(answer.json().get("access_token"), member.as_ref());
        assert_eq!(answer.json()["expires_in"], 3600);
    }
}

#[tokio::test]
async fn other_members_of_a_token_answer_change_one_at_a_time() {
    let (_sim, answer) = with_fault(Fault::TokenType("mac".to_owned())).await;
    assert_eq!(answer.json()["token_type"], "mac");
    let (_sim, answer) = with_fault(Fault::WithoutScope).await;
    assert_eq!(answer.json().get("scope"), None);
    let (_sim, answer) = with_fault(Fault::UnknownMembers).await;
    assert_eq!(answer.json().as_object().map(serde_json::Map::len), Some(6));
    let sim = start(Vendor::S2s).await;
    sim.faults().next(1, Fault::NumbersAsText);
    let json = authenticate(&sim).await.json();
    assert_eq!(json["expires_in"], "1095");
    assert_eq!(json["refresh_token_expires_in"], "2682000");
    assert!(json["consented_on"].is_string());
}

#[tokio::test]
async fn the_same_token_is_given_twice_and_counted_once() {
    for vendor in Vendor::ALL {
        let sim = start(vendor).await;
        let first = authenticate(&sim).await.token();
        sim.faults().next(2, Fault::SameToken);
        assert_eq!(authenticate(&sim).await.token(), first, "{vendor}");
        assert_eq!(authenticate(&sim).await.token(), first, "{vendor}");
        assert_eq!(sim.counts().minted, 1, "{vendor}");
        assert_ne!(authenticate(&sim).await.token(), first, "{vendor}");
        assert_eq!(ping(&sim, &first).send().await.status, 200, "{vendor}");
    }
}

#[tokio::test]
async fn the_same_token_as_none_is_a_fresh_one() {
    let (sim, answer) = with_fault(Fault::SameToken).await;
    assert_eq!(ping(&sim, &answer.token()).send().await.status, 200);
}

#[tokio::test]
async fn a_refusal_is_not_altered_by_a_fault_of_token_answers() {
    let sim = start(Vendor::MgPlus).await;
    for fault in [Fault::Gzip, Fault::CutBody, Fault::SameToken, Fault::ExpiresIn(ExpiresIn::Null)] {
        sim.faults().next(1, fault);
        let answer = token_call(&sim).body("grant_type=password&client_id=a&client_secret=b").send().await;
        assert_eq!(answer.text(), r#"{"error":"unsupported_grant_type"}"#);
    }
}
