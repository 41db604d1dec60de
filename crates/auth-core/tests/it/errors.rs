//! The order of judgement, and what an error may tell.

use std::time::{Duration, SystemTime};

use auth_core::{Answer, AnswerRules, ClientCredentials, Error, Fault, Redactor, TokenResponse};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

const RULES: AnswerRules = AnswerRules {
    vendor: "acme-auth",
    fault: |body| Fault::oauth(body).or_else(|| Fault::problem(body)).or_else(|| Fault::gateway(body)),
    hint: |status, code| match (status, code) {
        (_, Some("invalid_client")) => Some("ask Acme for the client id and its secret"),
        (403, _) => Some("ask Acme to allow this address"),
        _ => None,
    },
    default_lifetime: Duration::from_secs(3600),
};

/// A secret of everything that is written differently in one encoding or another.
const SECRET: &str = r#"in"vented\ s~e*c+r/é&t<5>"#;
const ID: &str = "invented client 4711";

fn credentials() -> ClientCredentials {
    ClientCredentials::new(ID, SECRET).expect("credentials")
}

fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Result<TokenResponse, Error> {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value")))
        .collect();
    let status = StatusCode::from_u16(status).expect("a status");
    RULES.token(&Answer::new(status, headers, body), &Redactor::new(&credentials()))
}

