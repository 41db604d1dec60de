//! The simulators, spoken to over raw sockets: no client library stands between.

mod mgplus;
mod raw;
