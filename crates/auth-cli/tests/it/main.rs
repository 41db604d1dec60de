//! The program as its users meet it: arguments and variables in, two streams and an exit code out.

mod bad_input;
mod certificate;
mod demo;
mod exit_codes;
mod formats;
mod harness;
mod help;
mod inspect;
mod options;
mod secrets;
mod sim;
mod streams;
