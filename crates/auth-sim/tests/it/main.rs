//! The simulators, spoken to over raw sockets: no client library stands between.

mod alterations;
mod calls;
mod counts;
mod faults;

mod mgplus;
mod mobilepay;
mod partner;
mod plan;
mod raw;
mod s2s;
mod simulator;
mod stonex;
mod tokens;
mod watching;
