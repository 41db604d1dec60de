//! A thread that does not await, and a client made of tower services: both get the same token.

use auth_core::tower::AuthorizationLayer;
use auth_core::{Hosts, TokenSource};
use http::{Request, Response, header};
use mgplus_sts::MgPlusSts;
use std::convert::Infallible;
use tower::{Layer, ServiceExt, service_fn};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let tokens = TokenSource::new(MgPlusSts::from_env()?);
    let token = tokens.blocking().token()?;
    tokens.record_metrics();

    let echo = service_fn(|request: Request<()>| async move {
        Ok::<_, Infallible>(Response::new(request.headers().get(header::AUTHORIZATION).cloned()))
    });
    let client = AuthorizationLayer::new(tokens, Hosts::only("api.vendor.example")?).layer(echo);
    let call = client.oneshot(Request::get("https://api.vendor.example/orders").body(())?);
    let answer = tokio::runtime::Builder::new_current_thread().build()?.block_on(call)?;

    assert_eq!(answer.body().as_ref(), Some(token.authorization()));
    println!("token {} by both", token.id());
    Ok(())
}
