//! A secret that changes while the program runs, in a file or in a secret store. No restart: where the token outlives the
//! change no call fails, and where there is none the refusal ends as soon as the new secret is there.
//!
//! ```sh
//! cargo run -p auth-examples --example rotating_a_secret
//! ```

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth_sim::{Simulator, Vendor};
use mgplus_sts::{ClientCredentials, CredentialSource, Error, MgPlusSts, TokenSource};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result {
    from_a_file(&Simulator::start(Vendor::MgPlus).await?).await?;
    from_a_store(&Simulator::start(Vendor::MgPlus).await?).await
}

/// The vendor and the file change while a token lives.
async fn from_a_file(sim: &Simulator) -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("client-secret");
    replace(&path, &sim.credentials().client_secret)?;

    // With the real vendor: its URL, your client id, and the path where the orchestrator mounts the secret.
    let credentials = CredentialSource::secret_file(&sim.credentials().client_id, &path);
    let tokens = TokenSource::new(MgPlusSts::new(sim.url(), credentials)?);
    eprintln!("from a file: {}", call(&tokens, sim).await?);

    sim.rotate_secret(NEW);
    eprintln!("the vendor takes the new secret alone, the file has the old one: {}", call(&tokens, sim).await?);
    replace(&path, NEW)?;
    // What happens by itself in the renewal window, ahead of the token's end.
    let renewed = tokens.refresh().await?;
    eprintln!("renewed with the new secret, token {}: {}", renewed.id(), call(&tokens, sim).await?);
    Ok(())
}

/// The vendor has changed, the store has not, and there is no token to live on.
async fn from_a_store(sim: &Simulator) -> Result {
    let store = Store::holding(&sim.credentials().client_secret);
    let (client_id, reader) = (sim.credentials().client_id.clone(), store.clone());
    // Asked before each request, and while a refusal is held.
    let credentials = CredentialSource::from_fn(move || {
        let (client_id, store) = (client_id.clone(), reader.clone());
        async move { ClientCredentials::new(client_id, store.secret().await?) }
    });
    let tokens = TokenSource::new(MgPlusSts::new(sim.url(), credentials)?);

    sim.rotate_secret(NEW);
    if let Err(error) = tokens.token().await {
        eprintln!("from a store that is behind: {error}");
    }
    store.put(NEW);
    // The refusal would be held for 10 s. Whoever waits sees the new secret taken up a second after it is there.
    tokens.ready(Duration::from_secs(30)).await?;
    eprintln!("the store has the new secret: {}", call(&tokens, sim).await?);
    for event in tokens.recent_events() {
        eprintln!("  {event}");
    }
    Ok(())
}

/// The vendor's API.
async fn call(tokens: &TokenSource, sim: &Simulator) -> Result<u16> {
    let headers = tokens.headers().await?;
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    Ok(sim.ping(headers.collect::<Vec<_>>()).await?)
}

/// As whole as orchestrators replace what they mount: nobody reads half a secret.
fn replace(path: &Path, secret: &str) -> Result {
    let fresh = path.with_extension("new");
    fs::write(&fresh, secret)?;
    Ok(fs::rename(fresh, path)?)
}

/// A vault, or a configuration that somebody else keeps up to date.
#[derive(Clone)]
struct Store(Arc<Mutex<String>>);

impl Store {
    fn holding(secret: &str) -> Self {
        Self(Arc::new(Mutex::new(secret.to_owned())))
    }

    /// What fails here is best made with [`Error::credentials`]: it is asked again.
    async fn secret(&self) -> std::result::Result<String, Error> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn put(&self, secret: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = secret.to_owned();
    }
}

const NEW: &str = "invented-secret-after-rotation";

#[cfg(test)]
mod tests {
    use super::*;
    use auth_core::EventKind;

    #[tokio::test]
    async fn no_request_and_no_call_fails_where_the_token_outlives_the_change() {
        let sim = Simulator::start(Vendor::MgPlus).await.unwrap();
        from_a_file(&sim).await.unwrap();
        let counts = sim.counts();
        assert_eq!((counts.token_requests, counts.minted, counts.refused), (2, 2, 0));
        assert_eq!((counts.pings, counts.pings_refused), (3, 0));
    }

    #[tokio::test]
    async fn one_request_fails_where_there_is_no_token_and_the_next_has_the_new_secret() {
        let sim = Simulator::start(Vendor::MgPlus).await.unwrap();
        from_a_store(&sim).await.unwrap();
        let counts = sim.counts();
        assert_eq!((counts.token_requests, counts.refused, counts.minted), (2, 1, 1));
        assert_eq!((counts.pings, counts.pings_refused), (1, 0));
    }

    #[tokio::test]
    async fn new_secret_ends_the_hold_before_its_time() {
        let sim = Simulator::start(Vendor::MgPlus).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client-secret");
        replace(&path, "invented-wrong-secret").unwrap();
        let credentials = CredentialSource::secret_file(&sim.credentials().client_id, &path);
        let tokens = TokenSource::new(MgPlusSts::new(sim.url(), credentials).unwrap());
        assert!(matches!(tokens.token().await, Err(Error::Rejected(_))));
        replace(&path, &sim.credentials().client_secret).unwrap();
        tokens.ready(Duration::from_secs(30)).await.unwrap();
        let events = tokens.recent_events();
        assert!(events.iter().any(|event| matches!(event.kind, EventKind::HoldLifted { .. })), "{events:?}");
    }
}
