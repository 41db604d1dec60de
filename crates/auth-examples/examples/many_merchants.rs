//! Many merchants: a source for each, made when it is first needed, no more of them than there is room for, and one whose
//! merchant is refused does not disturb the others.
//!
//! ```sh
//! cargo run -p auth-examples --example many_merchants
//! ```

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};

use auth_sim::{Fault, MobilePayError, Simulator, Vendor};
use mobilepay_auth::{Error, HttpClient, MerchantVat, MobilePayAuth, TokenSource};
use reqwest::{Client, StatusCode};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result {
    run(&Simulator::start(Vendor::MobilePay).await?).await
}

async fn run(sim: &Simulator) -> Result {
    // One for all: it is built once, and a proxy, roots or the address that requests come from are set in one place.
    let http = HttpClient::configured(|builder| builder.local_address(IpAddr::from(Ipv4Addr::LOCALHOST)));
    // With the real vendor: MobilePayAuth::from_env()?, and the URL of its API in place of the ping.
    let mobilepay = MobilePayAuth::from_vars(|name| sim.var(name))?.http_client(http)?;
    let merchants = Merchants::new(mobilepay, 1000);
    let (client, api) = (Client::builder().no_proxy().build()?, sim.ping_url());
    let [bakery, florist, grocer] = ["DK00000001", "DK00000002", "FI00000003"].map(MerchantVat::try_from);
    let (bakery, florist, grocer) = (bakery?, florist?, grocer?);

    eprintln!("the bakery: {}", call(&merchants, &bakery, &client, &api).await?);

    // The vendor refuses to let us act for the florist. That is held, and asked no more for a while.
    sim.faults().next(1, Fault::MobilePay(MobilePayError::InvalidRequest));
    for _ in 0..3 {
        match call(&merchants, &florist, &client, &api).await {
            Ok(status) => eprintln!("the florist: {status}"),
            Err(error) => eprintln!("the florist: {error}"),
        }
    }

    for merchant in [&grocer, &bakery] {
        eprintln!("{merchant}: {}", call(&merchants, merchant, &client, &api).await?);
    }
    Ok(())
}

async fn call(merchants: &Merchants, merchant: &MerchantVat, client: &Client, api: &str) -> Result<StatusCode> {
    let tokens = merchants.tokens(merchant)?;
    Ok(tokens.authorize(client.get(api)).await?.send().await?.status())
}

/// A source for each merchant that was served lately.
struct Merchants {
    /// Bound to nobody, and cloned for each merchant: credentials and HTTP client are the same.
    mobilepay: MobilePayAuth,
    room: usize,
    served: Mutex<Served>,
}

#[derive(Default)]
struct Served {
    /// With the number of the call that each was last wanted for.
    sources: HashMap<MerchantVat, (u64, TokenSource)>,
    calls: u64,
}

impl Merchants {
    fn new(mobilepay: MobilePayAuth, room: usize) -> Self {
        Self { mobilepay, room, served: Mutex::default() }
    }

    /// The source of that merchant. Making one sends nothing, so the lock is held for a moment only.
    fn tokens(&self, merchant: &MerchantVat) -> std::result::Result<TokenSource, Error> {
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        served.calls += 1;
        let call = served.calls;
        if let Some((last, tokens)) = served.sources.get_mut(merchant) {
            *last = call;
            return Ok(tokens.clone());
        }
        let tokens = TokenSource::new(self.mobilepay.clone().merchant_vat(merchant.clone())?);
        served.make_room_in(self.room);
        served.sources.insert(merchant.clone(), (call, tokens.clone()));
        Ok(tokens)
    }
}

impl Served {
    /// Drops whoever was not served for longest. Whoever holds a clone goes on with it; with the last one, renewal ends.
    fn make_room_in(&mut self, room: usize) {
        while self.sources.len() >= room.max(1) {
            let oldest = self.sources.iter().min_by_key(|(_, (last, _))| *last).map(|(merchant, _)| merchant.clone());
            oldest.map(|merchant| self.sources.remove(&merchant));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn merchant_who_is_refused_is_asked_for_once_and_disturbs_no_other() {
        let sim = Simulator::start(Vendor::MobilePay).await.unwrap();
        run(&sim).await.unwrap();
        let counts = sim.counts();
        // The bakery, the florist who is refused, the grocer.
        assert_eq!((counts.token_requests, counts.faults, counts.minted), (3, 1, 2));
        assert_eq!((counts.pings, counts.pings_refused), (3, 0));
    }

    #[tokio::test]
    async fn refusal_is_that_merchants_alone() {
        let sim = Simulator::start(Vendor::MobilePay).await.unwrap();
        let merchants = merchants(&sim, 10);
        sim.faults().next(1, Fault::MobilePay(MobilePayError::InvalidRequest));
        let refused = merchants.tokens(&vat(1)).unwrap().token().await.unwrap_err();
        let held = merchants.tokens(&vat(1)).unwrap().token().await.unwrap_err();
        assert!(held.is_same_failure(&refused) && matches!(held, Error::Rejected(_)), "{held}");
        assert!(merchants.tokens(&vat(2)).unwrap().token().await.is_ok());
        assert_eq!(sim.counts().token_requests, 2);
    }

    #[tokio::test]
    async fn where_there_is_no_room_the_one_not_served_for_longest_goes() {
        let sim = Simulator::start(Vendor::MobilePay).await.unwrap();
        let merchants = merchants(&sim, 2);
        for (nth, requests) in [(1, 1), (2, 2), (1, 2), (3, 3), (1, 3), (2, 4)] {
            merchants.tokens(&vat(nth)).unwrap().token().await.unwrap();
            assert_eq!(sim.counts().token_requests, requests, "merchant {nth}");
        }
        assert_eq!(merchants.served.lock().unwrap().sources.len(), 2);
    }

    fn merchants(sim: &Simulator, room: usize) -> Merchants {
        Merchants::new(MobilePayAuth::from_vars(|name| sim.var(name)).unwrap(), room)
    }

    fn vat(nth: u32) -> MerchantVat {
        format!("DK{nth:08}").parse().unwrap()
    }
}
