//! Ten thousand sources that are alive and have nothing to do.

use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use auth_core::TokenSource;
use nix::time::ClockId;
use tokio::runtime::Builder;

use crate::endpoint::{Answers, HOUR, Vendor};
use crate::row;

pub(crate) fn rows() {
    row::announce("10,000 sources, 35 s");
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut sources = Vec::with_capacity(SOURCES);
    let made = allocation_counter::measure(|| sources.extend((0..SOURCES).map(|_| TokenSource::new(vendor()))));
    let warmed = allocation_counter::measure(|| {
        runtime.block_on(async {
            for source in &sources {
                source.token().await.expect("a token");
            }
        });
    });
    let further = thread::scope(|scope| scope.spawn(|| read_once(&sources)).join().expect("a thread that reads"));
    let each = |bytes: i64| bytes / SOURCES as i64;
    let what =
        "10,000 sources: memory of each, new / with a token and its renewal / for each further thread that reads it";
    let (new, warm) = (each(made.bytes_current), each(made.bytes_current + warmed.bytes_current));
    row::plain(what, &format!("{new} B / {warm} B / {} B", each(further)));
    let (begun, used) = (Instant::now(), processor_time());
    runtime.block_on(async { tokio::time::sleep(LASTS).await });
    let share = (processor_time() - used).as_secs_f64() / begun.elapsed().as_secs_f64() * 100.0;
    row::plain("the same, idle: share of one processor", &format!("{share:.2} %"));
}

/// Bytes allocated by a thread that has not read before.
fn read_once(sources: &[TokenSource]) -> i64 {
    let counted = allocation_counter::measure(|| {
        for source in sources {
            let read = pin!(source.token()).poll(&mut Context::from_waker(Waker::noop()));
            assert!(read.is_ready(), "a warm read waited");
        }
    });
    counted.bytes_current
}

fn vendor() -> Vendor {
    Vendor::new(Answers::Token(HOUR), Duration::ZERO)
}

/// What this process has had of the processors.
fn processor_time() -> Duration {
    ClockId::CLOCK_PROCESS_CPUTIME_ID.now().expect("a process clock").into()
}

const SOURCES: usize = 10_000;
/// Longer than the longest sleep of background renewal, so that each source wakes at least once.
const LASTS: Duration = Duration::from_secs(35);
