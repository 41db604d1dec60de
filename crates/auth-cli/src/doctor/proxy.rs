//! Which way a request goes: straight, or through the proxy that the environment names.

use std::fmt;
use std::io;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::finding::{Checked, Finding};
use super::place::Place;
use crate::exit::Exit;

/// Whom to connect to, and how to go on from there.
pub(super) struct Route {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) via: Via,
}

pub(super) enum Via {
    /// It is the vendor.
    Straight,
    /// An HTTP proxy, which opens a tunnel; perhaps for those alone who give a name and a password.
    Tunnel(Option<HeaderValue>),
    /// A proxy that itself wants TLS, which is not gone through here.
    OverTls,
}

/// By the same code as the token request will, so that it goes the same way.
pub(super) fn check(place: &Place) -> Checked<Route> {
    let set: Vec<&str> = NAMES.into_iter().filter(|name| value(name).is_some()).collect();
    let straight = Route { host: place.host().to_owned(), port: place.port(), via: Via::Straight };
    if set.is_empty() {
        return Finding::ok("no variable of a proxy is set").with(straight);
    }
    let set = set.join(", ");
    if place.is_here() {
        return Finding::ok(format!("set: {set}; this machine is asked without a proxy")).with(straight);
    }
    let odd: Vec<&str> =
        HTTPS_NAMES.into_iter().filter(|name| value(name).is_some_and(|value| is_odd(&value))).collect();
    let proxy = Matcher::from_system().intercept(&uri(place));
    if let Some(wrong) = proxy.as_ref().and_then(|proxy| split(proxy).or_else(|| unknown(proxy))) {
        return wrong.alone();
    }
    let (way, route) = match proxy.as_ref().and_then(Route::through) {
        Some((shown, proxy)) => (format!("the request goes through {shown}"), proxy),
        None => ("none applies to this URL".to_owned(), straight),
    };
    if odd.is_empty() {
        return Finding::ok(format!("{way}; set: {set}")).with(route);
    }
    let odd = odd.join(", ");
    let advice = format!("set {odd} to http://host:port, or unset it");
    Finding::warning(format!("{way}; {odd} is no URL of a proxy, and is ignored")).try_this(advice).with(route)
}

impl Route {
    /// The proxy without its user info, and the way through it.
    fn through(proxy: &Intercept) -> Option<(String, Self)> {
        let (uri, user) = (proxy.uri(), proxy.basic_auth());
        let (scheme, host) = (uri.scheme_str()?, uri.host()?);
        let (default, via) = match scheme {
            "http" => (80, Via::Tunnel(user.cloned())),
            "https" => (443, Via::OverTls),
            _ => return None,
        };
        let port = uri.port_u16().unwrap_or(default);
        let user = if has_user(proxy) { ", with a user and a password that are not shown" } else { "" };
        let shown = format!("{scheme}://{host}:{port}{user}");
        Some((shown, Self { host: host.trim_matches(['[', ']']).to_owned(), port, via }))
    }
}

/// A proxy from whose URL a part of the password was read as the host: nothing of it may be shown.
fn split(proxy: &Intercept) -> Option<Finding> {
    let is_split = |name: &&str| {
        let value = value(name).filter(|value| value.contains('@')).as_deref().and_then(read);
        value.is_some_and(|read| read.uri() == proxy.uri() && !has_user(&read))
    };
    let name = HTTPS_NAMES.into_iter().find(is_split)?;
    let found = format!("{name} has an @, and yet neither a user nor a password before its host");
    let advice = format!("in {name}, write each / ? # of the user and the password as %2F %3F %23");
    Some(Finding::failed(Exit::Usage, found).try_this(advice))
}

/// A proxy of a kind that the token request does not go through either.
fn unknown(proxy: &Intercept) -> Option<Finding> {
    let scheme = proxy.uri().scheme_str().filter(|scheme| !["http", "https"].contains(scheme))?;
    let found = format!("a proxy of {scheme} applies to this URL, and no token request goes through one");
    let advice = "name an HTTP proxy, as in HTTPS_PROXY=http://host:port, or except this host by NO_PROXY";
    Some(Finding::failed(Exit::Usage, found).try_this(advice))
}