fn error(status: u16, headers: &[(&'static str, &str)], body: &str) -> Error {
    answer(status, headers, body).expect_err("no token")
}

/// An answer whose description is `words`, as JSON.
fn described(words: &serde_json::Value) -> Error {
    error(400, &[], &serde_json::json!({"error": "invalid_request", "error_description": words}).to_string())
}

fn coded(status: u16, code: &str) -> Error {
    error(status, &[], &serde_json::json!({"error": code}).to_string())
}

fn variant(error: &Error) -> &'static str {
    match error {
        Error::Rejected(_) => "rejected",
        Error::Throttled(_) => "throttled",
        Error::Unavailable(_) => "unavailable",
        Error::Unreachable(_) => "unreachable",
        Error::Malformed(_) => "malformed",
        _ => "another",
    }
}

#[test]
fn status_and_code_are_judged_in_the_documented_order() {
    let table: &[(&[u16], &[&str], &str, bool)] = &[
        (&[429], &["", "invalid_client", "server_error", "slow_down"], "throttled", true),
        (&[200, 302, 400, 401, 500, 503], &["slow_down"], "throttled", true),
        (
            &[408, 425, 500, 501, 502, 503, 504, 529, 599],
            &["", "invalid_client", "server_error", "odd"],
            "unavailable",
            true,
        ),
        (
            &[200, 302, 400, 401, 403, 404],
            &["server_error", "temporarily_unavailable", "general_error"],
            "unavailable",
            true,
        ),
        (
            &[200, 400, 401, 403],
            &["invalid_client", "invalid_request", "invalid_grant", "unsupported_grant_type", "invalid_scope", "odd"],
            "rejected",
            false,
        ),
        (&[400, 401, 402, 403, 404, 405, 406, 410, 413, 415, 418, 422, 451, 499], &[""], "rejected", false),
        (&[300, 301, 302, 303, 304, 307, 308], &[""], "malformed", false),
        (&[200, 201, 204, 299, 600, 999], &[""], "malformed", true),
    ];
    for (statuses, codes, expected, transient) in table {
        for (status, code) in statuses.iter().flat_map(|status| codes.iter().map(move |code| (*status, *code))) {
            let error = coded(status, code);
            assert_eq!(variant(&error), *expected, "{status} {code:?}: {error}");
            assert_eq!(error.is_transient(), *transient, "{status} {code:?}: {error}");
            assert_eq!(error.status(), Some(status), "{error}");
        }
    }
}

#[test]
fn failure_is_judged_by_its_status_whatever_its_body_is() {
    for body in ["", "<html>down</html>", "null", "[1]", "{\"error\":", "{}", r#"{"access_token":"invented-token"}"#] {
        assert_eq!(variant(&error(503, &[], body)), "unavailable", "{body}");
        assert_eq!(variant(&error(401, &[], body)), "rejected", "{body}");
    }
}

#[test]
fn token_beside_an_error_is_not_taken() {
    let both = r#"{"access_token":"invented-token","error":"invalid_scope"}"#;
    assert_eq!(variant(&error(200, &[], both)), "rejected");
    for none in ["null", r#""""#] {
        let body = format!(r#"{{"access_token":"invented-token","error":{none}}}"#);
        assert_eq!(answer(200, &[], &body).unwrap().value(), "invented-token");
    }
}

#[test]
fn judgement_does_not_depend_on_what_the_credentials_are_called() {
    let awkward = Redactor::new(&ClientCredentials::new("server", "slow").unwrap());
    let judged = |status: u16, code: &str| {
        let body = serde_json::json!({"error": code}).to_string();
        let answer = Answer::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body);
        RULES.token(&answer, &awkward).expect_err("no token")
    };
    assert_eq!(variant(&judged(400, "server_error")), "unavailable");
    assert_eq!(variant(&judged(400, "slow_down")), "throttled");
    assert_eq!(judged(400, "server_error").code(), None, "it is not shown for all that");
}

#[test]
fn retry_after_is_read_on_429_and_503_alone() {
    let told = |status| error(status, &[("retry-after", "7")], "").retry_after();
    assert_eq!([told(429), told(503)], [Some(Duration::from_secs(7)); 2]);
    for status in [301, 400, 401, 403, 408, 425, 500, 502, 504] {
        assert_eq!(told(status), None, "{status}");
    }
    let slow_down = error(400, &[("retry-after", "7")], r#"{"error":"slow_down"}"#);
    assert_eq!((variant(&slow_down), slow_down.retry_after()), ("throttled", None));
}

#[test]
fn retry_after_is_seconds_or_a_date_against_the_answers_own() {
    let noon = "Mon, 01 Jan 2024 12:00:00 GMT";
    for (told, seconds) in [
        ("0", Some(0)),
        ("120", Some(120)),
        (" 120 ", Some(120)),
        ("18446744073709551615", Some(u64::MAX)),
        ("99999999999999999999999999", Some(u64::MAX)),
        ("Mon, 01 Jan 2024 12:01:30 GMT", Some(90)),
        ("Monday, 01-Jan-24 12:01:30 GMT", Some(90)),
        ("Mon Jan  1 12:01:30 2024", Some(90)),
        ("Mon, 01 Jan 2024 11:00:00 GMT", Some(0)),
        ("", None),
        ("-5", None),
        ("+5", None),
        ("1.5", None),
        ("soon", None),
        ("5 minutes", None),
        ("Mon, 41 Jan 2024 12:01:30 GMT", None),
    ] {
        let error = error(503, &[("retry-after", told), ("date", noon)], "");
        assert_eq!(error.retry_after(), seconds.map(Duration::from_secs), "{told:?}");
    }
}

#[test]
fn retry_after_as_a_date_counts_from_now_where_the_answer_has_none() {
    let later = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3600));
    let told = error(429, &[("retry-after", &later)], "").retry_after().unwrap();
    assert!((3000..=3600).contains(&told.as_secs()), "{told:?}");
}

#[test]
fn correlation_id_is_found_in_the_body_and_in_the_usual_headers() {
    for name in ["x-correlation-id", "correlationid", "x-request-id", "request-id", "x-global-transaction-id"] {
        let error = error(400, &[(name, "0af7651916cd43dd")], "");
        assert_eq!(error.correlation_id(), Some("0af7651916cd43dd"), "{name}");
    }
    let body = r#"{"title":"Bad Request","traceId":"00-abc|1.2:3-01"}"#;
    let both = error(400, &[("x-request-id", "from-the-header")], body);
    assert_eq!(both.correlation_id(), Some("00-abc|1.2:3-01"));
    assert_eq!(both.description(), Some("Bad Request"));
}

