//! Certificates of our own, and servers that have them.

use std::io::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tempfile::NamedTempFile;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Somebody who issues certificates.
pub(crate) struct Authority {
    root: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let root = params.self_signed(&key).expect("a root").der().clone();
        Self { root, issuer: Issuer::new(params, key) }
    }

    /// What `SSL_CERT_FILE` names, so that the machine trusts this authority and nobody else.
    pub(crate) fn file(&self) -> NamedTempFile {
        pem_of(&self.root)
    }

    /// A certificate for `host`, as `change` leaves it.
    pub(crate) fn issue(&self, host: &str, change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
        let mut params = CertificateParams::new([host.to_owned()]).expect("a name");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let leaf = params.signed_by(&key, &self.issuer).expect("a certificate").der().clone();
        acceptor(leaf, &key)
    }
}

pub(crate) fn pem_of(certificate: &CertificateDer<'_>) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    let encoded = STANDARD.encode(certificate);
    writeln!(file, "-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----").expect("written");
    file
}

pub(crate) fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key);
    TlsAcceptor::from(Arc::new(config.expect("a key that fits")))
}

/// The port of a server that speaks TLS in front of the one on `inner`.
pub(crate) async fn front(acceptor: TlsAcceptor, inner: u16) -> u16 {
    let (listener, port) = listener().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate goes.
                let Ok(mut outer) = acceptor.accept(stream).await else { return };
                let mut inner = TcpStream::connect(("127.0.0.1", inner)).await.expect("the server behind");
                // Either may end as it likes.
                let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
            });
        }
    });
    port
}

pub(crate) async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}
