//! What a source counts and measures for a recorder of the `metrics` facade; these are the names.
//!
//! Every series has the label `vendor`, and `source` if [`TokenSourceBuilder::name`](crate::TokenSourceBuilder::name) was
//! called: several sources of one vendor need names, or they share one series. A recorder may be installed at any time; what
//! happened before it is not told again. It is called outside every lock, may ask the source, and may panic.
//!
//! Gauges fade with time. They are set whenever something happens, every 30 seconds by background renewal while that runs, and
//! by [`TokenSource::record_metrics`](crate::TokenSource::record_metrics): call it before a scrape. A source that is dropped
//! tells its last reads, and leaves the last values of its gauges behind.

use ::metrics::{Unit, with_recorder};

/// Requests for a token, by `outcome`: `ok`, the class of the error, or `abandoned`.
pub const REQUESTS: &str = "auth_token_requests_total";
/// Flights, by `reason`: `cold`, `ahead`, `expired`, `rejected` or `forced`.
pub const RENEWALS: &str = "auth_token_renewals_total";
/// Flights that failed, by the `class` of the error.
pub const FAILURES: &str = "auth_token_failures_total";
/// Calls of [`TokenSource::rejected`](crate::TokenSource::rejected), by `verdict`: `accepted`, `already_replaced` or `ignored`.
pub const REJECTIONS: &str = "auth_token_rejections_total";
/// Seconds from the first request of a flight to its end, by `outcome` as of [`REQUESTS`].
pub const FLIGHT_DURATION: &str = "auth_token_flight_duration_seconds";
/// [`Status::life_left`](crate::Status::life_left) in seconds, 0 without a token.
pub const LIFE_LEFT: &str = "auth_token_life_left_seconds";
/// [`Status::outage_survivable`](crate::Status::outage_survivable) in seconds, 0 without a token.
pub const OUTAGE_SURVIVABLE: &str = "auth_token_outage_survivable_seconds";
/// Tokens handed out, and calls of [`TokenSource::ready`](crate::TokenSource::ready) that found one. Counted by each thread for
/// itself, and told when gauges are set.
pub const READS: &str = "auth_token_reads_total";

/// Tells the recorder that is installed what each metric means, and its unit.
pub fn describe() {
    for Metric { name, kind, meaning } in ALL {
        with_recorder(|recorder| match kind {
            Kind::Counter => recorder.describe_counter(name.into(), Some(Unit::Count), meaning.into()),
            Kind::Gauge => recorder.describe_gauge(name.into(), Some(Unit::Seconds), meaning.into()),
            Kind::Histogram => recorder.describe_histogram(name.into(), Some(Unit::Seconds), meaning.into()),
        });
    }
}

struct Metric {
    name: &'static str,
    kind: Kind,
    meaning: &'static str,
}

enum Kind {
    Counter,
    Gauge,
    Histogram,
}

const fn counter(name: &'static str, meaning: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, meaning }
}

const fn gauge(name: &'static str, meaning: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, meaning }
}

const ALL: [Metric; 8] = [
    counter(REQUESTS, "requests for a token"),
    counter(RENEWALS, "flights, each of one request or a few, by why they were started"),
    counter(FAILURES, "flights that failed, by the class of the error"),
    counter(REJECTIONS, "tokens that were said to be rejected by an API, by what became of that"),
    Metric {
        name: FLIGHT_DURATION,
        kind: Kind::Histogram,
        meaning: "from the first request of a flight to its end, the pauses between requests included",
    },
    gauge(LIFE_LEFT, "how long the token is handed out if it is not renewed; 0 without a token"),
    gauge(OUTAGE_SURVIVABLE, "how long an outage stays unnoticed that begins at the worst moment from now on"),
    counter(READS, "tokens handed out, from memory or not"),
];
