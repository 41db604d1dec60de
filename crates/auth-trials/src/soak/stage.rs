//! One vendor's simulator, its weather, and the credentials that everybody there uses.

use std::collections::VecDeque;
use std::future::pending;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use auth_core::{ClientCredentials, CredentialSource, Error, HttpClient, TokenEndpoint};
use auth_sim::{Credentials, Fault, Simulator, Target, Vendor};
use mgplus_sts::MgPlusSts;
use mobilepay_auth::MobilePayAuth;
use partner_oauth::PartnerOAuth;
use s2s_oauth::{S2sCredentials, S2sOAuth, ServiceAccount};
use stonex_auth::StoneXAuth;

use super::book::Value;
use super::court::lock;
use super::ledger::Register;
use super::schedule::Trouble;
use crate::Kind;

/// One vendor.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) vendor: Vendor,
    pub(super) sim: Simulator,
    pub(super) lifetime: Duration,
    pub(super) weather: Weather,
    vault: Arc<Vault>,
    revoked: Mutex<VecDeque<Value>>,
}

impl Stage {
    /// A healthy vendor whose requests are written into the books of `register`.
    pub(super) async fn set(vendor: Vendor, lifetime: Duration, register: &Arc<Register>) -> std::io::Result<Self> {
        let register = Arc::clone(register);
        let watch = move |target: Option<Target>, headers: &auth_core::reqwest::header::HeaderMap| {
            let asks = matches!(target, Some(Target::Token | Target::Code));
            asks.then(|| register.arrived(vendor, headers.get(SOURCE)?.to_str().ok()?.parse().ok()?))
        };
        let sim = Simulator::builder(vendor)
            .lifetime(lifetime)
            .refresh_lifetime(REFRESH_LIFETIME)
            .on_request(watch)
            .start()
            .await?;
        let vault = Arc::new(Vault::new(sim.credentials().clone()));
        Ok(Self { vendor, sim, lifetime, weather: Weather::default(), vault, revoked: Mutex::default() })
    }

    /// The provider's endpoint for source number `source`, which says its number with each request.
    pub(super) fn endpoint(&self, source: u64) -> Result<Box<dyn TokenEndpoint>, Error> {
        let client = HttpClient::configured(move |builder| {
            let mut headers = auth_core::reqwest::header::HeaderMap::new();
            headers.insert(SOURCE, source.into());
            builder.default_headers(headers)
        });
        let (url, given) = (self.sim.url(), self.sim.credentials());
        Ok(match self.vendor {
            Vendor::MgPlus => Box::new(MgPlusSts::new(url, self.pair())?.http_client(client)?),
            Vendor::StoneX => Box::new(StoneXAuth::new(url, self.pair())?.http_client(client)?),
            Vendor::Partner => Box::new(PartnerOAuth::new(url, self.pair())?.http_client(client)?),
            // Every other one spends its refresh tokens.
            Vendor::S2s => {
                let bank = S2sOAuth::new(url, self.two_pairs(), given.scope.as_str())?;
                Box::new(bank.refreshing(source.is_multiple_of(2)).http_client(client)?)
            }
            Vendor::MobilePay => {
                let vat = given.merchant_vat.clone().unwrap_or_default();
                let endpoint = MobilePayAuth::new(url, self.pair())?.merchant_vat(vat)?;
                let version = given.client_system_version.clone();
                Box::new(endpoint.client_system_version(version)?.http_client(client)?)
            }
            other => return Err(Error::config(format!("no provider is known for {other:?}"))),
        })
    }

    fn pair(&self) -> CredentialSource<ClientCredentials> {
        self.vault.source(|given| ClientCredentials::new(&given.client_id, &given.client_secret))
    }

    fn two_pairs(&self) -> CredentialSource<S2sCredentials> {
        self.vault.source(|given| {
            let account = ServiceAccount::new(&given.service_account_id, &given.service_account_secret)?;
            S2sCredentials::new(account, ClientCredentials::new(&given.client_id, &given.client_secret)?)
        })
    }

    /// `trouble` begins; `number` makes a new secret, where that is it.
    pub(super) fn begin(&self, trouble: &Trouble, number: u64) {
        self.weather.turn_foul(trouble, Instant::now());
        match trouble {
            Trouble::Wire(fault) => self.sim.faults().lasting(Duration::MAX, fault.clone()),
            Trouble::OldSecret if self.vendor == Vendor::S2s && number.is_multiple_of(2) => {
                self.sim.rotate_service_account_secret(format!("invented-service-secret-{number}"));
            }
            Trouble::OldSecret => self.sim.rotate_secret(format!("invented-secret-{number}")),
            Trouble::SourceFails => self.vault.turn(Mood::Failing),
            Trouble::SourcePanics => self.vault.turn(Mood::Panicking),
            Trouble::SourceHangs => self.vault.turn(Mood::Hanging),
        }
    }

    /// All is well again, and the credential source has the secret of `number` if one was made.
    pub(super) fn end(&self, trouble: &Trouble, number: u64) {
        self.sim.faults().clear();
        self.vault.turn(Mood::Good);
        if *trouble == Trouble::OldSecret {
            self.vault.learn(|given| match self.vendor == Vendor::S2s && number.is_multiple_of(2) {
                true => given.service_account_secret = format!("invented-service-secret-{number}"),
                false => given.client_secret = format!("invented-secret-{number}"),
            });
        }
        self.weather.turn_fine(Instant::now());
    }

