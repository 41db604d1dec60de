//! A thousand readers of tokens that live a second.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::time::{Duration, Instant};

use auth_core::TokenSource;
use tokio::runtime::Builder;

use crate::endpoint::{Answers, TOKEN, Vendor};
use crate::row;

pub(crate) fn rows() {
    row::announce("storm, 10 s");
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let vendor = Vendor::new(Answers::Token(LIFE), Duration::from_millis(5));
    let met = runtime.block_on(storm(&vendor));
    let (requests, tokens) = (vendor.requests(), met.tokens.len() as u64);
    let measured =
        format!("{requests} for {tokens} / {} of {} million / {}", met.waited, met.reads / 1_000_000, met.expired);
    let sound = requests == tokens && met.waited == 0 && met.expired == 0;
    let what = "1,000 readers, tokens of 1 s, 10 s: requests / reads that waited / expired tokens served";
    row::judged(what, &measured, "1 a token / 0 / 0", sound);
    let at = |percent| Duration::from_nanos(met.percentile(percent));
    let all = [50.0, 99.0, 99.9, 100.0].map(|percent| row::shown(at(percent))).join(" / ");
    let fast = at(50.0) <= P50 && at(99.9) <= P99_9;
    row::judged("the same: a read at p50 / p99 / p99.9 / max", &all, "≤ 150 ns / – / ≤ 3 µs / –", fast);
}

/// What readers met.
#[derive(Default)]
struct Met {
    reads: u64,
    waited: u64,
    expired: u64,
    /// Reads by nanoseconds.
    times: BTreeMap<u64, u64>,
    /// Number of each token, and the last that was seen.
    tokens: BTreeMap<usize, Instant>,
}

impl Met {
    fn read(&mut self, token: &str, took: Duration, waited: bool, at: Instant) {
        self.reads += 1;
        self.waited += u64::from(waited);
        *self.times.entry(took.as_nanos() as u64).or_default() += 1;
        self.tokens.insert(token[TOKEN.len()..].parse().expect("a number"), at);
    }

    fn add(&mut self, other: Self, requested: &[Instant]) {
        self.reads += other.reads;
        self.waited += other.waited;
        for (time, reads) in other.times {
            *self.times.entry(time).or_default() += reads;
        }
        for (number, at) in other.tokens {
            self.expired += u64::from(at > requested[number] + LIFE);
            self.tokens.insert(number, at);
        }
    }

    fn percentile(&self, percent: f64) -> u64 {
        let rank = (self.reads as f64 * percent / 100.0).ceil() as u64;
        let mut below = 0;
        let found = self.times.iter().find(|(_, reads)| {
            below += **reads;
            below >= rank
        });
        found.map_or(0, |(time, _)| *time)
    }
}

async fn storm(vendor: &Vendor) -> Met {
    let tokens = TokenSource::new(vendor.clone());
    tokens.token().await.expect("a token");
    let ends = Instant::now() + LASTS;
    let readers: Vec<_> = (0..READERS).map(|_| tokio::spawn(read_until(tokens.clone(), ends))).collect();
    let mut all = Met::default();
    let mut each = Vec::new();
    for reader in readers {
        each.push(reader.await.expect("a reader that ends"));
    }
    let requested = vendor.requested();
    each.into_iter().for_each(|met| all.add(met, &requested));
    all
}

/// Reads a little, then lets others read.
async fn read_until(tokens: TokenSource, ends: Instant) -> Met {
    let mut met = Met::default();
    loop {
        for _ in 0..READS_A_TURN {
            let begun = Instant::now();
            if begun >= ends {
                return met;
            }
            let mut polls = 0;
            let mut read = pin!(tokens.token());
            let token = poll_fn(|cx| {
                polls += 1;
                read.as_mut().poll(cx)
            });
            let token = token.await.expect("a token");
            let at = Instant::now();
            met.read(token.value(), at - begun, polls > 1, at);
        }
        tokio::task::yield_now().await;
    }
}

const LIFE: Duration = Duration::from_secs(1);
const LASTS: Duration = Duration::from_secs(10);
const READERS: usize = 1_000;
const READS_A_TURN: usize = 16;
const P50: Duration = Duration::from_nanos(150);
const P99_9: Duration = Duration::from_micros(3);
