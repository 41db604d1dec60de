//! The picture in the project's README: an hour's token through an outage of the vendor and a rejection by an API, drawn
//! from a run of it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth_core::{
    Error, Fingerprint, PausedClock, Reason, RequestContext, TokenEndpoint, TokenResponse, TokenSource, async_trait,
};
use tokio::time::Instant;

use crate::script::{HOUR, settle, unavailable};

mod svg;

/// What happened, in minutes from the first call on.
pub(crate) struct Run {
    pub(crate) requests: Vec<Asked>,
    pub(crate) calls: Vec<f64>,
    /// Calls that had to wait, or got an error. The first has nothing to be served from, and is none of them.
    pub(crate) harmed: usize,
    pub(crate) rejected_at: f64,
}

#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) at: f64,
    pub(crate) why: Reason,
    pub(crate) answered: bool,
}

/// It goes down with the first renewal, which is the worst moment there is, for as long as [`OUTAGE`] says.
#[derive(Clone)]
struct Vendor {
    began: Instant,
    requests: Arc<Mutex<Vec<Asked>>>,
}

impl Vendor {
    fn minutes(&self) -> f64 {
        self.began.elapsed().as_secs_f64() / 60.0
    }

    fn requests(&self) -> Vec<Asked> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl TokenEndpoint for Vendor {
    fn vendor(&self) -> &'static str {
        "picture"
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of_parts(&[]))
    }

    async fn request_token(&self, cx: &RequestContext<'_>) -> Result<TokenResponse, Error> {
        let at = self.minutes();
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let down_since = requests.iter().find(|asked| !asked.answered).map(|asked| asked.at);
        let answered = match down_since {
            None => cx.reason() != Reason::Ahead,
            Some(since) => at >= since + OUTAGE,
        };
        requests.push(Asked { at, why: cx.reason(), answered });
        if answered { TokenResponse::new(format!("invented-{}", requests.len()), HOUR) } else { Err(unavailable()) }
    }
}

async fn run() -> Run {
    fastrand::seed(SEED);
    let vendor = Vendor { began: Instant::now(), requests: Arc::default() };
    let tokens = TokenSource::builder(vendor.clone()).clock(PausedClock::new()).build();
    let (mut calls, mut harmed) = (Vec::new(), 0);
    tokens.token().await.expect("a token");
    for minute in 0..MINUTES {
        tokio::time::sleep_until(vendor.began + minute * MINUTE).await;
        settle().await;
        calls.push(vendor.minutes());
        // Polled once: a caller who waits is a caller who was harmed.
        let served = tokio::time::timeout(Duration::ZERO, tokens.token()).await.is_ok_and(|token| token.is_ok());
        harmed += usize::from(!served);
        if minute == REJECTED_AT {
            let token = tokens.token().await.expect("a token");
            tokens.rejected(&token);
            let herd: Vec<_> = (0..HERD).map(|_| tokens.clone()).map(ask).collect();
            for caller in herd {
                caller.await.expect("no panic").expect("a token");
            }
        }
    }
    Run { requests: vendor.requests(), calls, harmed, rejected_at: f64::from(REJECTED_AT) }
}

fn ask(tokens: TokenSource) -> tokio::task::JoinHandle<Result<(), Error>> {
    tokio::spawn(async move { tokens.token().await.map(drop) })
}

/// `cargo xtask picture` sets the variable.
#[tokio::test(start_paused = true)]
async fn picture_in_the_readme_is_drawn_from_a_run() {
    let run = run().await;
    assert_eq!(run.harmed, 0, "the picture says that nobody noticed");
    let after_401 = run.requests.iter().filter(|asked| asked.why == Reason::Rejected).count();
    assert_eq!(after_401, 1, "the picture says that {HERD} callers cost one request");
    for (name, palette) in svg::PALETTES {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("pictures/token-{name}.svg"));
        let drawn = svg::draw(&run, &palette);
        if std::env::var_os("DRAW_PICTURES").is_some() {
            std::fs::write(&file, &drawn).expect("a folder that can be written to");
        }
        let there = std::fs::read_to_string(&file).expect("the picture");
        assert!(there == drawn, "{} is not drawn from this code; `cargo xtask picture` draws it", file.display());
    }
}

/// In minutes: as long as a quarter of the hour, which is what a renewal at three quarters leaves.
pub(crate) const OUTAGE: f64 = 15.0;
/// Of all that may be drawn, a renewal that is late in its window.
const SEED: u64 = 4;
const MINUTE: Duration = Duration::from_secs(60);
const MINUTES: u32 = 91;
const REJECTED_AT: u32 = 75;
pub(crate) const HERD: usize = 50;
