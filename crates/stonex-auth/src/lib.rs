#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod endpoint;
pub use endpoint::StoneXAuth;

mod config;
pub use config::ApiVersion;

mod wire;
pub use wire::{Claims, DEFAULT_LIFETIME, PRODUCTION, SANDBOX};

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

pub use auth_core::{
    self, AccessToken, BaseUrl, ClientCredentials, CredentialSource, Error, HeaderSet, HttpClient, RefreshPolicy,
    TokenSource,
};
