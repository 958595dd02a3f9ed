//! The SDK against a real Keystead on a free port of this machine, and against servers that misbehave.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod api_keys;
mod email_password;
mod failures;
mod login;
mod refresh;
#[cfg(feature = "file-storage")]
mod storage;
mod users;

use keystead_client::{App, Credentials, User};
use keystead_dev_server::{APP_ID, DevServer};

const EMAIL: &str = "me@example.com";
const PASSWORD: &str = "correct horse";

/// The quickstart application, seen by a program that keeps nothing.
fn app_at(url: &str) -> App {
    App::builder(APP_ID).base_url(url).build().unwrap()
}

/// A new account, logged in.
async fn new_user(app: &App, email: &str) -> User {
    app.email_password_auth().register(email, PASSWORD).await.unwrap();
    app.log_in(Credentials::email_password(email, PASSWORD)).await.unwrap()
}

/// A server, an application on it, and a user.
async fn start() -> (DevServer, App, User) {
    let server = DevServer::start().await;
    let app = app_at(&server.url);
    let user = new_user(&app, EMAIL).await;
    (server, app, user)
}
