//! Those who use a source, and see what it does.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::{Duration, Instant};

use auth_core::{AccessToken, Error, Rejection, TokenSource};
use fastrand::Rng;

use super::ledger::{Ledger, hash};
use super::schedule::between;
use super::violation::{Rule, Violation};
use crate::Kind;

/// A source and its book.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) source: TokenSource,
    pub(super) ledger: Arc<Ledger>,
    pub(super) recovery: Duration,
    pub(super) patience: Duration,
}

/// A call that a caller makes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Call {
    Token,
    Authorization,
    Headers,
    Longer(Duration),
    Refresh,
}

impl Call {
    fn random(rng: &mut Rng, lifetime: Duration) -> Self {
        match rng.u32(..200) {
            0..=89 => Self::Token,
            90..=144 => Self::Authorization,
            145..=193 => Self::Headers,
            194..=198 => Self::Longer(lifetime.mul_f64(rng.f64() * 1.3)),
            _ => Self::Refresh,
        }
    }

    /// Whether it may neither wait nor fail while a token is usable.
    fn is_plain(self) -> bool {
        matches!(self, Self::Token | Self::Authorization | Self::Headers)
    }

    /// The token that it hands out, in whatever form.
    async fn make(self, source: &TokenSource) -> Result<String, Error> {
        let bearer = |text: &str| text.strip_prefix("Bearer ").unwrap_or(text).to_owned();
        match self {
            Self::Token => Ok(source.token().await?.value().to_owned()),
            Self::Longer(life) => Ok(source.token_valid_for(life).await?.value().to_owned()),
            Self::Refresh => Ok(source.refresh().await?.value().to_owned()),
            Self::Authorization => Ok(bearer(source.authorization().await?.to_str().unwrap_or_default())),
            Self::Headers => {
                let headers = source.headers().await?;
                let first = headers.iter().next().and_then(|(_, value)| value.to_str().ok());
                Ok(bearer(first.unwrap_or_default()))
            }
        }
    }
}

impl Subject {
    /// Calls in bursts until everybody is to stop, and the API now and then.
    pub(super) async fn be_used(self, mut rng: Rng, pause: (Duration, Duration)) {
        while !self.ledger.court.is_stopped() {
            for _ in 0..rng.u32(1..20) {
                let call = Call::random(&mut rng, self.ledger.stage.lifetime);
                match rng.u32(..50) {
                    0 => self.drop_half_way(call, &mut rng).await,
                    _ => self.make(call).await,
                }
            }
            if rng.u32(..4) == 0 {
                self.call_the_api(&mut rng).await;
            }
            tokio::time::sleep(between(&mut rng, pause)).await;
        }
    }

    /// Makes `call` and sees how it ends.
    async fn make(&self, call: Call) {
        let begun = Instant::now();
        let watched = self.watched(call, begun);
        let Ok((outcome, decided)) = tokio::time::timeout(self.patience, watched).await else {
            let found = Violation::new(Rule::Recovery, format!("{call:?} had no end within {:?}", self.patience));
            return self.ledger.charge([found], begun, Instant::now());
        };
        let done = Instant::now();
        self.ledger.court.tally.reads.fetch_add(1, Relaxed);
        match outcome {
            Ok(token) => {
                let found = self.ledger.book().handed_out(hash(&token), decided, done);
                self.ledger.charge(found, begun, done);
            }
            Err(error) => self.judge(call, &error, begun, done),
        }
    }

    /// The outcome of `call`, and just when the poll began that brought it.
    async fn watched(&self, call: Call, begun: Instant) -> (Result<String, Error>, Instant) {
        let mut made = pin!(call.make(&self.source));
        let mut is_first = true;
        let mut decided = begun;
        let outcome = poll_fn(|cx| {
            decided = Instant::now();
            let polled = made.as_mut().poll(cx);
            if std::mem::take(&mut is_first) && call.is_plain() && !matches!(polled, Poll::Ready(Ok(_))) {
                let done = Instant::now();
                let found = self.ledger.book().not_served(decided, done);
                self.ledger.charge(found, decided, done);
            }
            polled
        });
        let outcome = outcome.await;
        (outcome, decided)
    }

