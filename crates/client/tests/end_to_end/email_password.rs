//! Accounts with an email address and a password: registered, confirmed, and given a new password.

use crate::{EMAIL, PASSWORD, app_at, start};
use keystead_client::Credentials;
use keystead_dev_server::{APP_ID, DevServer, NO_MAIL_SERVER};
use keystead_server::app_config::Source;
use serde_json::json;
use std::path::Path;

#[tokio::test]
async fn registering_twice_and_short_passwords_are_refused() {
    let (_server, app, _) = start().await;
    let accounts = app.email_password_auth();
    let twice = accounts.register(EMAIL, PASSWORD).await.unwrap_err();
    assert_eq!(twice.code(), Some("AccountNameInUse"));
    let short = accounts.register("new@example.com", "short").await.unwrap_err();
    assert_eq!(short.status(), Some(400));
}

#[tokio::test]
async fn acts_on_accounts_reach_their_routes() {
    let (_server, app, _) = start().await;
    let accounts = app.email_password_auth();
    // The quickstart application confirms by itself and resets by mail: what it refuses, and how, shows
    // that the right route was asked with the right members.
    let refusals = [
        (accounts.confirm("token", "id").await, "invalid token data"),
        (accounts.resend_confirmation(EMAIL).await, "already confirmed"),
        (accounts.retry_custom_confirmation(EMAIL).await, "automatic confirmation is enabled"),
        (accounts.reset("token", "id", PASSWORD).await, "invalid token data"),
        (accounts.send_reset_email("nobody@example.com").await, "user not found"),
        (accounts.call_reset_function(EMAIL, PASSWORD, &[]).await, "reset"),
    ];
    for (outcome, sentence) in refusals {
        let error = outcome.unwrap_err();
        assert!(error.sentence().contains(sentence), "{error}");
    }
}

/// An application that confirms and resets by mail.
fn application_by_mail(folder: &Path) -> Source {
    let app = folder.join("app");
    std::fs::create_dir_all(app.join("auth")).unwrap();
    let config = json!({
        "autoConfirm": false,
        "emailConfirmationUrl": "https://www.example.com/confirm",
        "resetPasswordUrl": "https://www.example.com/reset",
    });
    let provider =
        json!({"name": "local-userpass", "type": "local-userpass", "disabled": false, "config": config});
    let root = json!({"app_id": APP_ID, "name": "by-mail"});
    std::fs::write(app.join("root_config.json"), root.to_string()).unwrap();
    let providers = json!({"local-userpass": provider}).to_string();
    std::fs::write(app.join("auth/providers.json"), providers).unwrap();
    Source::Folder(app)
}

#[tokio::test]
async fn an_account_is_confirmed_and_its_password_reset_with_what_was_mailed() {
    let server = DevServer::start_with(|settings| {
        let folder = settings.data_dir.parent().unwrap().to_owned();
        settings.apps = vec![application_by_mail(&folder)];
        settings.smtp_url = Some(NO_MAIL_SERVER.to_owned().into());
    })
    .await;
    let app = app_at(&server.url);
    let accounts = app.email_password_auth();
    accounts.register(EMAIL, PASSWORD).await.unwrap();
    let unconfirmed = app.log_in(Credentials::email_password(EMAIL, PASSWORD)).await.unwrap_err();
    assert_eq!(unconfirmed.code(), Some("AuthError"));
    accounts.resend_confirmation(EMAIL).await.unwrap();
    let (token, token_id) = server.waiting_mail_tokens().await.pop().unwrap();
    accounts.confirm(&token, &token_id).await.unwrap();
    app.log_in(Credentials::email_password(EMAIL, PASSWORD)).await.unwrap();

    accounts.send_reset_email(EMAIL).await.unwrap();
    let (token, token_id) = server.waiting_mail_tokens().await.pop().unwrap();
    accounts.reset(&token, &token_id, "another horse").await.unwrap();
    app.log_in(Credentials::email_password(EMAIL, "another horse")).await.unwrap();
    let old = app.log_in(Credentials::email_password(EMAIL, PASSWORD)).await.unwrap_err();
    assert_eq!(old.code(), Some("InvalidPassword"));
}
