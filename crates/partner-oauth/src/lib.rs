#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod endpoint;
pub use endpoint::PartnerOAuth;

mod config;

mod wire;
pub use wire::{Claims, DEFAULT_LIFETIME};

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

pub use auth_core::{
    self, AccessToken, BaseUrl, ClientCredentials, CredentialSource, Error, HeaderSet, HttpClient, RefreshPolicy,
    TokenSource,
};
