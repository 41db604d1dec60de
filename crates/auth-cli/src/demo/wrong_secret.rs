//! A secret that the vendor refuses is sent once.

use std::time::Duration;

use auth_sim::{Simulator, Vendor};

use super::callers::Callers;
use super::judge::Part;
use super::show::Bar;
use super::start;
use crate::provider::Provider;
use crate::setting;
use crate::trouble::Trouble;

pub(crate) async fn run(bar: Bar) -> Result<Part, Trouble> {
    let sim = start(Simulator::builder(Vendor::MobilePay)).await?;
    let vars = setting::of_sim(&sim);
    let lookup = |name: &str| match name {
        "MOBILEPAY_CLIENT_SECRET" => Some("invented-secret-of-yesterday".into()),
        other => vars(other),
    };
    let tokens = Provider::MobilePay.source(lookup, |_| ())?;
    bar.say("the vendor is asked with a secret that is wrong");
    let mut callers = Callers::default();
    for _ in 0..CALLS {
        match tokens.token().await {
            Ok(_) => callers.served += 1,
            Err(error) => {
                callers.failed += 1;
                let hold = error.retry_after().unwrap_or_default();
                bar.tick(&format!("refused; not asked again for {:.1} s", hold.as_secs_f64()));
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    let counts = sim.counts();
    bar.done(&format!("{} callers told, {} request sent", callers.failed, counts.token_requests));
    Ok(Part { counts, callers })
}

pub(crate) const CALLS: u64 = 25;
/// Slow enough to be watched; all of them are within the first hold.
const PAUSE: Duration = Duration::from_millis(50);
