//! Which hosts may see a token.

use std::net::IpAddr;
use std::sync::Arc;

use http::Uri;
use http::uri::Authority;

use crate::Error;

/// The hosts that may see a token: what is not named here never gets one.
///
/// A proxy stands between: https is closed to it, but plain http to loopback is not. A client that has a proxy sends loopback
/// through it, unless `NO_PROXY` or `no_proxy()` says otherwise.
///
/// ```
/// use auth_core::Hosts;
///
/// let hosts = Hosts::only("api.vendor.example")?.and(Hosts::under("cdn.vendor.example")?);
/// assert!(hosts.may_see_tokens(&"https://api.vendor.example/v1/orders".parse().unwrap())?);
/// assert!(hosts.may_see_tokens(&"https://eu.cdn.vendor.example".parse().unwrap())?);
/// assert!(!hosts.may_see_tokens(&"https://other.example".parse().unwrap())?);
/// assert!(hosts.may_see_tokens(&"http://api.vendor.example".parse().unwrap()).is_err(), "plain http");
/// # Ok::<(), auth_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    rules: Arc<[Rule]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Only { host: String, port: Option<u16> },
    Under(String),
}

impl Hosts {
    /// This host alone, by name or address, on any port: `api.vendor.example`, `127.0.0.1`, `[::1]`. With a port, as in
    /// `api.vendor.example:8443`, on that port alone.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it is no host: a URL, a path, a blank.
    pub fn only(host: &str) -> Result<Self, Error> {
        let (host, port) = parsed(host)?;
        Ok(Self { rules: [Rule::Only { host, port }].into() })
    }

    /// `domain` and every name below it, on any port: `vendor.example` allows `api.vendor.example`, and not
    /// `evilvendor.example`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it is no domain of two labels or more, or has a port.
    pub fn under(domain: &str) -> Result<Self, Error> {
        match parsed(domain)? {
            (host, None) if host.contains('.') && address(&host).is_none() => {
                Ok(Self { rules: [Rule::Under(host)].into() })
            }
            _ => Err(Error::config("the domain of hosts that may see a token is expected to look like vendor.example")),
        }
    }

    /// These and `others`.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self { rules: self.rules.iter().chain(others.rules.iter()).cloned().collect() }
    }

    /// Whether a request to `uri` may carry a token. `false` means that it goes to somebody else, and gets none.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the request would show the token to everyone on the way (plain http to a host that is named here;
    /// loopback excepted), or if `uri` says no host.
    pub fn may_see_tokens(&self, uri: &Uri) -> Result<bool, Error> {
        let (Some(authority), Some(scheme)) = (uri.authority(), uri.scheme_str()) else {
            return Err(Error::config(NO_HOST));
        };
        let is_https = scheme.eq_ignore_ascii_case("https");
        let default = if is_https { HTTPS_PORT } else { HTTP_PORT };
        // What cannot be read is nobody's.
        let Some((host, port)) = split(authority) else { return Ok(false) };
        if !self.rules.iter().any(|rule| rule.allows(&host, port.unwrap_or(default))) {
            return Ok(false);
        }
        match is_https || scheme.eq_ignore_ascii_case("http") && is_loopback_host(&host) {
            true => Ok(true),
            false => Err(plain_http()),
        }
    }
}

