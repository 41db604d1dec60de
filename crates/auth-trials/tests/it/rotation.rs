//! Credentials that change at the vendor while a source runs: during a flight, during a hold, beside a living token.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth_core::{
    AccessToken, ClientCredentials, CredentialSource, Error, EventKind, Events, ManualClock, TokenEndpoint, TokenSource,
};
use auth_sim::{Fault, Simulator, Target, Vendor};
use mgplus_sts::MgPlusSts;
use mobilepay_auth::MobilePayAuth;
use partner_oauth::PartnerOAuth;
use s2s_oauth::{S2sCredentials, S2sOAuth, ServiceAccount};
use stonex_auth::StoneXAuth;

/// What the program's credential store holds: the client secret, and the service account's.
#[derive(Clone)]
struct Store(Arc<Mutex<(String, String)>>);

impl Store {
    fn of(sim: &Simulator) -> Self {
        let good = sim.credentials();
        Self(Arc::new(Mutex::new((good.client_secret.clone(), good.service_account_secret.clone()))))
    }

    fn put(&self, which: Which) {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match which {
            Which::Client => secrets.0 = NEW.to_owned(),
            Which::ServiceAccount => secrets.1 = NEW.to_owned(),
        }
    }

    fn secrets(&self) -> (String, String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn client(&self, sim: &Simulator) -> CredentialSource<ClientCredentials> {
        let (store, id) = (self.clone(), sim.credentials().client_id.clone());
        CredentialSource::from_fn(move || {
            let client = ClientCredentials::new(id.clone(), store.secrets().0);
            async move { client }
        })
    }

    fn both(&self, sim: &Simulator) -> CredentialSource<S2sCredentials> {
        let (store, good) = (self.clone(), sim.credentials().clone());
        CredentialSource::from_fn(move || {
            let (client, account) = store.secrets();
            let both = ServiceAccount::new(good.service_account_id.clone(), account).and_then(|account| {
                S2sCredentials::new(account, ClientCredentials::new(good.client_id.clone(), client)?)
            });
            async move { both }
        })
    }
}

/// Which secret is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Client,
    ServiceAccount,
}

impl Which {
    /// The vendor takes the new one alone from now on.
    fn rotate(self, sim: &Simulator) {
        match self {
            Self::Client => sim.rotate_secret(NEW),
            Self::ServiceAccount => sim.rotate_service_account_secret(NEW),
        }
    }
}

struct Trial {
    sim: Simulator,
    store: Store,
    tokens: TokenSource,
    clock: ManualClock,
}

impl Trial {
    async fn of(vendor: Vendor) -> Self {
        let sim = Simulator::start(vendor).await.expect("a simulator");
        let (store, clock) = (Store::of(&sim), ManualClock::new());
        let tokens = endpoint(vendor, &sim, &store, &clock).expect("an endpoint");
        Self { sim, store, tokens, clock }
    }

    /// Whether the vendor's API takes the headers of `token` as they stand.
    async fn is_let_in(&self, token: &AccessToken) -> bool {
        let headers = token.headers().expect("headers of later calls");
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        self.sim.ping(headers).await.expect("an answer") == 200
    }
}

fn endpoint(vendor: Vendor, sim: &Simulator, store: &Store, clock: &ManualClock) -> Result<TokenSource, Error> {
    let good = sim.credentials();
    Ok(match vendor {
        Vendor::MgPlus => build(MgPlusSts::new(sim.url(), store.client(sim))?, clock),
        Vendor::StoneX => build(StoneXAuth::new(sim.url(), store.client(sim))?, clock),
        Vendor::Partner => build(PartnerOAuth::new(sim.url(), store.client(sim))?, clock),
        Vendor::S2s => build(S2sOAuth::new(sim.url(), store.both(sim), good.scope.as_str())?, clock),
        Vendor::MobilePay => {
            let mobilepay = MobilePayAuth::new(sim.url(), store.client(sim))?;
            let mobilepay = mobilepay.merchant_vat(good.merchant_vat.as_deref().unwrap_or_default())?;
            build(mobilepay.client_system_version(good.client_system_version.as_str())?, clock)
        }
        other => return Err(Error::config(format!("no provider is known for {other:?}"))),
    })
}

fn build(endpoint: impl TokenEndpoint, clock: &ManualClock) -> TokenSource {
    TokenSource::builder(endpoint).clock(clock.clone()).build()
}

async fn until(events: &mut Events, is_it: impl Fn(&EventKind) -> bool) {
    let found = async { while !is_it(&events.next().await.expect("a source that lives").kind) {} };
    tokio::time::timeout(PATIENCE, found).await.expect("an event that does not come");
}

/// Until a request has met the fault that delays it.
async fn until_delayed(sim: &Simulator) {
    let delayed = async {
        while sim.counts().faults == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, delayed).await.expect("a request that does not come");
}

/// Every secret of every vendor.
fn all() -> impl Iterator<Item = (Vendor, Which)> {
    Vendor::ALL.into_iter().map(|vendor| (vendor, Which::Client)).chain([(Vendor::S2s, Which::ServiceAccount)])
}

