#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod endpoint;
pub use endpoint::MobilePayAuth;

mod config;
pub use config::{ClientSystemVersion, IbmClientId, MerchantVat};

mod wire;
pub use wire::{Claims, DEFAULT_LIFETIME, PRODUCTION, SANDBOX};

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

pub use auth_core::{
    self, AccessToken, BaseUrl, BasicEncoding, ClientCredentials, CredentialSource, Error, HeaderSet, HttpClient,
    RefreshPolicy, Secret, TokenSource,
};
