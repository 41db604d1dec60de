//! gRPC with tonic: the token is added below a generated client, and a call that meets UNAUTHENTICATED is made again.
//!
//! ```sh
//! cargo run -p auth-examples --example with_tonic
//! ```

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use auth_core::Hosts;
use auth_core::tower::{Authorization, AuthorizationLayer, Never};
use auth_sim::{Simulator, Vendor};
use http::Uri;
use partner_oauth::{PartnerOAuth, TokenSource};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::codegen::{BoxStream, tokio_stream};
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Server, server::TcpIncoming};
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tower::ServiceBuilder;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result {
    run(Arc::new(Simulator::start(Vendor::Partner).await?)).await
}

async fn run(sim: Arc<Simulator>) -> Result {
    // With the real vendor: PartnerOAuth::from_env()?, and the URL of its API in place of this one.
    let tokens = TokenSource::new(PartnerOAuth::from_vars(|name| sim.var(name))?);
    let mut servers = JoinSet::new();
    let url = vendors_api(Arc::clone(&sim), &mut servers).await?;
    let mut client = client(tokens.clone(), url).await?;

    eprintln!("a call: {:?}", check(&mut client).await?);

    sim.revoke_all();
    eprintln!("after the token was revoked: {:?}", check(&mut client).await?);

    eprintln!("messages of a stream in which the token ended: {}", watch(&tokens, &mut client).await?);

    // Revoked once more, and the vendor lets another secret in for now: there is no token to make the call again with.
    sim.revoke_all();
    sim.rotate_secret("invented-other-secret");
    if let Err(status) = check(&mut client).await {
        let is_transient = token_error(&status).is_some_and(auth_core::Error::is_transient);
        eprintln!("with a wrong secret: {}; does waiting help? {is_transient}", status.message());
    }
    Ok(())
}

type Tokened = HealthClient<Authorization<Channel, Never>>;

/// tonic's bodies cannot be cloned, so the layer repeats nothing. And it must know where a request goes, which a generated
/// client says only if it is made by `with_origin`.
async fn client(tokens: TokenSource, url: Uri) -> Result<Tokened> {
    let hosts = Hosts::only(url.host().ok_or("a URL without a host")?)?;
    let channel = Channel::builder(url.clone()).connect().await?;
    let layer = AuthorizationLayer::new(tokens, hosts).without_repeat();
    Ok(HealthClient::with_origin(ServiceBuilder::new().layer(layer).service(channel), url))
}

/// A call, and once more if its token was not accepted. The source knows by then: the layer reads the status of an answer that
/// has nothing else in it, and tells.
async fn check(client: &mut Tokened) -> std::result::Result<ServingStatus, Status> {
    let answer = match client.check(HealthCheckRequest::default()).await {
        Err(status) if status.code() == Code::Unauthenticated => client.check(HealthCheckRequest::default()).await,
        answer => answer,
    };
    Ok(answer?.into_inner().status())
}

/// Reads a stream to its end, and once more from its beginning if the token does not last. The status of one that breaks off
/// stands in trailers, which no layer reads: so the token is put on by hand, and told to be rejected by hand.
async fn watch(tokens: &TokenSource, client: &mut Tokened) -> Result<usize> {
    let mut may_repeat = true;
    loop {
        let token = tokens.token().await?;
        let mut request = Request::new(HealthCheckRequest::default());
        *request.metadata_mut() = MetadataMap::from_headers(token.headers()?.to_map());
        match messages(client, request).await {
            Err(status) if status.code() == Code::Unauthenticated && may_repeat => {
                tokens.rejected(&token);
                may_repeat = false;
            }
            messages => return Ok(messages?),
        }
    }
}

async fn messages(client: &mut Tokened, request: Request<HealthCheckRequest>) -> std::result::Result<usize, Status> {
    let (mut stream, mut messages) = (client.watch(request).await?.into_inner(), 0);
    while stream.message().await?.is_some() {
        messages += 1;
    }
    Ok(messages)
}

/// The source's own error, if that is what a call failed with.
fn token_error(status: &Status) -> Option<&auth_core::Error> {
    status.source()?.downcast_ref()
}

