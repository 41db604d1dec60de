//! Sees every event and span of `tracing` at TRACE, every record of `log`, every label of `metrics`, every panic message, and
//! whatever it is shown.

use std::any::type_name;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as StdError;
use std::fmt::{self, Debug};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use auth_core::{Error, TokenSource};
use auth_sim::Vendor;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use tracing::field::{Field, Visit};
use tracing::span;

use crate::marker::{Kind, find};

static LEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static TARGETS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
static TYPES: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
static EVENTS: Mutex<BTreeMap<&str, BTreeSet<&str>>> = Mutex::new(BTreeMap::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at `text`, which comes from `origin`.
pub(crate) fn watch(origin: &str, text: impl AsRef<str>) {
    look(origin, text.as_ref(), |_| true);
}

fn look(origin: &str, text: &str, counts: impl Fn(Kind) -> bool) {
    if let Some(kind) = find(text, counts) {
        lock(&LEAKS).push(format!("{kind:?} in {origin}: {text}"));
    }
}

/// What was seen that must not be.
pub(crate) fn leaks() -> Vec<String> {
    lock(&LEAKS).clone()
}

/// Where lines came from.
pub(crate) fn targets() -> BTreeSet<String> {
    lock(&TARGETS).clone()
}

/// The types that were shown, as paths to where they are defined.
pub(crate) fn shown_types() -> BTreeSet<String> {
    lock(&TYPES).clone()
}

/// The kinds of events that sources of `vendor` have shown since the last call.
pub(crate) fn take_events(vendor: Vendor) -> BTreeSet<&'static str> {
    lock(&EVENTS).remove(vendor.name()).unwrap_or_default()
}

/// Shows a value in both ways of Debug.
pub(crate) fn show<T: Debug>(value: &T) {
    note::<T>();
    watch(type_name::<T>(), format!("{value:?} {value:#?}"));
}

/// Shows it as its user prints it, as well.
pub(crate) fn show_and_print<T: Debug + fmt::Display>(value: &T) {
    show(value);
    watch(type_name::<T>(), value.to_string());
}

fn note<T>() {
    let path = type_name::<T>().split('<').next().unwrap_or_default();
    lock(&TYPES).insert(path.to_owned());
}

/// Shows an error and everything that it can be asked, and lets it be unwrapped.
pub(crate) fn show_error(error: &Error) {
    show_and_print(error);
    for part in [error.code(), error.hint(), error.correlation_id()] {
        watch("a part of an error", part.unwrap_or_default());
    }
    // The one place for the vendor's words, and no place for a credential.
    look("description()", error.description().unwrap_or_default(), |kind| kind != Kind::Body);
    let mut cause = StdError::source(error);
    while let Some(inner) = cause {
        watch("an error's source", format!("{inner} {inner:?} {inner:#?}"));
        cause = inner.source();
    }
    let boxed: Box<dyn StdError + Send + Sync> = error.clone().into();
    watch("a boxed error", format!("{boxed} {boxed:?} {boxed:#?}"));
    unwrapped(Err(error));
}

/// Shows what a source can tell of itself.
pub(crate) fn show_source(tokens: &TokenSource) {
    let status = tokens.status();
    show(tokens);
    show(&status);
    show(&tokens.events());
    for event in tokens.recent_events() {
        show_and_print(&event);
        show_and_print(&event.kind);
        lock(&EVENTS).entry(status.vendor).or_default().insert(event.kind.name());
    }
}

/// What a user's own unwrap says goes to the watcher.
pub(crate) fn unwrapped<E: Debug>(failed: Result<(), E>) {
    panics(|| failed.expect("no failure"));
}

/// What `what` panics with goes to the watcher.
pub(crate) fn panics(what: impl FnOnce()) {
    PLANNED.set(true);
    let caught = catch_unwind(AssertUnwindSafe(what));
    PLANNED.set(false);
    assert!(caught.is_err(), "it is expected to panic");
}

thread_local! {
    /// Whether a panic is part of the test, and need not be printed.
    static PLANNED: Cell<bool> = const { Cell::new(false) };
}

#[derive(Debug)]
pub(crate) struct Watcher;

impl Watcher {
    pub(crate) fn install() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            tracing::subscriber::set_global_default(Self).expect("no other subscriber in these tests");
            log::set_logger(&Self).expect("no other logger in these tests");
            log::set_max_level(log::LevelFilter::Trace);
            metrics::set_global_recorder(Self).expect("no other recorder in these tests");
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                let words = info.payload().downcast_ref::<&str>().copied();
                let words = words.or(info.payload().downcast_ref::<String>().map(String::as_str));
                watch("a panic", format!("{} {info}", words.unwrap_or_default()));
                if !PLANNED.get() {
                    before(info);
                }
            }));
        });
    }
}

impl tracing::Subscriber for Watcher {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        watch("a span", span.metadata().name());
        span.record(&mut Fields(span.metadata().target()));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Fields("a span"));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let target = event.metadata().target();
        lock(&TARGETS).insert(target.to_owned());
        event.record(&mut Fields(target));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The fields of a line from that target.
struct Fields<'a>(&'a str);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        watch(self.0, format!("{field} {value:?} {value:#?}"));
    }
}

impl log::Log for Watcher {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        lock(&TARGETS).insert(record.target().to_owned());
        watch(record.target(), record.args().to_string());
    }

    fn flush(&self) {}
}

impl Watcher {
    fn key(key: &Key) {
        lock(&TARGETS).insert(key.name().to_owned());
        key.labels().for_each(|label| watch(key.name(), format!("{}={}", label.key(), label.value())));
    }
}

impl metrics::Recorder for Watcher {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Self::key(key);
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Self::key(key);
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Self::key(key);
        Histogram::noop()
    }
}
