//! A vendor over http or https that says byte by byte what a test wants, for as long as the test holds it.

use std::io;
use std::sync::Arc;

use auth_core::HttpClient;
use auth_core::reqwest::Certificate;
use rcgen::CertifiedKey;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A request as it arrived: everything that the vendor was told.
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: String,
}

/// What becomes of a request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// These bytes, and then nothing until the client goes.
    Stall(Vec<u8>),
    /// The connection ends with nothing said.
    Nothing,
}

impl Reply {
    /// A whole answer. `headers` end with CR LF each.
    pub(crate) fn whole(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n", body.len());
        Self::Bytes([head.as_bytes(), body].concat())
    }

    pub(crate) fn json(status: &str, body: &serde_json::Value) -> Self {
        Self::whole(status, "Content-Type: application/json\r\n", body.to_string())
    }
}

type Answer = dyn Fn(&Asked) -> Reply + Send + Sync;

/// The server; it ends when this is dropped.
pub(crate) struct Server {
    url: String,
    root: Option<Certificate>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers every request by `answer`, over TLS if `https` says so.
    pub(crate) async fn answering(https: bool, answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (acceptor, root) = https.then(identity).unzip();
        let answer: Arc<Answer> = Arc::new(answer);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(converse(stream, acceptor.clone(), Arc::clone(&answer)));
            }
        });
        let scheme = if https { "https" } else { "http" };
        Self { url: format!("{scheme}://{address}"), root, task }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A client that trusts this server, and that was asked to be talkative.
    pub(crate) fn client(&self) -> HttpClient {
        let root = self.root.clone();
        HttpClient::configured(move |builder| builder.tls_certs_only(root.clone()).connection_verbose(true))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn identity() -> (TlsAcceptor, Certificate) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a key");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("a key that fits")));
    (acceptor, Certificate::from_der(cert.der()).expect("a certificate"))
}

async fn converse(stream: TcpStream, acceptor: Option<TlsAcceptor>, answer: Arc<Answer>) {
    // Without it only latency suffers.
    let _ = stream.set_nodelay(true);
    // A client that goes is what some tests want.
    let _gone = match acceptor {
        None => exchange(stream, &*answer).await,
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => exchange(stream, &*answer).await,
            Err(error) => Err(error),
        },
    };
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &Answer) -> io::Result<()> {
    let asked = read_request(&mut stream).await?;
    match answer(&asked) {
        Reply::Bytes(bytes) => stream.write_all(&bytes).await?,
        Reply::Stall(bytes) => {
            stream.write_all(&bytes).await?;
            stream.flush().await?;
            stream.read_u8().await?;
        }
        Reply::Nothing => {}
    }
    stream.shutdown().await
}

/// A head up to the blank line, and as much body as its `Content-Length` says.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Asked> {
    let mut bytes = Vec::new();
    loop {
        if let Some(asked) = divided(&bytes) {
            return Ok(asked);
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn divided(bytes: &[u8]) -> Option<Asked> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let length = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, value)| value.trim());
    let length: usize = length.map(|value| value.parse().expect("a length")).next().unwrap_or(0);
    (body.len() >= length).then(|| Asked { head: head.to_owned(), body: body.to_owned() })
}
