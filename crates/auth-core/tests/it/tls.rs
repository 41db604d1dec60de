//! TLS by rustls: who is trusted, what is told if not, and which way https goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    Answer, BaseUrl, Error, Fingerprint, HttpClient, Reach, RefreshPolicy, RequestContext, TokenEndpoint,
    TokenResponse, TokenSource,
};
use rcgen::CertifiedKey;
use reqwest::{Certificate, ClientBuilder};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::raw::{Nobody, Server, read_request, request, send_through};

const TOKEN: &str = r#"{"access_token":"invented-token"}"#;

/// A server with a certificate of its own for `name`, which answers every request of `connections` connections.
struct Https {
    port: u16,
    certificate: Vec<u8>,
    connections: Arc<AtomicUsize>,
}

impl Https {
    async fn named(name: &str, connections: usize) -> Self {
        let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a key");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key);
        let acceptor = TlsAcceptor::from(Arc::new(config.expect("a key that fits")));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let counted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&counted);
        tokio::spawn(async move {
            for _ in 0..connections {
                let (stream, _) = listener.accept().await.expect("a connection");
                count.fetch_add(1, SeqCst);
                // A client that does not trust the certificate goes.
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                if read_request(&mut stream).await.is_ok() {
                    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{TOKEN}", TOKEN.len());
                    stream.write_all(answer.as_bytes()).await.expect("a client that reads");
                    stream.shutdown().await.expect("a client that reads");
                }
            }
        });
        Self { port, certificate: cert.der().to_vec(), connections: counted }
    }

    fn url(&self) -> BaseUrl {
        BaseUrl::try_from(format!("https://127.0.0.1:{}", self.port)).expect("a URL")
    }

    fn root(&self) -> Certificate {
        Certificate::from_der(&self.certificate).expect("a certificate")
    }

    fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }
}

/// A client that trusts `root` and nobody else, so that the machine's own roots do not matter.
fn trusting(root: Certificate) -> HttpClient {
    HttpClient::configured(move |builder| builder.tls_certs_only([root.clone()]))
}

fn is_untrusted(answer: Result<Answer, Error>) {
    let error = answer.expect_err("no answer");
    assert!(matches!(error, Error::Unreachable(_)) && error.reach() == Some(Reach::Certificate), "{error}");
    assert!(!error.is_transient(), "a person must act");
    let told = error.to_string();
    let before = "acme-auth cannot be reached: its certificate is not accepted: ";
    let words = told.strip_prefix(before).unwrap_or_else(|| panic!("{told}"));
    assert!(words.contains("certificate") && words.chars().count() <= 200, "{words}");
    assert!(words.chars().all(|c| !c.is_control()), "{words}");
}

#[tokio::test]
async fn certificate_of_nobody_trusted_is_permanent_and_told_in_the_words_of_tls() {
    let (server, other) = (Https::named("127.0.0.1", 1).await, Https::named("127.0.0.1", 0).await);
    is_untrusted(send_through(&trusting(other.root()), &server.url()).await);
}

#[tokio::test]
async fn certificate_of_another_host_is_permanent_even_if_it_is_trusted() {
    let server = Https::named("sts.invalid", 1).await;
    is_untrusted(send_through(&trusting(server.root()), &server.url()).await);
}

#[tokio::test]
async fn root_of_the_users_own_is_trusted() {
    let server = Https::named("127.0.0.1", 3).await;
    let ways: [fn(ClientBuilder, Certificate) -> ClientBuilder; 3] = [
        |builder, root| builder.tls_certs_only([root]),
        |builder, root| builder.tls_certs_merge([root]),
        |builder, root| builder.add_root_certificate(root),
    ];
    for way in ways {
        let root = server.root();
        let client = HttpClient::configured(move |builder| way(builder, root.clone()));
        client.check(&server.url()).unwrap();
        assert_eq!(send_through(&client, &server.url()).await.unwrap().body(), TOKEN.as_bytes());
    }
}

#[tokio::test]
async fn https_on_loopback_goes_past_a_proxy() {
    let (proxy, server) = (Nobody::new(), Https::named("127.0.0.1", 1).await);
    let (at, root) = (format!("http://127.0.0.1:{}", proxy.port()), server.root());
    let client = HttpClient::configured(move |builder| {
        builder.proxy(reqwest::Proxy::all(&at).unwrap()).tls_certs_only([root.clone()])
    });
    assert_eq!(send_through(&client, &server.url()).await.unwrap().status(), 200);
    assert!(!proxy.was_called());
}

#[tokio::test]
async fn https_elsewhere_goes_through_the_proxy_as_a_tunnel() {
    let (proxy, other) = (Server::once("502 Bad Gateway", "").await, Https::named("127.0.0.1", 0).await);
    let (at, root) = (format!("http://127.0.0.1:{}", proxy.port()), other.root());
    let client = HttpClient::configured(move |builder| {
        builder.proxy(reqwest::Proxy::all(&at).unwrap()).tls_certs_only([root.clone()])
    });
    let error = send_through(&client, &BaseUrl::try_from("https://sts.invalid").unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)) && error.is_transient(), "{error}");
    let seen = proxy.request().await;
    assert_eq!((seen.line(), seen.body.as_str()), ("CONNECT sts.invalid:443 HTTP/1.1", ""));
}

#[tokio::test]
async fn connection_reset_in_the_handshake_is_a_matter_of_the_network() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        // Closed with the ClientHello unread, which the kernel answers with a reset.
        stream.readable().await.unwrap();
    });
    let other = Https::named("127.0.0.1", 0).await;
    let url = BaseUrl::try_from(format!("https://127.0.0.1:{port}")).unwrap();
    let error = send_through(&trusting(other.root()), &url).await.unwrap_err();
    assert_eq!(error.reach(), Some(Reach::Connect), "{error}");
    server.await.unwrap();
}

#[tokio::test]
async fn server_that_speaks_no_tls_is_told_apart_from_one_that_is_not_trusted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        // Open until the client has read it.
        let _gone = read_request(&mut stream).await;
    });
    let other = Https::named("127.0.0.1", 0).await;
    let url = BaseUrl::try_from(format!("https://127.0.0.1:{port}")).unwrap();
    let error = send_through(&trusting(other.root()), &url).await.unwrap_err();
    assert_eq!(error.reach(), Some(Reach::Tls), "{error}");
    assert!(error.is_transient(), "{error}");
    server.await.unwrap();
}

/// Sends over https, and is asked by a source that retries.
struct Vendor {
    client: HttpClient,
    url: BaseUrl,
}

#[async_trait]
impl TokenEndpoint for Vendor {
    fn vendor(&self) -> &'static str {
        "acme-auth"
    }

    fn policy(&self) -> RefreshPolicy {
        let mut policy = RefreshPolicy::default();
        policy.retry_backoff = Duration::from_millis(1);
        policy
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        self.client.send(cx, request(&self.url)).await?;
        TokenResponse::new("invented-token", Duration::from_secs(3600))
    }
}

#[tokio::test]
async fn certificate_that_is_not_trusted_is_asked_once_and_held() {
    let (server, other) = (Https::named("127.0.0.1", 9).await, Https::named("127.0.0.1", 0).await);
    let tokens = TokenSource::new(Vendor { client: trusting(other.root()), url: server.url() });
    for _ in 0..20 {
        let error = tokens.token().await.unwrap_err();
        assert_eq!(error.reach(), Some(Reach::Certificate), "{error}");
        assert!(error.retry_after().unwrap() > Duration::from_secs(5), "a permanent hold");
    }
    assert_eq!(server.connections(), 1);
}