fn has_user(proxy: &Intercept) -> bool {
    proxy.basic_auth().is_some() || proxy.raw_auth().is_some()
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// Has the proxy at the other end open a tunnel to `place` (RFC 9110 §9.3.6).
///
/// # Errors
///
/// The status, if the proxy refuses.
pub(super) async fn tunnel(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    place: &Place,
    user: Option<&HeaderValue>,
) -> io::Result<Result<(), u16>> {
    let uri = uri(place);
    let target = uri.authority().map(|host| format!("{}:{}", host.host(), place.port())).unwrap_or_default();
    let mut head = format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n").into_bytes();
    if let Some(user) = user {
        head.extend([b"proxy-authorization: ", user.as_bytes(), b"\r\n"].concat());
    }
    head.extend(b"\r\n");
    stream.write_all(&head).await?;
    let status = status_of(&answer_head(stream).await?).ok_or(io::ErrorKind::InvalidData)?;
    Ok(if (200..300).contains(&status) { Ok(()) } else { Err(status) })
}

/// Up to the empty line and no byte further, where the vendor begins to speak.
async fn answer_head(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LONGEST_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

/// RFC 9112 §4.
fn status_of(head: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(head.split(|byte| *byte == b'\r').next()?).ok()?;
    let mut words = line.split(' ');
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    words.next()?.parse().ok()
}

fn uri(place: &Place) -> Uri {
    place.url().as_str().parse().unwrap_or_default()
}

fn value(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn is_odd(value: &str) -> bool {
    read(value).is_none()
}

/// What is made of `value` where nothing else is set.
fn read(value: &str) -> Option<Intercept> {
    Matcher::builder().https(value).build().intercept(&Uri::from_static("https://vendor.invalid"))
}

/// Of those that differ in case alone the first counts.
const NAMES: [&str; 8] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];
/// Those that say something about https.
const HTTPS_NAMES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const LONGEST_HEAD: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use auth_core::BaseUrl;

    use super::*;

    /// What the proxy is sent, and what is made of `answer`.
    async fn asked(url: &str, answer: &[u8]) -> (String, io::Result<Result<(), u16>>) {
        let (mut ours, mut theirs) = tokio::io::duplex(64 * 1024);
        theirs.write_all(answer).await.unwrap();
        theirs.shutdown().await.unwrap();
        let user = HeaderValue::from_static("Basic invented");
        let place = Place::of(BaseUrl::try_from(url).unwrap()).unwrap();
        let result = tunnel(&mut ours, &place, Some(&user)).await;
        drop(ours);
        let mut sent = String::new();
        theirs.read_to_string(&mut sent).await.unwrap();
        (sent, result)
    }

    #[tokio::test]
    async fn tunnel_is_asked_for_by_host_and_port() {
        let (sent, result) = asked("https://sts.example/tenant", b"HTTP/1.1 200 Connection established\r\n\r\n").await;
        assert_eq!(
            sent,
            "CONNECT sts.example:443 HTTP/1.1\r\nhost: sts.example:443\r\nproxy-authorization: Basic invented\r\n\r\n"
        );
        assert_eq!(result.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn refusal_of_the_proxy_is_its_status_and_anything_else_an_error() {
        assert_eq!(asked("https://sts.example", b"HTTP/1.0 407 Who?\r\nx: y\r\n\r\n").await.1.unwrap(), Err(407));
        for odd in [&b"SSH-2.0-invented\r\n\r\n"[..], b"", b"HTTP/1.1 200", &[b'x'; 9000]] {
            assert!(asked("https://sts.example", odd).await.1.is_err());
        }
    }

    #[test]
    fn only_what_names_a_host_and_a_known_scheme_is_a_proxy() {
        for (value, odd) in [
            ("http://proxy.example:3128", false),
            ("proxy.example:3128", false),
            ("socks5h://proxy.example", false),
            ("ftp://proxy.example", true),
            ("not a URL", true),
        ] {
            assert_eq!(is_odd(value), odd, "{value}");
        }
    }
}
