//! What `tracing` is told: the events and spans of the README, with their fields, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_core::TokenSource;
use tracing::{Level, span};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

pub(crate) mod lives;
mod recorder;

use crate::readme::{rows, words};
use crate::script::{Answer, HOUR, SECOND, Script, pass, settle};
use recorder::Lived;
pub(crate) use recorder::Recorder;

type Names = BTreeSet<String>;

/// The names in the first cell, and in the last those of fields.
fn documented(row: &[String]) -> (String, Names) {
    (row[0].clone(), words(row.last().expect("a cell")).into_iter().collect())
}

#[tokio::test(start_paused = true)]
async fn every_event_has_the_level_and_the_fields_that_the_readme_tells() {
    let recorder = Recorder::default();
    let _listening = recorder.listen();
    lives::all().await;
    let mut seen = BTreeMap::<(String, String), Names>::new();
    for line in recorder.lines().into_iter().filter(|line| line.target == "auth_core") {
        let mut names: Names = line.fields.keys().map(ToString::to_string).collect();
        for common in ["message", "event", "vendor"] {
            assert!(names.remove(common), "no {common} in {line:?}");
        }
        seen.entry((line.fields["event"].clone(), line.level.to_string())).or_default().extend(names);
    }
    let told: BTreeMap<_, _> = rows("`event`")
        .iter()
        .map(|row| {
            let (event, fields) = documented(row);
            ((event, row[1].clone()), fields)
        })
        .collect();
    assert_eq!(seen, told);
}

