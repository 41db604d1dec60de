//! What a recorder of `metrics` is told: the metrics of the README, with their labels, and nothing else.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use ::metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use ::metrics::{set_default_local_recorder, with_local_recorder};
use auth_core::metrics::{FLIGHT_DURATION, LIFE_LEFT, OUTAGE_SURVIVABLE, READS, REQUESTS, describe};
use auth_core::{KeepWarm, Renew, TokenSource};

mod recorder;

use crate::readme::{rows, words};
use crate::script::{Answer, HOUR, SECOND, Script, pass, settle, unavailable};
use crate::traced::lives;
use recorder::{Described, Recorder};

/// Tokens of an hour, renewed after 45 minutes.
fn punctual() -> Script {
    Script::tokens_of(HOUR).advises(|policy| policy.renew = Renew::At { fraction: 0.75, jitter: 0.0 })
}

/// The series of a source without a name.
fn of_script(name: &str) -> String {
    format!("{name}{{vendor=script}}")
}

#[tokio::test(start_paused = true)]
async fn life_of_a_source_is_counted_and_measured() {
    let recorder = Recorder::default();
    let _recording = set_default_local_recorder(&recorder);
    let _tokens = lives::named(&punctual(), "shop-7").await;
    let expected = [
        "auth_token_failures_total{vendor=script,source=shop-7,class=rejected} 1",
        "auth_token_flight_duration_seconds{vendor=script,source=shop-7,outcome=ok} 2 values",
        "auth_token_flight_duration_seconds{vendor=script,source=shop-7,outcome=rejected} 1 values",
        "auth_token_life_left_seconds{vendor=script,source=shop-7} 3590",
        "auth_token_outage_survivable_seconds{vendor=script,source=shop-7} 890",
        "auth_token_reads_total{vendor=script,source=shop-7} 2",
        "auth_token_rejections_total{vendor=script,source=shop-7,verdict=accepted} 1",
        "auth_token_rejections_total{vendor=script,source=shop-7,verdict=already_replaced} 1",
        "auth_token_renewals_total{vendor=script,source=shop-7,reason=cold} 1",
        "auth_token_renewals_total{vendor=script,source=shop-7,reason=forced} 2",
        "auth_token_requests_total{vendor=script,source=shop-7,outcome=ok} 2",
        "auth_token_requests_total{vendor=script,source=shop-7,outcome=rejected} 1",
        "auth_token_requests_total{vendor=script,source=shop-7,outcome=unavailable} 1",
    ];
    assert_eq!(recorder.lines(), expected);
}

#[tokio::test(start_paused = true)]
async fn every_metric_is_described_and_labelled_as_the_readme_tells() {
    let recorder = Recorder::default();
    let _recording = set_default_local_recorder(&recorder);
    describe();
    lives::all().await;
    let table = rows("metric");
    let row = |row: &Vec<String>| {
        let kind = ["counter", "gauge", "histogram"].into_iter().find(|kind| *kind == row[1]).expect("a kind");
        let unit = ["count", "seconds"].into_iter().find(|unit| *unit == row[2]).expect("a unit");
        (row[0].clone(), (kind, unit, row[3].clone()))
    };
    assert_eq!(recorder.described(), table.iter().map(row).collect::<Described>());
    for row in table {
        let labels: BTreeSet<_> = words(&row[4]).into_iter().chain(["vendor".to_owned()]).collect();
        assert_eq!(recorder.labels(&row[0]), labels, "{}", row[0]);
    }
}

