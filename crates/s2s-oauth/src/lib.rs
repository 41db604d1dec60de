#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod endpoint;
pub use endpoint::S2sOAuth;

mod config;
pub use config::{S2sCredentials, Scope, ServiceAccount};

mod wire;
pub use wire::{DEFAULT_LIFETIME, HeaderNames};

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

pub use auth_core::{
    self, AccessToken, BaseUrl, ClientCredentials, CredentialSource, Error, HeaderSet, HttpClient, RefreshPolicy,
    TokenSource,
};
pub use http::HeaderName;
