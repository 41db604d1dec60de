//! Each provider's own reading: its error shapes, its hints, and what it makes of a token.

use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use auth_core::{AnswerRules, ClientCredentials, Error, Redactor, RequestContext, TokenResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mobilepay_auth::{MerchantVat, MobilePayAuth};
use s2s_oauth::{S2sCredentials, S2sOAuth, ServiceAccount};

use super::client;
use crate::case::Case;
use crate::check::{self, Words};
use crate::secrets::Secrets;

/// Reads with `rules`, then with what the provider does besides.
fn read(
    bytes: &[u8],
    rules: AnswerRules,
    words: &Words,
    accept: impl Fn(TokenResponse) -> Result<TokenResponse, Error>,
) {
    let (credentials, secrets) = client();
    let (case, redactor) = (Case::read(bytes, &secrets), Redactor::new(&credentials));
    check::twice(&case, &secrets, words, || rules.token(&case.answer(), &redactor));
    if let Ok(token) = rules.token(&case.answer(), &redactor) {
        let value = token.value().to_owned();
        match accept(token) {
            Ok(token) => assert_eq!(token.value(), value),
            Err(error) => {
                let secrets = Secrets::of([value]);
                check::shows_nothing_of(&case.body, &error, &secrets, words);
            }
        }
    }
}

/// The claims, as the user reads them: no panic, and the same each time.
fn claims<T: serde::de::DeserializeOwned + std::fmt::Debug>(token: &TokenResponse) {
    assert_eq!(format!("{:?}", token.claims::<T>()), format!("{:?}", token.claims::<T>()));
}

/// The claims, read as generously as can be: the last of those that come twice, and whatever is no UTF-8 replaced.
fn lossy_claims(token: &TokenResponse) -> Option<serde_json::Value> {
    let mut parts = token.value().split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok().filter(|_| parts.next().is_none())?;
    serde_json::from_str(&String::from_utf8_lossy(&claims)).ok()
}

pub fn mgplus_sts(bytes: &[u8]) {
    static WORDS: LazyLock<Words> = LazyLock::new(|| Words::of("mgplus-sts", &[]));
    read(bytes, mgplus_sts::fuzzing::RULES, &WORDS, |token| {
        claims::<mgplus_sts::Claims>(&token);
        Ok(token)
    });
}

pub fn stonex_auth(bytes: &[u8]) {
    static WORDS: LazyLock<Words> = LazyLock::new(|| Words::of("stonex-auth", &[]));
    read(bytes, stonex_auth::fuzzing::RULES, &WORDS, |token| {
        claims::<stonex_auth::Claims>(&token);
        Ok(token)
    });
}

pub fn partner_oauth(bytes: &[u8]) {
    const ENDPOINT: &str = include_str!("../../../partner-oauth/src/endpoint.rs");
    static WORDS: LazyLock<Words> = LazyLock::new(|| Words::of("partner-oauth", &[ENDPOINT]));
    read(bytes, partner_oauth::fuzzing::RULES, &WORDS, |token| {
        claims::<partner_oauth::Claims>(&token);
        let is_test = lossy_claims(&token).and_then(|claims| claims.get("is_test")?.as_bool());
        let live = partner_oauth::fuzzing::live(token);
        assert!(live.is_err() || is_test == Some(false), "a token that is not known to be live is taken for one");
        live
    });
}

pub fn mobilepay_auth(bytes: &[u8]) {
    const ENDPOINT: &str = include_str!("../../../mobilepay-auth/src/endpoint.rs");
    static WORDS: LazyLock<Words> = LazyLock::new(|| Words::of("mobilepay-auth", &[ENDPOINT]));
    static ENDPOINTS: LazyLock<[MobilePayAuth; 2]> = LazyLock::new(|| {
        let unbound = || MobilePayAuth::new(LOCAL, client().0).expect("an endpoint");
        let vat: MerchantVat = VAT.parse().expect("a VAT number");
        [unbound(), unbound().merchant_vat(vat).expect("an endpoint")]
    });
    for (endpoint, own) in ENDPOINTS.iter().zip([None, Some(VAT)]) {
        read(bytes, mobilepay_auth::fuzzing::RULES, &WORDS, |token| {
            claims::<mobilepay_auth::Claims>(&token);
            let claimed = lossy_claims(&token);
            let accepted = mobilepay_auth::fuzzing::accept(endpoint, token);
            if let (Ok(_), Some(claimed)) = (&accepted, claimed.as_ref().and_then(|claims| claims.get("merchant_vat")))
            {
                assert!(claimed.is_null() || claimed.as_str() == own, "a token of {claimed} for {own:?}");
            }
            accepted
        });
    }
}

/// A body that begins with a blank is the code call's, any other the token call's.
pub fn s2s_oauth(bytes: &[u8]) {
    static WORDS: LazyLock<Words> = LazyLock::new(|| Words::of("s2s-oauth", &[]));
    let (id, secret) = ("invented-client-4711", "invented s~e*c+r/&t<5>%2");
    let (account, account_secret) = ("invented/4712", "invented+4712-secret~");
    let secrets = Secrets::of([id, secret, account, account_secret]);
    let case = Case::read(bytes, &secrets);
    let credentials = S2sCredentials::new(
        ServiceAccount::new(account, account_secret).expect("a service account"),
        ClientCredentials::new(id, secret).expect("credentials"),
    )
    .expect("credentials");
    code(&case, &secrets, &credentials, &WORDS);
    static ENDPOINT: OnceLock<[S2sOAuth; 2]> = OnceLock::new();
    let endpoints = ENDPOINT.get_or_init(|| {
        let endpoint = S2sOAuth::new(LOCAL, credentials.clone(), "accounts payments").expect("an endpoint");
        [endpoint.clone(), endpoint.refreshing(true)]
    });
    let cx = RequestContext::first(Duration::from_secs(5));
    for endpoint in endpoints {
        let read = || s2s_oauth::fuzzing::token(endpoint, &cx, &credentials, &case.answer());
        check::twice(&case, &secrets, &WORDS, read);
        if let Ok(response) = read() {
            let asked = ["accounts", "payments"];
            assert!(response.ungranted_scopes().iter().all(|scope| asked.contains(&scope.as_str())));
            let kept = response.refresh_token().map(|token| token.expose());
            assert!(kept.is_none_or(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())));
        }
    }
}

/// The answer to the code call.
fn code(case: &Case, secrets: &Secrets, credentials: &S2sCredentials, words: &Words) {
    let redactor = Redactor::new(credentials);
    let read =
        || s2s_oauth::fuzzing::CODE_RULES.document(&case.answer(), &redactor)?.take_secret(s2s_oauth::fuzzing::CODE);
    match (read(), read()) {
        (Ok(code), Ok(again)) => {
            assert!(code == again && case.status.is_success(), "the same bytes, two codes");
            assert!(!code.expose().is_empty() && code.expose().bytes().all(|byte| byte.is_ascii_graphic()));
        }
        (Err(error), Err(again)) => {
            check::error(&error, case, secrets, words);
            assert!(case.depends_on_the_clock() || format!("{error:?}") == format!("{again:?}"), "two results");
        }
        _ => panic!("the same bytes, two results"),
    }
}

/// Where nothing is ever sent to.
const LOCAL: &str = "http://127.0.0.1:9";
const VAT: &str = "DK00000042";
