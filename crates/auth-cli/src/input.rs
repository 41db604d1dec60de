//! Text from a file or from standard input.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::path::Path;

use crate::trouble::Trouble;

/// What is read: how a person at a terminal is asked for it, how long it may be, and what to say of anything else.
pub(crate) struct Input<'a> {
    pub(crate) prompt: &'a str,
    pub(crate) kib: u64,
    pub(crate) expected: &'static str,
}

impl Input<'_> {
    /// All that the file at `path` holds, or standard input if it is `-`.
    pub(crate) fn read(&self, path: &Path) -> io::Result<String> {
        if !is_stdin(path) {
            return File::open(path).and_then(|file| self.bounded(file));
        }
        let stdin = io::stdin();
        if stdin.is_terminal() {
            writeln!(io::stderr(), "{}, then Return and Ctrl-D:", self.prompt)?;
        }
        self.bounded(stdin)
    }

    /// A device may be endless.
    fn bounded(&self, from: impl Read) -> io::Result<String> {
        let (mut bytes, limit, expected) = (Vec::new(), self.kib * 1024, self.expected);
        from.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            let what = format!("more than {} KiB; expected {expected}", self.kib);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
        }
        let not_text = |_| io::Error::new(io::ErrorKind::InvalidData, format!("not UTF-8; expected {expected}"));
        String::from_utf8(bytes).map_err(not_text)
    }
}

/// What to say of `what`, the file at `path`, which cannot be read. A name that leads nowhere may be the secret, or the
/// token, in the place of its file's: of that no more is told than a folder that is there.
pub(crate) fn cannot_read(what: &str, path: &Path, error: &io::Error) -> Trouble {
    if is_stdin(path) || path.symlink_metadata().is_ok() {
        return Trouble::Usage(format!("{what} {}: {error}", path.display()));
    }
    let folder = path.parent().filter(|folder| folder.is_dir());
    let folder = folder.map(|folder| format!(", in {}", folder.display())).unwrap_or_default();
    Trouble::Usage(format!("{what}: {error}{folder}; expected the name of a file, and not what it holds"))
}

pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}
