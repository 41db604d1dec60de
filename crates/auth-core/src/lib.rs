#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod source;
pub use source::{TokenSource, TokenSourceBuilder};

#[cfg(feature = "blocking")]
mod blocking;
#[cfg(feature = "blocking")]
pub use blocking::BlockingTokenSource;

mod token;
pub use token::{AccessToken, HeaderSet, NumericDate, TokenId};

mod error;
pub use error::{Error, Failure, Reach};

mod secret;
pub use secret::{BasicEncoding, ClientCredentials, CredentialSet, Secret, last_four, sensitive_header};

mod credentials;
pub use credentials::{CREDENTIALS_TIMEOUT, CredentialSource, Fingerprint};

mod vars;
pub use vars::Vars;

mod endpoint;
pub use async_trait::async_trait;
pub use endpoint::{Reason, RequestContext, TokenEndpoint};

mod http;
pub use crate::http::{Answer, BaseUrl, CONNECT_TIMEOUT, Caller, HttpClient, MAX_ANSWER, Request};
/// For [`HttpClient::configured`]: its `Proxy`, `Certificate` and `Identity`, in the version that is in use here.
#[doc(no_inline)]
pub use reqwest;

mod hosts;
pub use hosts::Hosts;

mod response;
pub use response::{AnswerRules, Body, Document, Fault, TokenResponse};

mod redact;
pub use redact::Redactor;

mod policy;
pub use policy::{
    ATTEMPT_TIMEOUT, BEGIN_WITHIN, DEAD_AFTER, FLIGHT_TIMEOUT, FLOOR, KeepWarm, LEAD_JITTER, LEAST_INTERVAL,
    MAX_ATTEMPTS, MAX_COLD_HOLD, MAX_LIFETIME, MAX_PERMANENT_HOLD, MAX_REJECTIONS, MAX_RETRY_AFTER, MAX_TRANSIENT_HOLD,
    MIN_ATTEMPT_TIMEOUT, MIN_INTERVAL, PERMANENT_HOLD, REJECTION_WINDOW, RENEW_AT, RENEW_JITTER, RETRY_BACKOFF,
    RETRY_RESERVE, RefreshPolicy, Renew, THROTTLED_HOLD, TRANSIENT_HOLD, YOUNG_TOKEN,
};

mod status;
pub use status::{Event, EventKind, RECENT_EVENTS, Status};

mod log;
pub use log::Events;

mod lifecycle;
pub use lifecycle::Rejection;

mod clock;
pub use clock::{Clock, Moment, SystemClock};
#[cfg(feature = "test-util")]
pub use clock::{ManualClock, PausedClock};

#[cfg(feature = "tower")]
pub mod tower;

#[cfg(feature = "metrics")]
pub mod metrics;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

mod authorize;
mod copies;
mod driver;
mod flight;
mod meter;
#[cfg(all(test, auth_core_loom))]
mod model;
mod quiet;
mod rt;
mod sync;
