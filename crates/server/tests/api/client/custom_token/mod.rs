//! Login with a JWT of somebody else's making, protocol §6.2.

mod jwk_set;
mod keys;
mod metadata;
mod refused;

use crate::support::jwt::RsaKey;
use crate::support::{APP, Answer, TestServer, app_folder, provider, secrets};
use keystead_server::settings::Settings;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tempfile::TempDir;

const SECRET: &str = "My_very_confidential_secretttttt";

/// Making an RSA key takes long in a debug build, so the tests share two.
static ISSUER: LazyLock<RsaKey> = LazyLock::new(RsaKey::generate);
static STRANGER: LazyLock<RsaKey> = LazyLock::new(RsaKey::generate);

/// The configuration of an HS256 provider with [`SECRET`].
fn hs256_provider() -> Value {
    json!({"config": {"signingAlgorithm": "HS256"}, "secret_config": {"signingKeys": ["first"]}})
}

/// An application whose `custom-token` is this, and where these secrets are set.
async fn start_with(
    custom_token: Value,
    values: &[(&str, &str)],
    change: impl FnOnce(&mut Settings),
) -> TestServer {
    let folder = Arc::new(TempDir::new().unwrap());
    let providers = json!({
        "custom-token": provider("custom-token", custom_token).1,
        "local-userpass": provider("local-userpass", json!({"config": {"autoConfirm": true}})).1,
    });
    let app = app_folder(folder.path(), APP, &providers, json!({}));
    TestServer::start_in(folder, |settings| {
        settings.apps = vec![app];
        settings.secrets = secrets(values);
        change(settings);
    })
    .await
}

/// The same with [`SECRET`] as the secret `first`.
async fn start(custom_token: Value) -> TestServer {
    start_with(custom_token, &[("first", SECRET)], |_| {}).await
}

/// Claims that log `sub` in where nothing else is asked for.
fn claims(server: &TestServer, sub: &str) -> Value {
    let now = server.state.clock.now();
    json!({
        "sub": sub, "aud": APP,
        "iat": now.unix_seconds(), "exp": now.plus(Duration::from_mins(10)).unix_seconds(),
    })
}

/// `claims` with one more member, or another value of one.
fn with(mut claims: Value, name: &str, value: impl Into<Value>) -> Value {
    claims[name] = value.into();
    claims
}

async fn log_in(server: &TestServer, token: &str) -> Answer {
    server.log_in("custom-token", json!({"token": token})).await
}

#[track_caller]
fn assert_refused(answer: &Answer) {
    answer.expect_error(401, "AuthError", "unauthorized");
}
