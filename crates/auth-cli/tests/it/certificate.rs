//! Whose certificate is trusted: that of the machine's own roots, and nobody else's.

use rcgen::{CertifiedKey, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::harness::{Done, authctl};
use crate::https::{acceptor, listener, pem_of};

fn certificate() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a key")
}

/// Where a server with that certificate listens. It has one answer, for those who trust it.
async fn server(CertifiedKey { cert, signing_key }: CertifiedKey<KeyPair>) -> String {
    let acceptor = acceptor(cert.der().clone(), &signing_key);
    let (listener, port) = listener().await;
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
    format!("https://127.0.0.1:{port}")
}

/// With a vendor at `url`, and no roots but `roots`.
fn token_with(roots: &CertificateDer<'_>, url: &str) -> Done {
    let file = pem_of(roots);
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
