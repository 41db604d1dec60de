//! Where the token comes from: a URL, taken apart.

use std::net::IpAddr;

use auth_core::BaseUrl;
use auth_core::reqwest::Url;

/// A vendor's URL, and the host and port that it names.
#[derive(Debug)]
pub(super) struct Place {
    url: BaseUrl,
    host: String,
    port: u16,
    is_https: bool,
}

impl Place {
    /// Nothing if the URL names no host.
    pub(super) fn of(url: BaseUrl) -> Option<Self> {
        let read = Url::parse(url.as_str()).ok()?;
        let host = read.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (port, is_https) = (read.port_or_known_default()?, read.scheme() == "https");
        Some(Self { url, host, port, is_https })
    }

    pub(super) fn url(&self) -> &BaseUrl {
        &self.url
    }

    /// The name, or the address without brackets.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether it is this machine, which is asked without a proxy.
    pub(super) fn is_here(&self) -> bool {
        self.host == "localhost" || self.host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_is_taken_apart_whatever_its_host_looks_like() {
        for (url, host, port, is_here) in [
            ("https://sts.example/tenant", "sts.example", 443, false),
            ("https://sts.example:8443", "sts.example", 8443, false),
            ("http://localhost", "localhost", 80, true),
            ("https://127.9.9.9", "127.9.9.9", 443, true),
            ("http://[::1]:4000", "::1", 4000, true),
        ] {
            let place = Place::of(BaseUrl::try_from(url).unwrap()).unwrap();
            assert_eq!((place.host(), place.port(), place.is_here()), (host, port, is_here), "{url}");
            assert_eq!(place.is_https(), url.starts_with("https"), "{url}");
        }
    }
}
