//! Every public type can be moved to another task, shared and shown.

use std::fmt::Debug;

use auth_core::{
    AccessToken, Answer, AnswerRules, BaseUrl, BasicEncoding, BlockingTokenSource, Body, Caller, ClientCredentials,
    Clock, CredentialSource, Document, Error, Event, EventKind, Events, Failure, Fault, Fingerprint, HeaderSet, Hosts,
    HttpClient, KeepWarm, ManualClock, Moment, NumericDate, PausedClock, Reach, Reason, Redactor, RefreshPolicy,
    Rejection, Renew, Request, RequestContext, Secret, Status, SystemClock, TokenEndpoint, TokenId, TokenResponse,
    TokenSource, TokenSourceBuilder, Vars,
};

/// Fails to compile for a type that is not all of it.
fn is_all<T: Send + Sync + Debug + 'static>() -> &'static str {
    std::any::type_name::<T>()
}

fn can_be_cloned<T: Clone + Send + Sync + Debug + 'static>() -> &'static str {
    is_all::<T>()
}

#[test]
fn public_types_are_send_sync_and_debug() {
    let checked = [
        is_all::<Answer>(),
        is_all::<Body<'static>>(),
        is_all::<Document>(),
        is_all::<Events>(),
        is_all::<Redactor>(),
        is_all::<Request>(),
        is_all::<RequestContext<'static>>(),
        is_all::<TokenResponse>(),
        is_all::<TokenSourceBuilder>(),
        is_all::<Vars<fn(&str) -> Option<std::ffi::OsString>>>(),
        is_all::<Box<dyn Clock>>(),
        can_be_cloned::<AccessToken>(),
        can_be_cloned::<AnswerRules>(),
        can_be_cloned::<BaseUrl>(),
        can_be_cloned::<BasicEncoding>(),
        can_be_cloned::<BlockingTokenSource>(),
        can_be_cloned::<Caller>(),
        can_be_cloned::<ClientCredentials>(),
        can_be_cloned::<CredentialSource<ClientCredentials>>(),
        can_be_cloned::<Error>(),
        can_be_cloned::<Event>(),
        can_be_cloned::<EventKind>(),
        can_be_cloned::<Failure>(),
        can_be_cloned::<Fault>(),
        can_be_cloned::<Fingerprint>(),
        can_be_cloned::<HeaderSet>(),
        can_be_cloned::<Hosts>(),
        can_be_cloned::<HttpClient>(),
        can_be_cloned::<KeepWarm>(),
        can_be_cloned::<ManualClock>(),
        can_be_cloned::<Moment>(),
        can_be_cloned::<NumericDate>(),
        can_be_cloned::<PausedClock>(),
        can_be_cloned::<Reach>(),
        can_be_cloned::<Reason>(),
        can_be_cloned::<RefreshPolicy>(),
        can_be_cloned::<Rejection>(),
        can_be_cloned::<Renew>(),
        can_be_cloned::<Secret>(),
        can_be_cloned::<Status>(),
        can_be_cloned::<SystemClock>(),
        can_be_cloned::<TokenId>(),
        can_be_cloned::<TokenSource>(),
    ];
    let exported = exported_types();
    for name in &exported {
        let found = checked.iter().any(|path| path.split(['<', '>', ' ']).any(|p| p.rsplit("::").next() == Some(name)));
        assert!(found, "{name} is exported and not checked here");
    }
    assert!(exported.len() > 35, "{exported:?}");
}

#[test]
fn endpoint_may_be_shared_and_futures_may_be_moved_to_another_thread() {
    fn send<T: Send>(_: &T) {}
    fn shared<T: Send + Sync + ?Sized>() {}
    shared::<dyn TokenEndpoint>();
    let tokens = TokenSource::fixed("invented-token");
    let clone = tokens.clone();
    send(&async move { clone.token().await });
    send(&tokens.authorization());
    send(&tokens.headers());
    send(&tokens.refresh());
    send(&tokens.ready(std::time::Duration::ZERO));
    send(&tokens.token_valid_for(std::time::Duration::ZERO));
    send(&tokens.shutdown());
}

#[test]
fn error_fits_where_any_error_does() {
    let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(Error::config("no URL"));
    assert_eq!(boxed.to_string(), "configuration: no URL");
    assert!(std::io::Error::other(boxed).get_ref().unwrap().downcast_ref::<Error>().is_some());
}

/// The types among the crate's re-exports; its constants, functions, traits and modules are told by their form or below.
fn exported_types() -> Vec<&'static str> {
    let uses = include_str!("../../src/lib.rs").split(';').filter_map(|item| item.split_once("pub use "));
    let names = uses.flat_map(|(_, path)| {
        path.split([',', '{', '}']).map(|part| part.rsplit("::").next().unwrap_or_default().trim())
    });
    names
        .filter(|name| name.starts_with(char::is_uppercase) && name.chars().any(char::is_lowercase))
        .filter(|name| !TRAITS.contains(name))
        .collect()
}

const TRAITS: [&str; 2] = ["CredentialSet", "TokenEndpoint"];
