//! What a read from memory costs, beside the plainest honest cell: a shared-pointer load and a look at the clock.
//!
//! Only ratios within one run say anything: `cargo xtask bench` makes them.

use std::hint::black_box;
use std::pin::pin;
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use auth_core::{Clock, Error, Moment, SystemClock, TokenSource};
use criterion::{Bencher, Criterion};
use http::HeaderValue;
use tokio::runtime::{Builder, Runtime};

/// The reference: a token, a header made of it, and when both end.
struct Plain {
    cell: ArcSwap<Published>,
}

struct Published {
    value: Arc<str>,
    header: HeaderValue,
    ends: Moment,
}

impl Plain {
    fn new() -> Self {
        let header = HeaderValue::try_from(format!("Bearer {}", TOKEN)).expect("a header");
        let ends = SystemClock.now() + Duration::from_secs(3600);
        Self { cell: ArcSwap::from_pointee(Published { value: TOKEN.into(), header, ends }) }
    }

    #[inline]
    fn read<T>(&self, take: impl FnOnce(&Published) -> T) -> Option<T> {
        let published = self.cell.load();
        (SystemClock.now() < published.ends).then(|| take(&published))
    }

    fn length(&self) -> Option<usize> {
        self.read(|published| published.value.len())
    }

    fn header(&self) -> Option<HeaderValue> {
        self.read(|published| published.header.clone())
    }
}

/// Polls once: a warm read needs no more.
#[inline]
fn now<T>(read: impl Future<Output = Result<T, Error>>) -> T {
    match pin!(read).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(read)) => read,
        _ => panic!("a warm read waited, or failed"),
    }
}

/// How the reads are spread.
#[derive(Clone, Copy)]
enum Spread {
    Threads(usize),
    Tasks(usize),
}

impl Spread {
    fn name(self) -> String {
        match self {
            Self::Threads(1) => "1 thread".to_owned(),
            Self::Threads(n) => format!("{n} threads"),
            Self::Tasks(n) => format!("{n} tasks"),
        }
    }

    /// Wall time in which each processor made `reads` reads.
    fn time<T>(self, runtime: &Runtime, reads: u64, read: impl Fn() -> T + Clone + Send + Sync + 'static) -> Duration {
        match self {
            Self::Threads(1) => alone(reads, read),
            Self::Threads(n) => on_threads(n, reads, &read),
            Self::Tasks(n) => runtime.block_on(in_tasks(n, reads, read)),
        }
    }
}

fn alone<T>(reads: u64, read: impl Fn() -> T) -> Duration {
    let begun = Instant::now();
    for _ in 0..reads {
        black_box(read());
    }
    begun.elapsed()
}

fn on_threads<T>(threads: usize, reads: u64, read: &(impl Fn() -> T + Sync)) -> Duration {
    let together = Barrier::new(threads);
    let time = || {
        together.wait();
        alone(reads, read)
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(time)).collect();
        running.into_iter().map(|thread| thread.join().expect("a thread that reads")).max().unwrap_or_default()
    })
}

/// Each task reads a little, then lets others read.
async fn in_tasks<T>(tasks: usize, reads: u64, read: impl Fn() -> T + Clone + Send + 'static) -> Duration {
    let each = (reads * WORKERS as u64).div_ceil(tasks as u64);
    let begun = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|_| {
            let read = read.clone();
            tokio::spawn(async move {
                for turn in 0..each {
                    drop(black_box(read()));
                    if turn % READS_A_TURN == 0 {
                        tokio::task::yield_now().await;
                    }
                }
            })
        })
        .collect();
    for task in running {
        task.await.expect("a task that reads");
    }
    begun.elapsed()
}

fn warm(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build().expect("a runtime");
    let tokens: &'static TokenSource = Box::leak(Box::new(TokenSource::fixed(TOKEN)));
    let plain: &'static Plain = Box::leak(Box::new(Plain::new()));
    let spreads = [Spread::Threads(1), Spread::Threads(2), Spread::Tasks(64)];
    for (pass, spread) in (1..=PASSES).flat_map(|pass| spreads.map(|spread| (pass, spread))) {
        let mut group = criterion.benchmark_group(format!("{}, pass {pass}", spread.name()));
        group.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(300));
        let mut bench = |name: &str, time: &dyn Fn(u64) -> Duration| {
            group.bench_function(name, |bencher: &mut Bencher<'_>| bencher.iter_custom(time));
        };
        bench("clock", &|n| spread.time(&runtime, n, || SystemClock.now()));
        bench("cell", &|n| spread.time(&runtime, n, || plain.length()));
        bench("token", &|n| spread.time(&runtime, n, || now(tokens.token())));
        bench("cell header", &|n| spread.time(&runtime, n, || plain.header()));
        bench("authorization", &|n| spread.time(&runtime, n, || now(tokens.authorization())));
        bench("headers", &|n| spread.time(&runtime, n, || now(tokens.headers())));
    }
}

/// As long as a signed token usually is.
const TOKEN: &str = concat!(
    "invented-token-0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
);
/// A busy machine drifts by more than what is to be measured, so what is compared is measured close together, and often.
const PASSES: usize = 5;
/// As many as the smallest machine that counts has.
const WORKERS: usize = 2;
const READS_A_TURN: u64 = 64;

fn main() {
    warm(&mut Criterion::default().configure_from_args());
}
