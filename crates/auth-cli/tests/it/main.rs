//! The program as its users meet it: arguments and variables in, two streams and an exit code out.

mod bad_input;
mod certificate;
mod demo;
mod doctor;
mod exit_codes;
mod formats;
mod harness;
mod help;
mod https;
mod inspect;
mod options;
mod secrets;
mod sim;
mod streams;