/// The vendor's API on a port of loopback, which lets in whoever its token service would.
async fn vendors_api(sim: Arc<Simulator>, servers: &mut JoinSet<()>) -> Result<Uri> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?).parse()?;
    let server = Server::builder().add_service(HealthServer::new(Api { sim, has_ended_one: AtomicBool::new(false) }));
    servers.spawn(async move {
        if let Err(error) = server.serve_with_incoming(TcpIncoming::from(listener)).await {
            eprintln!("the vendor's API has ended: {error}");
        }
    });
    Ok(url)
}

struct Api {
    sim: Arc<Simulator>,
    /// Whether a token has ended in the middle of a stream.
    has_ended_one: AtomicBool,
}

impl Api {
    async fn let_in(&self, metadata: &MetadataMap) -> std::result::Result<(), Status> {
        let token = metadata.get("authorization").map(|token| token.as_bytes().to_vec());
        match self.sim.ping([("authorization", token.unwrap_or_default())]).await {
            Ok(200) => Ok(()),
            Ok(_) => Err(Status::unauthenticated("the token is not accepted")),
            Err(error) => Err(Status::unavailable(error.to_string())),
        }
    }
}

#[tonic::async_trait]
impl Health for Api {
    type WatchStream = BoxStream<HealthCheckResponse>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> std::result::Result<Response<HealthCheckResponse>, Status> {
        self.let_in(request.metadata()).await?;
        Ok(Response::new(SERVING))
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> std::result::Result<Response<Self::WatchStream>, Status> {
        self.let_in(request.metadata()).await?;
        let mut messages = vec![Ok(SERVING), Ok(SERVING)];
        if !self.has_ended_one.swap(true, Ordering::Relaxed) {
            self.sim.revoke_all();
            messages[1] = Err(Status::unauthenticated("the token has ended"));
        }
        Ok(Response::new(Box::pin(tokio_stream::iter(messages))))
    }
}

const SERVING: HealthCheckResponse = HealthCheckResponse { status: ServingStatus::Serving as i32 };

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn call_that_is_made_again_has_another_token_and_a_wrong_secret_is_asked_once() {
        let sim = Arc::new(Simulator::start(Vendor::Partner).await.unwrap());
        run(Arc::clone(&sim)).await.unwrap();
        let counts = sim.counts();
        // A token, one after the revocation, one after the stream that broke off, and one that is refused.
        assert_eq!((counts.token_requests, counts.minted, counts.refused), (4, 3, 1));
        // One good call; one refused and made again; two streams; one refused.
        assert_eq!((counts.pings, counts.pings_refused), (6, 2));
    }

    #[tokio::test]
    async fn status_behind_messages_is_seen_by_no_layer_and_healed_by_hand() {
        let sim = Arc::new(Simulator::start(Vendor::Partner).await.unwrap());
        let tokens = TokenSource::new(PartnerOAuth::from_vars(|name| sim.var(name)).unwrap());
        let mut servers = JoinSet::new();
        let url = vendors_api(Arc::clone(&sim), &mut servers).await.unwrap();
        let mut client = client(tokens.clone(), url).await.unwrap();
        let status = messages(&mut client, Request::new(HealthCheckRequest::default())).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
        assert_eq!(tokens.token().await.unwrap().id().to_string(), "#1", "the layer has not seen it");
        assert_eq!(watch(&tokens, &mut client).await.unwrap(), 2);
        assert_eq!(tokens.token().await.unwrap().id().to_string(), "#2");
    }

    #[tokio::test]
    async fn failure_to_get_a_token_is_the_source_of_the_status() {
        let sim = Arc::new(Simulator::start(Vendor::Partner).await.unwrap());
        let tokens = TokenSource::new(PartnerOAuth::from_vars(|name| sim.var(name)).unwrap());
        sim.rotate_secret("invented-other-secret");
        let mut servers = JoinSet::new();
        let url = vendors_api(Arc::clone(&sim), &mut servers).await.unwrap();
        let status = check(&mut client(tokens, url).await.unwrap()).await.unwrap_err();
        assert!(matches!(token_error(&status), Some(auth_core::Error::Rejected(_))), "{status}");
        assert_eq!(sim.counts().pings, 0);
    }
}