#[tokio::test(start_paused = true)]
async fn request_that_panics_and_one_that_is_given_up_are_counted() {
    let recorder = Recorder::default();
    let _recording = set_default_local_recorder(&recorder);
    Script::default().answers([Answer::Panic]).source().token().await.expect_err("a panic");
    lives::abandoned().await;
    for of in ["auth_token_requests_total", "auth_token_flight_duration_seconds"] {
        for outcome in ["internal", "ok", "abandoned"] {
            let series = format!("{of}{{vendor=script,outcome={outcome}}}");
            assert!(recorder.value(&series).is_some(), "no {series} in {:?}", recorder.lines());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn flight_takes_from_its_first_request_to_its_end() {
    let recorder = Recorder::default();
    let _recording = set_default_local_recorder(&recorder);
    let tokens = Script::tokens_of(HOUR).takes(2 * SECOND).source();
    tokens.token().await.expect("a token");
    settle().await;
    assert_eq!(recorder.value("auth_token_flight_duration_seconds{vendor=script,outcome=ok}"), Some(2.0));
}

#[tokio::test(start_paused = true)]
async fn gauges_follow_the_time_within_30_seconds_whether_the_token_is_used_or_not() {
    let recorder = Recorder::default();
    let _recording = set_default_local_recorder(&recorder);
    let tokens = punctual().source();
    tokens.token().await.expect("a token");
    // Two lifetimes without a call, and then it is not renewed any more.
    for minute in 0..300 {
        pass(30 * SECOND).await;
        pass(30 * SECOND).await;
        let status = tokens.status();
        for (gauge, is) in [(LIFE_LEFT, status.life_left), (OUTAGE_SURVIVABLE, status.outage_survivable)] {
            let shown = recorder.value(&of_script(gauge)).expect("a gauge");
            let off = shown - is.unwrap_or_default().as_secs_f64();
            assert!((0.0..=30.0).contains(&off), "minute {minute}: {gauge} shows {shown}, which is {off} s off");
        }
    }
    assert_eq!(tokens.status().life_left, None, "it was renewed all the time");
}

#[tokio::test(start_paused = true)]
async fn gauges_are_set_before_a_scrape_where_nothing_runs_in_the_background() {
    let recorder = Recorder::default();
    let _recording = set_default_local_recorder(&recorder);
    let script = punctual();
    let mut policy = auth_core::RefreshPolicy::default();
    (policy.keep_warm, policy.renew) = (KeepWarm::OnDemand, Renew::At { fraction: 0.75, jitter: 0.0 });
    let builder = TokenSource::builder(script.clone()).policy(policy).clock(auth_core::PausedClock::new());
    let tokens = builder.build();
    let gauges = || [LIFE_LEFT, OUTAGE_SURVIVABLE].map(|name| recorder.value(&of_script(name)));
    tokens.record_metrics();
    assert_eq!(gauges(), [Some(0.0), Some(0.0)]);
    tokens.token().await.expect("a token");
    script.always(Answer::Fail(unavailable()));
    pass(3000 * SECOND).await;
    assert_eq!(gauges(), [Some(3590.0), Some(890.0)], "nobody sets them");
    tokens.record_metrics();
    assert_eq!(gauges(), [Some(590.0), Some(590.0)]);
}

#[tokio::test(start_paused = true)]
async fn recorder_that_is_installed_later_is_told_from_then_on() {
    let tokens = punctual().source();
    tokens.token().await.expect("a token");
    let recorder = Recorder::default();
    let _recording = set_default_local_recorder(&recorder);
    tokens.refresh().await.expect("a token");
    assert_eq!(recorder.value("auth_token_renewals_total{vendor=script,reason=forced}"), Some(1.0));
    assert_eq!(recorder.value("auth_token_renewals_total{vendor=script,reason=cold}"), None);
    assert_eq!(recorder.value(&of_script(LIFE_LEFT)), Some(3590.0));
}

/// Reads once, from memory.
fn read(tokens: &TokenSource) {
    let polled = pin!(tokens.token()).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, std::task::Poll::Ready(Ok(_))));
}

#[test]
fn reads_of_many_threads_and_of_two_sources_of_one_series_are_all_counted() {
    const READERS: usize = 16;
    const EACH: usize = 1000;
    let recorder = Recorder::default();
    for _ in 0..2 {
        let tokens = TokenSource::fixed("invented-token");
        // The first read of all is told where it happens, and what was read by then with it.
        let reads = || with_local_recorder(&recorder, || (0..EACH).for_each(|_| read(&tokens)));
        std::thread::scope(|scope| (0..READERS).for_each(|_| drop(scope.spawn(reads))));
        with_local_recorder(&recorder, || {
            tokens.record_metrics();
            tokens.record_metrics();
        });
    }
    let series = format!("{READS}{{vendor=fixed}}");
    assert_eq!(recorder.value(&series), Some((2 * READERS * EACH) as f64));
}

#[tokio::test(start_paused = true)]
async fn read_is_counted_once_however_it_is_made() {
    let recorder = Recorder::default();
    let _recording = set_default_local_recorder(&recorder);
    let script = punctual();
    let tokens = script.source();
    let reads = || {
        tokens.record_metrics();
        recorder.value(&of_script(READS))
    };
    tokens.token().await.expect("a token that was waited for");
    assert_eq!(reads(), Some(1.0));
    tokens.token().await.expect("a token");
    tokens.authorization().await.expect("a header");
    tokens.headers().await.expect("headers");
    tokens.blocking().token().expect("a token");
    assert_eq!(reads(), Some(5.0));
    tokens.refresh().await.expect("a token");
    tokens.token_valid_for(SECOND).await.expect("a token");
    assert_eq!(reads(), Some(7.0));
    script.always(Answer::Hang);
    pass(3000 * SECOND).await;
    tokens.token().await.expect("the old token");
    tokens.blocking().token().expect("the old token");
    assert_eq!(reads(), Some(9.0));
    tokens.token_valid_for(2 * HOUR).await.expect_err("no such token");
    assert_eq!(reads(), Some(9.0));
}

/// Does what it likes whenever it is called, and then what the other does.
struct Foreign<F>(F, Recorder);

impl<F: Fn(&Key)> ::metrics::Recorder for Foreign<F> {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, about: &Metadata<'_>) -> Counter {
        (self.0)(key);
        self.1.register_counter(key, about)
    }

    fn register_gauge(&self, key: &Key, about: &Metadata<'_>) -> Gauge {
        (self.0)(key);
        self.1.register_gauge(key, about)
    }

    fn register_histogram(&self, key: &Key, about: &Metadata<'_>) -> Histogram {
        (self.0)(key);
        self.1.register_histogram(key, about)
    }
}

