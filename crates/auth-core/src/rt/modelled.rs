//! The stand-ins that loom sees through.
//!
//! A runtime is tokio's current-thread one in small: tasks run on the thread that blocks on it, in the order of their
//! wakers, and are dropped with it. Time stands still unless the model lets it pass: then the first thread that has nothing
//! else to do moves it on to the last deadline. A pause passes at once.
//!
//! tokio's own `Notify` does the waking, each of its operations one step: its inside is not what is checked here. Loom
//! is told of each by an atomic that all of them write to; else it would not know that their order matters.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use loom::sync::Condvar;
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicUsize};
pub(crate) use loom::sync::{Mutex, MutexGuard};

mod time;
use time::TIME;
pub(crate) use time::{ModelClock, sleep, timeout};

/// A runtime, and a handle to it.
#[derive(Clone)]
pub(crate) struct Runtime(Arc<Inner>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RuntimeId(usize);

struct Inner {
    ready: Arc<Ready>,
    /// `None` once the runtime is gone.
    tasks: std::sync::Mutex<Option<Vec<Arc<Task>>>>,
    on_spawn: std::sync::OnceLock<Hook>,
}

/// Who is to be polled next; `None` is what is blocked on, and no task.
#[derive(Default)]
struct Ready {
    queue: Mutex<VecDeque<Option<Arc<Task>>>>,
    filled: Condvar,
}

struct Task {
    ready: Arc<Ready>,
    future: std::sync::Mutex<Option<Boxed>>,
    cancelled: AtomicBool,
}

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;
type Hook = Box<dyn Fn() + Send + Sync>;

loom::thread_local! {
    static CURRENT: RefCell<Option<Runtime>> = RefCell::new(None);
}

pub(crate) fn current() -> Option<Runtime> {
    CURRENT.with(|current| current.borrow().clone())
}

pub(crate) fn with_timers() -> Option<Runtime> {
    current()
}

/// Polls `future` outside every runtime until it is ready.
pub(crate) fn block_on_outside<T>(future: impl Future<Output = T>) -> T {
    let (mut future, ready) = (pin!(future), Arc::new(Ready::default()));
    let waker = Waker::from(Arc::new(Root(Arc::clone(&ready))));
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        ready.wait();
    }
}

pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    timeout(limit, future).await.ok()
}

impl Runtime {
    pub(crate) fn new() -> Self {
        let tasks = std::sync::Mutex::new(Some(Vec::new()));
        Self(Arc::new(Inner { ready: Arc::default(), tasks, on_spawn: std::sync::OnceLock::new() }))
    }

    /// One whose hook is run where a task is spawned, as tokio's are, and as `tracing` is told.
    pub(crate) fn with_hook(hook: impl Fn() + Send + Sync + 'static) -> Self {
        let runtime = Self::new();
        let _ = runtime.0.on_spawn.set(Box::new(hook));
        runtime
    }

    pub(crate) fn id(&self) -> RuntimeId {
        RuntimeId(Arc::as_ptr(&self.0) as usize)
    }

    /// As with tokio, the future is dropped at once if the runtime is gone.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> Spawned {
        self.0.on_spawn.get().inspect(|hook| hook());
        let task = Arc::new(Task {
            ready: Arc::clone(&self.0.ready),
            future: std::sync::Mutex::new(Some(Box::pin(future))),
            cancelled: AtomicBool::new(false),
        });
        let taken = self.tasks().as_mut().map(|tasks| tasks.push(Arc::clone(&task)));
        match taken {
            Some(()) => self.0.ready.push(Some(Arc::clone(&task))),
            None => task.end(),
        }
        Spawned(task)
    }

    /// Polls `future` and the tasks until it is ready.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let waker = Waker::from(Arc::new(Root(Arc::clone(&self.0.ready))));
        self.0.ready.push(None);
        loop {
            match self.0.ready.wait() {
                Some(task) => self.within(|| task.run()),
                None => {
                    let polled = self.within(|| future.as_mut().poll(&mut Context::from_waker(&waker)));
                    if let Poll::Ready(value) = polled {
                        return value;
                    }
                }
            }
        }
    }

    /// Polls the tasks until each has ended.
    pub(crate) fn run_to_end(&self) {
        while self.has_work() {
            if let Some(task) = self.0.ready.wait() {
                self.within(|| task.run());
            }
        }
    }

    /// One poll of `future` here, and of no task.
    pub(crate) fn poll<T>(&self, future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Poll<T> {
        self.within(|| future.poll(&mut Context::from_waker(Waker::noop())))
    }

    /// One poll of the task that is ready first.
    pub(crate) fn turn(&self) {
        let next = self.0.ready.lock().pop_front();
        if let Some(Some(task)) = next {
            self.within(|| task.run());
        }
    }

    /// The end of the runtime, and of its tasks wherever they are.
    pub(crate) fn close(&self) {
        let tasks = self.tasks().take();
        tasks.into_iter().flatten().for_each(|task| task.end());
        self.0.ready.lock().clear();
    }

    /// Loom is to know that the order of a spawn and the end matters.
    fn tasks(&self) -> std::sync::MutexGuard<'_, Option<Vec<Arc<Task>>>> {
        drop(self.0.ready.lock());
        owned(&self.0.tasks)
    }

    fn has_work(&self) -> bool {
        let mut tasks = owned(&self.0.tasks);
        tasks.as_mut().is_some_and(|list| {
            list.retain(|task| owned(&task.future).is_some());
            !list.is_empty()
        })
    }

    fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let outer = CURRENT.with(|current| current.replace(Some(self.clone())));
        let done = work();
        CURRENT.with(|current| current.replace(outer));
        done
    }
}