    /// An error must be one that a fault explains, and none must be left once all is well for long enough.
    fn judge(&self, call: Call, error: &Error, begun: Instant, done: Instant) {
        let (stage, tally) = (&self.ledger.stage, &self.ledger.court.tally);
        tally.errors.fetch_add(1, Relaxed);
        let kind = Kind::of(error);
        if kind == Kind::TooShort && matches!(call, Call::Longer(_)) {
            return;
        }
        // What the source says of itself: a repeated token, an attempt out of time, a panic.
        let lately = begun.checked_sub(LATELY).unwrap_or(begun);
        let explained = stage.weather.explains(kind, lately, done);
        let mut book = self.ledger.book();
        let own = match kind {
            Kind::Malformed | Kind::Internal => explained,
            Kind::Unreachable => explained && book.dropped_lately(done),
            _ => false,
        };
        let mut found: Vec<_> = book.failed(error, own).into_iter().collect();
        drop(book);
        tally.checks.fetch_add(1, Relaxed);
        if let Some(since) = stage.weather.fine_since().filter(|since| begun >= *since + self.recovery) {
            let after = begun.duration_since(since);
            found.push(Violation::new(Rule::Recovery, format!("{after:.1?} after all was well again: {error}")));
        }
        self.ledger.charge(found, begun, done);
    }

    /// All is well since `since`, and has been for long enough.
    pub(super) fn judge_recovery(&self, since: Instant) {
        self.ledger.court.tally.checks.fetch_add(1, Relaxed);
        if !self.ledger.book().served_since(since) {
            let found = Violation::new(Rule::Recovery, "no token was handed out in a whole healthy spell".to_owned());
            self.ledger.charge([found], since, Instant::now());
        }
    }

    /// Polls a call a few times, or for a moment, and lets go of it.
    async fn drop_half_way(&self, call: Call, rng: &mut Rng) {
        let moment = Duration::from_micros(rng.u64(..30_000));
        if tokio::time::timeout(moment, call.make(&self.source)).await.is_err() {
            self.ledger.court.tally.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Calls the vendor's API with a token, and says so if it is refused.
    async fn call_the_api(&self, rng: &mut Rng) {
        let Ok(Ok(token)) = tokio::time::timeout(self.patience, self.source.token()).await else { return };
        let Ok(headers) = token.headers() else { return };
        let begun = Instant::now();
        let pinged = self.ledger.stage.sim.ping(headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let status = pinged.await;
        self.ledger.court.tally.pings.fetch_add(1, Relaxed);
        match status {
            Ok(401) => {
                self.judge_refusal(&token, begun);
                self.reject(&token);
            }
            // One API that refuses, of many.
            Ok(_) if rng.u32(..200) == 0 => self.reject(&token),
            _ => {}
        }
    }

    /// A good token is refused if it was revoked or has expired, and otherwise never.
    fn judge_refusal(&self, token: &AccessToken, begun: Instant) {
        let (value, now) = (hash(token.value()), Instant::now());
        let stage = &self.ledger.stage;
        self.ledger.court.tally.checks.fetch_add(1, Relaxed);
        let requested = self.ledger.book().requested(value);
        let repeated = |requested| stage.weather.repeats_tokens(requested, now);
        let has_expired = requested.is_none_or(|at| now >= at + stage.lifetime || repeated(at));
        if !has_expired && !stage.is_revoked(value) {
            let found = Violation::new(Rule::Refused, "the API refused a token that was good".to_owned());
            self.ledger.charge([found], begun, now);
        }
    }

    fn reject(&self, token: &AccessToken) {
        let value = hash(token.value());
        self.ledger.book().rejecting(value, Instant::now());
        let became = self.source.rejected(token);
        self.ledger.book().rejected(value, became == Rejection::Accepted, Instant::now());
        let tally = &self.ledger.court.tally;
        let count = match became {
            Rejection::Accepted => &tally.accepted,
            Rejection::Ignored => &tally.ignored,
            _ => &tally.late,
        };
        count.fetch_add(1, Relaxed);
    }

    /// The vendor revokes the current token; whoever calls the API next notices.
    pub(super) async fn lose_its_token(&self) {
        if let Ok(Ok(token)) = tokio::time::timeout(self.patience, self.source.token()).await {
            self.ledger.stage.revoke(token.value(), hash(token.value()));
        }
    }

    /// Stops background renewal, which must end.
    pub(super) async fn shut_down(&self) {
        let begun = Instant::now();
        self.ledger.court.tally.shutdowns.fetch_add(1, Relaxed);
        if tokio::time::timeout(self.patience, self.source.shutdown()).await.is_err() {
            let found = Violation::new(Rule::Shutdown, format!("no end within {:?}", self.patience));
            self.ledger.charge([found], begun, Instant::now());
        }
    }
}

/// How long a fault explains what the source itself says of it.
const LATELY: Duration = Duration::from_secs(15);
