//! `authctl inspect`: what a token says about itself.

mod relative;
mod signature;
mod table;
mod token;

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::path::Path;
use std::time::SystemTime;

use crate::cli::InspectArgs;
use crate::exit::Exit;
use crate::trouble::Trouble;
use signature::{Keys, Verdict};
use token::Token;

pub(crate) fn run(args: &InspectArgs) -> Result<Exit, Trouble> {
    let keys = args.jwks.as_deref().map(|path| Keys::parse(&read(path, "--jwks")?)).transpose()?;
    let text = read(&args.file, "token")?;
    let token = Token::found_in(&text)?;
    let verdict = keys.map(|keys| keys.verify(&token));
    let mut out = anstream::stdout().lock();
    out.write_all(table::of(&token, verdict.as_ref(), SystemTime::now()).as_bytes())?;
    out.flush()?;
    Ok(match verdict {
        None | Some(Verdict::Valid { .. }) => Exit::Success,
        Some(Verdict::Invalid(_)) => Exit::Person,
    })
}

/// All of a file, or of standard input.
fn read(path: &Path, what: &str) -> Result<String, Trouble> {
    let text = if path.as_os_str() == "-" { from_stdin() } else { File::open(path).and_then(bounded) };
    text.map_err(|error| Trouble::Usage(format!("{what} {}: {error}", path.display())))
}

fn from_stdin() -> io::Result<String> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        writeln!(io::stderr(), "The token, then Return and Ctrl-D:")?;
    }
    bounded(stdin)
}

fn bounded(from: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than 1 MiB; expected a token, or a set of keys"));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8; expected text"))
}

/// Far more than any token, or any vendor's keys.
const LIMIT: u64 = 1024 * 1024;
