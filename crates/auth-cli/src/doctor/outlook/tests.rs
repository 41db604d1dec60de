//! What is predicted, beside what the token source does.

use std::ops::Range;

use auth_core::{
    Error, Failure, Fingerprint, PausedClock, Renew, RequestContext, TokenEndpoint, TokenResponse, TokenSource,
    async_trait,
};
use auth_sim::Simulator;
use tokio::time::{Instant, interval};

use super::*;
use crate::doctor::finding::Outcome;
use crate::provider::Provider;
use crate::setting;

fn policy(renew: Renew) -> RefreshPolicy {
    let mut policy = RefreshPolicy::default();
    policy.renew = renew;
    policy
}

#[test]
fn hour_is_renewed_after_39_to_45_minutes_and_rides_out_all_but_15() {
    let renewal = Renewal::of(&RefreshPolicy::default(), HOUR);
    let seconds = |renewal: &Renewal| [renewal.earliest, renewal.latest, renewal.served_until].map(|at| at.as_secs());
    assert_eq!(seconds(&renewal), [2340, 2700, 3590]);
    assert_eq!(renewal.invisible().as_secs(), 890);
    let advised = Renewal::of(&policy(Renew::ahead_by(Duration::from_secs(900))), HOUR);
    assert_eq!(seconds(&advised), [2520, 2700, 3590]);
    let (finding, _) = renewal.outlook(1);
    assert!(finding.found.starts_with("1.3 to 1.5 requests an hour"), "{finding:?}");
    assert!(finding.found.contains("outage of up to about 14 min 50 s,"), "{finding:?}");
    let daily = Renewal::of(&RefreshPolicy::default(), 24 * HOUR).outlook(1).0;
    assert!(daily.found.starts_with("less than 0.1 requests an hour"), "{daily:?}");
    assert!(renewal.outlook(2).0.found.starts_with("2.7 to 3.1 requests"), "two requests for a token");
}

#[test]
fn renewal_that_leaves_less_than_a_minute_is_a_warning() {
    let judged = |seconds| Renewal::of(&RefreshPolicy::default(), Duration::from_secs(seconds)).window().0.outcome;
    assert_eq!(
        [judged(1095), judged(280), judged(279), judged(60)],
        [Outcome::Ok, Outcome::Ok, Outcome::Warning, Outcome::Warning]
    );
}
#[tokio::test]
async fn what_is_predicted_of_each_vendor_is_what_a_source_says_and_what_a_token_costs() {
    for provider in Provider::ALL {
        let (sim, mut policy) = (Simulator::start(provider.vendor()).await.unwrap(), RefreshPolicy::default());
        let latest = |own: &mut RefreshPolicy| {
            if let Renew::At { jitter, .. } | Renew::Lead { jitter, .. } = &mut own.renew {
                *jitter = 0.0;
            }
            policy = own.clone();
        };
        let tokens = provider.source(setting::of_sim(&sim), latest).unwrap();
        let renewal = Renewal::of(&policy, tokens.token().await.unwrap().lifetime());
        let survivable = tokens.status().outage_survivable.unwrap();
        assert!(survivable.abs_diff(renewal.invisible()) < Duration::from_millis(1), "{provider:?}: {survivable:?}");
        let counts = sim.counts();
        assert_eq!(counts.code_requests + counts.token_requests, u64::from(provider.requests_per_token()));
    }
}

/// A vendor whose tokens live an hour, and that is down for a while.
struct Vendor {
    began: Instant,
    down: Range<Duration>,
}

#[async_trait]
impl TokenEndpoint for Vendor {
    fn vendor(&self) -> &'static str {
        "acme"
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, _: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        if self.down.contains(&self.began.elapsed()) {
            return Err(Error::Unavailable(Failure::of("acme").status(503)));
        }
        TokenResponse::new("invented-token", HOUR)
    }
}

/// How many of the callers, one each five seconds for three hours, see an outage that begins after `begin` and takes `length`.
async fn callers_who_notice(policy: &RefreshPolicy, begin: Duration, length: Duration) -> usize {
    let vendor = Vendor { began: Instant::now(), down: begin..begin + length };
    let tokens = TokenSource::builder(vendor).policy(policy.clone()).clock(PausedClock::new()).build();
    let (mut beat, mut noticed) = (interval(Duration::from_secs(5)), 0);
    for _ in 0..3 * HOUR.as_secs() / 5 {
        beat.tick().await;
        noticed += usize::from(tokens.token().await.is_err());
    }
    noticed
}

#[tokio::test(start_paused = true)]
async fn outage_as_long_as_predicted_is_noticed_by_nobody_whenever_it_begins_and_a_longer_one_is() {
    let policy = policy(Renew::At { fraction: 0.75, jitter: 0.0 });
    let renewal = Renewal::of(&policy, HOUR);
    let (longest, some_seconds) = (renewal.invisible(), Duration::from_secs(10));
    let worst = renewal.latest - Duration::from_millis(500);
    for begin in (1..24).map(|nth| Duration::from_secs(300 * nth)).chain([worst]) {
        assert_eq!(callers_who_notice(&policy, begin, longest - some_seconds).await, 0, "{begin:?}");
    }
    assert!(callers_who_notice(&policy, worst, longest + some_seconds).await > 0);
}
