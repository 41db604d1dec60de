//! Ten thousand sources that are alive and have nothing to do.

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
    let (begun, used) = (Instant::now(), processor_time());
    runtime.block_on(async { tokio::time::sleep(LASTS).await });
    let share = (processor_time() - used).as_secs_f64() / begun.elapsed().as_secs_f64() * 100.0;
    let each = |bytes: i64| bytes / SOURCES as i64;
    let what = "10,000 sources: memory of each, new / with a token and its renewal / one processor while idle";
    let (new, warm) = (each(made.bytes_current), each(made.bytes_current + warmed.bytes_current));
    row::plain(what, &format!("{new} B / {warm} B / {share:.2} %"));
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