    /// The vendor takes back that token.
    pub(super) fn revoke(&self, token: &str, value: Value) {
        let mut revoked = lock(&self.revoked);
        if revoked.len() == MOST_REVOKED {
            revoked.pop_front();
        }
        revoked.push_back(value);
        self.sim.revoke(token);
    }

    pub(super) fn is_revoked(&self, value: Value) -> bool {
        lock(&self.revoked).contains(&value)
    }

    /// How many requests an attempt makes at most: s2s-oauth spends a refresh token, then asks for a code, and for another
    /// if that one is refused.
    pub(super) fn requests_per_attempt(vendor: Vendor) -> u64 {
        if vendor == Vendor::S2s { 5 } else { 1 }
    }

    /// How often a request met a fault.
    pub(super) fn faults_met(&self) -> u64 {
        self.sim.counts().faults
    }
}

/// When which errors are explained.
#[derive(Debug, Default)]
pub(super) struct Weather {
    spells: Mutex<VecDeque<Foul>>,
}

#[derive(Debug)]
struct Foul {
    trouble: Trouble,
    from: Instant,
    until: Option<Instant>,
}

impl Weather {
    pub(super) fn turn_foul(&self, trouble: &Trouble, now: Instant) {
        let mut spells = lock(&self.spells);
        if spells.len() == MOST_SPELLS {
            spells.pop_front();
        }
        spells.push_back(Foul { trouble: trouble.clone(), from: now, until: None });
    }

    pub(super) fn turn_fine(&self, now: Instant) {
        if let Some(last) = lock(&self.spells).back_mut() {
            last.until = Some(now);
        }
    }

    /// Whether a spell between the two explains an error of that kind.
    pub(super) fn explains(&self, kind: Kind, from: Instant, to: Instant) -> bool {
        self.between(from, to, |trouble| trouble.explains().contains(&kind).then_some(())).is_some()
    }

    /// Whether the vendor answered earlier tokens once more between the two: such a one ends before its time.
    pub(super) fn repeats_tokens(&self, from: Instant, to: Instant) -> bool {
        self.between(from, to, |trouble| (*trouble == Trouble::Wire(Fault::SameToken)).then_some(())).is_some()
    }

    /// The trouble there was between the two, for whoever reads about a violation.
    pub(super) fn told(&self, from: Instant, to: Instant) -> String {
        self.between(from, to, |trouble| Some(trouble.name())).unwrap_or_else(|| "no trouble".to_owned())
    }

    /// The first that `choose` finds in the spells between the two.
    fn between<T>(&self, from: Instant, to: Instant, choose: impl Fn(&Trouble) -> Option<T>) -> Option<T> {
        let overlaps = |foul: &&Foul| foul.from <= to && foul.until.is_none_or(|until| from <= until);
        lock(&self.spells).iter().filter(overlaps).find_map(|foul| choose(&foul.trouble))
    }

    /// Since when all is well, if it is.
    pub(super) fn fine_since(&self) -> Option<Instant> {
        lock(&self.spells).back()?.until
    }
}

/// Where the credentials come from.
#[derive(Debug)]
struct Vault {
    given: Mutex<(Credentials, Mood)>,
}

#[derive(Clone, Copy, Debug)]
enum Mood {
    Good,
    Failing,
    Panicking,
    Hanging,
}

impl Vault {
    fn new(given: Credentials) -> Self {
        Self { given: Mutex::new((given, Mood::Good)) }
    }

    fn turn(&self, mood: Mood) {
        lock(&self.given).1 = mood;
    }

    fn learn(&self, change: impl FnOnce(&mut Credentials)) {
        change(&mut lock(&self.given).0);
    }

    fn source<C>(self: &Arc<Self>, build: fn(&Credentials) -> Result<C, Error>) -> CredentialSource<C>
    where
        C: auth_core::CredentialSet,
    {
        let vault = Arc::clone(self);
        CredentialSource::from_fn(move || {
            let (given, mood) = lock(&vault.given).clone();
            async move {
                match mood {
                    Mood::Good => build(&given),
                    Mood::Failing => Err(Error::credentials("the vault is sealed")),
                    // Past the hook, which would print it.
                    Mood::Panicking => resume_unwind(Box::new("as planned")),
                    Mood::Hanging => pending().await,
                }
            }
        })
    }
}

/// Short, so that unspent ones are few; some have ended when they are spent.
const REFRESH_LIFETIME: Duration = Duration::from_secs(20);
/// A source's number, for the simulator's watcher.
const SOURCE: &str = "x-soak-source";
const MOST_REVOKED: usize = 256;
const MOST_SPELLS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_explains_its_errors_while_it_lasts_and_no_others() {
        let (weather, zero) = (Weather::default(), Instant::now());
        let at = |seconds| zero + Duration::from_secs(seconds);
        assert_eq!(weather.fine_since(), None, "it was never anything else");
        weather.turn_foul(&Trouble::OldSecret, at(10));
        assert_eq!(weather.fine_since(), None);
        weather.turn_fine(at(20));
        assert_eq!(weather.fine_since(), Some(at(20)));
        assert!(weather.explains(Kind::Rejected, at(15), at(16)));
        assert!(weather.explains(Kind::Rejected, at(5), at(10)) && weather.explains(Kind::Rejected, at(20), at(30)));
        assert!(!weather.explains(Kind::Rejected, at(5), at(9)) && !weather.explains(Kind::Rejected, at(21), at(30)));
        assert!(!weather.explains(Kind::Unreachable, at(15), at(16)));
        assert_eq!(
            (weather.told(at(15), at(16)), weather.told(at(1), at(2))),
            ("old-secret".into(), "no trouble".into())
        );
    }
}
