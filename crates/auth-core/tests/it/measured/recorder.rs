//! Keeps what a recorder of `metrics` is told on this thread.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, SharedString, Unit,
};

/// What was described: kind, unit and meaning, by name.
pub(crate) type Described = BTreeMap<String, (&'static str, &'static str, String)>;

#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    /// By name and labels.
    series: BTreeMap<String, Series>,
    labels: BTreeMap<String, BTreeSet<String>>,
    described: Described,
}

#[derive(Clone, Debug, PartialEq)]
enum Series {
    Counter(u64),
    Gauge(f64),
    Histogram(Vec<f64>),
}

impl Recorder {
    /// One line for each series: its name and labels, and the count, the value, or how many values there are.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |(name, series): (&String, &Series)| match series {
            Series::Counter(count) => format!("{name} {count}"),
            Series::Gauge(value) => format!("{name} {value}"),
            Series::Histogram(values) => format!("{name} {} values", values.len()),
        };
        self.lock().series.iter().map(line).collect()
    }

    /// The count, the last value, or the sum of the series `name`, which has its labels in it.
    pub(crate) fn value(&self, name: &str) -> Option<f64> {
        self.lock().series.get(name).map(|series| match series {
            Series::Counter(count) => *count as f64,
            Series::Gauge(value) => *value,
            Series::Histogram(values) => values.iter().sum(),
        })
    }

    pub(crate) fn labels(&self, name: &str) -> BTreeSet<String> {
        self.lock().labels.get(name).cloned().unwrap_or_default()
    }

    pub(crate) fn described(&self) -> Described {
        self.lock().described.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self, key: &Key, metadata: &Metadata<'_>) -> Arc<Handle> {
        assert_eq!(metadata.target(), "auth_core");
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let names = key.labels().map(|label| label.key().to_owned());
        self.lock().labels.entry(key.name().to_owned()).or_default().extend(names);
        Arc::new(Handle { recorder: self.clone(), name: format!("{}{{{}}}", key.name(), labels.join(",")) })
    }

    fn describe(&self, kind: &'static str, key: &KeyName, unit: Option<Unit>, meaning: SharedString) {
        let unit = unit.map_or("", |unit| unit.as_str());
        self.lock().described.insert(key.as_str().to_owned(), (kind, unit, meaning.into_owned()));
    }
}

impl ::metrics::Recorder for Recorder {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, meaning: SharedString) {
        self.describe("counter", &key, unit, meaning);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, meaning: SharedString) {
        self.describe("gauge", &key, unit, meaning);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, meaning: SharedString) {
        self.describe("histogram", &key, unit, meaning);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.handle(key, metadata))
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.handle(key, metadata))
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.handle(key, metadata))
    }
}

/// One series.
struct Handle {
    recorder: Recorder,
    name: String,
}

impl Handle {
    fn change(&self, first: Series, change: impl FnOnce(&mut Series)) {
        change(self.recorder.lock().series.entry(self.name.clone()).or_insert(first));
    }
}

impl CounterFn for Handle {
    fn increment(&self, more: u64) {
        self.change(Series::Counter(0), |series| match series {
            Series::Counter(count) => *count += more,
            other => panic!("{other:?} is counted"),
        });
    }

    fn absolute(&self, _: u64) {
        panic!("two sources of one series would displace one another");
    }
}

impl GaugeFn for Handle {
    fn increment(&self, _: f64) {
        panic!("gauges are set");
    }

    fn decrement(&self, _: f64) {
        panic!("gauges are set");
    }

    fn set(&self, value: f64) {
        self.change(Series::Gauge(value), |series| *series = Series::Gauge(value));
    }
}

impl HistogramFn for Handle {
    fn record(&self, value: f64) {
        self.change(Series::Histogram(Vec::new()), |series| match series {
            Series::Histogram(values) => values.push(value),
            other => panic!("{other:?} has values"),
        });
    }
}
