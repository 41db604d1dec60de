//! A registry of crates on loopback, for proving what a real one would be given.
//!
//! It speaks what cargo speaks: a sparse index, downloads, and uploads by token. What is published lives in memory and is
//! gone when the [`Registry`] is dropped, and so is what cargo has kept of it. It can be made to fail, as a real one does.

mod http;
mod shelf;

use crate::Outcome;
use http::{Request, Response};
use serde_json::json;
use shelf::Shelf;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

/// Runs until it is dropped.
pub(crate) struct Registry {
    shared: Arc<Shared>,
    server: Option<JoinHandle<()>>,
}

/// What happens to one upload.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Answered with 500 and not taken.
    Refuse,
    /// Taken, and the answer is lost on its way.
    LoseAnswer,
}

impl Registry {
    /// An empty one, on a free port.
    pub(crate) fn start() -> Outcome<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let shared = Arc::new(Shared {
            address: listener.local_addr()?,
            // Cargo takes a crate of one URL and version for unchangeable, and a port is given again.
            path: format!("/{}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos()),
            state: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let served = Arc::clone(&shared);
        let server = thread::Builder::new().name("registry".to_owned()).spawn(move || served.serve(&listener))?;
        Ok(Self { shared, server: Some(server) })
    }

    /// What a `.cargo/config.toml` would name as `index`.
    pub(crate) fn index_url(&self) -> String {
        format!("sparse+{}/index/", self.shared.url())
    }

    /// With these variables cargo knows this registry as `local`, and may publish to it.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let variables =
            [("INDEX", self.index_url().as_str()), ("TOKEN", TOKEN), ("CREDENTIAL_PROVIDER", "cargo:token")]
                .map(|(name, value)| (format!("CARGO_REGISTRIES_LOCAL_{name}"), value.to_owned()));
        variables.into()
    }

    /// Name and version of each crate, in the order in which they came.
    pub(crate) fn published(&self) -> Vec<(String, String)> {
        self.shared.state().shelf.published()
    }

    /// The file that is downloaded.
    pub(crate) fn packed(&self, name: &str, version: &str) -> Option<Vec<u8>> {
        self.shared.state().shelf.packed(name, version).map(<[u8]>::to_vec)
    }

    /// Lets `uploads` pass from now on, and breaks the one after them.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests break it"))]
    pub(crate) fn break_upload_after(&self, uploads: usize, fault: Fault) {
        self.shared.state().breakage = Some((uploads, fault));
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Release);
        // The server waits for a connection; this is one.
        drop(TcpStream::connect(self.shared.address));
        // If it panicked, a test has failed already.
        drop(self.server.take().map(JoinHandle::join));
        if let Some(home) = cargo_home() {
            // What is left costs disk and nothing else.
            drop(forget(&home.join("registry"), &self.shared.url()));
        }
    }
}

struct Shared {
    address: SocketAddr,
    /// Under which all of it is found.
    path: String,
    state: Mutex<State>,
    stopped: AtomicBool,
}

#[derive(Default)]
struct State {
    shelf: Shelf,
    /// How many uploads pass before the one that fails.
    breakage: Option<(usize, Fault)>,
}

impl Shared {
    fn url(&self) -> String {
        format!("http://{}{}", self.address, self.path)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One connection and one request at a time: its only client is cargo, which waits.
    fn serve(&self, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            if self.stopped.load(Ordering::Acquire) {
                return;
            }
            // A client that goes away, or talks nonsense, is its own trouble.
            let answer = Request::read(&stream).map(|request| self.answer(&request));
            drop(answer.map(|answer| answer.map(|answer| answer.write(&stream))));
        }
    }

    /// None if the answer is to be lost.
    fn answer(&self, request: &Request) -> Option<Response> {
        let path = request.path.strip_prefix(&self.path).unwrap_or_default();
        let words: Vec<&str> = path.split('/').skip(1).collect();
        match (request.method.as_str(), words.as_slice()) {
            ("GET", ["index", "config.json"]) => {
                let url = self.url();
                Some(Response::json(200, &json!({ "dl": format!("{url}/dl"), "api": url })))
            }
            ("GET", ["index", folders @ .., name]) => Some(self.index(folders, name)),
            ("GET", ["dl", name, version, "download"]) => Some(found(self.state().shelf.packed(name, version))),
            ("PUT", ["api", "v1", "crates", "new"]) => self.upload(request),
            ("DELETE", ["api", "v1", "crates", name, version, "yank"]) => Some(self.yank(request, name, version)),
            _ => Some(Response::error(404, "no such page")),
        }
    }

    fn index(&self, folders: &[&str], name: &str) -> Response {
        let lines = self.state().shelf.index(name);
        found(lines.filter(|_| folders == shelf::folders(name)).as_deref().map(str::as_bytes))
    }

    fn upload(&self, request: &Request) -> Option<Response> {
        if !is_allowed(request) {
            return Some(Response::error(403, "this token may not publish"));
        }
        let mut state = self.state();
        let fault = state.next_fault();
        if fault == Some(Fault::Refuse) {
            return Some(Response::error(500, "broken on purpose"));
        }
        let answer = match state.shelf.take(&request.body) {
            Ok(()) => Response::json(200, &json!({ "warnings": {} })),
            Err(refusal) => Response::error(400, &refusal),
        };
        (fault != Some(Fault::LoseAnswer)).then_some(answer)
    }

    fn yank(&self, request: &Request, name: &str, version: &str) -> Response {
        match is_allowed(request) && self.state().shelf.yank(name, version) {
            true => Response::json(200, &json!({ "ok": true })),
            false => Response::error(403, "no such crate, or not for this token"),
        }
    }
}

impl State {
    fn next_fault(&mut self) -> Option<Fault> {
        let (left, fault) = self.breakage.take()?;
        if left == 0 {
            return Some(fault);
        }
        self.breakage = Some((left - 1, fault));
        None
    }
}

fn is_allowed(request: &Request) -> bool {
    request.authorization.as_deref() == Some(TOKEN)
}

fn found(bytes: Option<&[u8]>) -> Response {
    bytes.map_or_else(|| Response::error(404, "no such crate"), |bytes| Response::bytes(bytes.to_vec()))
}

fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")))
}

/// Deletes what cargo keeps of the registry at `url`: folders of one name for the index, packed and unpacked crates.
///
/// Of registries on loopback alone, by the name that cargo gives their folders: this is the user's own cache.
fn forget(kept: &Path, url: &str) -> std::io::Result<()> {
    for index in fs::read_dir(kept.join("index"))?.flatten() {
        let config = fs::read_to_string(index.path().join("config.json")).unwrap_or_default();
        if !config.contains(url) || !index.file_name().to_string_lossy().starts_with(ON_LOOPBACK) {
            continue;
        }
        let folders = KEPT.map(|folder| kept.join(folder).join(index.file_name()));
        for folder in folders.iter().filter(|folder| folder.exists()) {
            fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}

const ON_LOOPBACK: &str = "127.0.0.1-";
const KEPT: [&str; 3] = ["cache", "src", "index"];
const TOKEN: &str = "invented-token-of-the-local-registry";

#[cfg(test)]
mod tests;
