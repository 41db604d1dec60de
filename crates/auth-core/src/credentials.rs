//! Where credentials come from: given once, a closure, the environment, a file that is read again.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::future::Future;
use std::hash::BuildHasher;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::{ClientCredentials, CredentialSet, Error, Secret};

/// Credentials, loaded before each request, so that a rotation needs no restart.
///
/// Anything that takes a source takes plain credentials as well:
///
/// ```
/// use auth_core::{ClientCredentials, CredentialSource};
///
/// let fixed: CredentialSource<ClientCredentials> = ClientCredentials::new("invented-id", "invented-secret")?.into();
/// let mounted = CredentialSource::secret_file("invented-id", "/run/secrets/sts");
/// let vault = CredentialSource::from_fn(|| async { ClientCredentials::new("invented-id", "out of a vault") });
/// # let _ = (fixed, mounted, vault);
/// # Ok::<(), auth_core::Error>(())
/// ```
pub struct CredentialSource<C> {
    kind: Kind<C>,
}

enum Kind<C> {
    Fixed(C),
    Loaded(Arc<dyn Fn() -> Loading<C> + Send + Sync>),
}

type Loading<C> = Pin<Box<dyn Future<Output = Result<C, Error>> + Send>>;

impl<C: CredentialSet> CredentialSource<C> {
    /// Always the same credentials.
    #[must_use]
    pub fn fixed(credentials: C) -> Self {
        Self { kind: Kind::Fixed(credentials) }
    }

    /// Whatever `load` says at the time: a vault, a configuration that is watched.
    ///
    /// It has [`CREDENTIALS_TIMEOUT`] each time; its failure, best made with [`Error::credentials`], is transient.
    #[must_use]
    pub fn from_fn<F, Fut>(load: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<C, Error>> + Send + 'static,
    {
        Self { kind: Kind::Loaded(Arc::new(move || Box::pin(load()))) }
    }

    /// A file whose text `parse` turns into credentials. It is read again before each request, so a changed file counts
    /// from the next request on; during a hold it is looked at once a second.
    #[must_use]
    pub fn file(
        path: impl Into<PathBuf>,
        parse: impl Fn(&str) -> Result<C, Error> + Clone + Send + Sync + 'static,
    ) -> Self {
        let path = path.into();
        let file = Arc::new(CredentialFile { path, reading: Mutex::default() });
        Self::from_fn(move || {
            let (file, parse) = (Arc::clone(&file), parse.clone());
            async move { parse(&file.read().await?) }
        })
    }

    /// Environment variables, all of `names`, that `build` turns into credentials; looked up before each request.
    #[must_use]
    pub fn environment<const N: usize>(
        names: [&'static str; N],
        build: impl Fn([String; N]) -> Result<C, Error> + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::from_fn(move || {
            let build = build.clone();
            async move {
                let mut vars = crate::Vars::new(|name| std::env::var_os(name));
                let values = names.map(|name| vars.required(name));
                vars.finish()?;
                build(values)
            }
        })
    }

    /// The credentials as they are now.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] if the source fails or takes longer than [`CREDENTIALS_TIMEOUT`].
    pub async fn load(&self) -> Result<C, Error> {
        self.load_within(CREDENTIALS_TIMEOUT).await
    }

    /// [`CredentialSource::load`] in `left` if that is less.
    pub(crate) async fn load_within(&self, left: Duration) -> Result<C, Error> {
        match &self.kind {
            Kind::Fixed(credentials) => Ok(credentials.clone()),
            Kind::Loaded(load) => match tokio::time::timeout(left.min(CREDENTIALS_TIMEOUT), load()).await {
                Ok(loaded) => loaded.map_err(as_credentials_error),
                Err(_) if left < CREDENTIALS_TIMEOUT => {
                    Err(Error::credentials("it did not answer within the attempt's time"))
                }
                Err(_) => Err(Error::credentials("it did not answer within 5 s")),
            },
        }
    }

    /// The fingerprint of the credentials as they are now.
    ///
    /// # Errors
    ///
    /// As [`CredentialSource::load`].
    pub async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        Ok(Fingerprint::of(&self.load().await?))
    }

    /// Runs `check` at once where the credentials are known already, so that a bad one is refused where it is given.
    ///
    /// # Errors
    ///
    /// What `check` says.
    pub fn check_now(&self, check: impl FnOnce(&C) -> Result<(), Error>) -> Result<(), Error> {
        match &self.kind {
            Kind::Fixed(credentials) => check(credentials),
            Kind::Loaded(_) => Ok(()),
        }
    }
}

impl CredentialSource<ClientCredentials> {
    /// A client id, and its secret in a file of its own, as orchestrators mount them. One line end is taken off.
    #[must_use]
    pub fn secret_file(client_id: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        let client_id = client_id.into();
        Self::file(path, move |text| {
            ClientCredentials::with_secret(client_id.clone(), Secret::from_file_text("client secret", text)?)
        })
    }
}

/// A file and the read of it that is under way: one that hangs (a mount that is gone, a pipe) is waited for again and not
/// begun again, since it holds a thread.
struct CredentialFile {
    path: PathBuf,
    /// Belongs to the thread that reads. Those who wait may stop being polled, and hold up nobody.
    reading: Mutex<Weak<Reading>>,
}

/// `None` until the read has ended.
type Reading = watch::Sender<Option<FileText>>;
type FileText = Result<Zeroizing<String>, std::io::ErrorKind>;

impl CredentialFile {
    async fn read(&self) -> Result<Zeroizing<String>, Error> {
        loop {
            let (mut reading, is_own) = self.reading();
            let read = reading.wait_for(Option::is_some).await.ok().and_then(|read| (*read).clone());
            match read {
                Some(read) => {
                    return read.map_err(|e| Error::credentials(format!("the credential file cannot be read: {e}")));
                }
                None if is_own => return Err(Error::credentials("reading the credential file was cancelled")),
                // Another's, whose runtime ended before a thread came to it.
                None => {}
            }
        }
    }