#[tokio::test(start_paused = true)]
async fn every_span_has_the_fields_that_the_readme_tells() {
    let recorder = Recorder::default();
    let _listening = recorder.listen();
    lives::named(&Script::tokens_of(HOUR), "shop-7").await;
    for (name, fields) in rows("span").iter().map(|row| documented(row)) {
        let spans = recorder.spans(&name);
        assert!(!spans.is_empty(), "no {name}");
        for span in spans {
            assert_eq!((span.target.as_str(), span.level), ("auth_core", Level::DEBUG));
            assert_eq!(span.fields.keys().map(ToString::to_string).collect::<Names>(), fields, "{name}");
        }
    }
    assert_eq!(rows("span").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn lines_of_a_source_with_a_name_say_it() {
    let recorder = Recorder::default();
    let _listening = recorder.listen();
    lives::named(&Script::tokens_of(HOUR), "shop-7").await;
    let lines = recorder.lines();
    let ours: Vec<_> = lines.iter().filter(|line| line.target == "auth_core").collect();
    assert!(ours.len() > 10 && ours.iter().all(|line| line.fields["source"] == "shop-7"), "{ours:?}");
    assert!(recorder.spans("token_flight").iter().all(|span| span.fields["source"] == "shop-7"));
}

#[tokio::test(start_paused = true)]
async fn values_are_numbers_and_names_that_can_be_searched_for() {
    let recorder = Recorder::default();
    let _listening = recorder.listen();
    lives::refused_and_restored().await;
    let lines = recorder.lines();
    let fields = |event: &str| {
        let line = lines.iter().find(|line| line.fields.get("event").is_some_and(|name| name == event));
        let mut fields = line.expect("an event of that kind").fields.clone();
        fields.remove("event");
        fields.into_iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(fields("requested"), "message: requested: no token yet, reason: cold, vendor: script");
    let failed = "class: rejected, code: invented_code, message: request failed: script refused the request \
                  (status 400, code invented_code), status: 400, vendor: script";
    assert_eq!(fields("request_failed"), failed);
    assert_eq!(
        fields("obtained"),
        "lifetime_s: 3600.0, message: obtained: token #1 lives 3600s, token: 1, vendor: script"
    );
    assert!(fields("held").ends_with(", permanent: true, vendor: script"), "{}", fields("held"));
}

#[tokio::test(start_paused = true)]
async fn flight_is_a_root_that_follows_from_its_first_caller_and_holds_each_request() {
    let recorder = Recorder::default();
    let _listening = recorder.listen();
    let script = Script::tokens_of(HOUR).answers([Answer::Fail(crate::script::unavailable())]);
    let tokens = script.source();
    let caller = tracing::info_span!("caller");
    tracing::Instrument::instrument(tokens.token(), caller).await.expect("a token at the second request");
    settle().await;
    let (flights, requests) = (recorder.spans("token_flight"), recorder.spans("token_request"));
    assert_eq!((flights.len(), flights[0].parent, &flights[0].follows[..]), (1, None, &["caller"][..]));
    assert_eq!(flights[0].fields["reason"], "cold");
    let told: Vec<_> =
        requests.iter().map(|span| (span.parent, &*span.fields["attempt"], &*span.fields["outcome"])).collect();
    assert_eq!(told, [(Some("token_flight"), "1", "unavailable"), (Some("token_flight"), "2", "ok")]);
    assert!(flights.iter().chain(&requests).all(|span| span.is_over));
    let within = |event: &str| {
        let lines = recorder.lines();
        let line = lines.iter().find(|line| line.fields.get("event").is_some_and(|name| name == event));
        line.expect("an event of that kind").within.join(" ")
    };
    assert_eq!((within("requested"), within("served")), ("caller".to_owned(), "caller".to_owned()));
    assert_eq!((within("attempt_failed"), within("obtained")), ("token_flight".to_owned(), "token_flight".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_the_endpoint_tells_is_within_the_request() {
    let recorder = Recorder::default();
    let _listening = recorder.listen();
    Script::tokens_of(HOUR).source().token().await.expect("a token");
    let asked = recorder.lines().into_iter().find(|line| line.target == "endpoint").expect("the endpoint was asked");
    assert_eq!(asked.within, ["token_flight", "token_request"]);
}

#[tokio::test(start_paused = true)]
async fn request_that_panics_and_one_that_is_given_up_have_an_outcome_and_an_end() {
    let recorder = Recorder::default();
    let _listening = recorder.listen();
    Script::default().answers([Answer::Panic]).source().token().await.expect_err("a panic");
    lives::abandoned().await;
    let requests = recorder.spans("token_request");
    let outcomes: Vec<_> = requests.iter().map(|span: &Lived| &*span.fields["outcome"]).collect();
    assert_eq!(outcomes, ["internal", "ok", "abandoned"]);
    assert!(requests.iter().chain(&recorder.spans("token_flight")).all(|span| span.is_over));
    tracing::info!(target: "after", "the panic");
    assert_eq!(recorder.lines().last().map(|line| line.within.len()), Some(0), "a span was never left");
}

/// Panics wherever it may.
pub(crate) struct Bomb(AtomicUsize);

impl Bomb {
    pub(crate) fn listens() -> tracing::subscriber::DefaultGuard {
        tracing::subscriber::set_default(Self(AtomicUsize::new(0)))
    }

    fn goes_off(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("a subscriber that panics, on purpose");
    }
}

impl tracing::Subscriber for Bomb {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "auth_core"
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        // The spans of flights are made, so that all else can go off.
        if span.metadata().name() != "token_flight" {
            self.goes_off();
        }
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {
        self.goes_off();
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {
        self.goes_off();
    }

    fn event(&self, _: &tracing::Event<'_>) {
        self.goes_off();
    }

    fn enter(&self, _: &span::Id) {
        self.goes_off();
    }

    fn exit(&self, _: &span::Id) {
        self.goes_off();
    }

    fn try_close(&self, _: span::Id) -> bool {
        self.goes_off();
        true
    }
}

#[tokio::test(start_paused = true)]
async fn subscriber_that_panics_at_everything_harms_nobody() {
    let bomb = Arc::new(Bomb(AtomicUsize::new(0)));
    let _listening = tracing::subscriber::set_default(Arc::clone(&bomb));
    lives::all().await;
    let panics = bomb.0.load(Ordering::SeqCst);
    assert!(panics > 50, "only {panics}");
}

/// Panics when it hears whom a flight follows from, and again when the flight is over.
struct Spiteful(Arc<AtomicUsize>);

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spiteful {
    fn on_follows_from(&self, _: &span::Id, _: &span::Id, _: Context<'_, S>) {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("a layer that panics, on purpose");
    }

    fn on_close(&self, id: span::Id, cx: Context<'_, S>) {
        let name = cx.span(&id).map(|span| span.name());
        if name == Some("token_flight") {
            self.0.fetch_add(1, Ordering::SeqCst);
            panic!("a layer that panics, on purpose");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn subscriber_that_panics_at_a_flight_that_follows_from_a_caller_harms_nobody() {
    let panics = Arc::<AtomicUsize>::default();
    let layered = tracing_subscriber::registry().with(Spiteful(Arc::clone(&panics)));
    let _listening = tracing::subscriber::set_default(layered);
    let tokens = Script::tokens_of(HOUR).source();
    tracing::Instrument::instrument(tokens.token(), tracing::info_span!("caller")).await.expect("a token");
    settle().await;
    assert_eq!(panics.load(Ordering::SeqCst), 2);
}

/// Asks the source whenever it is told of it.
struct Curious(TokenSource, Arc<AtomicUsize>);

impl Curious {
    fn asks(&self) {
        if self.0.status().vendor == "script" && self.0.recent_events().len() < 64 {
            self.1.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl tracing::Subscriber for Curious {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "auth_core"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        self.asks();
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {
        self.asks();
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        self.asks();
    }

    fn enter(&self, _: &span::Id) {
        self.asks();
    }

    fn exit(&self, _: &span::Id) {
        self.asks();
    }

    fn try_close(&self, _: span::Id) -> bool {
        self.asks();
        true
    }
}

#[tokio::test(start_paused = true)]
async fn subscriber_may_ask_the_source_that_it_is_told_of() {
    let asked = Arc::<AtomicUsize>::default();
    let tokens = Script::tokens_of(HOUR).source();
    let _listening = tracing::subscriber::set_default(Curious(tokens.clone(), Arc::clone(&asked)));
    tokens.token().await.expect("a token");
    pass(HOUR - SECOND).await;
    tokens.token().await.expect("a token");
    assert!(tokens.status().life_left > Some(Duration::from_secs(60)));
    assert!(asked.load(Ordering::SeqCst) > 10);
}
