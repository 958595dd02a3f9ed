//! A service that shows orders to whoever brings an access token of the application. It never talks to
//! Keystead about a token: the application's public keys suffice.
#![allow(clippy::print_stdout, reason = "it says where it listens")]

use axum::{Router, routing::get};
use keystead_verify::{AuthenticatedUser, Verifier};
use std::env;

async fn orders(caller: AuthenticatedUser) -> String {
    format!("no orders yet for user {}", caller.user_id)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let keystead = env::var("KEYSTEAD_URL").unwrap_or("http://localhost:9090".into());
    let app_id = env::var("KEYSTEAD_APP_ID").unwrap_or("quickstart-abcde".into());
    let listen = env::var("ORDERS_LISTEN").unwrap_or("127.0.0.1:3000".into());

    let verifier = Verifier::builder(app_id).base_url(keystead).build()?;
    let router = Router::new().route("/orders", get(orders)).route_layer(verifier.layer());

    let listener = tokio::net::TcpListener::bind(listen).await?;
    println!("http://{}/orders", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