    /// The read that is under way, or one that begins here and now; and whether it is that. One that has ended tells of the
    /// past.
    fn reading(&self) -> (watch::Receiver<Option<FileText>>, bool) {
        let (ends, own) = watch::channel(None);
        let ends = Arc::new(ends);
        let running = self.running_or(&ends);
        if let Some(running) = running {
            return (running.subscribe(), false);
        }
        let path = self.path.clone();
        // Without the lock: a runtime that takes no more tasks drops what it is given here.
        tokio::task::spawn_blocking(move || ends.send_replace(Some(read_bounded(&path).map_err(|e| e.kind()))));
        (own, true)
    }

    /// The read that is under way. If there is none, `next` is from now on.
    fn running_or(&self, next: &Arc<Reading>) -> Option<Arc<Reading>> {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let running = reading.upgrade();
        // One that has ended may still be in the thread's hands.
        let goes_on = running.as_ref().is_some_and(|running| running.borrow().is_none());
        if !goes_on {
            *reading = Arc::downgrade(next);
        }
        drop(reading);
        running.filter(|_| goes_on)
    }
}

/// The text of a file of at most [`MAX_CREDENTIAL_FILE`] bytes.
fn read_bounded(path: &Path) -> std::io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let read = std::fs::File::open(path)?.take(MAX_CREDENTIAL_FILE + 1).read_to_string(&mut text)?;
    if read as u64 > MAX_CREDENTIAL_FILE { Err(std::io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

impl<C: CredentialSet> From<C> for CredentialSource<C> {
    fn from(credentials: C) -> Self {
        Self::fixed(credentials)
    }
}

impl<C: Clone> Clone for CredentialSource<C> {
    fn clone(&self) -> Self {
        let kind = match &self.kind {
            Kind::Fixed(credentials) => Kind::Fixed(credentials.clone()),
            Kind::Loaded(load) => Kind::Loaded(Arc::clone(load)),
        };
        Self { kind }
    }
}

impl<C> fmt::Debug for CredentialSource<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Fixed(_) => "CredentialSource(fixed)",
            Kind::Loaded(_) => "CredentialSource(loaded before each request)",
        })
    }
}