#[tokio::test(start_paused = true)]
async fn recorder_that_panics_at_everything_harms_nobody() {
    let panics = AtomicUsize::new(0);
    let goes_off = |_: &Key| {
        panics.fetch_add(1, Ordering::SeqCst);
        panic!("a recorder that panics, on purpose");
    };
    let bomb = Foreign(goes_off, Recorder::default());
    let _recording = set_default_local_recorder(&bomb);
    lives::all().await;
    assert!(panics.load(Ordering::SeqCst) > 50);
}

#[tokio::test(start_paused = true)]
async fn recorder_may_ask_the_source_that_it_is_told_of() {
    let tokens = Script::tokens_of(HOUR).source();
    let asked = AtomicUsize::new(0);
    let asks = |_: &Key| {
        tokens.record_metrics();
        if tokens.status().vendor == "script" {
            asked.fetch_add(1, Ordering::SeqCst);
        }
    };
    let recorder = Recorder::default();
    let asks = Foreign(asks, recorder.clone());
    let _recording = set_default_local_recorder(&asks);
    let token = tokens.token().await.expect("a token");
    tokens.rejected(&token);
    pass(SECOND).await;
    tokens.token().await.expect("another token");
    assert!(tokens.status().life_left > Some(Duration::from_secs(60)));
    assert!(asked.load(Ordering::SeqCst) > 10);
    pass(60 * SECOND).await;
    tokens.record_metrics();
    let left = tokens.status().life_left.map(|left| left.as_secs_f64());
    assert_eq!(recorder.value(&of_script(LIFE_LEFT)), left, "the gauges are set no more");
}

#[tokio::test(start_paused = true)]
async fn gauges_show_what_happened_last_though_it_happened_while_they_were_set() {
    let tokens = Script::tokens_of(HOUR).source();
    let token = tokens.token().await.expect("a token");
    let meddles = |key: &Key| {
        if key.name() == LIFE_LEFT {
            tokens.rejected(&token);
        }
    };
    let recorder = Recorder::default();
    let meddler = Foreign(meddles, recorder.clone());
    with_local_recorder(&meddler, || tokens.record_metrics());
    assert_eq!(tokens.status().life_left, None);
    assert_eq!([LIFE_LEFT, OUTAGE_SURVIVABLE].map(|name| recorder.value(&of_script(name))), [Some(0.0), Some(0.0)]);
}

#[tokio::test(start_paused = true)]
async fn reads_of_a_source_that_is_dropped_are_counted() {
    let recorder = Recorder::default();
    let _recording = set_default_local_recorder(&recorder);
    let tokens = TokenSource::fixed("invented-token");
    (0..3).for_each(|_| read(&tokens));
    drop(tokens);
    assert_eq!(recorder.value(&format!("{READS}{{vendor=fixed}}")), Some(3.0));
    drop(TokenSource::fixed("invented-token"));
    drop(Script::default().source());
    assert_eq!(recorder.value(&of_script(READS)), None, "of what was never read nothing is told");
}

#[tokio::test(start_paused = true)]
async fn recorder_is_told_of_an_answer_when_the_answer_is_there_for_all() {
    let tokens = Script::tokens_of(HOUR).source();
    let told = Mutex::new(Vec::new());
    let looks = |key: &Key| {
        if [REQUESTS, FLIGHT_DURATION].contains(&key.name()) {
            let told_of = (key.name().to_owned(), tokens.status().token.is_some());
            told.lock().expect("no panic").push(told_of);
        }
    };
    let looks = Foreign(looks, Recorder::default());
    let _recording = set_default_local_recorder(&looks);
    tokens.token().await.expect("a token");
    let expected = [(REQUESTS.to_owned(), true), (FLIGHT_DURATION.to_owned(), true)];
    assert_eq!(*told.lock().expect("no panic"), expected);
}
