//! The tolerant reader of token answers, on answers made by hand.

use std::time::Duration;

use auth_core::{Answer, AnswerRules, ClientCredentials, Error, Fault, Redactor, TokenResponse};
use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, StatusCode, header};

const DEFAULT: Duration = Duration::from_secs(1234);
const RULES: AnswerRules =
    AnswerRules { vendor: "acme-auth", fault: Fault::oauth, hint: |_, _| None, default_lifetime: DEFAULT };

fn redactor() -> Redactor {
    Redactor::new(&ClientCredentials::new("invented-client-4711", "invented-secret").expect("credentials"))
}

fn read(body: impl Into<Vec<u8>>) -> Result<TokenResponse, Error> {
    RULES.token(&Answer::new(StatusCode::OK, HeaderMap::new(), body), &redactor())
}

/// What a body that cannot be used is refused with.
fn malformed(body: impl Into<Vec<u8>>) -> String {
    let error = read(body).expect_err("no token");
    assert!(matches!(error, Error::Malformed(_)) && error.is_transient(), "{error}");
    error.to_string()
}

/// The lifetime, in seconds, of a token with `expires_in` as it stands in JSON.
fn lifetime(expires_in: &str) -> Result<u64, Error> {
    let body = format!(r#"{{"access_token":"invented-token","expires_in":{expires_in}}}"#);
    read(body).map(|token| token.lifetime().as_secs())
}

fn jwt(claims: &str) -> String {
    format!("e30.{}.invented", URL_SAFE_NO_PAD.encode(claims))
}

/// The lifetime, in seconds, that is read of a token with these claims in an answer of noon, 1 January 2024.
fn lifetime_of_jwt(claims: &str) -> Result<u64, Error> {
    let date = HeaderValue::from_static("Mon, 01 Jan 2024 12:00:00 GMT");
    let body = format!(r#"{{"access_token":"{}","expires_in":null}}"#, jwt(claims));
    let answer = Answer::new(StatusCode::OK, [(header::DATE, date)].into_iter().collect(), body);
    RULES.token(&answer, &redactor()).map(|token| token.lifetime().as_secs())
}

#[test]
fn expires_in_is_read_in_every_form_in_which_servers_write_it() {
    for (written, seconds) in [
        ("3600", 3600),
        ("1", 1),
        ("3599.994", 3599),
        ("3600.0", 3600),
        ("3.6e3", 3600),
        (r#""3600""#, 3600),
        (r#"" 3600 ""#, 3600),
        (r#""3599.994""#, 3599),
        (r#""3.6e3""#, 3600),
    ] {
        assert_eq!(lifetime(written).unwrap(), seconds, "{written}");
    }
}

#[test]
fn expires_in_that_is_no_number_counts_as_missing() {
    for written in [
        "null",
        r#""""#,
        r#""one hour""#,
        r#""nan""#,
        r#""inf""#,
        r#""-nan""#,
        r#""-inf""#,
        r#""-infinity""#,
        r#""3600s""#,
        "true",
        "false",
        "{}",
        r#"{"s":60}"#,
        "[60]",
    ] {
        assert_eq!(lifetime(written).unwrap(), DEFAULT.as_secs(), "{written}");
    }
    let token = read(r#"{"access_token":"invented-token"}"#).unwrap();
    assert_eq!(token.lifetime(), DEFAULT);
}

#[test]
fn life_that_is_over_is_malformed_and_not_the_default() {
    for written in ["0", "-1", "-0.5", "0.9", r#""0""#, r#""-3600""#, "-1e300", "-9223372036854775808"] {
        let error = lifetime(written).unwrap_err();
        assert!(matches!(error, Error::Malformed(_)), "{written}: {error}");
        assert!(error.to_string().contains("expired"), "{error}");
        assert_eq!(error.status(), Some(200), "{error}");
    }
}

#[test]
fn document_shows_whose_it_is_and_nothing_of_what_it_says() {
    let answer = Answer::new(StatusCode::OK, HeaderMap::new(), r#"{"code":"invented-code"}"#);
    let document = RULES.document(&answer, &redactor()).unwrap();
    assert_eq!(format!("{document:?}"), r#"Document { vendor: "acme-auth", .. }"#);
}

#[test]
fn absurd_life_is_neither_a_panic_nor_short() {
    for written in ["18446744073709551615", "9223372036854775807", "1e300", r#""1e400""#, "99999999999999999999999"] {
        assert!(lifetime(written).unwrap() > 86_400 * 365, "{written}");
    }
    // No JSON number: a double cannot hold it.
    assert!(matches!(lifetime("1e400"), Err(Error::Malformed(_))));
}

#[test]
fn life_of_a_jwt_is_what_its_own_dates_say() {
    for (claims, seconds) in [
        (r#"{"iat":1704110400,"exp":1704114000}"#, 3600),
        (r#"{"iat":1704110400.577478,"exp":1704114000.571478}"#, 3599),
        (r#"{"iat":1704110400.5,"exp":1704114000}"#, 3599),
        (r#"{"iat":0,"exp":60,"nbf":99999999999}"#, 60),
    ] {
        assert_eq!(lifetime_of_jwt(claims).unwrap(), seconds, "{claims}");
    }
}

#[test]
fn expiry_of_a_jwt_without_a_beginning_counts_from_the_answers_date() {
    // Noon is 1704110400.
    for claims in [r#"{"exp":1704110700}"#, r#"{"exp":1704110700.9}"#, r#"{"iat":null,"exp":1704110700}"#] {
        assert_eq!(lifetime_of_jwt(claims).unwrap(), 300, "{claims}");
    }
    let without_date = read(format!(r#"{{"access_token":"{}"}}"#, jwt(r#"{"exp":1704110700}"#))).unwrap();
    assert_eq!(without_date.lifetime(), DEFAULT, "neither the answer nor the token has a beginning");
}

#[test]
fn jwt_whose_dates_cannot_be_read_has_the_default_life() {
    for claims in ["{}", r#"{"iat":1704110400}"#, r#"{"exp":null}"#, r#"{"exp":"1704110700"}"#, "[]", "no json"] {
        assert_eq!(lifetime_of_jwt(claims).unwrap(), DEFAULT.as_secs(), "{claims}");
    }
}

#[test]
fn jwt_that_had_expired_is_malformed() {
    for claims in [r#"{"iat":1704110400,"exp":1704110400}"#, r#"{"iat":60,"exp":0}"#, r#"{"exp":1704110400}"#] {
        assert!(matches!(lifetime_of_jwt(claims), Err(Error::Malformed(_))), "{claims}");
    }
}

#[test]
fn dates_beyond_all_bounds_are_no_panic() {
    for claims in [r#"{"iat":-1e308,"exp":1e308}"#, r#"{"iat":0,"exp":18446744073709551615}"#] {
        assert!(lifetime_of_jwt(claims).unwrap() > 86_400 * 365, "{claims}");
    }
}

#[test]
fn expires_in_goes_before_what_the_jwt_says() {
    let token = jwt(r#"{"iat":1704110400,"exp":1704114000}"#);
    let answer = read(format!(r#"{{"access_token":"{token}","expires_in":60}}"#)).unwrap();
    assert_eq!(answer.lifetime().as_secs(), 60);
}

#[test]
fn padded_claims_are_read_as_well() {
    let padded = URL_SAFE.encode(r#"{"iat":1000,"exp":1060}"#);
    assert!(padded.ends_with('='));
    let answer = read(format!(r#"{{"access_token":"e30.{padded}.invented"}}"#)).unwrap();
    assert_eq!(answer.lifetime().as_secs(), 60);
}

#[test]
fn bearer_in_any_case_or_none_at_all_is_taken() {
    for kind in [r#""Bearer""#, r#""bearer""#, r#""BEARER""#, r#""bEaReR""#, "null"] {
        let body = format!(r#"{{"access_token":"invented-token","token_type":{kind}}}"#);
        assert_eq!(read(body).unwrap().value(), "invented-token", "{kind}");
    }
    assert!(read(r#"{"access_token":"invented-token"}"#).is_ok());
}

#[test]
fn token_of_another_type_is_refused() {
    for kind in
        [r#""mac""#, r#""DPoP""#, r#""N_A""#, r#""""#, r#""Bearer ""#, r#""bearer2""#, "1", "true", r#"["Bearer"]"#]
    {
        let body = format!(r#"{{"access_token":"invented-token","token_type":{kind}}}"#);
        assert!(malformed(body).contains("token_type is expected to be Bearer"), "{kind}");
    }
}

#[test]
fn token_that_no_header_should_carry_is_refused_before_one_is_made() {
    for token in [
        r"a\rb",
        r"a\nb",
        r"a\r\nX-Other: b",
        "a b",
        " a",
        "a ",
        r"a\tb",
        r"a\u0000b",
        r"a\u007fb",
        "ä",
        r"\ud83d\ude00",
        "a\u{a0}",
        "",
    ] {
        let told = malformed(format!(r#"{{"access_token":"{token}"}}"#));
        assert!(told.contains("access_token is expected to be of visible ASCII characters"), "{token:?}: {told}");
    }
}

#[test]
fn answer_without_a_token_is_malformed_and_says_what_is_missing() {
    for body in [
        "{}",
        r#"{"access_token":null}"#,
        r#"{"access_token":4711}"#,
        r#"{"access_token":["invented-token"]}"#,
        r#"{"Access_Token":"invented-token"}"#,
        r#"{"data":{"access_token":"invented-token"}}"#,
    ] {
        assert!(malformed(body).contains("the answer has no access_token"), "{body}");
    }
}

#[test]
fn member_nobody_knows_is_ignored_whatever_it_holds() {
    let body = r#"{"ext":{"a":[1,{"b":null}]},"access_token":"invented-token","id_token":7,"scope":"a b","":0}"#;
    let token = read(body).unwrap();
    assert_eq!((token.value(), token.scope()), ("invented-token", Some("a b")));
}

#[test]
fn scope_that_is_no_text_is_left_out() {
    for scope in ["null", r#"["a","b"]"#, "1", r#"{"a":"b"}"#] {
        let token = read(format!(r#"{{"access_token":"invented-token","scope":{scope}}}"#)).unwrap();
        assert_eq!(token.scope(), None, "{scope}");
    }
}

#[test]
fn of_a_member_that_comes_twice_the_last_counts() {
    let body = r#"{"access_token":"invented-one","expires_in":1,"access_token":"invented-two","expires_in":2}"#;
    let token = read(body).unwrap();
    assert_eq!((token.value(), token.lifetime().as_secs()), ("invented-two", 2));
}

#[test]
fn byte_order_mark_and_blanks_round_the_object_do_no_harm() {
    for body in ["\u{feff}{\"access_token\":\"invented-token\"}", "\r\n\t {\"access_token\":\"invented-token\"} \n"] {
        assert_eq!(read(body).unwrap().value(), "invented-token");
    }
}

#[test]
fn nesting_of_10_000_levels_is_an_error_and_not_a_stack_overflow() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for body in [open.repeat(10_000), format!("{}1{}", open.repeat(10_000), close.repeat(10_000))] {
            assert!(
                malformed(format!(r#"{{"access_token":"invented-token","ext":{body}}}"#)).contains("line 1, column")
            );
        }
    }
}

#[test]
fn body_that_is_no_object_is_malformed_by_line_and_column() {
    for (body, place) in [
        ("{\n  \"access_token\": oops\n}", "line 2, column 19"),
        (r#"{"access_token":"invented-token""#, "line 1, column 32"),
        (r#"{"access_token":"invented-token"} trailing"#, "line 1, column 35"),
        ("access_token=invented-token&expires_in=60", "line 1, column 1"),
        ("[]", "line 1, column"),
        (r#"["access_token"]"#, "line 1, column"),
        (r#""invented-token""#, "line 1, column"),
        ("null", "line 1, column"),
        ("4711", "line 1, column"),
        (" \n ", "line 2, column"),
        ("{\"access_token\":\u{a0}\"invented-token\"}", "line 1, column 17"),
    ] {
        let told = malformed(body);
        assert!(told.contains(place) && told.contains("a JSON object is expected"), "{body:?}: {told}");
    }
}

#[test]
fn invalid_utf8_is_malformed_by_line_and_column() {
    for body in [&b"\xff\xfe\x00"[..], b"{\"access_token\":\"\xc3\x28\"}", b"{\"\xf0\x9f\":1}"] {
        assert!(malformed(body).contains("line 1, column"), "{body:?}");
    }
}

#[test]
fn empty_body_and_html_are_called_so() {
    assert!(malformed("").contains("the body is empty"));
    for html in ["<!DOCTYPE html><title>Sign in</title>", "\n  <html></html>", "<?xml version=\"1.0\"?>"] {
        assert!(malformed(html).contains("looks like HTML"), "{html}");
    }
}

#[test]
fn malformed_tells_the_status_of_the_answer() {
    for body in ["", "<html>", "[]", "{}", r#"{"access_token":"a b"}"#, r#"{"access_token":"a","token_type":"mac"}"#] {
        assert_eq!(read(body).unwrap_err().status(), Some(200), "{body}");
    }
}

#[test]
fn malformed_never_tells_the_text() {
    let word = "canaryword";
    let bodies = [
        word.to_owned(),
        format!("<html>{word}</html>"),
        format!("[{word:?}]"),
        format!("{word:?}"),
        format!("{{{word:?}:{word}}}"),
        format!("{{{word:?}:{word:?},{word:?}"),
        format!(r#"{{"access_token":"{word} {word}"}}"#),
        format!(r#"{{"access_token":["{word}"]}}"#),
        format!(r#"{{"access_token":{{"{word}":"{word}"}}}}"#),
        format!(r#"{{"access_token":"{word}","token_type":"{word}"}}"#),
        format!(r#"{{"access_token":"{word}","expires_in":-1,"{word}":"{word}"}}"#),
        format!(r#"{{"access_token":"{word}","expires_in":"{word}"#),
        format!(r#"{{"access_token":"{word}","expires_in":1{word}}}"#),
        format!(r#"{{"access_token":"{word}\u12{word}"}}"#),
        format!(r#"{{"access_token":"{word}"}} {word}"#),
    ];
    for body in bodies {
        let error = read(body.clone()).expect_err("no token");
        assert!(matches!(error, Error::Malformed(_)), "{body}: {error}");
        assert_eq!(error.description(), None);
        let told = format!("{error} {error:?} {error:#?} {:?} {:?}", error.hint(), error.code());
        assert!(!told.contains("canary"), "{body}: {told}");
        assert!(std::error::Error::source(&error).is_none_or(|source| !source.to_string().contains("canary")));
    }
}

#[test]
fn claims_that_do_not_fit_are_told_by_place_and_never_by_text() {
    #[derive(Debug, serde::Deserialize)]
    struct Claims {
        #[expect(dead_code, reason = "it is never read, since it never fits")]
        exp: u64,
    }
    for claims in [r#"{"exp":"canaryword"}"#, r#"{"canaryword":1}"#, r#"{"exp":canaryword}"#, "canaryword"] {
        let token = TokenResponse::new(jwt(claims), DEFAULT).unwrap();
        let error = token.claims::<Claims>().unwrap_err();
        assert!(matches!(error, Error::Malformed(_)));
        assert!(error.to_string().contains("line 1, column"), "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
}

#[test]
fn secret_of_another_name_is_taken_by_the_same_rules() {
    let document = |body: &str| RULES.document(&Answer::new(StatusCode::OK, HeaderMap::new(), body), &redactor());
    let mut found = document(r#"{"code":"invented-code","consented_on":"1700000000.9"}"#).unwrap();
    assert_eq!(found.take_secret("code").unwrap().expose(), "invented-code");
    assert!(matches!(found.take_secret("code"), Err(Error::Malformed(_))), "it is taken out");
    assert_eq!(found.seconds("consented_on"), Some(1_700_000_000));
    for body in [r#"{"code":"two words"}"#, r#"{"code":""}"#, r#"{"code":7}"#, "{}"] {
        let error = document(body).unwrap().take_secret("code").unwrap_err();
        assert!(matches!(error, Error::Malformed(_)) && error.to_string().contains("code"), "{body}: {error}");
    }
}
