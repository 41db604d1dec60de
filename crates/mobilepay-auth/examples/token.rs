//! Gets a token for the variables `MOBILEPAY_…` that `MobilePayAuth::from_env` names, and tells its life and its merchant.

use mobilepay_auth::{Claims, Error, MobilePayAuth, TokenSource};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let tokens = TokenSource::new(MobilePayAuth::from_env()?);
    let token = tokens.token().await?;
    eprintln!("token {} lives {:?}", token.id(), token.lifetime());
    match token.claims() {
        Ok(Claims { merchant_vat: Some(vat), .. }) => eprintln!("it works for the merchant {vat} alone"),
        _ => eprintln!("it works for every merchant; each call names its own"),
    }
    for event in tokens.recent_events() {
        eprintln!("{event}");
    }
    Ok(())
}
