//! A server of a few connections on loopback that says byte by byte what a test wants, and keeps what it was sent.
//!
//! It answers one request on each connection, and ends with its last answer or with the test's runtime.

use std::io;
use std::time::Duration;

use auth_core::{Answer, BaseUrl, Caller, Error, HttpClient, Request, RequestContext};
use http::Method;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What happens to one connection, once its request has come.
pub(crate) enum Reply {
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// These bytes, and then the same block again until the client goes or 64 MiB are sent.
    Endless(Vec<u8>),
    /// This status with an error whose words are the request's own `Authorization` and body.
    Echo(&'static str),
    /// These bytes, and then nothing until the client goes.
    Stall(Vec<u8>),
    /// The first at once, and the second byte by byte until the client goes: a hundred in two seconds.
    Drip(Vec<u8>, Vec<u8>),
    /// The connection is reset with the request unread.
    Reset,
}

impl Reply {
    /// A whole answer with a `Content-Length`.
    pub(crate) fn whole(status: &str, body: impl AsRef<[u8]>) -> Self {
        Self::with("", status, body)
    }

    /// The same, with `headers`, each ended by CR LF.
    pub(crate) fn with(headers: &str, status: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
        Self::Bytes([head.as_bytes(), body].concat())
    }
}

/// The server, as its test sees it.
pub(crate) struct Server {
    port: u16,
    task: JoinHandle<Vec<Seen>>,
}

/// A request as it arrived.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: String,
    /// How many bytes of the answer could be sent.
    pub(crate) answered: usize,
}

impl Server {
    /// Answers one connection with each of `replies`, in their order.
    pub(crate) async fn answering<const N: usize>(replies: [Reply; N]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let task = tokio::spawn(async move {
            let mut seen = Vec::new();
            for reply in replies {
                let (stream, _) = listener.accept().await.expect("a connection");
                seen.push(answer(stream, reply).await.unwrap_or_else(|e| panic!("a test's server: {e}")));
            }
            seen
        });
        Self { port, task }
    }

    /// One answer with `body` to one request.
    pub(crate) async fn once(status: &str, body: impl AsRef<[u8]>) -> Self {
        Self::answering([Reply::whole(status, body)]).await
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> BaseUrl {
        url_of(self.port)
    }

    /// What was asked, once every answer is given.
    pub(crate) async fn requests(self) -> Vec<Seen> {
        let all = tokio::time::timeout(PATIENCE, self.task).await;
        all.expect("the server waits for a request that does not come").expect("the server did not fail")
    }

    /// The only request.
    pub(crate) async fn request(self) -> Seen {
        let [only] = self.requests().await.try_into().expect("one request");
        only
    }
}

impl Seen {
    /// `POST /token HTTP/1.1`
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// The names of the headers, in lower case, sorted.
    pub(crate) fn header_names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.headers().map(|(name, _)| name).collect();
        names.sort();
        names
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers().find(|(have, _)| have == name).map(|(_, value)| value)
    }

    fn headers(&self) -> impl Iterator<Item = (String, String)> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
    }
}

/// A port that is listened on and never answered: what comes is seen, and nothing is lost.
pub(crate) struct Nobody {
    listener: std::net::TcpListener,
}

impl Nobody {
    pub(crate) fn new() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a mode of every socket");
        Self { listener }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().expect("an address").port()
    }

    /// Whether a connection was made: on loopback it is there as soon as the client has it.
    pub(crate) fn was_called(&self) -> bool {
        match self.listener.accept() {
            Ok(_) => true,
            Err(e) => {
                assert_eq!(e.kind(), io::ErrorKind::WouldBlock);
                false
            }
        }
    }
}

pub(crate) fn url_of(port: u16) -> BaseUrl {
    BaseUrl::try_from(format!("http://127.0.0.1:{port}")).expect("a URL")
}

/// A port at which nobody listens.
pub(crate) fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port()
}

pub(crate) const CALLER: Caller = Caller { vendor: "acme-auth", version: "1.2.3" };

/// The token request of these tests.
pub(crate) fn request(url: &BaseUrl) -> Request {
    Request::new(CALLER, Method::POST, url.join("/token")).form("client_secret=invented".to_owned())
}

/// Sends it through a client without adjustments.
pub(crate) async fn send(url: &BaseUrl) -> Result<Answer, Error> {
    send_through(&HttpClient::shared(), url).await
}

pub(crate) async fn send_through(client: &HttpClient, url: &BaseUrl) -> Result<Answer, Error> {
    client.send(&RequestContext::first(PATIENCE), request(url)).await
}

/// Reads the request on `stream` and answers it.
pub(crate) async fn answer(mut stream: TcpStream, reply: Reply) -> io::Result<Seen> {
    if let Reply::Reset = reply {
        // Closed with unread bytes, which the kernel answers with a reset.
        stream.readable().await?;
        return Ok(Seen { head: String::new(), body: String::new(), answered: 0 });
    }
    let (head, body) = read_request(&mut stream).await?;
    let reply = match reply {
        Reply::Echo(status) => echo(status, &head, &body),
        other => other,
    };
    let answered = match reply {
        Reply::Bytes(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await?;
            bytes.len()
        }
        Reply::Endless(block) => {
            let mut sent = 0;
            while sent < ENDLESS && stream.write_all(&block).await.is_ok() {
                sent += block.len();
            }
            sent
        }
        Reply::Stall(bytes) => {
            stream.write_all(&bytes).await?;
            // Ends when the client goes, which may look like an error.
            let _gone = stream.read(&mut [0; 16]).await;
            bytes.len()
        }
        Reply::Drip(first, rest) => {
            stream.write_all(&first).await?;
            let (mut ticks, mut sent) = (tokio::time::interval(DRIP), first.len());
            for byte in &rest {
                ticks.tick().await;
                if stream.write_all(&[*byte]).await.is_err() {
                    break;
                }
                sent += 1;
            }
            sent
        }
        Reply::Reset | Reply::Echo(_) => 0,
    };
    Ok(Seen { head, body, answered })
}

fn echo(status: &str, head: &str, body: &str) -> Reply {
    let credentials = head.lines().find(|line| line.to_lowercase().starts_with("authorization"));
    let words = format!("{} and {body} are wrong", credentials.unwrap_or_default());
    let error = serde_json::json!({"error": "invalid_client", "error_description": words, "words": body});
    Reply::with("Connection: close\r\n", status, error.to_string())
}

/// One request: its head up to the blank line, and as much body as its `Content-Length` says.
pub(crate) async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        if let Some((head, body)) = divided(&bytes) {
            return Ok((head, body));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn divided(bytes: &[u8]) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().filter_map(|line| line.split_once(':'));
    let length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map(|(_, value)| value.trim().parse().expect("a length")).next().unwrap_or(0);
    (body.len() >= length).then(|| (head.to_owned(), body.to_owned()))
}

/// What a healthy exchange on loopback never needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// From one byte to the next.
const DRIP: Duration = Duration::from_millis(20);
/// More than the sockets' buffers hold, so that a client that stops reading is noticed.
pub(crate) const ENDLESS: usize = 64 * 1024 * 1024;
