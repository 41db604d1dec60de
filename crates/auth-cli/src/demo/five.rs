//! A token of each vendor, and a call with it.

use auth_sim::{Builder, Counts, Simulator, Vendor};

use super::show::Show;
use super::{call, start};
use crate::provider::Provider;
use crate::setting;
use crate::trouble::Trouble;

pub(crate) async fn run(show: &Show) -> Result<Vec<(Vendor, Counts)>, Trouble> {
    let mut all = Vec::new();
    for provider in Provider::ALL {
        let sim = start(strict(provider.vendor())).await?;
        let tokens = provider.source(setting::of_sim(&sim), |_| ())?;
        let token = tokens.token().await?;
        let headers = token.headers()?;
        let status = call(&sim, headers).await?;
        show.line(&format!(
            "  {:15} a token for {:4} s; GET /api/ping with {} header{} answers {status}",
            provider.name(),
            token.lifetime().as_secs(),
            headers.iter().count(),
            if headers.iter().count() == 1 { "" } else { "s" },
        ));
        all.push((provider.vendor(), sim.counts()));
    }
    Ok(all)
}

/// A vendor whose API looks at every header that its crate sends: only MobilePay leaves some of them to be demanded.
fn strict(vendor: Vendor) -> Builder {
    Simulator::builder(vendor).demand_ibm_client_id(true).demand_client_system_version(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn call_of_mobilepay_without_one_of_its_headers_is_turned_away() {
        let sim = start(strict(Vendor::MobilePay)).await.unwrap();
        let tokens = Provider::MobilePay.source(setting::of_sim(&sim), |_| ()).unwrap();
        let headers = tokens.headers().await.unwrap();
        assert_eq!(call(&sim, &headers).await.unwrap(), 200);
        for (name, _) in headers.iter() {
            let others = headers.iter().filter(|(other, _)| *other != name);
            assert_ne!(sim.ping(others).await.unwrap(), 200, "{name}");
        }
    }
}