impl Ready {
    fn push(&self, next: Option<Arc<Task>>) {
        let same = |queued: &Option<Arc<Task>>| match (queued, &next) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let mut queue = self.lock();
        if !queue.iter().any(same) {
            queue.push_back(next);
            self.filled.notify_one();
        }
    }

    fn wait(&self) -> Option<Arc<Task>> {
        let mut queue = self.lock();
        loop {
            if let Some(next) = queue.pop_front() {
                return next;
            }
            if TIME.passes.load(Ordering::Relaxed) {
                drop(queue);
                TIME.pass();
                queue = self.lock();
                if !queue.is_empty() {
                    continue;
                }
            }
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Option<Arc<Task>>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Task {
    fn run(self: Arc<Self>) {
        if self.cancelled.load(Ordering::Acquire) {
            return self.end();
        }
        let Some(mut future) = owned(&self.future).take() else { return };
        let waker = Waker::from(Arc::clone(&self));
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => *owned(&self.future) = Some(future),
            Poll::Ready(()) => drop(future),
        }
    }

    fn end(&self) {
        let future = owned(&self.future).take();
        drop(future);
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        Arc::clone(&self.ready).push(Some(self));
    }
}

struct Root(Arc<Ready>);

impl Wake for Root {
    fn wake(self: Arc<Self>) {
        self.0.push(None);
    }
}

/// A lock that is not held while loom may switch threads.
fn owned<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) struct Spawned(Arc<Task>);

impl Spawned {
    pub(crate) fn abort_handle(&self) -> AbortHandle {
        AbortHandle(Arc::clone(&self.0))
    }
}

pub(crate) struct AbortHandle(Arc<Task>);

impl AbortHandle {
    pub(crate) fn abort(&self) {
        self.0.cancelled.store(true, Ordering::Release);
        Arc::clone(&self.0).wake();
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AbortHandle")
    }
}

/// A cell that is written once. The value follows the flag in one step: loom switches threads before an operation, never
/// after it.
#[derive(Debug)]
pub(crate) struct OnceLock<T> {
    is_set: AtomicBool,
    value: std::sync::OnceLock<T>,
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self { is_set: AtomicBool::new(false), value: std::sync::OnceLock::new() }
    }
}

impl<T> OnceLock<T> {
    pub(crate) fn get(&self) -> Option<&T> {
        self.is_set.load(Ordering::Acquire).then(|| self.value.get()).flatten()
    }

    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        match self.is_set.swap(true, Ordering::AcqRel) {
            true => Err(value),
            false => self.value.set(value),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Notify {
    steps: AtomicUsize,
    inner: tokio::sync::Notify,
}

impl Notify {
    pub(crate) fn notify_waiters(&self) {
        self.step();
        self.inner.notify_waiters();
    }

    pub(crate) fn notified(&self) -> Notified<'_> {
        self.step();
        Notified { notify: self, inner: Box::pin(self.inner.notified()) }
    }

    fn step(&self) {
        self.steps.fetch_add(1, Ordering::AcqRel);
    }
}

pub(crate) struct Notified<'a> {
    notify: &'a Notify,
    inner: Pin<Box<tokio::sync::futures::Notified<'a>>>,
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.notify.step();
        self.inner.as_mut().poll(cx)
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        self.notify.step();
    }
}
