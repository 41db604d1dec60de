//! The bodies of the targets: bytes in, a panic if something does not hold.

mod core;
mod vendors;

pub use core::{answer, claims, faults, redactor, retry_after};
pub use vendors::{mgplus_sts, mobilepay_auth, partner_oauth, s2s_oauth, stonex_auth};

use auth_core::ClientCredentials;

use crate::secrets::Secrets;

/// With everything that is written differently in one encoding or another.
fn client() -> (ClientCredentials, Secrets) {
    let (id, secret) = ("agent/4711 invented", "invented s~e*c+r/é&t<5>%2");
    (ClientCredentials::new(id, secret).expect("credentials"), Secrets::of([id, secret]))
}
