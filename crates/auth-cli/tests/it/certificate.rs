//! A vendor whose certificate is not trusted: exit code 3.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertifiedKey, KeyPair};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::harness::authctl;

fn certificate() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a key")
}

/// Where a server listens that nobody can trust.
async fn untrusted_server() -> String {
    let CertifiedKey { cert, signing_key } = certificate();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("a key that fits")));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let refused = acceptor.accept(stream).await.is_err();
            assert!(refused, "a client that trusted an unknown certificate");
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_that_is_not_trusted_is_3_with_the_reason() {
    let url = untrusted_server().await;
    // The machine's own roots do not matter: one other certificate is trusted.
    let other = STANDARD.encode(certificate().cert.der());
    let roots = tempfile::NamedTempFile::new().unwrap();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{other}\n-----END CERTIFICATE-----\n");
    std::fs::write(roots.path(), pem).unwrap();
    let done = authctl(&["token", "partner", "--url", &url])
        .var("SSL_CERT_FILE", roots.path().to_str().unwrap())
        .var("PARTNER_CLIENT_ID", "invented-client")
        .var("PARTNER_CLIENT_SECRET", "invented-secret")
        .run()
        .expect_code(3);
    assert!(done.told().contains("its certificate is not accepted"), "{done:?}");
    assert!(done.told().contains("a person must act"), "{done:?}");
}
