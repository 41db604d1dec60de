//! Gets a token for the variables `MGPLUS_STS_URL`, `MGPLUS_CLIENT_ID` and `MGPLUS_CLIENT_SECRET`, and tells its life.

use mgplus_sts::{Claims, Error, MgPlusSts, TokenSource};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let tokens = TokenSource::new(MgPlusSts::from_env()?);
    let token = tokens.token().await?;
    eprintln!("token {} lives {:?}", token.id(), token.lifetime());
    if let Ok(Claims { exp: Some(exp), .. }) = token.claims() {
        eprintln!("by its own claim it expires {} s after 1970", exp.as_secs_f64());
    }
    for event in tokens.recent_events() {
        eprintln!("{event}");
    }
    Ok(())
}
