//! The source for threads that do not await.

use std::sync::{Mutex, PoisonError, mpsc};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use http::HeaderValue;
use tokio::runtime::{Builder, Handle};
use tokio::task::coop;

use crate::{AccessToken, Error, HeaderSet, Rejection, Status, TokenSource};

/// A [`TokenSource`] for threads that do not await: [`TokenSource::blocking`] makes it, and both share one token.
///
/// While there is a usable token a call returns at once, anywhere. A call that must ask waits for a thread that the process has for all such
/// calls, started by the first, where tokens are renewed in the background too. Waiting in an async task would hold up
/// every other task of its runtime, so there such a call is [`Error::Config`]; `spawn_blocking` is the place for it. (Tokio's
/// tasks are told by their budget: one that is `unconstrained`, or another executor's, is not, and is held up.)
///
/// ```
/// use auth_core::TokenSource;
///
/// let tokens = TokenSource::fixed("invented-token").blocking();
/// assert_eq!(tokens.authorization()?, "Bearer invented-token");
/// # Ok::<(), auth_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BlockingTokenSource {
    tokens: TokenSource,
}

impl TokenSource {
    /// This source for threads that do not await.
    #[must_use]
    pub fn blocking(&self) -> BlockingTokenSource {
        BlockingTokenSource { tokens: self.clone() }
    }
}

impl BlockingTokenSource {
    /// Waits until there is a token, as [`TokenSource::ready`] does.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::ready`]; [`Error::Config`] in an async task, unless there is a token already.
    pub fn ready(&self, within: Duration) -> Result<(), Error> {
        match self.at_once() {
            Some(_) => Ok(()),
            None => self.wait(move |tokens| async move { tokens.ready(within).await }),
        }
    }

    /// The current token.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::token`]; [`Error::Config`] in an async task, unless there is a token already.
    pub fn token(&self) -> Result<AccessToken, Error> {
        match self.at_once() {
            Some(token) => Ok(token),
            None => self.wait(|tokens| async move { tokens.token().await }),
        }
    }

    /// `Bearer …`, sensitive, made once per token.
    ///
    /// # Errors
    ///
    /// As [`BlockingTokenSource::token`].
    pub fn authorization(&self) -> Result<HeaderValue, Error> {
        Ok(self.token()?.authorization().clone())
    }

    /// Every header the vendor wants on a call, made once per token.
    ///
    /// # Errors
    ///
    /// As [`BlockingTokenSource::token`], and as [`AccessToken::headers`].
    pub fn headers(&self) -> Result<HeaderSet, Error> {
        self.token()?.headers().cloned()
    }

    /// A token with at least `life` left.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::token_valid_for`]; [`Error::Config`] in an async task, unless there is such a token already.
    pub fn token_valid_for(&self, life: Duration) -> Result<AccessToken, Error> {
        match self.usable(life) {
            Some(token) => Ok(token),
            None => self.wait(move |tokens| async move { tokens.token_valid_for(life).await }),
        }
    }

    /// Asks for a new token now, or joins the request under way.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::refresh`]; [`Error::Config`] in an async task.
    pub fn refresh(&self) -> Result<AccessToken, Error> {
        self.wait(|tokens| async move { tokens.refresh().await })
    }

    /// An API answered 401 to `token`: as [`TokenSource::rejected`].
    pub fn rejected(&self, token: &AccessToken) -> Rejection {
        self.tokens.rejected(token)
    }

    /// What the source is doing. Never waits for a request.
    #[must_use]
    pub fn status(&self) -> Status {
        self.tokens.status()
    }

    /// The token, if nobody need wait for it.
    fn at_once(&self) -> Option<AccessToken> {
        self.tokens.warm().or_else(|| self.usable(Duration::ZERO))
    }

    /// The token, if it has `life` left, though it may be due for renewal. That is begun on the task's runtime or on that of
    /// blocking calls, whose thread may have to be waited for.
    fn usable(&self, life: Duration) -> Option<AccessToken> {
        let own = if is_in_async_task() || is_ending() { None } else { runtime().ok() };
        let _entered = own.as_ref().map(Handle::enter);
        self.tokens.usable(life)
    }

    /// Runs `call` on the thread of such calls, and waits for what it comes to.
    fn wait<T, F>(&self, call: impl FnOnce(TokenSource) -> F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        if is_in_async_task() {
            return Err(Error::config(IN_ASYNC));
        }
        let (call, (told, answer)) = (call(self.tokens.clone()), mpsc::sync_channel(1));
        let vendor = self.tokens.status().vendor;
        runtime()?.spawn(async move {
            // Nobody listens if the process is ending.
            let _ = told.send(call.await);
        });
        answer.recv().map_err(|_| Error::internal(vendor, "the thread of blocking calls has ended"))?
    }
}

/// Whether a task or a `block_on` is being polled here. Tokio gives those a budget, which a thread of `spawn_blocking` has
/// not, though it knows the runtime as well.
fn is_in_async_task() -> bool {
    if Handle::try_current().is_err() {
        return false;
    }
    // Whoever polls on the thread of blocking calls would wait for himself, with a budget or without.
    if IS_OWN_THREAD.get() {
        return true;
    }
    let mut cx = Context::from_waker(Waker::noop());
    // Each one gives back, when it is dropped, what it has taken.
    let mut taken: Vec<_> = (0..=MOST_BUDGET)
        .map_while(|_| match coop::poll_proceed(&mut cx) {
            std::task::Poll::Ready(step) => Some(step),
            std::task::Poll::Pending => None,
        })
        .collect();
    let is_budgeted = taken.len() <= MOST_BUDGET;
    // The last first, since each sets the budget to what it was before it.
    while taken.pop().is_some() {}
    is_budgeted
}

/// Whether this thread is so near to its end that it enters no runtime any more.
fn is_ending() -> bool {
    Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed())
}

/// The runtime of all blocking calls, on a thread of its own.
fn runtime() -> Result<Handle, Error> {
    static RUNTIME: Mutex<Option<(u32, Handle)>> = Mutex::new(None);
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    // The child of a fork has the handle, and not the thread.
    if let Some((_, handle)) = runtime.as_ref().filter(|(process, _)| *process == std::process::id()) {
        return Ok(handle.clone());
    }
    let refused =
        |_: std::io::Error| Error::config("blocking calls need a thread and a runtime; the system refused one");
    let own = Builder::new_current_thread().enable_all().build().map_err(refused)?;
    let handle = own.handle().clone();
    let run = move || {
        IS_OWN_THREAD.set(true);
        own.block_on(std::future::pending::<()>());
    };
    thread::Builder::new().name(THREAD.to_owned()).spawn(run).map_err(refused)?;
    *runtime = Some((std::process::id(), handle.clone()));
    Ok(handle)
}

thread_local! {
    static IS_OWN_THREAD: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

const THREAD: &str = "blocking tokens";
const IN_ASYNC: &str = "a blocking call would hold up the async runtime it is made on; await the TokenSource, or call it within spawn_blocking";
/// Tokio gives a task 128 steps at a time.
const MOST_BUDGET: usize = 1024;