/// Tells whether credentials have changed, without telling anything about them.
///
/// A hash under a key that is random for each process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of `credentials`.
    #[must_use]
    pub fn of<C: CredentialSet>(credentials: &C) -> Self {
        Self::of_parts(&credentials.parts())
    }

    /// The fingerprint of secrets that are no [`CredentialSet`].
    #[must_use]
    pub fn of_parts(parts: &[&str]) -> Self {
        static KEY: OnceLock<RandomState> = OnceLock::new();
        Self(KEY.get_or_init(RandomState::new).hash_one(parts))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(hidden)")
    }
}

/// Keeps the words of a source's own error, which say what was wrong with the file or the variable.
fn as_credentials_error(error: Error) -> Error {
    match error {
        Error::Config(failure) => Error::Credentials(failure),
        Error::Credentials(_) => error,
        other => Error::credentials(other.to_string()),
    }
}

/// Longer ones hold no credentials.
const MAX_CREDENTIAL_FILE: u64 = 64 * 1024;

/// How long a credential source may take. A vault that needs longer is down; the token may live on meanwhile.
///
/// ```
/// assert_eq!(auth_core::CREDENTIALS_TIMEOUT.as_secs(), 5);
/// ```
pub const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn changed_file_counts_from_the_next_load_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, "invented-one\n").unwrap();
        let source = CredentialSource::secret_file("invented-id", &path);
        let before = source.fingerprint().await.unwrap();
        assert_eq!(source.load().await.unwrap().client_secret().expose(), "invented-one");
        assert_eq!(source.fingerprint().await.unwrap(), before);
        std::fs::write(&path, "invented-two\n").unwrap();
        assert_ne!(source.fingerprint().await.unwrap(), before);
        assert_eq!(source.load().await.unwrap().client_secret().expose(), "invented-two");
    }

    #[tokio::test]
    async fn missing_or_bad_file_is_an_error_of_the_source_and_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        let source = CredentialSource::secret_file("invented-id", &path);
        assert!(matches!(source.load().await, Err(Error::Credentials(_))));
        std::fs::write(&path, "trailing blank \n").unwrap();
        let error = source.load().await.unwrap_err();
        assert!(matches!(error, Error::Credentials(_)) && error.is_transient());
        assert!(error.to_string().contains("client secret ends with a blank"), "{error}");
    }

    #[tokio::test]
    async fn file_of_64_kib_is_read_and_one_byte_more_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        let source = CredentialSource::secret_file("invented-id", &path);
        std::fs::write(&path, "s".repeat(64 * 1024)).unwrap();
        assert_eq!(source.load().await.unwrap().client_secret().expose().len(), 64 * 1024);
        std::fs::write(&path, "s".repeat(64 * 1024 + 1)).unwrap();
        let error = source.load().await.unwrap_err();
        assert!(error.to_string().contains("file too large"), "{error}");
    }

    /// One thread reads, so that what is spawned after a read ends after it.
    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap()
    }

    /// Nothing is read on `runtime` until this is dropped.
    fn busy(runtime: &tokio::runtime::Handle) -> std::sync::mpsc::Sender<()> {
        let (free, busy) = std::sync::mpsc::channel();
        runtime.spawn_blocking(move || busy.recv());
        free
    }

    #[test]
    fn read_that_ended_while_nobody_waited_tells_of_the_past() {
        runtime().block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("secret");
            std::fs::write(&path, "invented-one").unwrap();
            let source = CredentialSource::secret_file("invented-id", &path);
            let free = busy(&tokio::runtime::Handle::current());
            let left =
                std::future::poll_fn(|cx| std::task::Poll::Ready(std::pin::pin!(source.load()).poll(cx).is_pending()));
            assert!(left.await, "the file was read at the first poll");
            drop(free);
            tokio::task::spawn_blocking(|| ()).await.unwrap();
            std::fs::write(&path, "invented-two").unwrap();
            assert_eq!(source.load().await.unwrap().client_secret().expose(), "invented-two");
        });
    }

    #[test]
    fn file_that_is_being_read_on_a_runtime_that_nobody_polls_is_read_on_another() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "invented-secret").unwrap();
        let source = CredentialSource::secret_file("invented-id", file.path());
        let (here, there) = (runtime(), runtime());
        let free = busy(here.handle());
        let mut left = Box::pin(source.load());
        let entered = here.enter();
        assert!(left.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop((entered, free));
        assert_eq!(there.block_on(source.load()).unwrap().client_secret().expose(), "invented-secret");
    }

    #[test]
    fn read_that_a_runtime_does_not_take_is_an_error_there_and_is_no_hindrance_elsewhere() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "invented-secret").unwrap();
        let source = CredentialSource::secret_file("invented-id", file.path());
        let gone = runtime().handle().clone();
        let error = gone.block_on(source.load()).unwrap_err().to_string();
        assert!(error.contains("was cancelled"), "{error}");
        assert_eq!(runtime().block_on(source.load()).unwrap().client_secret().expose(), "invented-secret");
    }

    #[tokio::test]
    async fn read_that_is_under_way_is_shared_by_all_who_ask_meanwhile() {
        let file = CredentialFile { path: "/nowhere".into(), reading: Mutex::default() };
        let (ends, _) = watch::channel(None);
        let ends = Arc::new(ends);
        assert!(file.running_or(&ends).is_none());
        let both = async { tokio::join!(file.read(), file.read()) };
        let end = async { ends.send_replace(Some(Ok(Zeroizing::new("invented".to_owned())))) };
        let ((one, other), _) = tokio::join!(both, end);
        assert_eq!((one.unwrap().as_str(), other.unwrap().as_str()), ("invented", "invented"));
        assert!(file.read().await.is_err(), "it has ended, and there is no such file");
        drop(ends);
    }

    #[tokio::test]
    async fn read_that_ends_with_its_runtime_is_begun_again_by_whoever_waits() {
        let text = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(text.path(), "invented").unwrap();
        let file = CredentialFile { path: text.path().into(), reading: Mutex::default() };
        let (ends, _) = watch::channel(None);
        let ends = Arc::new(ends);
        assert!(file.running_or(&ends).is_none());
        // As a runtime does with a read that no thread of its has come to.
        let end_of_runtime = async { drop(ends) };
        assert_eq!(tokio::join!(file.read(), end_of_runtime).0.unwrap().as_str(), "invented");
    }

    #[test]
    fn fixed_credentials_can_be_checked_at_once() {
        let refuse = |_: &ClientCredentials| Err(Error::config("they do not fit"));
        let fixed = CredentialSource::fixed(ClientCredentials::new("invented-id", "invented-secret").unwrap());
        assert!(fixed.check_now(refuse).is_err());
        let later = CredentialSource::secret_file("invented-id", "/nowhere");
        assert!(later.check_now(refuse).is_ok(), "nobody knows yet");
        assert!(format!("{fixed:?} {later:?}").contains("CredentialSource"));
    }

    #[tokio::test(start_paused = true)]
    async fn source_that_hangs_is_given_up_after_five_seconds() {
        let source: CredentialSource<ClientCredentials> = CredentialSource::from_fn(std::future::pending);
        let began = tokio::time::Instant::now();
        assert!(matches!(source.load().await, Err(Error::Credentials(_))));
        assert_eq!(began.elapsed(), CREDENTIALS_TIMEOUT);
    }

    #[tokio::test]
    async fn missing_variables_are_all_named() {
        let source = CredentialSource::environment(["AUTH_CORE_NO_ID", "AUTH_CORE_NO_SECRET"], |[id, secret]| {
            ClientCredentials::new(id, secret)
        });
        let error = source.load().await.unwrap_err().to_string();
        assert!(error.contains("AUTH_CORE_NO_ID") && error.contains("AUTH_CORE_NO_SECRET"), "{error}");
    }

    #[test]
    fn fingerprint_tells_parts_apart() {
        assert_ne!(Fingerprint::of_parts(&["ab", "c"]), Fingerprint::of_parts(&["a", "bc"]));
        assert_eq!(format!("{:?}", Fingerprint::of_parts(&["a"])), "Fingerprint(hidden)");
    }
}
