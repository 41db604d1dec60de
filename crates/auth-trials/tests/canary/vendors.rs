//! The five endpoints, given markers for credentials.

use std::fmt::Debug;
use std::panic::resume_unwind;
use std::time::Duration;

use auth_core::{
    ClientCredentials, CredentialSet, CredentialSource, Error, HttpClient, KeepWarm, RefreshPolicy, Secret,
    TokenEndpoint, TokenSource,
};
use auth_sim::Vendor;
use mgplus_sts::MgPlusSts;
use mobilepay_auth::{IbmClientId, MobilePayAuth};
use partner_oauth::PartnerOAuth;
use s2s_oauth::{S2sCredentials, S2sOAuth, ServiceAccount};
use stonex_auth::StoneXAuth;

use crate::marker::Kind;
use crate::watcher::show;

/// What the credential source does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Vault {
    Good,
    /// It fails with an error that has no credential in it, as its documentation asks.
    Failing,
    /// It has a secret that no credential can be.
    Unfit,
    Panicking,
}

impl Vault {
    fn source<C: CredentialSet>(self, build: fn(&str) -> Result<C, Error>) -> CredentialSource<C> {
        let source = match self {
            Self::Good => build(Kind::ClientSecret.value()).expect("credentials").into(),
            Self::Failing => CredentialSource::from_fn(|| async { Err(Error::credentials("the vault is sealed")) }),
            Self::Unfit => {
                CredentialSource::from_fn(move || async move { build(&format!("{}\u{7}", Kind::ClientSecret.value())) })
            }
            // Not through the hook: what a user's own panic says is the user's.
            Self::Panicking => CredentialSource::from_fn(|| async {
                resume_unwind(Box::new(format!("{} is wrong", Kind::ClientSecret.value())))
            }),
        };
        show(&source);
        source
    }
}

pub(crate) fn pair(secret: &str) -> Result<ClientCredentials, Error> {
    ClientCredentials::new(Kind::ClientId.value(), secret)
}

pub(crate) fn two_pairs(secret: &str) -> Result<S2sCredentials, Error> {
    let account = ServiceAccount::new(Kind::AccountId.value(), Kind::AccountSecret.value())?;
    S2sCredentials::new(account, pair(secret)?)
}

/// A source of `vendor` at `url`.
pub(crate) fn source(
    vendor: Vendor,
    url: &str,
    client: &HttpClient,
    vault: Vault,
    policy: RefreshPolicy,
) -> TokenSource {
    let client = client.clone();
    let made = match vendor {
        Vendor::MgPlus => {
            MgPlusSts::new(url, vault.source(pair)).and_then(|e| e.http_client(client)).map(|e| shown(e, policy))
        }
        Vendor::StoneX => {
            StoneXAuth::new(url, vault.source(pair)).and_then(|e| e.http_client(client)).map(|e| shown(e, policy))
        }
        Vendor::Partner => {
            PartnerOAuth::new(url, vault.source(pair)).and_then(|e| e.http_client(client)).map(|e| shown(e, policy))
        }
        Vendor::S2s => S2sOAuth::new(url, vault.source(two_pairs), "read:invented")
            .and_then(|e| e.refreshing(true).http_client(client))
            .map(|e| shown(e, policy)),
        Vendor::MobilePay => mobile_pay(url, vault).and_then(|e| e.http_client(client)).map(|e| shown(e, policy)),
        other => panic!("no provider is known for {other:?}"),
    };
    made.expect("an endpoint")
}

fn mobile_pay(url: &str, vault: Vault) -> Result<MobilePayAuth, Error> {
    let id = IbmClientId::Other(Secret::new(Kind::IbmClientId.value())?);
    show(&id);
    MobilePayAuth::new(url, vault.source(pair))?.ibm_client_id(id)?.client_system_version("1.2.3")
}

fn shown(endpoint: impl TokenEndpoint + Debug, policy: RefreshPolicy) -> TokenSource {
    show(&endpoint);
    show(&policy);
    let builder = TokenSource::builder(endpoint).policy(policy);
    show(&builder);
    builder.build()
}

/// One attempt at a time, which waits so long for an answer.
pub(crate) fn policy(patience: Duration) -> RefreshPolicy {
    let mut policy = RefreshPolicy::default();
    (policy.max_attempts, policy.keep_warm) = (1, KeepWarm::OnDemand);
    (policy.attempt_timeout, policy.min_interval) = (patience, Duration::from_millis(100));
    policy
}

/// What the endpoint of `vendor` knows of secrets, and so must cut out of what the vendor says.
pub(crate) fn known_to(vendor: Vendor) -> Vec<Kind> {
    let own: &[Kind] = match vendor {
        Vendor::S2s => &[Kind::AccountId, Kind::AccountSecret, Kind::Code],
        Vendor::MobilePay => &[Kind::IbmClientId],
        _ => &[],
    };
    [Kind::ClientId, Kind::ClientSecret].iter().chain(own).copied().collect()
}

/// The provider's own constructors, given what they must refuse.
pub(crate) fn refused_by(vendor: Vendor) -> Vec<Error> {
    let secret = Kind::ClientSecret.value();
    let lookup = |_: &str| Some(format!("{secret}\u{0}").into());
    let credentials = || pair(secret).expect("credentials");
    let urls = [
        format!("https://{}:{}@sts.example", Kind::ClientId.value(), Kind::Token.value()),
        format!("http://{}.example", Kind::Token.value()),
        format!("https://sts.example?token={}", Kind::Token.value()),
        Kind::Token.value().to_owned(),
    ];
    let new = |url: &String| match vendor {
        Vendor::MgPlus => MgPlusSts::new(url, credentials()).err(),
        Vendor::StoneX => StoneXAuth::new(url, credentials()).err(),
        Vendor::Partner => PartnerOAuth::new(url, credentials()).err(),
        Vendor::S2s => S2sOAuth::new(url, two_pairs(secret).expect("credentials"), "read:invented").err(),
        Vendor::MobilePay => MobilePayAuth::new(url, credentials()).err(),
        other => panic!("no provider is known for {other:?}"),
    };
    let vars = match vendor {
        Vendor::MgPlus => MgPlusSts::from_vars(lookup).err(),
        Vendor::StoneX => StoneXAuth::from_vars(lookup).err(),
        Vendor::Partner => PartnerOAuth::from_vars(lookup).err(),
        Vendor::S2s => S2sOAuth::from_vars(lookup).err(),
        Vendor::MobilePay => MobilePayAuth::from_vars(lookup).err(),
        other => panic!("no provider is known for {other:?}"),
    };
    urls.iter().map(new).chain([vars]).map(|error| error.expect("refused")).collect()
}
