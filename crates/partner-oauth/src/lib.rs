#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod endpoint;
pub use endpoint::PartnerOAuth;

mod config;
pub use config::PartnerUrl;

mod wire;
pub use wire::{Claims, DEFAULT_LIFETIME};

pub use auth_core::{
    self, AccessToken, ClientCredentials, CredentialSource, Error, HeaderSet, HttpClient, RefreshPolicy, TokenSource,
};
