//! hyper's client under tower: a layer adds everything that the vendor wants on a call, heals a 401, and shows nothing of it
//! to other hosts.
//!
//! ```sh
//! cargo run -p auth-examples --example with_hyper
//! ```

use auth_core::Hosts;
use auth_core::tower::{Authorization, AuthorizationLayer};
use auth_sim::{Simulator, Vendor};
use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use s2s_oauth::{S2sOAuth, TokenSource};
use tower::{ServiceBuilder, ServiceExt};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result {
    run(&Simulator::start(Vendor::S2s).await?, &Simulator::start(Vendor::S2s).await?).await
}

async fn run(bank: &Simulator, elsewhere: &Simulator) -> Result {
    // With the real vendor: S2sOAuth::from_env()?, the host of its API, and its URL in place of the ping.
    let tokens = TokenSource::new(S2sOAuth::from_vars(|name| bank.var(name))?);
    let url: Uri = bank.ping_url().parse()?;
    let client = client(tokens, Hosts::only(url.authority().ok_or("a URL without a host")?.as_str())?);

    eprintln!("a call: {}", get(&client, &url).await?);

    bank.revoke_all();
    eprintln!("after the token was revoked: {}", get(&client, &url).await?);

    // Any other host, or another port of this one: the request goes there as it is.
    let other = elsewhere.ping_url().parse()?;
    eprintln!("somebody else, who was shown no token: {}", get(&client, &other).await?);
    Ok(())
}

type Tokened = Authorization<Client<HttpConnector, Full<Bytes>>>;

/// For https `build` takes the connector of hyper-rustls or hyper-tls. Bodies that are `Clone`, as `Full` is, are sent again
/// after a 401; for others there are `repeating` and `without_repeat`.
fn client(tokens: TokenSource, hosts: Hosts) -> Tokened {
    let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    ServiceBuilder::new().layer(AuthorizationLayer::new(tokens, hosts)).service(client)
}

async fn get(client: &Tokened, url: &Uri) -> Result<StatusCode> {
    let request = Request::get(url).body(Full::default())?;
    Ok(client.clone().oneshot(request).await?.status())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[tokio::test]
    async fn revoked_token_is_healed_by_one_repetition() {
        let (bank, elsewhere) = (start().await, start().await);
        run(&bank, &elsewhere).await.unwrap();
        let counts = bank.counts();
        assert_eq!((counts.code_requests, counts.token_requests, counts.minted), (2, 2, 2));
        assert_eq!((counts.pings, counts.pings_refused), (3, 1));
    }

    #[tokio::test]
    async fn host_that_was_not_named_sees_neither_token_nor_client_secret() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let names = Arc::clone(&seen);
        let elsewhere = Simulator::builder(Vendor::S2s).on_request(move |_, headers| {
            names.lock().unwrap().extend(headers.keys().map(ToString::to_string));
        });
        let elsewhere = elsewhere.start().await.unwrap();
        run(&start().await, &elsewhere).await.unwrap();
        assert_eq!((elsewhere.counts().pings, elsewhere.counts().pings_refused), (1, 1));
        assert_eq!(*seen.lock().unwrap(), ["host"]);
    }

    async fn start() -> Simulator {
        Simulator::start(Vendor::S2s).await.unwrap()
    }
}
