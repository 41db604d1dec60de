//! Whose certificate is trusted: that of the machine's own roots, and nobody else's.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertifiedKey, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::harness::{Done, authctl};

fn certificate() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a key")
}

/// Where a server with that certificate listens. It has one answer, for those who trust it.
async fn server(CertifiedKey { cert, signing_key }: CertifiedKey<KeyPair>) -> String {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("a key that fits")));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).await.is_ok() {
                head.extend(byte);
            }
            // What the client makes of it is what is tested.
            let _ = stream.write_all(ANSWER).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

/// With a vendor at `url`, and no roots but `roots`.
fn token_with(roots: &CertificateDer<'_>, url: &str) -> Done {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let encoded = STANDARD.encode(roots);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n");
    std::fs::write(file.path(), pem).expect("written");
    authctl(&["token", "partner", "--url", url])
        .var("SSL_CERT_FILE", file.path().to_str().expect("a path"))
        .var("PARTNER_CLIENT_ID", "invented-client")
        .var("PARTNER_CLIENT_SECRET", "invented-secret")
        .run()
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_that_is_not_trusted_is_3_with_the_reason() {
    let url = server(certificate()).await;
    let done = token_with(certificate().cert.der(), &url).expect_code(3);
    assert!(done.told().contains("its certificate is not accepted"), "{done:?}");
    assert!(done.told().contains("a person must act"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_of_the_machines_own_roots_is_trusted() {
    let certificate = certificate();
    let root = certificate.cert.der().clone();
    let done = token_with(&root, &server(certificate).await).expect_code(3);
    assert!(done.told().contains("partner-oauth refused the request (status 401"), "{done:?}");
}

const ANSWER: &[u8] = b"HTTP/1.1 401 -\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
