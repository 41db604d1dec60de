#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod vendor;
pub use vendor::Vendor;

mod credentials;
pub use credentials::Credentials;

mod simulator;
pub use simulator::Simulator;

mod builder;
pub use builder::Builder;

mod fault;
pub use fault::Fault;
mod forms;
pub use forms::{ExpiresIn, OddToken, RetryAfter};

mod plan;
pub use plan::{Faults, Target};

mod counts;
pub use counts::Counts;

mod exchange;
pub use exchange::Exchange;

// One file per vendor: its endpoints, its claims, its error shapes.
mod mgplus;
pub use mgplus::MgPlusError;
mod stonex;
pub use stonex::StoneXError;
mod partner;
pub use partner::PartnerError;
mod s2s;
pub use s2s::S2sError;
mod mobilepay;
pub use mobilepay::MobilePayError;

mod answer;
mod body;
mod call;
mod gateway;
mod grants;
mod jwt;
mod misbehave;
mod ping;
mod request;
mod server;
mod shape;
mod state;
mod tokens;
