//! The name and the addresses behind it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::finding::{Checked, Finding};
use super::proxy::{Route, Via};
use crate::exit::Exit;

/// The addresses of the host that is connected to.
pub(super) async fn look_up(route: &Route, limit: Duration) -> Checked<Vec<SocketAddr>> {
    let (host, port) = (route.host.as_str(), route.port);
    let whose = if matches!(route.via, Via::Straight) { "" } else { "the proxy's: " };
    if let Ok(address) = host.parse::<IpAddr>() {
        return Finding::ok(format!("{whose}{host} is an address")).with(vec![SocketAddr::new(address, port)]);
    }
    let advice = "see whether the host is the right one, and whether this machine can look up names";
    let failed = |why: String| Finding::failed(Exit::Later, format!("{whose}{host} {why}")).try_this(advice).alone();
    let found = match timeout(limit, lookup_host((host, port))).await {
        Err(_) => return failed(format!("was not looked up within {} s", limit.as_secs_f64())),
        Ok(found) => found.map(each_once).unwrap_or_default(),
    };
    if found.is_empty() {
        return failed("was not found".to_owned());
    }
    let shown: Vec<_> = found.iter().map(|address| address.ip().to_string()).collect();
    Finding::ok(format!("{whose}{host} is {}", shown.join(", "))).with(found)
}

/// The system names an address once for each kind of socket.
fn each_once(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut each = Vec::new();
    for address in addresses {
        if !each.contains(&address) && each.len() < MOST_ADDRESSES {
            each.push(address);
        }
    }
    each
}

/// The first of the addresses that accepts a connection; all are tried, at the same time.
pub(super) async fn connect(addresses: &[SocketAddr], limit: Duration) -> Checked<SocketAddr> {
    let mut tries = JoinSet::new();
    for (place, address) in addresses.iter().copied().enumerate() {
        tries.spawn(async move { (place, address, try_one(address, limit).await) });
    }
    let mut tried = tries.join_all().await;
    tried.sort_by_key(|(place, ..)| *place);
    let found: Vec<_> = tried.iter().map(|(_, address, met)| told(*address, met, limit)).collect();
    let found = found.join("; ");
    let good: Vec<_> = tried.iter().filter(|(.., met)| met.is_ok()).collect();
    match good.first() {
        None => {
            let advice = "see whether host and port are right, and whether a firewall is in between";
            Finding::failed(Exit::Later, found).try_this(advice).alone()
        }
        Some((_, address, _)) if tried.iter().all(|(_, address, met)| is_no_delay(*address, met)) => {
            Finding::ok(found).with(*address)
        }
        Some((_, address, _)) => {
            let advice = "some addresses cannot be reached: a request may wait for one of them before it takes another";
            Finding::warning(found).try_this(advice).with(*address)
        }
    }
}

/// How long it took.
async fn try_one(address: SocketAddr, limit: Duration) -> io::Result<Duration> {
    let began = Instant::now();
    timeout(limit, TcpStream::connect(address)).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    Ok(began.elapsed())
}

/// Whether a request loses no time by it. Where there is no IPv6, as in most containers, its addresses fail at once.
fn is_no_delay(address: SocketAddr, met: &io::Result<Duration>) -> bool {
    use io::ErrorKind::{AddrNotAvailable, HostUnreachable, NetworkUnreachable};
    let no_way = |error: &io::Error| [AddrNotAvailable, HostUnreachable, NetworkUnreachable].contains(&error.kind());
    met.as_ref().map_or_else(|error| address.is_ipv6() && no_way(error), |_| true)
}

fn told(address: SocketAddr, met: &io::Result<Duration>, limit: Duration) -> String {
    match met {
        Ok(took) => format!("{address} accepts after {:.1} ms", took.as_secs_f64() * 1000.0),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => format!("{address} refuses"),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            format!("{address} has not answered within {} s", limit.as_secs_f64())
        }
        Err(error) => format!("{address}: {}", error.kind()),
    }
}

/// A name with more is a large one, of which these are told.
const MOST_ADDRESSES: usize = 8;

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::super::finding::Outcome;
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    fn free() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    #[tokio::test]
    async fn address_that_refuses_beside_one_that_accepts_is_told_and_not_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (good, bad) = (listener.local_addr().unwrap(), free());
        let (finding, taken) = connect(&[bad, good], LIMIT).await;
        assert_eq!((finding.outcome, taken), (Outcome::Warning, Some(good)));
        assert!(finding.found.starts_with(&format!("{bad} refuses; {good} accepts after ")), "{}", finding.found);
        let (finding, taken) = connect(&[good], LIMIT).await;
        assert_eq!((finding.outcome, taken), (Outcome::Ok, Some(good)));
    }

    #[tokio::test]
    async fn addresses_that_all_refuse_lead_nowhere() {
        let (finding, taken) = connect(&[free(), free()], LIMIT).await;
        assert_eq!((finding.outcome, finding.exit, taken), (Outcome::Failed, Exit::Later, None));
    }

    #[test]
    fn address_of_ipv6_where_there_is_none_is_no_delay() {
        use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut};
        let is_none = |address: &str, kind: io::ErrorKind| is_no_delay(address.parse().unwrap(), &Err(kind.into()));
        let (old, new) = ("192.0.2.1:443", "[2001:db8::1]:443");
        assert!(is_none(new, NetworkUnreachable) && is_none(new, HostUnreachable));
        assert!(!is_none(new, TimedOut) && !is_none(new, ConnectionRefused) && !is_none(old, NetworkUnreachable));
        assert!(is_no_delay(old.parse().unwrap(), &Ok(LIMIT)));
    }

    #[test]
    fn address_is_told_once_and_of_very_many_the_first() {
        let all: Vec<SocketAddr> = (0..40).map(|n| SocketAddr::from(([127, 0, 0, n / 2], 443))).collect();
        let each = each_once(all.into_iter());
        assert_eq!((each.len(), each[1].ip().to_string()), (MOST_ADDRESSES, "127.0.0.1".to_owned()));
    }
}
