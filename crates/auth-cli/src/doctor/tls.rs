//! The TLS handshake, as the token request will make it; nothing is sent behind it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use auth_core::Redactor;
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    AlertDescription, ClientConfig, DigitallySignedStruct, Error, InvalidMessage, PeerIncompatible, ProtocolVersion,
    SignatureScheme,
};

use super::certificate::{self, Certificate};
use super::finding::{Checked, Finding};
use super::place::Place;
use super::proxy::{self, Route, Via};
use crate::exit::Exit;

/// What comes of a handshake at `address`, through the proxy if there is one.
pub(super) async fn check(
    place: &Place,
    route: &Route,
    address: SocketAddr,
    limit: Duration,
    redactor: &Redactor,
) -> Checked<()> {
    if !place.is_https() {
        return Finding::skipped("plain http has none").with(());
    }
    if matches!(route.via, Via::OverTls) {
        return Finding::skipped("the token request goes through a proxy of https").with(());
    }
    match timeout(limit, shake_hands(place, route, address)).await {
        Err(_) if matches!(route.via, Via::Tunnel(_)) => failed(Met::SilentProxy(limit), redactor),
        Err(_) => failed(Met::Silence(limit), redactor),
        Ok(Err(met)) => failed(met, redactor),
        Ok(Ok((version, certificate))) => {
            let certificate = certificate.cleaned(redactor);
            let words = format!("{}, {}", told(version), certificate.told(SystemTime::now()));
            (certificate.lifetime_judged(words, SystemTime::now()), Some(()))
        }
    }
}

/// What stands in the way of TLS.
enum Met {
    /// No certificates on this machine.
    NoRoots(Error),
    /// The connection, or the tunnel through the proxy.
    Connection(io::Error),
    ProxyRefuses(u16),
    Untrusted(Error, Option<Certificate>, String),
    Handshake(Error),
    Silence(Duration),
    /// It took the connection, and either it or what is behind it says nothing.
    SilentProxy(Duration),
}

type Shaken = (ProtocolVersion, Certificate);

async fn shake_hands(place: &Place, route: &Route, address: SocketAddr) -> Result<Shaken, Met> {
    let recorder = Arc::new(Recorder::new().map_err(Met::NoRoots)?);
    let config = config(&recorder).map_err(Met::Handshake)?;
    let name = ServerName::try_from(place.host().to_owned());
    let name = name.map_err(|_| Met::Handshake(Error::General("the host is no name for a certificate".to_owned())))?;
    let mut stream = TcpStream::connect(address).await.map_err(Met::Connection)?;
    if let Via::Tunnel(user) = &route.via {
        let opened = proxy::tunnel(&mut stream, place, user.as_ref()).await.map_err(Met::Connection)?;
        opened.map_err(Met::ProxyRefuses)?;
    }
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let certificate = recorder.certificate();
    let tls = shaken.map_err(|error| match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(error @ Error::InvalidCertificate(_)) => {
            Met::Untrusted(error.clone(), certificate.clone(), place.host().to_owned())
        }
        Some(error) => Met::Handshake(error.clone()),
        None => Met::Connection(error),
    })?;
    let version = tls.get_ref().1.protocol_version().unwrap_or(ProtocolVersion::TLSv1_2);
    Ok((version, certificate.unwrap_or_default()))
}

/// As the token request's: TLS 1.2 and 1.3, HTTP/1.1.
fn config(recorder: &Arc<Recorder>) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let verifier = Arc::clone(recorder) as Arc<dyn ServerCertVerifier>;
    let builder = builder.with_safe_default_protocol_versions()?.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The platform's own judgement, and the certificate that was judged. It accepts nothing that the platform refuses.
#[derive(Debug)]
struct Recorder {
    platform: Verifier,
    seen: Mutex<Option<Certificate>>,
}

impl Recorder {
    fn new() -> Result<Self, Error> {
        let platform = Verifier::new(Arc::new(aws_lc_rs::default_provider()))?;
        Ok(Self { platform, seen: Mutex::default() })
    }