/// The refusal is held, and the store looked at within a second of a caller: others than those refused lift the hold.
async fn heals_after_a_look(trial: &Trial, before: u64, refused: &Error) {
    let (tokens, sim) = (&trial.tokens, &trial.sim);
    assert!(matches!(refused, Error::Rejected(_)), "{refused}");
    let again = tokens.token().await.expect_err("held");
    assert!(again.is_same_failure(refused), "{again}");
    let mut events = tokens.events();
    trial.clock.advance(Duration::from_secs(1));
    tokens.token().await.expect_err("held, while the store is looked at");
    until(&mut events, |kind| matches!(kind, EventKind::HoldLifted { .. })).await;
    assert_eq!(sim.counts().requests, before, "nothing was asked during the hold");
    let token = tokens.token().await.expect("a token, with the new secret");
    assert!(trial.is_let_in(&token).await);
    assert_eq!(sim.counts().minted, 1);
}

#[tokio::test]
async fn secret_rotated_in_a_flight_fails_that_flight_and_is_taken_up_by_the_next() {
    for (vendor, which) in all() {
        let trial = Trial::of(vendor).await;
        let (tokens, sim) = (&trial.tokens, &trial.sim);
        // The bank looks at the service account on the code call.
        let target = if which == Which::ServiceAccount { Target::Code } else { Target::Token };
        sim.faults().next_on(target, 1, Fault::Delay(Duration::from_secs(1)));
        let asking = tokio::spawn({
            let tokens = tokens.clone();
            async move { tokens.token().await }
        });
        until_delayed(sim).await;
        // On its way with the old secret.
        which.rotate(sim);
        trial.store.put(which);
        let refused = asking.await.expect("no panic").expect_err("the old secret is refused");
        let requests = sim.counts().requests;
        heals_after_a_look(&trial, requests, &refused).await;
    }
}

#[tokio::test]
async fn secret_put_right_during_a_hold_lifts_it() {
    for (vendor, which) in all() {
        let trial = Trial::of(vendor).await;
        which.rotate(&trial.sim);
        let refused = trial.tokens.token().await.expect_err("the old secret is refused");
        let requests = trial.sim.counts().requests;
        trial.store.put(which);
        heals_after_a_look(&trial, requests, &refused).await;
    }
}

#[tokio::test]
async fn old_secret_is_asked_with_once_and_not_again_until_its_hold_is_over() {
    for (vendor, which) in all() {
        let trial = Trial::of(vendor).await;
        which.rotate(&trial.sim);
        trial.tokens.token().await.expect_err("the old secret is refused");
        let requests = trial.sim.counts().requests;
        for _ in 0..8 {
            trial.clock.advance(Duration::from_secs(1));
            trial.tokens.token().await.expect_err("held");
        }
        assert_eq!(trial.sim.counts().requests, requests, "{vendor}: {which:?}");
    }
}

#[tokio::test]
async fn living_token_travels_with_its_own_secret_and_the_next_with_the_new_one() {
    for (vendor, which) in all() {
        let trial = Trial::of(vendor).await;
        let (tokens, sim) = (&trial.tokens, &trial.sim);
        let old = tokens.token().await.expect("a token");
        which.rotate(sim);
        trial.store.put(which);
        let mut events = tokens.events();
        let served = tokens.token().await.expect("the old token");
        assert_eq!(served.id(), old.id());
        assert!(trial.is_let_in(&served).await, "{vendor}: {which:?}");
        // Every vendor's renewal time, and before the end.
        trial.clock.advance(old.lifetime() - Duration::from_secs(100));
        tokens.token().await.expect("the old token");
        until(&mut events, |kind| matches!(kind, EventKind::Renewed { .. })).await;
        let new = tokens.token().await.expect("the new token");
        assert_ne!(new.id(), old.id());
        assert!(trial.is_let_in(&old).await && trial.is_let_in(&new).await, "{vendor}: {which:?}");
        assert_eq!((sim.counts().refused, sim.counts().pings_refused), (0, 0), "{vendor}: {which:?}");
    }
}

#[tokio::test]
async fn banks_later_calls_carry_the_secret_that_the_token_was_asked_for_with() {
    let trial = Trial::of(Vendor::S2s).await;
    let secret = |token: &AccessToken| {
        let headers = token.headers().expect("headers of later calls");
        let found = headers.iter().find(|(name, _)| name.as_str() == "x-ibm-client-secret");
        found.map(|(_, value)| value.to_str().expect("text").to_owned())
    };
    let first = trial.tokens.token().await.expect("a token");
    let old = trial.sim.credentials().client_secret.clone();
    // The next flight is on its way when the store changes: its token is of the secret that it was asked for with.
    trial.sim.faults().next_on(Target::Token, 1, Fault::Delay(Duration::from_secs(1)));
    let asking = tokio::spawn({
        let tokens = trial.tokens.clone();
        async move { tokens.refresh().await }
    });
    until_delayed(&trial.sim).await;
    trial.store.put(Which::Client);
    let second = asking.await.expect("no panic").expect("the old secret is still good");
    assert_eq!((secret(&first), secret(&second)), (Some(old.clone()), Some(old)));
    Which::Client.rotate(&trial.sim);
    assert!(trial.is_let_in(&first).await && trial.is_let_in(&second).await);
    let third = trial.tokens.refresh().await.expect("a token");
    assert_eq!(secret(&third).as_deref(), Some(NEW));
    assert!(trial.is_let_in(&third).await);
}

/// What a healthy simulator never needs.
const PATIENCE: Duration = Duration::from_secs(20);
const NEW: &str = "invented-secret-after-rotation";