#[test]
fn correlation_id_of_an_odd_shape_or_with_a_credential_is_dropped() {
    let (long, id) = ("a".repeat(129), STANDARD_NO_PAD.encode(ID));
    for odd in ["two words", "<b>", "", long.as_str(), id.as_str()] {
        assert_eq!(error(400, &[("x-request-id", odd)], "").correlation_id(), None, "{odd}");
    }
}

#[test]
fn code_is_shown_only_if_it_is_well_formed_and_holds_no_credential() {
    for good in ["invalid_client", "TRD-1001.a", "E", &"x".repeat(64)] {
        let error = coded(400, good);
        assert_eq!(error.code(), Some(good));
        assert!(error.to_string().contains(&format!("code {good}")), "{error}");
    }
    let id = STANDARD_NO_PAD.encode(ID);
    for odd in ["two words", "läuft", "a\u{1b}[31m", "a/b", &"x".repeat(65), id.as_str(), &format!("no.{id}.here")] {
        let error = coded(400, odd);
        assert_eq!(error.code(), None, "{odd}");
        assert!(!format!("{error} {error:?}").contains(odd), "{error}");
    }
}

#[test]
fn hint_says_whom_to_ask_and_stands_in_the_message() {
    let error = coded(400, "invalid_client");
    assert_eq!(error.hint(), Some("ask Acme for the client id and its secret"));
    let told =
        "acme-auth refused the request (status 400, code invalid_client): ask Acme for the client id and its secret";
    assert_eq!(error.to_string(), told);
    assert_eq!(coded(403, "").hint(), Some("ask Acme to allow this address"));
    assert_eq!(coded(404, "").hint(), None);
}

/// Every form in which a server may write `secret` back.
fn echoes(secret: &str) -> Vec<String> {
    let form = serde_urlencoded::to_string([("a", secret)]).expect("a form")[2..].to_owned();
    let json = serde_json::to_string(secret).expect("JSON");
    let basic = format!("{ID}:{SECRET}");
    vec![
        secret.to_owned(),
        secret.to_ascii_uppercase(),
        form.replace('+', "%20"),
        form.to_lowercase(),
        form,
        rfc3986(secret),
        rfc3986(secret).to_lowercase(),
        json[1..json.len() - 1].to_owned(),
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        STANDARD.encode(&basic),
        URL_SAFE_NO_PAD.encode(&basic),
    ]
}

