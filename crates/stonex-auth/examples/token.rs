//! Gets a token for the variables `STONEX_ENVIRONMENT` or `STONEX_BASE_URL`, `STONEX_CLIENT_ID` and
//! `STONEX_CLIENT_SECRET`, and tells its life.

use stonex_auth::{Claims, Error, StoneXAuth, TokenSource};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let tokens = TokenSource::new(StoneXAuth::from_env()?);
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