    fn certificate(&self) -> Option<Certificate> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Certificate::read(end_entity);
        self.platform.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.platform.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.platform.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.platform.supported_verify_schemes()
    }
}

fn failed(met: Met, redactor: &Redactor) -> Checked<()> {
    let later = |found: String| Finding::failed(Exit::Later, found);
    match met {
        Met::NoRoots(error) => Finding::failed(Exit::Usage, format!("this machine trusts nobody: {error}"))
            .try_this("install CA certificates (ca-certificates), or see what SSL_CERT_FILE and SSL_CERT_DIR name"),
        Met::Connection(error) => later(format!("the connection broke during the handshake: {}", error.kind()))
            .try_this(
                "something in between ends connections: ask whoever runs the proxy, the firewall or the vendor's side",
            ),
        Met::ProxyRefuses(407) => Finding::failed(Exit::Usage, "the proxy wants a user and a password (status 407)")
            .try_this("put both into the proxy's variable: http://user:password@host:port"),
        Met::ProxyRefuses(status) => later(format!("the proxy opens no way to the vendor (status {status})"))
            .try_this("have whoever runs the proxy allow this host, or except it by NO_PROXY"),
        Met::Untrusted(error, seen, host) => {
            let seen = seen.map(|seen| seen.cleaned(redactor));
            let (found, advice) =
                certificate::why_not(&error, seen.as_ref(), &redactor.clean(&host), SystemTime::now());
            Finding::failed(Exit::Person, found).try_this(advice)
        }
        Met::Silence(limit) => later(format!("no whole handshake within {} s", limit.as_secs_f64()))
            .try_this("what accepts the connection says nothing: see whether the port is one of https"),
        Met::SilentProxy(limit) => {
            later(format!("no whole handshake through the proxy within {} s", limit.as_secs_f64())).try_this(
                "it, or what is behind it, says nothing: have whoever runs the proxy see whether it reaches the host",
            )
        }
        Met::Handshake(error) => {
            let (found, advice) = why_no_handshake(&error);
            later(redactor.clean(&found)).try_this(advice)
        }
    }
    .alone()
}

fn why_no_handshake(error: &Error) -> (String, &'static str) {
    match error {
        Error::AlertReceived(AlertDescription::ProtocolVersion)
        | Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13 | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => (
            "the server knows neither TLS 1.2 nor 1.3".to_owned(),
            "the vendor, or a proxy in between, must learn a newer TLS",
        ),
        Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            ("what answers speaks no TLS".to_owned(), "see whether the port is one of https, and not of plain http")
        }
        Error::NoApplicationProtocol | Error::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            ("the server does not speak HTTP/1.1 there".to_owned(), "see whether the URL is that of the token endpoint")
        }
        other => {
            (other.to_string(), "ask the vendor which TLS it wants; a proxy that looks into TLS may be in between")
        }
    }
}

fn told(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::TLSv1_3 => "TLS 1.3",
        _ => "TLS 1.2",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handshake_that_fails_is_told_by_its_cause() {
        let alert = Error::AlertReceived;
        for (error, words, advice) in [
            (alert(AlertDescription::ProtocolVersion), "neither TLS 1.2 nor 1.3", "a newer TLS"),
            (PeerIncompatible::ServerDoesNotSupportTls12Or13.into(), "neither TLS 1.2 nor 1.3", "a newer TLS"),
            (InvalidMessage::InvalidContentType.into(), "speaks no TLS", "not of plain http"),
            (alert(AlertDescription::NoApplicationProtocol), "HTTP/1.1", "the token endpoint"),
            (alert(AlertDescription::HandshakeFailure), "HandshakeFailure", "ask the vendor"),
        ] {
            let told = why_no_handshake(&error);
            assert!(told.0.contains(words) && told.1.contains(advice), "{told:?}");
        }
    }
}
