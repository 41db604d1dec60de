//! What a server's certificate says, and why it is not accepted.

use std::time::SystemTime;

use auth_core::Redactor;
use tokio_rustls::rustls::{CertificateError, Error};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Name};

use super::finding::Finding;
use crate::inspect::relative::from_now;
use crate::inspect::table::{date, seconds};

/// Whom it is for, who issued it, and from when to when it is good, in seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Certificate {
    names: Vec<String>,
    issuer: String,
    begins: i64,
    ends: i64,
}

impl Certificate {
    /// Nothing, if it cannot be read.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (_, read) = X509Certificate::from_der(der).ok()?;
        let alternatives = read.subject_alternative_name().ok().flatten();
        let names = alternatives.iter().flat_map(|names| &names.value.general_names).filter_map(name_of).collect();
        let validity = read.validity();
        let (begins, ends) = (validity.not_before.timestamp(), validity.not_after.timestamp());
        Some(Self { names, issuer: issuer_of(read.issuer()), begins, ends })
    }

    /// Without what may not be shown. Each part by itself: of all together a redactor would cut off the end.
    pub(super) fn cleaned(mut self, redactor: &Redactor) -> Self {
        self.names.iter_mut().for_each(|name| *name = redactor.clean(name));
        self.issuer = redactor.clean(&self.issuer);
        self
    }

    /// In a line.
    pub(super) fn told(&self, now: SystemTime) -> String {
        let (whom, ends) = (self.whom(), from_now(self.ends.saturating_sub(seconds(now))));
        format!("certificate for {whom} by {}, good until {} ({ends})", self.issuer, date(self.ends))
    }

    /// A tick, or a warning where it will not be good for long.
    pub(super) fn lifetime_judged(&self, words: String, now: SystemTime) -> Finding {
        if self.ends.saturating_sub(seconds(now)) >= SOON {
            return Finding::ok(words);
        }
        let advice = "ask the vendor whether it renews its certificate in time: without it no request gets through";
        Finding::warning(format!("{words}, which is soon")).try_this(advice)
    }

    fn whom(&self) -> String {
        match self.names.as_slice() {
            [] => "no host".to_owned(),
            [names @ .., last] if names.len() < MOST_NAMES => [names, std::slice::from_ref(last)].concat().join(", "),
            names => format!("{} and {} others", names[..MOST_NAMES].join(", "), names.len() - MOST_NAMES),
        }
    }
}

/// Why the machine does not accept it, and what to do.
pub(super) fn why_not(
    error: &Error,
    seen: Option<&Certificate>,
    host: &str,
    now: SystemTime,
) -> (String, &'static str) {
    let unread = Certificate { issuer: "somebody".to_owned(), ..Certificate::default() };
    let seen = seen.unwrap_or(&unread);
    let since = |at: i64| format!("{} ({})", date(at), from_now(at.saturating_sub(seconds(now))));
    let Error::InvalidCertificate(why) = error else { return (error.to_string(), ASK) };
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            (format!("its certificate expired {}", since(seen.ends)), RENEW)
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            (format!("its certificate is not good before {}", since(seen.begins)), CLOCK)
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            (format!("its certificate is for {}, and not for {host}", seen.whom()), NAME)
        }
        CertificateError::UnknownIssuer => {
            (format!("its certificate is by {}, whom this machine does not know", seen.issuer), ROOT)
        }
        CertificateError::Other(other) if other.to_string() == OF_AN_AUTHORITY => {
            ("its certificate is that of an authority (CA:TRUE), which no server may show".to_owned(), LEAF)
        }
        _ => (format!("its certificate is not accepted: {why}"), ASK),
    }
}

fn name_of(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| std::net::IpAddr::from(bytes).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| std::net::IpAddr::from(bytes).to_string()),
        },
        _ => None,
    }
}

/// The common name, or all of it where there is none.
fn issuer_of(issuer: &X509Name<'_>) -> String {
    let common = issuer.iter_common_name().next().and_then(|name| name.as_str().ok());
    common.map_or_else(|| issuer.to_string(), str::to_owned)
}

