//! Keeps what `tracing` is told on this thread.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry, Scope};

pub(crate) type Fields = BTreeMap<&'static str, String>;

/// An event, and the spans that it is in, from the outermost.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) target: String,
    pub(crate) level: Level,
    pub(crate) fields: Fields,
    pub(crate) within: Vec<&'static str>,
}

/// A span.
#[derive(Clone, Debug)]
pub(crate) struct Lived {
    id: u64,
    pub(crate) name: &'static str,
    pub(crate) target: String,
    pub(crate) level: Level,
    pub(crate) fields: Fields,
    pub(crate) parent: Option<&'static str>,
    pub(crate) follows: Vec<&'static str>,
    pub(crate) is_over: bool,
}

#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    lines: Vec<Line>,
    spans: Vec<Lived>,
}

impl Recorder {
    /// Listens on this thread until the guard is dropped.
    pub(crate) fn listen(&self) -> tracing::subscriber::DefaultGuard {
        tracing::subscriber::set_default(Registry::default().with(self.clone()))
    }

    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lock().lines.clone()
    }

    /// The spans of that name.
    pub(crate) fn spans(&self, name: &str) -> Vec<Lived> {
        self.lock().spans.iter().filter(|span| span.name == name).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The span of that id; ids are used again, so it is the last one.
    fn of(&self, id: &Id, change: impl FnOnce(&mut Lived)) {
        if let Some(span) = self.lock().spans.iter_mut().rfind(|span| span.id == id.into_u64()) {
            change(span);
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let metadata = attributes.metadata();
        let mut fields = Fields::new();
        attributes.record(&mut Reader(&mut fields));
        self.lock().spans.push(Lived {
            id: id.into_u64(),
            name: metadata.name(),
            target: metadata.target().to_owned(),
            level: *metadata.level(),
            fields,
            parent: cx.span(id).and_then(|span| Some(span.parent()?.name())),
            follows: Vec::new(),
            is_over: false,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.of(id, |span| values.record(&mut Reader(&mut span.fields)));
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, cx: Context<'_, S>) {
        let name = cx.span(follows).map(|span| span.name());
        self.of(id, |span| span.follows.extend(name));
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Reader(&mut fields));
        let within = cx.event_scope(event).into_iter().flat_map(Scope::from_root).map(|span| span.name());
        let (target, level) = (event.metadata().target().to_owned(), *event.metadata().level());
        let line = Line { target, level, fields, within: within.collect() };
        self.lock().lines.push(line);
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.of(&id, |span| span.is_over = true);
    }
}

/// Reads values as Debug shows them, text without its quotes.
struct Reader<'a>(&'a mut Fields);

impl Visit for Reader<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
