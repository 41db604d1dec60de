//! A client made of reqwest, tested as its author would: against a simulator that takes every token back once.

use auth_core::{ClientCredentials, Hosts, TokenSource};
use auth_sim::{Simulator, Vendor};
use mgplus_sts::MgPlusSts;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Simulator::start(Vendor::MgPlus).await?;
    let good = sim.credentials();
    let agent = ClientCredentials::new(&good.client_id, &good.client_secret)?;
    let tokens = TokenSource::new(MgPlusSts::new(sim.url(), agent)?);
    let hosts = Hosts::only(sim.url().trim_start_matches("http://"))?;
    let client = auth_reqwest::client(reqwest::Client::builder().no_proxy(), tokens, hosts)?;

    assert_eq!(client.get(sim.ping_url()).send().await?.status(), 200);
    sim.revoke_all();
    assert_eq!(client.get(sim.ping_url()).send().await?.status(), 200);

    let counts = sim.counts();
    assert_eq!((counts.minted, counts.pings), (2, 3));
    println!("token of each request: good");
    Ok(())
}
