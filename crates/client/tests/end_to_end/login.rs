//! Logging in, with every kind of credentials that the server knows.

use crate::{EMAIL, PASSWORD, app_at, new_user, start};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keystead_client::{Credentials, UserState};
use keystead_dev_server::DevServer;
use keystead_server::app_config::Secrets;
use serde_json::{Map, json};

#[tokio::test]
async fn a_service_logs_in_with_a_key_as_its_owner() {
    let (server, _, owner) = start().await;
    let key = owner.api_keys().create("service").await.unwrap();
    let app = app_at(&server.url);
    let user = app.log_in(Credentials::api_key(key.expose())).await.unwrap();
    assert_eq!(user.id(), owner.id());
    assert_eq!(user.provider_type(), "api-key");
    assert_eq!(user.state(), UserState::Active);
    assert_eq!(app.current_user(), Some(user));
}

#[tokio::test]
async fn wrong_credentials_are_a_refusal_with_a_code_and_a_sentence() {
    let (_server, app, _) = start().await;
    let wrong = [
        (Credentials::email_password(EMAIL, "wrong horse"), "InvalidPassword"),
        (Credentials::api_key("no such key"), "AuthError"),
        // The quickstart application has none of these providers, or no secret for it.
        (Credentials::jwt("no.such.token"), "AuthProviderNotFound"),
        (Credentials::function(Map::new()), "AuthProviderNotFound"),
        (Credentials::google_id_token("x"), "AuthProviderNotFound"),
        (Credentials::google_auth_code("x"), "AuthProviderNotFound"),
        (Credentials::facebook("x"), "AuthProviderNotFound"),
        (Credentials::apple("x"), "AuthProviderNotFound"),
    ];
    for (credentials, code) in wrong {
        let printed = format!("{credentials:?}");
        let error = app.log_in(credentials).await.unwrap_err();
        assert_eq!((error.status(), error.code()), (Some(401), Some(code)), "{printed}");
        let keystead_client::Error::Server(said) = error else { panic!("not a refusal") };
        assert!(said.error.is_some() && said.link.as_ref().is_some_and(|link| link.contains("co_id=")));
    }
}

#[tokio::test]
async fn anonymous_logins_are_reused_unless_a_new_user_is_asked_for() {
    let server = DevServer::start().await;
    let app = app_at(&server.url);
    let first = app.log_in(Credentials::anonymous()).await.unwrap();
    assert_eq!(app.log_in(Credentials::anonymous()).await.unwrap(), first);
    assert_ne!(app.log_in(Credentials::new_anonymous()).await.unwrap(), first);
}

#[tokio::test]
async fn an_anonymous_user_who_links_an_account_stays_who_they_are() {
    let server = DevServer::start().await;
    let app = app_at(&server.url);
    let user = app.log_in(Credentials::anonymous()).await.unwrap();
    app.email_password_auth().register(EMAIL, PASSWORD).await.unwrap();
    user.link_credentials(Credentials::email_password(EMAIL, PASSWORD)).await.unwrap();
    let providers: Vec<_> = user.identities().into_iter().map(|identity| identity.provider_type).collect();
    assert_eq!(providers, ["anon-user", "local-userpass"]);

    let again = app_at(&server.url).log_in(Credentials::email_password(EMAIL, PASSWORD)).await.unwrap();
    assert_eq!(again.id(), user.id());
}

#[tokio::test]
async fn linking_what_belongs_to_somebody_else_is_refused() {
    let (_server, app, owner) = start().await;
    let other = new_user(&app, "other@example.com").await;
    let error = other.link_credentials(Credentials::email_password(EMAIL, PASSWORD)).await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert!(owner.is_logged_in() && other.is_logged_in());
}

#[tokio::test]
async fn somebody_with_a_token_of_a_trusted_issuer_logs_in() {
    const SECRET: &str = "a secret for custom tokens of 32+ characters";
    let server = DevServer::start_with(|settings| {
        let variable = (Secrets::variable("customTokenKey"), SECRET.to_owned());
        settings.secrets = Secrets::from_variables([variable]);
    })
    .await;
    let expiry = server.state.clock.now().unix_seconds() + 600;
    let claims = json!({"sub": "somebody", "aud": keystead_dev_server::APP_ID, "exp": expiry});
    let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(json!({"alg": "HS256", "typ": "JWT"})), part(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    let user = app_at(&server.url).log_in(Credentials::jwt(&format!("{signed}.{signature}"))).await.unwrap();
    assert_eq!(user.provider_type(), "custom-token");
    assert_eq!(user.refresh_profile().await.unwrap().identities[0].id, "somebody");
}
