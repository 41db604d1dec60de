//! A token of each vendor, and a call with it.

use auth_sim::{Counts, Simulator, Vendor};

use super::show::Show;
use super::{ping, start};
use crate::provider::Provider;
use crate::setting;
use crate::trouble::Trouble;

pub(crate) async fn run(show: &Show) -> Result<Vec<(Vendor, Counts)>, Trouble> {
    let mut all = Vec::new();
    for provider in Provider::ALL {
        let sim = start(Simulator::builder(provider.vendor())).await?;
        let tokens = provider.source(setting::of_sim(&sim), |_| ())?;
        let token = tokens.token().await?;
        let headers = token.headers()?;
        let status = ping::get(&sim.ping_url(), headers).await?;
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
