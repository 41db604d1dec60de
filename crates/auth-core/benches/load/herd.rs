//! Ten thousand tasks that all want the first token.

use std::future::pending;
use std::time::{Duration, Instant};

use auth_core::{Error, TokenSource};
use tokio::runtime::Builder;

use crate::endpoint::{Answers, HOUR, Vendor};
use crate::row;

pub(crate) fn rows() {
    for (name, answers, most, expected) in [
        ("healthy", Answers::Token(HOUR), 1, "1"),
        ("503", Answers::Unavailable, 3, "1 flight, of ≤ 3"),
        ("invalid_client", Answers::InvalidClient, 1, "1"),
    ] {
        row::announce(&format!("a herd, the endpoint is {name}"));
        let mut herds: Vec<Herd> = (0..HERDS).map(|_| herd(answers)).collect();
        herds.sort_by_key(|herd| herd.late);
        let (requests, served) = (herds.iter().map(|herd| herd.requests).max().unwrap_or(0), herds[0].served);
        let [least, late, most_late] = [0, HERDS / 2, HERDS - 1].map(|index| herds[index].late);
        let what = format!("requests / served / last one after the answer: median, and range of {HERDS}");
        let what = format!("10,000 cold callers, endpoint {name} after 50 ms: {what}");
        let range = format!("{} ({} to {})", row::shown(late), row::shown(least), row::shown(most_late));
        let goal = format!("{expected} / ≤ 10 ms");
        let all = if matches!(answers, Answers::Token(_)) { TASKS } else { 0 };
        let is_good = requests <= most && late <= LATE && herds.iter().all(|herd| herd.served == all);
        row::judged(&what, &format!("{requests} / {served} / {range}"), &goal, is_good);
    }
    let bytes = bytes_a_waiter();
    row::judged("memory of a cold caller beyond its task", &format!("{bytes} B"), "≤ 240 B", bytes <= 240);
}

struct Herd {
    requests: u64,
    /// How long after the last answer the last waiter had it.
    late: Duration,
    served: usize,
}

fn herd(answers: Answers) -> Herd {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let vendor = Vendor::new(answers, Duration::from_millis(50));
    let tokens = TokenSource::new(vendor.clone());
    let (last, served) = runtime.block_on(async {
        let ask = |tokens: TokenSource| async move { (tokens.token().await.is_ok(), Instant::now()) };
        let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(ask(tokens.clone()))).collect();
        let (mut last, mut served) = (Instant::now(), 0);
        for task in tasks {
            let (ok, at) = task.await.expect("a task that ends");
            last = last.max(at);
            served += usize::from(ok);
        }
        (last, served)
    });
    let answered = vendor.answered().expect("an answer");
    Herd { requests: vendor.requests(), late: last - answered, served }
}

/// Bytes allocated for each task that waits for the token, less those for a task that waits for nothing.
fn bytes_a_waiter() -> i64 {
    let tokens = TokenSource::new(Vendor::new(Answers::Token(HOUR), HOUR));
    let waiting = bytes_of_tasks(|| {
        let tokens = tokens.clone();
        async move { tokens.token().await.map(drop) }
    });
    let idle = bytes_of_tasks(pending::<Result<(), Error>>);
    (waiting - idle) / TASKS as i64
}

/// What ten thousand tasks take once each has been polled.
fn bytes_of_tasks<F: Future<Output = Result<(), Error>> + Send + 'static>(task: impl Fn() -> F) -> i64 {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let counted = allocation_counter::measure(|| {
        runtime.block_on(async {
            (0..TASKS).for_each(|_| drop(tokio::spawn(task())));
            for _ in 0..TASKS {
                tokio::task::yield_now().await;
            }
        });
    });
    counted.bytes_current
}

const TASKS: usize = 10_000;
/// One alone may meet whatever else the machine does in those milliseconds.
const HERDS: usize = 5;
const LATE: Duration = Duration::from_millis(10);
