//! Gets a token for the variables `PARTNER_BASE_URL`, `PARTNER_CLIENT_ID` and `PARTNER_CLIENT_SECRET`, and tells its life.

use partner_oauth::{Claims, Error, PartnerOAuth, TokenSource};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let tokens = TokenSource::new(PartnerOAuth::from_env()?);
    let token = tokens.token().await?;
    eprintln!("token {} lives {:?}", token.id(), token.lifetime());
    if let Ok(Claims { scopes, is_test, .. }) = token.claims() {
        eprintln!("it is good for {}; a test token: {is_test:?}", scopes.join(", "));
    }
    for event in tokens.recent_events() {
        eprintln!("{event}");
    }
    Ok(())
}