/// Percent-encoded as in a URL (RFC 3986 §2.3), which leaves `~` and not `*`.
fn rfc3986(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[test]
fn credentials_are_cut_out_of_the_vendors_words_in_every_form() {
    for echo in echoes(SECRET).into_iter().chain(echoes(ID)) {
        let error = described(&format!("Client <{echo}> unknown, really {echo}").into());
        assert_eq!(error.description(), Some("Client <[redacted]> unknown, really [redacted]"), "{echo}");
    }
}

#[test]
fn credentials_are_cut_out_of_a_description_that_is_an_object() {
    let error = described(&serde_json::json!({"client": {"secret": SECRET, "ids": [ID]}, "why": "unknown"}));
    let words = error.description().unwrap();
    assert_eq!(words, r#"{"client":{"ids":["[redacted]"],"secret":"[redacted]"},"why":"unknown"}"#);
}

#[test]
fn secret_that_looks_percent_encoded_itself_is_cut_out() {
    let redactor = Redactor::new(&ClientCredentials::new("id", "invented%25secret%2").unwrap());
    for echo in ["invented%25secret%2", "invented%2525secret%252", "INVENTED%25SECRET%2"] {
        assert_eq!(redactor.clean(&format!("<{echo}>")), "<[redacted]>", "{echo}");
    }
}

#[test]
fn secret_longer_than_all_that_is_shown_does_not_leave_its_beginning() {
    let secret = "invented-".repeat(700);
    let redactor = Redactor::new(&ClientCredentials::new("id", secret.as_str()).unwrap());
    for echo in [secret.clone(), STANDARD.encode(&secret), format!("{secret} {secret}")] {
        let cleaned = redactor.clean(&format!("Not known: {echo}."));
        assert!(cleaned.starts_with("Not known: [redacted]"), "{cleaned}");
        assert!(!cleaned.contains("vented"), "{cleaned}");
    }
}

#[test]
fn secret_that_only_cleaning_would_spell_is_cut_out() {
    let redactor = Redactor::new(&ClientCredentials::new("an invented id", "an invented secret").unwrap());
    for blank in ['\t', '\n', '\u{200b}', '\u{ad}', '\u{2060}'] {
        let words = format!("<an{blank}invented{blank}secret>");
        assert_eq!(redactor.clean(&words), "<[redacted]>", "{blank:?}");
        assert!(redactor.finds(&words), "{blank:?}");
    }
}

#[test]
fn of_secrets_that_overlap_no_end_is_left() {
    let mut redactor = Redactor::new(&ClientCredentials::new("invented-id", "id-and-secret").unwrap());
    redactor.add("d");
    assert_eq!(redactor.clean("<invented-id-and-secret>"), "<[redacted]>");
    assert_eq!(
        redactor.clean("d: id-and-secret"),
        "[redacted]: [redacted]",
        "what stands for a secret is not cleaned again"
    );
}

#[test]
fn token_and_code_of_the_request_are_cut_out_as_well() {
    let mut redactor = Redactor::new(&credentials());
    redactor.add("invented-code");
    redactor.add("invented-refresh-token");
    let words = "code invented-code or INVENTED-REFRESH-TOKEN was used";
    assert_eq!(redactor.clean(words), "code [redacted] or [redacted] was used");
}

#[test]
fn vendors_words_are_at_most_200_printable_characters() {
    let error = described(&format!("{}\u{1b}[31m\u{202e}\r\n\0 end", "ä".repeat(180)).into());
    let words = error.description().unwrap();
    assert!(words.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{words:?}");
    assert!(words.ends_with("end"), "{words}");
    for odd in
        ['\u{ad}', '\u{61c}', '\u{180e}', '\u{2060}', '\u{206a}', '\u{fff9}', '\u{1d173}', '\u{e0001}', '\u{e0041}']
    {
        assert_eq!(described(&format!("a{odd}b").into()).description(), Some("a b"), "{odd:?}");
    }
    let long = described(&"ä".repeat(300).into());
    assert_eq!(long.description().unwrap().chars().count(), 200);
    let at_the_cut = described(&format!("{}{SECRET}", "a".repeat(190)).into());
    assert!(!at_the_cut.description().unwrap().contains("in\""), "half a secret is left");
}

#[test]
fn vendors_words_are_in_the_description_alone() {
    let error = described(&"words of the vendor".into());
    assert_eq!(error.description(), Some("words of the vendor"));
    assert!(!format!("{error} {error:?} {error:#?}").contains("words of"), "{error:?}");
    assert!(std::error::Error::source(&error).is_none());
}

#[test]
fn description_that_is_nothing_is_none() {
    for nothing in [serde_json::Value::Null, "".into(), "  ".into(), "\u{200b}".into()] {
        assert_eq!(described(&nothing).description(), None, "{nothing:?}");
    }
}

#[test]
fn gateways_error_is_read_with_its_code_as_text_or_number() {
    for code in [r#""401""#, "401"] {
        let body = format!(r#"{{"httpCode":{code},"httpMessage":"Unauthorized","moreInformation":"not registered"}}"#);
        let error = error(401, &[], &body);
        assert_eq!((variant(&error), error.code()), ("rejected", Some("401")));
        assert_eq!(error.description(), Some("Unauthorized: not registered"));
    }
}

#[test]
fn clone_is_the_same_failure() {
    let one = error(503, &[("retry-after", "7"), (header::DATE.as_str(), "")], r#"{"error":"server_error"}"#);
    let two = one.clone();
    assert!(one.is_same_failure(&two));
    assert!(!one.is_same_failure(&coded(503, "server_error")));
}
