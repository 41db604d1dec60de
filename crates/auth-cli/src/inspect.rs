//! `authctl inspect`: what a token says about itself.

pub(crate) mod relative;
mod signature;
pub(crate) mod table;
pub(crate) mod token;

use std::io::Write as _;
use std::path::Path;
use std::time::SystemTime;

use crate::cli::InspectArgs;
use crate::exit::Exit;
use crate::input::{Input, cannot_read, is_stdin};
use crate::trouble::Trouble;
use signature::{Keys, Verdict};
use token::Token;

pub(crate) fn run(args: &InspectArgs) -> Result<Exit, Trouble> {
    if is_stdin(&args.file) && args.jwks.as_deref().is_some_and(is_stdin) {
        return Err(Trouble::Usage("the token and --jwks cannot both be standard input".to_owned()));
    }
    let keys = args.jwks.as_deref().map(|path| Keys::parse(&read(path, "--jwks")?)).transpose()?;
    let text = read(&args.file, "token")?;
    let token = Token::found_in(&text)?;
    let verdict = keys.map(|keys| keys.verify(&token));
    let mut out = anstream::stdout().lock();
    let table = table::of(&token, verdict.as_ref(), SystemTime::now());
    let shown = out.write_all(table.as_bytes()).and_then(|()| out.flush()).map_err(Trouble::from);
    // A reader that has had enough does not make a signature valid.
    if !shown.as_ref().is_err_and(Trouble::is_quiet) {
        shown?;
    }
    Ok(match verdict {
        None | Some(Verdict::Valid { .. }) => Exit::Success,
        Some(Verdict::Invalid(_)) => Exit::Person,
    })
}

fn read(path: &Path, what: &str) -> Result<String, Trouble> {
    let input = Input { prompt: "The token", kib: LIMIT_KIB, expected: "a token, or a set of keys" };
    input.read(path).map_err(|error| cannot_read(what, path, &error))
}

/// Far more than any token, or any vendor's keys.
const LIMIT_KIB: u64 = 1024;
