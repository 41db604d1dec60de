//! The access token, with everything that a call needs ready-made.

use std::fmt;
use std::iter;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::sync::AtomicU64;
use crate::{Error, Moment, TokenResponse};

/// An access token. Cloning costs a reference count.
///
/// Debug shows its number in the source and its life, nothing of its value.
#[derive(Clone)]
pub struct AccessToken {
    inner: Arc<Inner>,
}

/// One copy of a token, on cache lines of its own. Copies share the facts; each counts its own references, so that threads do not meet there.
#[repr(align(128))]
struct Inner {
    facts: Arc<Facts>,
    /// The first of the headers, near at hand.
    authorization: HeaderValue,
    headers: HeaderSet,
}

impl Inner {
    fn new(facts: Arc<Facts>, headers: HeaderSet) -> Self {
        Self { authorization: headers.list.0[0].1.clone(), facts, headers }
    }
}

struct Facts {
    id: TokenId,
    /// The token, ready to be sent. It is the one place in memory that holds it.
    bearer: Zeroizing<String>,
    lifetime: Duration,
    requested_at: Moment,
    expires_at: SystemTime,
    scope: Option<String>,
    per_call: Option<HeaderName>,
    attention: AtomicU64,
    used: AtomicBool,
}

/// One copy of a token, which lives as long as others hold it.
#[derive(Debug)]
pub(crate) struct WeakToken(Weak<Inner>);

impl WeakToken {
    pub(crate) const NONE: Self = Self(Weak::new());

    #[inline]
    pub(crate) fn upgrade(&self) -> Option<AccessToken> {
        self.0.upgrade().map(|inner| AccessToken { inner })
    }
}

/// The number of a token in its source, for logs: it says nothing about the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub(crate) u64);

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl AccessToken {
    /// What `response` holds, requested at `requested_at` on the source's clock and `wall` on the wall.
    pub(crate) fn new(
        id: TokenId,
        response: TokenResponse,
        lifetime: Duration,
        requested_at: Moment,
        wall: SystemTime,
    ) -> Result<Self, Error> {
        let facts = Arc::new(Facts {
            id,
            bearer: Zeroizing::new(format!("{BEARER}{}", response.value.expose())),
            lifetime,
            requested_at,
            expires_at: wall.checked_add(lifetime).unwrap_or(wall),
            scope: response.scope,
            per_call: response.per_call,
            attention: AtomicU64::new(0),
            used: AtomicBool::new(false),
        });
        let authorization = sensitive(Authorization(Arc::clone(&facts)))?;
        let others = response.headers.into_iter().map(|(name, value)| (name, counted_apart(&value)));
        let headers = iter::once((header::AUTHORIZATION, authorization)).chain(others).collect();
        Ok(Self { inner: Arc::new(Inner::new(facts, HeaderSet::new(headers))) })
    }

    /// A copy that shares the facts and no reference count that a read touches.
    pub(crate) fn apart(&self) -> Self {
        let (facts, headers) = (Arc::clone(&self.inner.facts), self.inner.headers.apart());
        Self { inner: Arc::new(Inner::new(facts, headers)) }
    }

    /// The token itself. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.inner.facts.bearer[BEARER.len()..]
    }

    /// The token's number in its source.
    #[must_use]
    pub fn id(&self) -> TokenId {
        self.inner.facts.id
    }

    /// Its whole life, counted from before it was requested.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.inner.facts.lifetime
    }

    /// Expiry by the wall clock, to show or to store. The source itself measures on a clock that cannot be set.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.inner.facts.expires_at
    }

    /// The scopes granted, as answered, separated by blanks.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.inner.facts.scope.as_deref()
    }

    /// `Bearer …`, sensitive and ready-made.
    #[must_use]
    pub fn authorization(&self) -> &HeaderValue {
        &self.inner.authorization
    }

    /// Everything the vendor wants on a call.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the vendor wants a header that differs from call to call; it names that header.
    pub fn headers(&self) -> Result<&HeaderSet, Error> {
        match &self.inner.facts.per_call {
            None => Ok(&self.inner.headers),
            Some(name) => {
                Err(Error::config(format!("each call needs a {name} header of its own; expected headers_for")))
            }
        }
    }

    /// Everything the vendor wants on a call, given the value of the header that differs from call to call. A header of
    /// that name is added even where the token does not need it.
    #[must_use]
    pub fn headers_with(&self, name: HeaderName, value: HeaderValue) -> HeaderSet {
        let mut list = self.inner.headers.list.0.clone();
        list.push((name, value));
        HeaderSet::new(list)
    }

    /// The header that the caller must add to each call, if there is one.
    #[must_use]
    pub fn needs_per_call(&self) -> Option<&HeaderName> {
        self.inner.facts.per_call.as_ref()
    }

    /// What the token says about itself, if it is a JWT (RFC 7519 §3). Advisory: the signature is not checked.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if it is no JWT or its claims do not fit `T`; with line and column, never the text.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, Error> {
        claims_of(self.value())
    }

    pub(crate) fn requested_at(&self) -> Moment {
        self.inner.facts.requested_at
    }

    /// Until when it may be handed out without a look at the state.
    pub(crate) fn attend_at(&self, attention: Moment) {
        self.inner.facts.attention.store(attention.nanos(), Ordering::Relaxed);
    }

    /// Whether it may simply be handed out.
    #[inline]
    pub(crate) fn is_served_at(&self, now: Moment) -> bool {
        now.nanos() < self.inner.facts.attention.load(Ordering::Relaxed)
    }

    pub(crate) fn downgrade(&self) -> WeakToken {
        WeakToken(Arc::downgrade(&self.inner))
    }

    /// Whether it was ever handed out. Loaded on each read, stored by the first: readers do not write to shared memory.
    #[inline]
    pub(crate) fn is_used(&self) -> bool {
        self.inner.facts.used.load(Ordering::Relaxed)
    }

    /// Marks it as handed out; true for the first caller alone.
    pub(crate) fn mark_used(&self) -> bool {
        !self.inner.facts.used.swap(true, Ordering::Relaxed)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("id", &self.inner.facts.id.0)
            .field("lifetime", &self.inner.facts.lifetime)
            .finish_non_exhaustive()
    }
}

