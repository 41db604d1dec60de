//! One cold request, beside the same request by bare reqwest.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use auth_core::{
    AnswerRules, BaseUrl, Caller, ClientCredentials, Error, Fault, Fingerprint, HttpClient, Redactor, RefreshPolicy,
    Request, RequestContext, TokenEndpoint, TokenResponse, TokenSource, async_trait,
};
use http::Method;
use serde::Deserialize;
use tokio::runtime::{Builder, Runtime};

use crate::row;

pub(crate) const CHILD: &str = "cold";

pub(crate) fn rows() {
    row::announce("cold requests");
    let address = serve().expect("a free port");
    let (ours, bare) = times(address);
    let more = percent_more(ours.as_secs_f64(), bare.as_secs_f64());
    let measured = format!("{} / {} ({more})", row::shown(bare), row::shown(ours));
    row::plain("a cold request over loopback, by bare reqwest / by a new source", &measured);
    let measured = match (instructions("bare", address), instructions("ours", address)) {
        (Ok(bare), Ok(ours)) => format!("{bare} / {ours} ({})", percent_more(ours as f64, bare as f64)),
        (Err(error), _) | (_, Err(error)) => format!("not measured: {error}; expected valgrind (Debian: valgrind)"),
    };
    row::plain("the same in instructions", &measured);
}

fn percent_more(ours: f64, bare: f64) -> String {
    format!("{:+.0} %", (ours / bare - 1.0) * 100.0)
}

/// Medians of a source's request and a bare one, in turns.
fn times(address: SocketAddr) -> (Duration, Duration) {
    let runtime = runtime();
    runtime.block_on(async {
        let (ours, bare) = (Ours::new(address), Bare::new(address));
        let (mut times_of_ours, mut times_of_bare) = (Vec::new(), Vec::new());
        for _ in 0..TIMED {
            let begun = Instant::now();
            ours.request().await;
            times_of_ours.push(begun.elapsed());
            let begun = Instant::now();
            bare.request().await;
            times_of_bare.push(begun.elapsed());
        }
        (median(times_of_ours), median(times_of_bare))
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Of one request: what many take more than few, so that the start of the program does not count.
fn instructions(who: &str, address: SocketAddr) -> io::Result<u64> {
    let (few, many) = (under_valgrind(who, FEW, address)?, under_valgrind(who, MANY, address)?);
    Ok((many - few) / u64::from(MANY - FEW))
}

fn under_valgrind(who: &str, requests: u32, address: SocketAddr) -> io::Result<u64> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args([CHILD, who, &requests.to_string(), &address.to_string()])
        .output()?;
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    let collected = said.lines().find_map(|line| line.split("Collected : ").nth(1)?.trim().parse().ok());
    collected.filter(|_| run.status.success()).ok_or_else(|| io::Error::other("valgrind counted nothing"))
}

/// What runs below valgrind.
pub(crate) fn child(who: &str, requests: &str, address: &str) -> ExitCode {
    let (Ok(requests), Ok(address)) = (requests.parse::<u32>(), address.parse::<SocketAddr>()) else {
        return ExitCode::FAILURE;
    };
    runtime().block_on(async {
        let (ours, bare) = (Ours::new(address), Bare::new(address));
        for _ in 0..requests {
            if who == "ours" { ours.request().await } else { bare.request().await }
        }
    });
    ExitCode::SUCCESS
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A new source for each request.
struct Ours(Endpoint);

impl Ours {
    fn new(address: SocketAddr) -> Self {
        let url = BaseUrl::try_from(format!("http://{address}")).expect("a URL").join("/token");
        let credentials = ClientCredentials::new("invented-client", "invented-secret").expect("credentials");
        Self(Endpoint { url, credentials, http: HttpClient::shared() })
    }

    async fn request(&self) {
        TokenSource::new(self.0.clone()).token().await.expect("a token");
    }
}

/// As it would be written by hand, with the same rules of sending.
struct Bare {
    client: reqwest::Client,
    url: String,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: u64,
}

impl Bare {
    fn new(address: SocketAddr) -> Self {
        let client = reqwest::Client::builder().no_proxy().http1_only().pool_max_idle_per_host(0);
        let client = client.build().expect("a client");
        Self { client, url: format!("http://{address}/token") }
    }

    async fn request(&self) {
        let request = self.client.post(&self.url).timeout(Duration::from_secs(8));
        let request = request.header("accept", "application/json").header("user-agent", "invented/0.1.0");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(FORM);
        let answer = request.send().await.expect("an answer").bytes().await.expect("a body");
        let answer: Answer = serde_json::from_slice(&answer).expect("a token");
        assert!(!answer.access_token.is_empty() && answer.expires_in > 0);
    }
}

#[derive(Clone, Debug)]
struct Endpoint {
    url: BaseUrl,
    credentials: ClientCredentials,
    http: HttpClient,
}

#[async_trait]
impl TokenEndpoint for Endpoint {
    fn vendor(&self) -> &'static str {
        CALLER.vendor
    }

    fn policy(&self) -> RefreshPolicy {
        RefreshPolicy::default()
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let request = Request::new(CALLER, Method::POST, self.url.clone()).form(FORM.to_owned());
        let answer = self.http.send(cx, request).await?;
        RULES.token(&answer, &Redactor::new(&self.credentials))
    }
}

/// Answers on a thread of its own, at most so many connections; a connection ends with its client.
fn serve() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for connection in listener.incoming().take(CONNECTIONS).flatten() {
            thread::spawn(move || answer_all(&connection));
        }
    });
    Ok(address)
}

fn answer_all(connection: &TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::new(connection), connection);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{TOKEN}", TOKEN.len());
    loop {
        let mut length = 0;
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            line.clear();
        }
        if line.is_empty() {
            return Ok(());
        }
        reader.read_exact(&mut vec![0; length])?;
        writer.write_all(answer.as_bytes())?;
    }
}

const CALLER: Caller = Caller { vendor: "invented", version: "0.1.0" };
const RULES: AnswerRules = AnswerRules {
    vendor: CALLER.vendor,
    fault: Fault::oauth,
    hint: |_, _| None,
    default_lifetime: Duration::from_secs(3600),
};
const FORM: &str = "grant_type=client_credentials&client_id=invented-client&client_secret=invented-secret";
const TOKEN: &str = r#"{"access_token":"invented-token","token_type":"Bearer","expires_in":3600}"#;
const TIMED: usize = 2_000;
const FEW: u32 = 20;
const MANY: u32 = 220;
/// One for each request: those that are timed, by ours and by bare reqwest, and those that are counted.
const CONNECTIONS: usize = 2 * (TIMED + FEW as usize + MANY as usize);
