//! What a source does under load: herds, storms, cold requests, ten thousand sources.
//!
//! Prints rows of a Markdown table, as `cargo xtask bench` collects them.
#![expect(clippy::print_stdout, reason = "that is what it is for")]

mod cold;
mod endpoint;
mod herd;
mod idle;
mod row;
mod storm;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // What valgrind looks at; see `cold`.
        [cold::CHILD, who, requests, address] => cold::child(who, requests, address),
        [] => {
            row::head();
            herd::rows();
            storm::rows();
            cold::rows();
            idle::rows();
            ExitCode::SUCCESS
        }
        ref other => {
            eprintln!("no arguments are expected, but there is {other:?}");
            ExitCode::FAILURE
        }
    }
}
