//! Gets a token for the variables `S2S_BASE_URL`, `S2S_SERVICE_ACCOUNT_ID`, `S2S_SERVICE_ACCOUNT_SECRET`, `S2S_CLIENT_ID`,
//! `S2S_CLIENT_SECRET` and `S2S_SCOPE`, and tells its life.

use s2s_oauth::{Error, S2sOAuth, TokenSource};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let tokens = TokenSource::new(S2sOAuth::from_env()?);
    let token = tokens.token().await?;
    eprintln!("token {} lives {:?}", token.id(), token.lifetime());
    if let Some(scope) = token.scope() {
        eprintln!("granted: {scope}");
    }
    for (name, _) in token.headers()?.iter() {
        eprintln!("a call carries {name}");
    }
    for event in tokens.recent_events() {
        eprintln!("{event}");
    }
    Ok(())
}