const RENEW: &str = "if this machine's clock is right, the vendor must renew its certificate";
const CLOCK: &str = "see whether this machine's clock is right (`date -u`); if it is, ask the vendor";
const NAME: &str =
    "see whether the URL names the right host; a proxy or a login page of the network may answer in its place";
const ROOT: &str = "install the root that the vendor, or your company's proxy, has its certificates from, or name its file by \
                    SSL_CERT_FILE; do not trust one that nobody can vouch for";
const LEAF: &str = "give the server a certificate that this authority has issued; if it was made with `openssl req -x509`, \
                    add `-addext basicConstraints=critical,CA:FALSE` and name its file by SSL_CERT_FILE";
/// What rustls' verifier calls it, which is no variant of its own.
const OF_AN_AUTHORITY: &str = "CaUsedAsEndEntity";
const ASK: &str = "ask the vendor; a proxy that looks into TLS may be in between";
/// Two weeks.
const SOON: i64 = 14 * 24 * 3600;
/// Some certificates are for a hundred hosts.
const MOST_NAMES: usize = 3;

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::finding::Outcome;
    use super::*;

    const NOON: u64 = 1_700_049_600;

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOON)
    }

    fn certificate(days_left: i64) -> Certificate {
        let ends = NOON as i64 + days_left * 24 * 3600;
        Certificate { names: vec!["sts.example".to_owned()], issuer: "Invented Root".to_owned(), begins: 0, ends }
    }

    #[test]
    fn certificate_is_read_with_names_issuer_and_dates() {
        let mut params = rcgen::CertificateParams::new(["sts.example".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "Invented Root");
        (params.not_before, params.not_after) = (rcgen::date_time_ymd(2023, 1, 1), rcgen::date_time_ymd(2024, 1, 1));
        let own = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let told = Certificate::read(own.der()).unwrap().told(now());
        let expected =
            "certificate for sts.example, 127.0.0.1 by Invented Root, good until 2024-01-01T00:00:00Z (in 46 days)";
        assert_eq!(told, expected);
        assert_eq!(Certificate::read(b"invented"), None);
    }

    #[test]
    fn long_names_are_cleaned_one_by_one_so_that_the_end_is_told() {
        let names = (0..3).map(|n| format!("{}.{n}.example", "a".repeat(60))).collect();
        let read = Certificate { names, issuer: "invented-secret".to_owned(), ..certificate(46) };
        let redactor = Redactor::new(&auth_core::ClientCredentials::new("invented-id", "invented-secret").unwrap());
        let told = read.cleaned(&redactor).told(now());
        assert!(
            told.contains("by [redacted]") && told.ends_with("good until 2023-12-31T12:00:00Z (in 46 days)"),
            "{told}"
        );
    }

    #[test]
    fn certificate_that_ends_within_two_weeks_is_a_warning() {
        let judged = |days| certificate(days).lifetime_judged(String::new(), now()).outcome;
        assert_eq!([judged(14), judged(13), judged(0)], [Outcome::Ok, Outcome::Warning, Outcome::Warning]);
    }

    #[test]
    fn each_cause_is_told_apart_with_what_to_do() {
        for (why, found, advice) in [
            (CertificateError::Expired, "expired 2023-11-14T12:00:00Z (24 h ago)", RENEW),
            (CertificateError::NotValidYet, "not good before 1970-01-01T00:00:00Z", CLOCK),
            (CertificateError::NotValidForName, "is for sts.example, and not for other.example", NAME),
            (CertificateError::UnknownIssuer, "by Invented Root, whom this machine does not know", ROOT),
            (CertificateError::Revoked, "not accepted", ASK),
        ] {
            let told = why_not(&Error::InvalidCertificate(why), Some(&certificate(-1)), "other.example", now());
            assert!(told.0.contains(found) && told.1 == advice, "{told:?}");
        }
    }

    #[test]
    fn of_many_names_the_first_are_told() {
        let named = |count: usize| {
            let names = (0..count).map(|n| format!("{n}.example")).collect();
            Certificate { names, ..Certificate::default() }.whom()
        };
        assert_eq!(named(0), "no host");
        assert_eq!(named(3), "0.example, 1.example, 2.example");
        assert_eq!(named(5), "0.example, 1.example, 2.example and 2 others");
    }
}
