//! Where secrets may be sent.

use std::fmt;

use reqwest::Url;

use crate::Error;
use crate::hosts::is_loopback_host;

/// A vendor's URL, checked: https (or loopback), without user info, query or fragment, without a slash at its end.
///
/// ```
/// use auth_core::BaseUrl;
///
/// assert_eq!(BaseUrl::try_from("https://sts.example/tenant/")?.as_str(), "https://sts.example/tenant");
/// assert_eq!(BaseUrl::try_from("http://127.0.0.1:8080")?.join("/connect/token").as_str(), "http://127.0.0.1:8080/connect/token");
/// assert!(BaseUrl::try_from("http://sts.example").is_err());
/// assert!(BaseUrl::allow_insecure_http("http://sts.example").is_ok());
/// # Ok::<(), auth_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    pub(super) url: Url,
    text: String,
}

impl BaseUrl {
    /// A URL that may be plain http on any host: the secret is then readable to everyone on the way.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for everything else that is refused.
    pub fn allow_insecure_http(url: &str) -> Result<Self, Error> {
        Self::parse(url, true)
    }

    /// This URL with `path`, which starts with a slash, after its own.
    #[must_use]
    pub fn join(&self, path: &str) -> Self {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.url.path().trim_end_matches('/')));
        Self::from_url(url)
    }

    /// This URL without `path` at its end, if it has it there.
    #[must_use]
    pub fn without(&self, path: &str) -> Self {
        let mut url = self.url.clone();
        let own = url.path().trim_end_matches('/').to_owned();
        url.set_path(own.strip_suffix(path).unwrap_or(&own));
        Self::from_url(url)
    }

    /// The URL as text, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn parse(text: &str, insecure: bool) -> Result<Self, Error> {
        let refuse = |what: &str| Err(Error::config(format!("the URL {what}; expected https://host[/path]")));
        if text.trim() != text {
            return refuse("has a blank at an end");
        }
        // What a parser of URLs silently mends.
        if text.contains(|c: char| c.is_control() || c == '\\') || !text.contains("://") {
            return refuse("cannot be read");
        }
        let Ok(url) = Url::parse(text) else { return refuse("cannot be read") };
        match url.scheme() {
            "https" => {}
            "http" if insecure || is_loopback(&url) => {}
            "http" => return refuse("is plain http, which shows the secret to everyone on the way"),
            _ => return refuse("has another scheme"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("has user info");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("has a query or a fragment");
        }
        Ok(Self::from_url(url))
    }

    fn from_url(url: Url) -> Self {
        let text = url.as_str().trim_end_matches('/').to_owned();
        Self { url, text }
    }

    pub(super) fn route(&self) -> Route {
        match (self.url.scheme(), is_loopback(&self.url)) {
            ("http", _) => Route::Plain,
            (_, true) => Route::Local,
            (_, false) => Route::Outside,
        }
    }
}

impl TryFrom<&str> for BaseUrl {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        Self::parse(text, false)
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text, false)
    }
}

impl TryFrom<&String> for BaseUrl {
    type Error = Error;

    fn try_from(text: &String) -> Result<Self, Error> {
        Self::parse(text, false)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({})", self.text)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Which way a request goes; each has a client of its own, built when it is first needed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// Plain http: no proxy, no certificates to load.
    Plain,
    /// https on loopback: no proxy.
    Local,
    /// https: through the proxy that the user or the system names.
    Outside,
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_would_lose_the_secret_are_refused_and_say_what_is_expected() {
        for (bad, wrong) in [
            ("http://sts.example", "plain http"),
            ("http://127.0.0.1.example", "plain http"),
            ("http://localhost.example", "plain http"),
            ("ftp://sts.example", "scheme"),
            ("sts.example", "cannot be read"),
            ("", "cannot be read"),
            ("https:sts.example", "cannot be read"),
            ("https://sts.example\\token", "cannot be read"),
            ("https://sts.exa\tmple", "cannot be read"),
            ("https://user:invented@sts.example", "user info"),
            ("https://user@sts.example", "user info"),
            ("https://sts.example?key=invented", "query"),
            ("https://sts.example#top", "fragment"),
            ("https://sts.example ", "blank"),
        ] {
            let error = BaseUrl::try_from(bad).unwrap_err();
            assert!(matches!(error, Error::Config(_)));
            let error = error.to_string();
            assert!(error.contains(wrong) && error.contains("expected https://"), "{bad}: {error}");
            assert!(!error.contains("invented"), "{error}");
        }
    }

    #[test]
    fn loopback_may_be_plain_http_in_every_form() {
        for good in
            ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:80", "http://localhost:8080", "http://LOCALHOST"]
        {
            assert!(BaseUrl::try_from(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn path_is_joined_and_taken_off_with_or_without_a_slash() {
        for text in [
            "https://a.example/x",
            "https://a.example/x/",
            "https://a.example/x/connect/token",
            "https://a.example/x/connect/token/",
        ] {
            let base = BaseUrl::try_from(text).unwrap().without("/connect/token");
            assert_eq!(base.as_str(), "https://a.example/x");
            assert_eq!(base.join("/connect/token").as_str(), "https://a.example/x/connect/token");
        }
        assert_eq!(BaseUrl::try_from("https://a.example").unwrap().join("/y").as_str(), "https://a.example/y");
    }

    #[test]
    fn url_is_shown_as_it_is_written() {
        let url = BaseUrl::try_from("https://sts.example/tenant/").unwrap();
        assert_eq!(format!("{url} {url:?}"), "https://sts.example/tenant BaseUrl(https://sts.example/tenant)");
    }
}
