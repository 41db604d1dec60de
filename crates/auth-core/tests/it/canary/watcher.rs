//! Sees all that this process shows, and keeps what holds a secret.

use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span;

/// The word, the same in base64, and five characters of the client id.
pub(super) fn is_leak(text: &str) -> bool {
    text.to_lowercase().contains("canary") || text.contains("Y2FuYXJ5") || text.contains("-9Q7Z")
}

static LEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());
pub(super) static TRACED: AtomicUsize = AtomicUsize::new(0);
pub(super) static LOGGED: AtomicUsize = AtomicUsize::new(0);

pub(super) fn watch(text: impl AsRef<str>) {
    if is_leak(text.as_ref()) {
        LEAKS.lock().unwrap_or_else(PoisonError::into_inner).push(text.as_ref().to_owned());
    }
}

pub(super) fn leaks() -> Vec<String> {
    LEAKS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Sees every event and span of `tracing`, every record of `log` and every panic message of the process.
#[derive(Debug)]
pub(super) struct Watcher;

impl Watcher {
    pub(super) fn install() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            tracing::subscriber::set_global_default(Self).expect("no other subscriber in these tests");
            log::set_logger(&Self).expect("no other logger in these tests");
            log::set_max_level(log::LevelFilter::Trace);
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                let words = info.payload().downcast_ref::<&str>().copied();
                watch(words.or(info.payload().downcast_ref::<String>().map(String::as_str)).unwrap_or_default());
                before(info);
            }));
        });
    }
}

impl tracing::Subscriber for Watcher {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        span.record(&mut Fields);
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Fields);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        TRACED.fetch_add(1, SeqCst);
        event.record(&mut Fields);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Fields;

impl Visit for Fields {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        watch(format!("{value:?}"));
    }
}

impl log::Log for Watcher {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LOGGED.fetch_add(1, SeqCst);
        watch(format!("{} {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

#[test]
fn watcher_finds_what_it_watches_for() {
    for leak in [super::ID, super::SECRET, "CANARY", "Y2FuYXJ5LWNsaWVudA", "id-9Q7Z", "%20canary%20"] {
        assert!(is_leak(leak), "{leak}");
    }
    assert!(!is_leak("…9Q7Z"));
}