impl Rule {
    fn allows(&self, host: &str, port: u16) -> bool {
        match self {
            Self::Only { host: only, port: None } => host == only,
            Self::Only { host: only, port: Some(wanted) } => host == only && port == *wanted,
            Self::Under(domain) => {
                host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
        }
    }
}

/// A host as a user names it, and its port.
fn parsed(text: &str) -> Result<(String, Option<u16>), Error> {
    let authority = text.parse::<Authority>().ok().filter(|_| !text.contains(['@', '*', '%']));
    let named = authority.and_then(|authority| split(&authority)).filter(|(host, _)| is_name_or_address(host));
    named.ok_or_else(|| {
        Error::config("a host that may see a token is expected to look like api.vendor.example or 127.0.0.1:8080")
    })
}

/// The host, as it is compared, and its port; nothing if the port is no number.
fn split(authority: &Authority) -> Option<(String, Option<u16>)> {
    let text = authority.as_str().rsplit('@').next()?;
    let digits = text.strip_prefix(authority.host())?.strip_prefix(':').filter(|digits| !digits.is_empty());
    let is_number = digits.is_none_or(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let port = authority.port_u16();
    let is_whole = text.len() == authority.host().len() || digits.is_some() && port.is_some() && is_number;
    is_whole.then(|| (compared(authority.host()), port))
}

/// An address in its one form, or a name in lower case and without the dot that ends it.
fn compared(host: &str) -> String {
    match address(host) {
        Some(address) => address.to_string(),
        None => host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase(),
    }
}

/// A number that is no address is one in disguise, which clients write anew before they send.
fn is_name_or_address(host: &str) -> bool {
    let mut labels = host.split('.');
    let is_number = |label: &str| label.starts_with(|c: char| c.is_ascii_digit()) && label.parse::<u32>().is_ok();
    address(host).is_some()
        || labels.clone().all(|label| !label.is_empty() && !label.contains(['[', ']', ':']))
            && !labels.next_back().is_some_and(is_number)
}

/// What a request is refused with that would show its token.
pub(crate) fn plain_http() -> Error {
    Error::config("the request goes over plain http, which shows the token to everyone on the way; expected https")
}

/// Whether it is this machine, by the name or an address as a URL has it.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    host == "localhost" || address(host).is_some_and(|address| address.is_loopback())
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;
const NO_HOST: &str =
    "the URI of the request names no host; expected https://host/path (tonic: a client made by with_origin)";

#[cfg(test)]
mod tests {
    use super::*;

    fn sees(hosts: &Hosts, uri: &str) -> Option<bool> {
        hosts.may_see_tokens(&uri.parse().unwrap()).ok()
    }

    #[test]
    fn host_that_is_named_sees_tokens_and_no_other_does() {
        let hosts = Hosts::only("api.vendor.example").unwrap();
        for uri in [
            "https://api.vendor.example",
            "https://api.vendor.example/v1?x=https://evil.example",
            "HTTPS://API.Vendor.Example.:8443/",
        ] {
            assert_eq!(sees(&hosts, uri), Some(true), "{uri}");
        }
        for uri in [
            "https://vendor.example",
            "https://api.vendor.example.evil.example",
            "https://xapi.vendor.example",
            "https://evil.example/api.vendor.example",
            "https://api.vendor.example@evil.example/",
            "http://evil.example",
        ] {
            assert_eq!(sees(&hosts, uri), Some(false), "{uri}");
        }
    }

    #[test]
    fn port_that_is_named_is_the_only_one() {
        let hosts = Hosts::only("127.0.0.1:8080").unwrap().and(Hosts::only("api.vendor.example:443").unwrap());
        assert_eq!(sees(&hosts, "http://127.0.0.1:8080/"), Some(true));
        assert_eq!(sees(&hosts, "http://127.0.0.1:8081/"), Some(false));
        assert_eq!(sees(&hosts, "https://api.vendor.example/"), Some(true));
        assert_eq!(sees(&hosts, "https://api.vendor.example:8443/"), Some(false));
    }

    #[test]
    fn port_that_is_no_number_is_nobodys() {
        let hosts = Hosts::only("api.vendor.example:443").unwrap();
        assert_eq!(sees(&hosts, "https://api.vendor.example:99999/"), Some(false));
        assert_eq!(sees(&hosts, "https://api.vendor.example../"), Some(false));
    }

    #[test]
    fn address_is_the_same_however_it_is_written() {
        let hosts = Hosts::only("[2001:DB8:0:0::1]").unwrap().and(Hosts::only("[::1]").unwrap());
        assert_eq!(sees(&hosts, "https://[2001:db8::1]/"), Some(true));
        assert_eq!(sees(&hosts, "http://[0:0:0:0:0:0:0:1]:8080/"), Some(true));
        assert_eq!(sees(&hosts, "https://[2001:db8::2]/"), Some(false));
    }

    #[test]
    fn domain_allows_itself_and_what_is_below_it_and_no_name_that_only_ends_so() {
        let hosts = Hosts::under("vendor.example").unwrap();
        assert_eq!(sees(&hosts, "https://vendor.example/"), Some(true));
        assert_eq!(sees(&hosts, "https://a.b.vendor.example/"), Some(true));
        assert_eq!(sees(&hosts, "https://evilvendor.example/"), Some(false));
        assert_eq!(sees(&hosts, "https://vendor.example.evil.example/"), Some(false));
    }

    #[test]
    fn plain_http_to_a_host_that_is_named_is_an_error_but_on_loopback() {
        let hosts = ["api.vendor.example", "localhost", "[::1]", "127.0.0.2"].map(|host| Hosts::only(host).unwrap());
        let hosts = hosts.into_iter().reduce(Hosts::and).unwrap();
        assert_eq!(sees(&hosts, "http://api.vendor.example/"), None);
        for uri in ["http://localhost:80/", "http://[::1]:9/", "http://127.0.0.2/"] {
            assert_eq!(sees(&hosts, uri), Some(true), "{uri}");
        }
    }

    #[test]
    fn request_without_a_host_is_an_error() {
        let error = Hosts::only("api.vendor.example").unwrap().may_see_tokens(&"/v1/orders".parse().unwrap());
        assert!(error.is_err_and(|error| error.to_string().contains("names no host")));
    }

    #[test]
    fn name_may_end_in_a_label_that_begins_with_a_digit() {
        assert_eq!(sees(&Hosts::only("api.4vendors").unwrap(), "https://api.4vendors/"), Some(true));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            " ",
            "a b",
            "https://a.example",
            "a.example/",
            "a@b.example",
            "*.a.example",
            "a.example:",
            "a.example:x",
            ".",
            "a:99999",
            "a:+443",
            ".vendor.example",
            "a..b",
            "127.1",
            "2130706433",
            "[x]",
            "::1",
        ] {
            assert!(Hosts::only(text).is_err(), "{text:?}");
        }
        for text in ["example", "vendor.example:443", "127.0.0.1", "[::1]", "", ".vendor.example"] {
            assert!(Hosts::under(text).is_err(), "{text:?}");
        }
    }
}
