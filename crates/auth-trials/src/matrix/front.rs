//! Stands before a simulator on a port of its own, and spoils what passes.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::column::Column;
use super::line::{Line, play, read_request};
use super::script::{Healthy, Script, Spoil, Then};
use super::tls::{Pki, TlsFault};

/// What can go wrong between a client and its vendor.
#[derive(Clone)]
pub(super) enum Wire {
    /// Nobody listens.
    Refused,
    /// Somebody listens, and the queue of those who wait to be let in is full.
    BacklogFull,
    /// Connections come about and nobody ever looks at them.
    NeverAccepted,
    /// The connection is reset as soon as the client has sent something.
    ResetUnread,
    /// These bytes come before anything is asked.
    Greets(Vec<u8>),
    /// The TLS handshake goes wrong.
    Tls(TlsFault),
    /// The request is read, and this answered.
    Answers(Spoil),
}

impl Wire {
    pub(super) fn answers(spoil: impl Fn(Healthy) -> Script + Send + Sync + 'static) -> Self {
        Self::Answers(Arc::new(spoil))
    }

    /// Whether nobody is there to count connections.
    pub(super) fn is_door(&self) -> bool {
        matches!(self, Self::Refused | Self::BacklogFull | Self::NeverAccepted)
    }
}

/// The port, until it is dropped.
pub(super) struct Front {
    address: SocketAddr,
    shared: Arc<Shared>,
    door: Door,
}

struct Shared {
    upstream: SocketAddr,
    column: Column,
    tls: Option<Arc<Pki>>,
    wire: Mutex<Option<Wire>>,
    connections: AtomicU64,
    /// The next connection is for a token: a healthy code was just handed out.
    after_code: AtomicBool,
    /// We broke a connection ourselves, which looks like a fault and is none.
    broken: AtomicBool,
}

/// What is at the port. What is in it is there to be dropped with it.
enum Door {
    Open(JoinHandle<()>),
    #[expect(dead_code, reason = "bound, and not listened on")]
    Closed(TcpSocket),
    #[expect(dead_code, reason = "listened on, and not looked at")]
    Ignored(TcpListener, Vec<JoinHandle<()>>),
    Gone,
}

impl Front {
    /// A healthy way to `upstream`, over TLS if there are certificates for it.
    pub(super) async fn open(upstream: SocketAddr, column: Column, tls: Option<Arc<Pki>>) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            upstream,
            column,
            tls,
            wire: Mutex::default(),
            connections: AtomicU64::default(),
            after_code: AtomicBool::default(),
            broken: AtomicBool::default(),
        });
        let listener = bind((Ipv4Addr::LOCALHOST, 0).into())?.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let door = Door::Open(tokio::spawn(accept(listener, Arc::clone(&shared))));
        Ok(Self { address, shared, door })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that were taken.
    pub(super) fn connections(&self) -> u64 {
        self.shared.connections.load(SeqCst)
    }

    /// Whether a connection was broken by a defect of ours and not by its fault.
    pub(super) fn is_broken(&self) -> bool {
        self.shared.broken.load(SeqCst)
    }

    /// From now on this is what happens.
    pub(super) async fn meet(&mut self, wire: Wire) -> io::Result<()> {
        let door = wire.is_door().then(|| wire.clone());
        *self.shared.wire.lock().unwrap_or_else(PoisonError::into_inner) = Some(wire);
        match door {
            None => Ok(()),
            Some(door) => self.close(door).await,
        }
    }

    /// The way is healthy again.
    pub(super) async fn heal(&mut self) -> io::Result<()> {
        let wire = self.shared.wire.lock().unwrap_or_else(PoisonError::into_inner).take();
        if wire.is_some_and(|wire| wire.is_door()) {
            self.leave().await;
            let listener = bind(self.address)?.listen(BACKLOG)?;
            self.door = Door::Open(tokio::spawn(accept(listener, Arc::clone(&self.shared))));
        }
        Ok(())
    }

    async fn close(&mut self, wire: Wire) -> io::Result<()> {
        self.leave().await;
        let socket = bind(self.address)?;
        self.door = match wire {
            Wire::NeverAccepted => Door::Ignored(socket.listen(BACKLOG)?, Vec::new()),
            Wire::BacklogFull => {
                let listener = socket.listen(0)?;
                // The first fills the queue, so that the kernel drops what comes after.
                let first = TcpStream::connect(self.address).await?;
                let kept = tokio::spawn(async move {
                    let _first = first;
                    std::future::pending::<()>().await;
                });
                Door::Ignored(listener, vec![kept])
            }
            _ => Door::Closed(socket),
        };
        Ok(())
    }

    async fn leave(&mut self) {
        match std::mem::replace(&mut self.door, Door::Gone) {
            Door::Open(task) => end(task).await,
            Door::Ignored(_, tasks) => {
                for task in tasks {
                    end(task).await;
                }
            }
            Door::Closed(_) | Door::Gone => {}
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        match &self.door {
            Door::Open(task) => task.abort(),
            Door::Ignored(_, tasks) => tasks.iter().for_each(JoinHandle::abort),
            Door::Closed(_) | Door::Gone => {}
        }
    }
}

async fn end(task: JoinHandle<()>) {
    task.abort();
    // Cancelled is what it should be.
    let _ = task.await;
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                shared.connections.fetch_add(1, SeqCst);
                let shared = Arc::clone(&shared);
                // A client that goes away is no fault of ours.
                connections.spawn(async move { drop(shared.converse(stream).await) });
            }
            Some(ended) = connections.join_next() => {
                shared.broken.fetch_or(ended.is_err_and(|error| error.is_panic()), SeqCst);
            }
        }
    }
}

impl Shared {
    async fn converse(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let wire = self.wire.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_ours = self.column != Column::S2sToken || self.after_code.swap(false, SeqCst);
        match (wire, &self.tls) {
            (Some(Wire::ResetUnread), _) if is_ours => {
                stream.peek(&mut [0]).await?;
                stream.set_zero_linger()
            }
            (Some(Wire::Greets(bytes)), _) if is_ours => play(stream, Script { bytes, then: Then::Close }).await,
            (Some(Wire::Tls(fault)), Some(pki)) if is_ours => pki.spoil(fault, stream).await,
            (wire, Some(pki)) => self.answer(pki.accept(stream).await?, wire).await,
            (wire, None) => self.answer(stream, wire).await,
        }
    }

    /// Hands one request on, and its answer back, spoilt if it is the call that is meant.
    async fn answer(&self, mut stream: impl Line, wire: Option<Wire>) -> io::Result<()> {
        let request = read_request(&mut stream).await?;
        let is_code = request.starts_with(b"GET /api/v1/s2s-oauth2/code");
        let healthy = self.ask(&request).await.inspect_err(|_| self.broken.store(true, SeqCst))?;
        let is_ours = is_code == (self.column == Column::S2sCode);
        let script = match wire {
            Some(Wire::Answers(spoil)) if is_ours => spoil(healthy),
            _ => {
                self.after_code.store(is_code, SeqCst);
                healthy.whole()
            }
        };
        play(stream, script).await
    }

    /// The simulator's answer.
    async fn ask(&self, request: &[u8]) -> io::Result<Healthy> {
        let mut upstream = TcpStream::connect(self.upstream).await?;
        let line = request.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1);
        let request = [&request[..line], b"connection: close\r\n", &request[line..]].concat();
        upstream.write_all(&request).await?;
        let mut bytes = Vec::new();
        upstream.read_to_end(&mut bytes).await?;
        Healthy::read(&bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

const BACKLOG: u32 = 64;
