//! No secret, token, code or body shows anywhere, whatever the five providers are answered; of a client id at most the last
//! four characters. Over http and https, with every line of every library beneath at TRACE.

mod events;
mod marker;
mod scenes;
mod server;
mod types;
mod vendors;
mod watcher;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_core::metrics::{FAILURES, FLIGHT_DURATION, LIFE_LEFT, REQUESTS};
use auth_core::{Error, HttpClient, RefreshPolicy, Rejection, TokenSource};
use auth_sim::Vendor;

use marker::Kind;
use scenes::{PATIENCE, Scene, failures, healthy};
use server::Server;
use vendors::{Vault, policy, refused_by, source};
use watcher::{Watcher, leaks, show_error, show_source, take_events, targets};

fn variant(error: &Error) -> &'static str {
    match error {
        Error::Rejected(_) => "Rejected",
        Error::Throttled(_) => "Throttled",
        Error::Unavailable(_) => "Unavailable",
        Error::Unreachable(_) => "Unreachable",
        Error::Malformed(_) => "Malformed",
        Error::Config(_) => "Config",
        Error::Credentials(_) => "Credentials",
        Error::TooShort { .. } => "TooShort",
        Error::Internal(_) => "Internal",
        other => panic!("a variant that this test does not know: {}", other.is_transient()),
    }
}

const ALL: [&str; 9] = [
    "Config",
    "Credentials",
    "Internal",
    "Malformed",
    "Rejected",
    "Throttled",
    "TooShort",
    "Unavailable",
    "Unreachable",
];

/// The errors that a source met.
type Met = BTreeSet<&'static str>;

/// A vendor that answers by one scene after the other.
struct Theatre {
    vendor: Vendor,
    server: Server,
    client: HttpClient,
    scene: Arc<Mutex<Arc<Scene>>>,
}

impl Theatre {
    async fn open(vendor: Vendor, https: bool) -> Self {
        let scene = Arc::new(Mutex::new(Arc::new(healthy())));
        let now = Arc::clone(&scene);
        let server = Server::answering(https, move |asked| {
            let scene = Arc::clone(&now.lock().expect("no panic"));
            scene.answer(asked)
        });
        let server = server.await;
        let client = server.client();
        Self { vendor, server, client, scene }
    }

    fn source(&self, vault: Vault, policy: RefreshPolicy) -> TokenSource {
        source(self.vendor, self.server.url(), &self.client, vault, policy)
    }

    /// Requests are answered by `scene` from now on.
    fn begin(&self, scene: Scene) {
        *self.scene.lock().expect("no panic") = Arc::new(scene);
    }

    /// The error of the first call of a new source, if it has one.
    async fn play(&self, scene: Scene, vault: Vault) -> Option<&'static str> {
        let tokens = self.source(vault, policy(scene.patience));
        self.begin(scene);
        let error = tokens.token().await.err();
        error.iter().for_each(show_error);
        show_source(&tokens);
        error.as_ref().map(variant)
    }
}

/// Each failure once, some at a time.
async fn failing(vendor: Vendor, https: bool) -> Met {
    let (mut met, theatre) = (Met::new(), Theatre::open(vendor, https).await);
    for scene in failures(vendor) {
        met.extend(theatre.play(scene, Vault::Good).await);
    }
    for vault in [Vault::Failing, Vault::Unfit, Vault::Panicking] {
        let error = theatre.play(healthy(), vault).await;
        met.extend([error.expect("no token without credentials")]);
    }
    met
}

/// A token that is got, used, rejected and renewed, with its refresh token where there is one.
async fn living(vendor: Vendor, https: bool) -> Met {
    let asked = Arc::new(Mutex::new(String::new()));
    let all = Arc::clone(&asked);
    let server = Server::answering(https, move |request| {
        all.lock().expect("no panic").push_str(&format!("{}\n{}\n", request.head, request.body));
        healthy().answer(request)
    });
    let server = server.await;
    let tokens = source(vendor, server.url(), &server.client(), Vault::Good, policy(PATIENCE));
    let token = tokens.token().await.expect("a token");
    types::show_token(&token);
    let too_short = tokens.token_valid_for(Duration::from_secs(7200)).await.expect_err("too long a wish");
    show_error(&too_short);
    let current = tokens.token().await.expect("a token");
    assert_eq!(current.value(), Kind::Token.value());
    assert_eq!(tokens.rejected(&current), Rejection::Accepted);
    let repeated = tokens.refresh().await.expect_err("the same token again");
    show_error(&repeated);
    tokens.shutdown().await;
    show_source(&tokens);
    let asked = asked.lock().expect("no panic");
    let refreshed = asked.contains(Kind::RefreshToken.value());
    assert_eq!(refreshed, vendor == Vendor::S2s, "the refresh token is spent where there is one");
    [variant(&too_short), variant(&repeated)].into()
}

/// Every error of `vendor` over `https` or http, shown.
async fn everything(vendor: Vendor, https: bool) -> Met {
    let mut met = failing(vendor, https).await;
    met.extend(living(vendor, https).await);
    events::hard_life(&Theatre::open(vendor, https).await).await;
    for error in refused_by(vendor) {
        show_error(&error);
        met.insert(variant(&error));
    }
    met
}

/// One line for each leak; many are alike.
fn nothing_leaked() {
    let leaks = leaks();
    assert!(
        leaks.is_empty(),
        "{} leaks, of which the first are:\n{}",
        leaks.len(),
        leaks[..leaks.len().min(9)].join("\n")
    );
}

#[tokio::test]
async fn no_public_type_shows_anything_and_none_is_left_out() {
    Watcher::install();
    types::show_all().await;
    assert_eq!(
        types::left_out(),
        Vec::<String>::new(),
        "public types that show_all() does not show, or shown ones that are not public"
    );
    nothing_leaked();
}

#[test]
fn panic_over_credentials_and_tokens_shows_none() {
    Watcher::install();
    types::panic_over_each();
    nothing_leaked();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_secret_shows_of_any_provider_over_http_or_https() {
    Watcher::install();
    for https in [false, true] {
        let all = Vendor::ALL.map(|vendor| tokio::spawn(everything(vendor, https)));
        for (vendor, met) in Vendor::ALL.into_iter().zip(all) {
            let met = met.await.expect("no panic");
            assert_eq!(met.into_iter().collect::<Vec<_>>(), ALL, "{vendor}, https: {https}");
            assert_eq!(take_events(vendor), events::all_of(vendor), "{vendor}, https: {https}");
        }
    }
    nothing_leaked();
    let targets = targets();
    for origin in
        ["auth_core", "reqwest", "hyper_util", "rustls::client", REQUESTS, FAILURES, FLIGHT_DURATION, LIFE_LEFT]
    {
        let heard = targets.iter().any(|target| target.starts_with(origin));
        assert!(heard, "nothing of {origin} was watched, only of {targets:?}");
    }
}
