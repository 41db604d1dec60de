//! Every public type of every crate, made of markers and shown.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use auth_core::tower::{AuthorizationLayer, Cloned, Never};
use auth_core::*;
use auth_sim::Vendor;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tower_layer::Layer as _;

use crate::marker::Kind;
use crate::scenes::granted;
use crate::vendors::{pair, two_pairs};
use crate::watcher::{panics, show, show_and_print, show_error, show_source, shown_types, unwrapped, watch};

const CALLER: Caller = Caller { vendor: "acme-auth", version: "1.2.3" };
const HOUR: Duration = Duration::from_secs(3600);

/// The libraries that users see, by the names that they have in paths.
const LIBRARIES: [&str; 8] = [
    "auth_core",
    "auth_reqwest",
    "auth_sim",
    "mgplus_sts",
    "mobilepay_auth",
    "partner_oauth",
    "s2s_oauth",
    "stonex_auth",
];

/// What no user sees: it is not published.
const UNSEEN: [&str; 2] = ["auth-trials", "fuzz"];

/// Public types that were not shown, and types that were shown and not found in the sources: neither may be.
pub(crate) fn left_out() -> Vec<String> {
    let is_ours = |path: &String| LIBRARIES.iter().any(|library| path.split("::").next() == Some(library));
    let shown = shown_types().into_iter().filter(is_ours).collect();
    public_types().symmetric_difference(&shown).cloned().collect()
}

/// The public types of each library beside this crate, as paths to where they are defined.
fn public_types() -> BTreeSet<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let sources = entries(&crates).into_iter().filter(|(name, _)| !UNSEEN.contains(&name.as_str()));
    let sources = sources.map(|(name, folder)| (name.replace('-', "_"), folder.join("src")));
    sources
        .filter(|(_, source)| source.join("lib.rs").exists())
        .flat_map(|(name, source)| types_in(&name, &source))
        .collect()
}

/// The public types of the module `path`, which is a file or a folder of files. All that is `pub` can be reached by users: if
/// not, rustc says `unreachable_pub`.
fn types_in(path: &str, source: &Path) -> Vec<String> {
    if source.is_dir() {
        let within = |name: &str| match name.trim_end_matches(".rs") {
            "lib" | "mod" => path.to_owned(),
            module => format!("{path}::{module}"),
        };
        return entries(source).iter().flat_map(|(name, inner)| types_in(&within(name), inner)).collect();
    }
    let text = fs::read_to_string(source).expect("a source");
    let items = text.lines().filter_map(|line| line.trim_start().strip_prefix("pub "));
    let types = items.filter_map(|item| item.strip_prefix("struct ").or(item.strip_prefix("enum ")));
    let name = |rest: &str| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
    types.map(|rest| format!("{path}::{}", name(rest))).collect()
}

/// What is in `folder`, each with its name.
fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let all = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    all.map(|entry| (entry.file_name().into_string().expect("a name"), entry.path())).collect()
}

/// Shows one or more of each.
pub(crate) async fn show_all() {
    credentials();
    requests_and_answers();
    policies_and_clocks();
    errors();
    source().await;
    providers();
    simulators().await;
}

fn secret() -> Secret {
    Secret::new(Kind::ClientSecret.value()).expect("a secret")
}

fn credentials() {
    let pair = pair(Kind::ClientSecret.value()).expect("credentials");
    show(&(secret(), pair.client_secret().to_header().expect("a header")));
    show(&secret());
    show(&pair);
    for encoding in [BasicEncoding::Raw, BasicEncoding::Form] {
        show(&encoding);
        show(&pair.basic(encoding).expect("a header"));
    }
    show(&CredentialSource::fixed(pair.clone()));
    show(&Fingerprint::of(&pair));
    show(&Redactor::new(&pair));
    show(&Some(Some(last_four(Kind::ClientId.value()))));
    let mut vars = Vars::new(|_: &str| Some(format!("{}\u{0}", Kind::ClientSecret.value()).into()));
    vars.credentials(["ACME_CLIENT_ID", "ACME_CLIENT_SECRET"]);
    show(&vars);
}

fn requests_and_answers() {
    let url = BaseUrl::try_from("https://sts.example").expect("a URL");
    show_and_print(&url);
    show(&CALLER);
    let basic = pair(Kind::ClientSecret.value()).expect("credentials").basic(BasicEncoding::Raw).expect("a header");
    let request = Request::new(CALLER, Method::POST, url).header(http::header::AUTHORIZATION, basic);
    show(&request.form(format!("client_secret={}", Kind::ClientSecret.value())));
    show(&HttpClient::configured(|builder| builder.user_agent(Kind::ClientSecret.value().replace('"', ""))));
    let mut headers = HeaderMap::new();
    headers.insert("x-echo", HeaderValue::from_static(Kind::ClientSecret.value()));
    let answer = |status, body: String| Answer::new(status, headers.clone(), body);
    let redactor = Redactor::new(&pair(Kind::ClientSecret.value()).expect("credentials"));
    let good = answer(StatusCode::OK, granted().to_string());
    show(&good);
    show(&RULES);
    show(&RULES.document(&good, &redactor).expect("a document"));
    let response = RULES.token(&good, &redactor).expect("a token");
    show(&response.with_refresh_token(Secret::new(Kind::RefreshToken.value()).expect("a secret"), Some(HOUR)));
    let words = Kind::ALL.map(Kind::value).join(" ");
    let bad = serde_json::json!({"error": words, "error_description": words});
    RULES.token(&answer(StatusCode::BAD_REQUEST, bad.to_string()), &redactor).expect_err("refused");
}

