//! What is refused when it is given.

use s2s_oauth::{ClientCredentials, Error, HeaderName, HeaderNames, S2sCredentials, S2sOAuth, Scope, ServiceAccount};

use crate::{credentials, invented};

const VARS: [(&str, &str); 6] = [
    ("S2S_BASE_URL", "http://127.0.0.1:1"),
    ("S2S_SERVICE_ACCOUNT_ID", "invented-account"),
    ("S2S_SERVICE_ACCOUNT_SECRET", "invented-account-secret"),
    ("S2S_CLIENT_ID", "invented-client"),
    ("S2S_CLIENT_SECRET", "invented-client-secret"),
    ("S2S_SCOPE", "read:accounts all:eft"),
];

fn words(result: Result<impl Sized, Error>) -> String {
    let error = result.err().expect("an error");
    assert!(matches!(error, Error::Config(_)), "{error}");
    error.to_string()
}

#[test]
fn missing_and_empty_variables_are_all_named_at_once() {
    for lookup in [|_: &str| None, |_: &str| Some("".into())] {
        let error = words(S2sOAuth::from_vars(lookup));
        for (name, _) in VARS {
            assert!(error.contains(name), "{error}");
        }
    }
}

#[test]
fn variables_are_read_by_their_names_and_each_is_needed() {
    let without = |gone: &str| {
        let gone = gone.to_owned();
        move |name: &str| {
            VARS.iter().find(|(known, _)| *known == name && *known != gone).map(|(_, value)| (*value).into())
        }
    };
    let endpoint = S2sOAuth::from_vars(without("")).expect("endpoint");
    let shown = format!("{endpoint:?}");
    assert!(shown.contains("127.0.0.1:1/api/v1/s2s-oauth2/code") && shown.contains("read:accounts all:eft"), "{shown}");
    for (name, _) in VARS {
        let error = words(S2sOAuth::from_vars(without(name)));
        assert!(error.ends_with(&format!("missing variable: {name}")), "{error}");
    }
}

#[test]
fn variable_with_a_pasted_line_end_is_refused_with_its_name_and_what_is_expected() {
    for (pasted, called) in [
        ("S2S_SERVICE_ACCOUNT_ID", "service account id has a control character"),
        ("S2S_SERVICE_ACCOUNT_SECRET", "service account secret has a control character"),
        ("S2S_CLIENT_ID", "client id has a control character"),
        ("S2S_CLIENT_SECRET", "client secret has a control character"),
        ("S2S_SCOPE", "scope has a character that no scope has"),
        ("S2S_BASE_URL", "URL has a blank at an end"),
    ] {
        let error = words(S2sOAuth::from_vars(|name| {
            let (_, value) = VARS.iter().find(|(known, _)| *known == name)?;
            Some(if name == pasted { format!("{value}\n").into() } else { (*value).into() })
        }));
        assert!(error.contains(called) && error.contains("expected"), "{error}");
    }
}

#[test]
fn credential_that_no_header_can_carry_is_refused_when_it_is_given() {
    let account = || ServiceAccount::new("invented-account", "invented-secret").expect("service account");
    let client = |id: &str, secret: &str| ClientCredentials::new(id, secret).expect("client");
    for (error, called) in [
        (words(ServiceAccount::new("hesap-ı", "invented")), "service account id"),
        (words(ServiceAccount::new("invented", "gizli-ş")), "service account secret"),
        (words(S2sCredentials::new(account(), client("istemci-ı", "invented"))), "client id"),
        (words(S2sCredentials::new(account(), client("invented", "gizli-ş"))), "client secret"),
    ] {
        assert!(error.contains(called) && error.contains("printable ASCII"), "{error}");
        assert!(!error.contains("gizli") && !error.contains("istemci") && !error.contains("hesap"), "{error}");
    }
    for (error, called) in [
        (words(ServiceAccount::new("", "invented")), "service account id is empty"),
        (words(ServiceAccount::new("invented", " x")), "service account secret starts with a blank"),
        (words(ServiceAccount::new("invented", "x ")), "service account secret ends with a blank"),
    ] {
        assert!(error.contains(called) && error.contains("expected"), "{error}");
    }
}

#[test]
fn colon_in_the_client_id_is_refused_as_basic_is_raw_and_elsewhere_it_is_legal() {
    let account = || ServiceAccount::new("invented:account", "invented:secret").expect("service account");
    let client = ClientCredentials::new("invented:client", "invented").expect("client");
    assert!(words(S2sCredentials::new(account(), client)).contains("client id has a colon"));
    let client = ClientCredentials::new("invented client", "in:ven ted").expect("client");
    assert!(S2sCredentials::new(account(), client).is_ok());
}

#[test]
fn scope_that_is_no_list_of_scopes_is_refused_with_what_is_expected() {
    for (bad, wrong) in [
        ("", "is empty"),
        (" ", "blank at an end"),
        (" a", "blank at an end"),
        ("a ", "blank at an end"),
        ("a  b", "two in a row"),
        ("a\tb", "character that no scope has"),
        ("a\nb", "character that no scope has"),
        ("a\"b", "character that no scope has"),
        ("a\\b", "character that no scope has"),
        ("hesap-ı", "character that no scope has"),
        ("a\u{7f}", "character that no scope has"),
    ] {
        let error = words(Scope::try_from(bad));
        assert!(error.contains(wrong) && error.contains("expected"), "{bad:?}: {error}");
        assert_eq!(words(S2sOAuth::new("http://127.0.0.1:1", invented(), bad)), error);
    }
    let every: String = ('!'..='~').filter(|c| !"\"\\".contains(*c)).collect();
    assert_eq!(Scope::try_from(every.as_str()).expect("a scope").to_string(), every);
}

#[test]
fn url_that_would_lose_the_secrets_is_refused() {
    for url in ["http://api.example", "https://user@api.example", "https://api.example/?a=b", "api.example", ""] {
        words(S2sOAuth::new(url, invented(), "read:accounts"));
    }
}

#[test]
fn header_name_that_would_overwrite_another_is_refused() {
    let endpoint = || S2sOAuth::new("http://127.0.0.1:1", invented(), "read:accounts").expect("endpoint");
    for name in ["authorization", "Accept", "content-type", "content-length", "host", "user-agent", "scope"] {
        let mut names = HeaderNames::default();
        names.client_id = name.parse().expect("a name");
        let error = words(endpoint().header_names(names));
        assert!(error.contains(&name.to_lowercase()) && error.contains("expected"), "{error}");
    }
    let mut names = HeaderNames::default();
    names.client_secret = HeaderName::from_static("x-service-account-secret");
    words(endpoint().header_names(names));
}

#[test]
fn public_types_are_send_sync_and_debug_and_show_no_secret() {
    fn check<T: Send + Sync + std::fmt::Debug>(value: &T) -> String {
        format!("{value:?} {value:#?}")
    }
    let given = || credentials("first-of-four", "second-of-four", "third-of-four", "fourth-of-four");
    let account = ServiceAccount::new("first-of-four", "second-of-four").expect("service account");
    let endpoint = S2sOAuth::new("http://127.0.0.1:1", given(), "read:accounts").expect("endpoint");
    let scope = Scope::try_from("read:accounts").expect("a scope");
    let all = [check(&account), check(&given()), check(&endpoint), check(&HeaderNames::isbank()), check(&scope)];
    for shown in &all {
        assert!(!["first", "second", "third", "fourth"].iter().any(|hidden| shown.contains(hidden)), "{shown}");
    }
    assert!(all[0].contains("…four") && all[1].matches("…four").count() == 4, "{all:?}");
}
