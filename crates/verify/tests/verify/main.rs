//! The verifier against a real Keystead on a free port of this machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod keys;
mod layer;
mod tokens;

use keystead_client::{App, Credentials, User};
use keystead_dev_server::{APP_ID, DevServer};
use keystead_verify::{Verifier, VerifierBuilder};
use std::sync::Arc;

/// Somebody logged in, and their access token.
async fn log_in(server: &DevServer) -> (User, String) {
    log_in_to(APP_ID, server).await
}

async fn log_in_to(app_id: &str, server: &DevServer) -> (User, String) {
    let app = App::builder(app_id).base_url(&server.url).build().unwrap();
    let user = app.log_in(Credentials::anonymous()).await.unwrap();
    let token = user.access_token().unwrap().expose().to_owned();
    (user, token)
}

/// A verifier that fetches keys from `url` and has the server's clock, which tests can move.
fn builder(server: &DevServer, url: &str) -> VerifierBuilder {
    let state = Arc::clone(&server.state);
    Verifier::builder(APP_ID).base_url(url).clock(move || state.clock.now().unix_seconds())
}

fn verifier(server: &DevServer) -> Verifier {
    builder(server, &server.url).build().unwrap()
}