/// Headers for calls to the vendor's API, shared: cloning costs a reference count.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), auth_core::Error> {
/// let tokens = auth_core::TokenSource::fixed("invented-token");
/// let mut request = http::HeaderMap::new();
/// tokens.headers().await?.apply(&mut request);
/// assert_eq!(request["authorization"], "Bearer invented-token");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct HeaderSet {
    list: Arc<List>,
}

/// On cache lines of its own: the reference count beside it belongs to the readers of one copy.
#[repr(align(128))]
struct List(Vec<(HeaderName, HeaderValue)>);

impl HeaderSet {
    /// Every name and value is cloned once here: the first clone may allocate its reference count, and reads must not.
    fn new(list: Vec<(HeaderName, HeaderValue)>) -> Self {
        drop(list.clone());
        Self { list: Arc::new(List(list)) }
    }

    fn apart(&self) -> Self {
        Self::new(self.iter().map(|(name, value)| (name.clone(), counted_apart(value))).collect())
    }

    /// Puts them into `headers`, in place of any of the same names.
    pub fn apply(&self, headers: &mut HeaderMap) {
        for (name, value) in self.iter() {
            headers.insert(name.clone(), value.clone());
        }
    }

    /// The same as a map, for clients that take one, such as reqwest's blocking one:
    /// `client.get(url).headers(tokens.headers()?.to_map())`.
    #[must_use]
    pub fn to_map(&self) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(self.list.0.len());
        self.apply(&mut map);
        map
    }

    /// Each name and value, `Authorization` first.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.list.0.iter().map(|(name, value)| (name, value))
    }
}

impl fmt::Debug for HeaderSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Seconds since 1970, with a fraction or without (RFC 7519 §2).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Deserialize)]
#[serde(transparent)]
pub struct NumericDate(f64);

impl NumericDate {
    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0
    }

    /// The same as a [`SystemTime`]; `None` before 1970 or beyond what that can hold.
    #[must_use]
    pub fn to_system_time(self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(self.0).ok()?)
    }
}

/// The text of an `Authorization` header, as long as anybody sends it.
struct Authorization(Arc<Facts>);

impl AsRef<[u8]> for Authorization {
    fn as_ref(&self) -> &[u8] {
        self.0.bearer.as_bytes()
    }
}

/// Something on cache lines of its own.
#[repr(align(128))]
struct Apart<T>(T);

impl<T: AsRef<[u8]>> AsRef<[u8]> for Apart<T> {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref()
    }
}

/// A header whose text stays with `owner`. Its clones count on `owner`'s own cache lines.
fn sensitive(owner: impl AsRef<[u8]> + Send + 'static) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(Apart(owner)))
        .map_err(|_| Error::config("the access token is expected to be of visible ASCII characters"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The same header, with a reference count that nobody else touches.
fn counted_apart(value: &HeaderValue) -> HeaderValue {
    match HeaderValue::from_maybe_shared(Bytes::from_owner(Apart(value.clone()))) {
        Ok(mut apart) => {
            apart.set_sensitive(value.is_sensitive());
            apart
        }
        // Never: it was a header's value before.
        Err(_) => value.clone(),
    }
}

/// RFC 6750 §2.1.
const BEARER: &str = "Bearer ";

/// The claims of a JWT, unverified.
pub(crate) fn claims_of<T: DeserializeOwned>(jwt: &str) -> Result<T, Error> {
    let mut parts = jwt.split('.');
    let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(Error::malformed("", "the token is no JWT: three parts with dots between them are expected"));
    };
    let json = URL_SAFE_NO_PAD
        .decode(claims.trim_end_matches('='))
        .map_err(|_| Error::malformed("", "the claims of the token are not base64url"))?;
    serde_json::from_slice(&json).map_err(|e| {
        let at = format!("the claims of the token do not fit at line {}, column {}", e.line(), e.column());
        Error::malformed("", at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Times {
        exp: NumericDate,
        nbf: Option<NumericDate>,
    }

    fn jwt(claims: &str) -> String {
        format!("e30.{}.invented", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn fractional_and_whole_numeric_dates_are_read() {
        let times: Times = claims_of(&jwt(r#"{"exp":1710223631.577478,"nbf":1710220031}"#)).unwrap();
        assert_eq!(times.exp.as_secs_f64(), 1_710_223_631.577_478);
        assert_eq!(
            times.nbf.unwrap().to_system_time().unwrap(),
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_710_220_031)
        );
    }

    #[test]
    fn claims_that_do_not_fit_are_told_by_place_and_not_by_text() {
        let error = claims_of::<Times>(&jwt(r#"{"exp":"invented-words"}"#)).err().unwrap();
        assert!(error.to_string().contains("line 1, column"), "{error}");
        assert!(!format!("{error} {error:?}").contains("invented-words"));
        for odd in ["opaque", "a.b", "a.b.c.d", "a.%.c"] {
            assert!(matches!(claims_of::<Times>(odd), Err(Error::Malformed(_))), "{odd}");
        }
    }
}
