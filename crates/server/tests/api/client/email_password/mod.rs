//! Email accounts: register, confirm, reset, protocol §3.3 and §5.

mod confirm;
mod register;
mod reset;

use crate::support::smtp::MailServer;
use crate::support::{APP, TestServer, app_folder, provider};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const CONFIRM_URL: &str = "https://www.example.com/confirm";
const RESET_URL: &str = "https://www.example.com/reset?lang=de";
const LINK_LIFETIME: Duration = Duration::from_mins(30);

/// How an application confirms and resets by mail.
fn by_mail() -> Value {
    json!({
        "autoConfirm": false,
        "emailConfirmationUrl": CONFIRM_URL,
        "confirmEmailSubject": "Welcome",
        "resetPasswordUrl": RESET_URL,
        "resetPasswordSubject": "Forgotten",
    })
}

/// An application whose `local-userpass` has this configuration, on the files in `folder`.
async fn start_in(folder: &Arc<TempDir>, config: Value, mails: &MailServer) -> TestServer {
    let providers = json!({"local-userpass": provider("local-userpass", json!({"config": config})).1});
    let app = app_folder(folder.path(), APP, &providers, json!({}));
    TestServer::start_in(Arc::clone(folder), |settings| {
        settings.apps = vec![app];
        settings.smtp_url = Some(mails.url.clone().into());
    })
    .await
}

/// The same on new files.
async fn start(config: Value) -> (TestServer, MailServer) {
    let mails = MailServer::start().await;
    let server = start_in(&Arc::new(TempDir::new().unwrap()), config, &mails).await;
    (server, mails)
}

/// What a reset takes: the pair of a mail and a new password.
fn with_password(mut pair: Value, password: &str) -> Value {
    pair["password"] = password.into();
    pair
}
