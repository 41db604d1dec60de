//! Certificates of our own, and handshakes that go wrong.

use std::io;
use std::sync::Arc;

use auth_core::HttpClient;
use auth_core::reqwest::Certificate;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;

use super::line::play;
use super::script::{Script, Then};

/// What can go wrong in a TLS handshake, or right after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsFault {
    /// The certificate is for another host.
    WrongName,
    /// The certificate was good until 2001.
    Expired,
    /// The certificate is good from 2999 on.
    NotYetValid,
    /// The certificate is from somebody whom nobody trusts.
    UnknownCa,
    /// The certificate is its own issuer.
    SelfSigned,
    /// The ClientHello is answered as a server does that knows no version above 1.1: by the alert `protocol_version`.
    OldVersionAlert,
    /// The ClientHello is answered by a ServerHello of version 1.1.
    OldVersionHello,
    /// The server agrees on HTTP/2 and on nothing else (ALPN).
    OnlyHttp2,
    /// The ClientHello is answered in plain HTTP.
    PlainHttp,
    /// The connection is reset after the ClientHello.
    Reset,
    /// The connection ends after the ClientHello.
    End,
    /// The ClientHello is not answered.
    Silence,
}

/// The certificates of one run.
pub(super) struct Pki {
    root: CertificateDer<'static>,
    good: TlsAcceptor,
    wrong_name: TlsAcceptor,
    expired: TlsAcceptor,
    not_yet_valid: TlsAcceptor,
    unknown_ca: TlsAcceptor,
    self_signed: TlsAcceptor,
    only_http2: TlsAcceptor,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Pki {
    pub(super) fn new() -> Result<Self, Failure> {
        let (root, ours) = authority("Invented Root")?;
        let (_, theirs) = authority("Invented Root of Somebody Else")?;
        let lone = KeyPair::generate()?;
        let self_signed = leaf("127.0.0.1")?.self_signed(&lone)?.der().clone();
        let mut expired = leaf("127.0.0.1")?;
        (expired.not_before, expired.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1));
        let mut not_yet_valid = leaf("127.0.0.1")?;
        (not_yet_valid.not_before, not_yet_valid.not_after) = (date_time_ymd(2999, 1, 1), date_time_ymd(3000, 1, 1));
        Ok(Self {
            root,
            good: signed(leaf("127.0.0.1")?, &ours, &[])?,
            wrong_name: signed(leaf("sts.invalid")?, &ours, &[])?,
            expired: signed(expired, &ours, &[])?,
            not_yet_valid: signed(not_yet_valid, &ours, &[])?,
            unknown_ca: signed(leaf("127.0.0.1")?, &theirs, &[])?,
            self_signed: acceptor(self_signed, &lone, &[])?,
            only_http2: signed(leaf("127.0.0.1")?, &ours, &["h2"])?,
        })
    }

    /// A client that trusts our root and nobody else.
    pub(super) fn client(&self) -> Result<HttpClient, Failure> {
        let root = Certificate::from_der(&self.root)?;
        Ok(HttpClient::configured(move |builder| builder.tls_certs_only([root.clone()])))
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.good.accept(stream).await
    }

    pub(super) async fn spoil(&self, fault: TlsFault, mut stream: TcpStream) -> io::Result<()> {
        let acceptor = match fault {
            TlsFault::WrongName => &self.wrong_name,
            TlsFault::Expired => &self.expired,
            TlsFault::NotYetValid => &self.not_yet_valid,
            TlsFault::UnknownCa => &self.unknown_ca,
            TlsFault::SelfSigned => &self.self_signed,
            TlsFault::OnlyHttp2 => &self.only_http2,
            other => {
                read_record(&mut stream).await?;
                return play(stream, in_place_of_hello(other)).await;
            }
        };
        let stream = acceptor.accept(stream).await?;
        // A client that came so far is greeted in HTTP/2.
        play(stream, Script { bytes: H2_SETTINGS.to_vec(), then: Then::Hang }).await
    }
}

fn in_place_of_hello(fault: TlsFault) -> Script {
    let (bytes, then) = match fault {
        TlsFault::OldVersionAlert => (OLD_VERSION_ALERT.to_vec(), Then::Close),
        TlsFault::OldVersionHello => (old_server_hello(), Then::Hang),
        TlsFault::PlainHttp => (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), Then::Close),
        TlsFault::Reset => (Vec::new(), Then::Reset),
        TlsFault::End => (Vec::new(), Then::Close),
        _ => (Vec::new(), Then::Hang),
    };
    Script { bytes, then }
}

/// A record of TLS (RFC 5246 §6.2.1), so that nothing is left unread.
async fn read_record(stream: &mut TcpStream) -> io::Result<()> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).await?;
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    stream.read_exact(&mut body).await.map(drop)
}

fn authority(name: &str) -> Result<(CertificateDer<'static>, Issuer<'static, KeyPair>), Failure> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate()?;
    let root = params.self_signed(&key)?.der().clone();
    Ok((root, Issuer::new(params, key)))
}

fn leaf(host: &str) -> Result<CertificateParams, rcgen::Error> {
    CertificateParams::new([host.to_owned()])
}

fn signed(leaf: CertificateParams, by: &Issuer<'_, KeyPair>, alpn: &[&str]) -> Result<TlsAcceptor, Failure> {
    let key = KeyPair::generate()?;
    acceptor(leaf.signed_by(&key, by)?.der().clone(), &key, alpn)
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair, alpn: &[&str]) -> Result<TlsAcceptor, Failure> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// RFC 4346 §7.2: a fatal alert of version 1.1, `protocol_version` (70).
const OLD_VERSION_ALERT: [u8; 7] = [21, 3, 2, 0, 2, 2, 70];

/// RFC 4346 §7.4.1.3: a ServerHello of version 1.1 with TLS_RSA_WITH_AES_128_CBC_SHA and no compression.
fn old_server_hello() -> Vec<u8> {
    let hello = [&[3, 2][..], &[7; 32], &[0], &[0, 0x2f], &[0]].concat();
    let handshake = [&[2, 0, 0, hello.len() as u8][..], &hello].concat();
    [&[22, 3, 2, 0, handshake.len() as u8][..], &handshake].concat()
}

/// RFC 9113 §3.4: a server's connection preface, an empty SETTINGS frame.
pub(super) const H2_SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