const RULES: AnswerRules = AnswerRules {
    vendor: "acme-auth",
    fault: |body| {
        let fault = Fault::oauth(body);
        show(body);
        fault.iter().for_each(show);
        fault
    },
    hint: |_, _| Some("ask Acme"),
    default_lifetime: HOUR,
};

fn policies_and_clocks() {
    show(&RefreshPolicy::default());
    show(&Renew::default());
    show(&KeepWarm::default());
    show(&Moment::from_origin(HOUR));
    show(&SystemClock);
    show(&ManualClock::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    std::thread::spawn(move || runtime.block_on(async { show(&PausedClock::new()) })).join().expect("no panic");
}

fn errors() {
    let failure = Failure::of("acme-auth").status(400).hint("ask Acme").detail("it was refused");
    show(&failure);
    show_error(&Error::Rejected(failure));
    for reach in
        [Reach::Dns, Reach::Refused, Reach::Connect, Reach::Certificate, Reach::Tls, Reach::Deadline, Reach::Cut]
    {
        show_and_print(&reach);
    }
    for reason in [Reason::Cold, Reason::Ahead, Reason::Expired, Reason::Rejected, Reason::Forced] {
        show_and_print(&reason);
    }
    for rejection in [Rejection::Accepted, Rejection::AlreadyReplaced, Rejection::Ignored] {
        show(&rejection);
    }
}

async fn source() {
    let tokens = TokenSource::fixed(Kind::Token.value());
    show_token(&tokens.token().await.expect("a token"));
    show_source(&tokens);
    show(&tokens.blocking());
    let hosts = Hosts::only("api.invented.example").expect("a host");
    show(&hosts);
    let layer = AuthorizationLayer::new(tokens.clone(), hosts.clone());
    show(&layer);
    show(&layer.clone().without_repeat());
    show(&layer.layer(secret()));
    show(&Cloned::default());
    show(&Never::default());
    show(&auth_reqwest::Authorization::new(tokens, hosts));
    let endpoint =
        mgplus_sts::MgPlusSts::new("http://127.0.0.1:9", pair(Kind::ClientSecret.value()).expect("credentials"));
    show(&TokenSource::builder(endpoint.expect("an endpoint")));
    let spent = Secret::new(Kind::RefreshToken.value()).expect("a secret");
    show(&RequestContext::first(HOUR).with_refresh_token(&spent));
}

/// Shows all that a token has to show.
pub(crate) fn show_token(token: &AccessToken) {
    show(token);
    show_and_print(&token.id());
    show(token.authorization());
    let headers = token.headers().or_else(|_| token.headers());
    headers.iter().for_each(|headers| {
        let (mut request, all) = (HeaderMap::new(), headers.iter().collect::<Vec<_>>());
        watch("the headers of a call", format!("{all:?} {all:#?}"));
        headers.apply(&mut request);
        show(*headers);
        show(&request);
    });
    let own = token.headers_with(HeaderName::from_static("x-own"), HeaderValue::from_static("own"));
    show(&own);
    token.claims::<u64>().err().iter().for_each(show_error);
}

/// A token whose claims are markers, read as `T`.
fn claims<T: serde_free::Claims>(claims: &serde_json::Value) -> T {
    let jwt = format!("e30.{}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()), Kind::Token.value());
    let response = TokenResponse::new(jwt, HOUR).expect("a token");
    show(&response);
    T::of(&response)
}

/// What can be read from a token, without naming serde here.
mod serde_free {
    use auth_core::TokenResponse;

    pub(crate) trait Claims {
        fn of(response: &TokenResponse) -> Self;
    }

    macro_rules! claims {
        ($($krate:ident),*) => { $(
            impl Claims for $krate::Claims {
                fn of(response: &TokenResponse) -> Self {
                    response.claims().expect("claims")
                }
            }
        )* };
    }

    claims!(mgplus_sts, mobilepay_auth, partner_oauth, stonex_auth);
}

fn providers() {
    let id = Kind::ClientId.value();
    let all = serde_json::json!({
        "aud": "invented-audience", "cid": id, "sub": id, "user_id": id, "partner_id": id, "client_id": id, "nbf": 1, "exp": 2.5,
        "merchant_vat": "DK00000042", "ver": 1, "iat": 1, "scp": ["read"], "scopes": ["read"], "is_test": false,
    });
    let mut partner = all.clone();
    (partner["aud"], partner["jti"]) = (id.into(), id.into());
    show(&claims::<mgplus_sts::Claims>(&all));
    show(&claims::<mobilepay_auth::Claims>(&all));
    show(&claims::<stonex_auth::Claims>(&all));
    let claims = claims::<partner_oauth::Claims>(&partner);
    show(&claims.exp.expect("a date"));
    show(&claims);
    let (good, url) = (|| pair(Kind::ClientSecret.value()).expect("credentials"), "http://127.0.0.1:9");
    show(&mgplus_sts::MgPlusSts::new(url, good()).expect("an endpoint"));
    show(&stonex_auth::StoneXAuth::new(url, good()).expect("an endpoint"));
    show(&partner_oauth::PartnerOAuth::new(url, good()).expect("an endpoint"));
    show_and_print(&stonex_auth::ApiVersion::default());
    bank(url);
    mobile_pay(url, good());
}

fn bank(url: &str) {
    let account = s2s_oauth::ServiceAccount::new(Kind::AccountId.value(), Kind::AccountSecret.value());
    show(&account.expect("an account"));
    let credentials = two_pairs(Kind::ClientSecret.value()).expect("credentials");
    show(&credentials);
    show(&CredentialSource::fixed(credentials.clone()));
    show_and_print(&s2s_oauth::Scope::try_from("read:invented").expect("a scope"));
    show(&s2s_oauth::HeaderNames::default());
    show(&s2s_oauth::S2sOAuth::new(url, credentials, "read:invented").expect("an endpoint"));
}

fn mobile_pay(url: &str, good: ClientCredentials) {
    use mobilepay_auth::{ClientSystemVersion, IbmClientId, MerchantVat, MobilePayAuth};

    let other = IbmClientId::Other(Secret::new(Kind::IbmClientId.value()).expect("an id"));
    show(&other);
    show_and_print(&"DK00000042".parse::<MerchantVat>().expect("a VAT number"));
    show(&ClientSystemVersion::try_from("1.2.3").expect("a version"));
    show(&MobilePayAuth::new(url, good).and_then(|endpoint| endpoint.ibm_client_id(other)).expect("an endpoint"));
}

async fn simulators() {
    use auth_sim::{ExpiresIn, Fault, OddToken, RetryAfter, Simulator, Target};

    for vendor in Vendor::ALL {
        show_and_print(&vendor);
        let builder = Simulator::builder(vendor).client_id(Kind::ClientId.value());
        let builder = builder.client_secret(Kind::ClientSecret.value());
        let builder = builder.service_account(Kind::AccountId.value(), Kind::AccountSecret.value());
        let builder = builder.ibm_client_id(Kind::IbmClientId.value()).on_request(|_, _| Kind::Token.value());
        let builder = builder.on_exchange(show);
        show(&builder);
        let sim = builder.start().await.expect("a port");
        sim.faults().next(1, Fault::Html(502));
        show(sim.credentials());
        show(sim.faults());
        show(&sim.counts());
        show(&sim);
        sim.ping([("authorization", Kind::Token.value())]).await.expect("an answer, for on_exchange to see");
        Fault::all_for(vendor).iter().for_each(show);
    }
    show(&ExpiresIn::Missing);
    show(&OddToken::Empty);
    show(&RetryAfter::Seconds(1));
    show(&Target::Auth);
    show(&auth_sim::MgPlusError::GeneralError);
    show(&auth_sim::StoneXError::ALL[0]);
    show(&auth_sim::PartnerError::ALL[0]);
    show(&auth_sim::S2sError::ALL[0]);
    show(&auth_sim::MobilePayError::ALL[0]);
}

/// What a failed assertion or unwrap says of each type that holds a secret.
pub(crate) fn panic_over_each() {
    let other = Kind::Code.value();
    let pairs = [Kind::ClientSecret.value(), other].map(|secret| pair(secret).expect("credentials"));
    let banks = [Kind::ClientSecret.value(), other].map(|secret| two_pairs(secret).expect("credentials"));
    panics(|| assert_eq!(secret(), Secret::new(other).expect("a secret")));
    panics(|| assert_eq!(pairs[0], pairs[1]));
    panics(|| assert_eq!(Fingerprint::of(&pairs[0]), Fingerprint::of(&pairs[1])));
    panics(|| assert_eq!(banks[0], banks[1]));
    unwrapped(Err(secret()));
    unwrapped(Err(pairs[0].basic(BasicEncoding::Form).expect("a header")));
    unwrapped(Err(TokenResponse::new(Kind::Token.value(), HOUR).expect("a token")));
    unwrapped(Err(sensitive_header("token", Kind::Token.value()).expect("a header")));
    unwrapped(Err(auth_sim::Simulator::builder(Vendor::S2s).client_secret(Kind::ClientSecret.value())));
}
