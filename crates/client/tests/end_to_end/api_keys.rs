//! A key's life: made and shown once, listed, disabled, enabled, deleted.

use crate::{app_at, start};
use keystead_client::{ApiKey, ApiKeyId, Credentials};

#[tokio::test]
async fn a_new_key_shows_its_secret_once_and_never_prints_it() {
    let (_server, _, user) = start().await;
    let created = user.api_keys().create("service").await.unwrap();
    assert!(created.expose().len() > 20);
    assert!(!format!("{created:?}").contains(created.expose()));
    let listed = user.api_keys().fetch_all().await.unwrap();
    assert_eq!(listed, [ApiKey { id: created.id, name: "service".into(), disabled: false }]);
    assert_eq!(user.api_keys().fetch(created.id).await.unwrap(), listed[0]);
}

#[tokio::test]
async fn a_disabled_key_is_refused_its_sessions_end_and_enabling_helps() {
    let (server, _, owner) = start().await;
    let key = owner.api_keys().create("service").await.unwrap();
    let app = app_at(&server.url);
    let on_behalf = app.log_in(Credentials::api_key(key.expose())).await.unwrap();
    on_behalf.refresh_profile().await.unwrap();

    owner.api_keys().disable(key.id).await.unwrap();
    assert!(owner.api_keys().fetch(key.id).await.unwrap().disabled);
    let refused = on_behalf.refresh_profile().await.unwrap_err();
    assert_eq!(refused.status(), Some(401));
    assert!(!on_behalf.is_logged_in() && app.current_user().is_none());
    let refused = app.log_in(Credentials::api_key(key.expose())).await.unwrap_err();
    assert_eq!(refused.code(), Some("AuthError"));
    assert!(owner.is_logged_in());

    owner.api_keys().enable(key.id).await.unwrap();
    assert_eq!(app.log_in(Credentials::api_key(key.expose())).await.unwrap().id(), owner.id());
}

#[tokio::test]
async fn a_deleted_key_is_gone() {
    let (server, _, owner) = start().await;
    let key = owner.api_keys().create("service").await.unwrap();
    owner.api_keys().delete(key.id).await.unwrap();
    assert_eq!(owner.api_keys().fetch_all().await.unwrap(), []);
    assert_eq!(owner.api_keys().fetch(key.id).await.unwrap_err().code(), Some("APIKeyNotFound"));
    assert!(app_at(&server.url).log_in(Credentials::api_key(key.expose())).await.is_err());
}

#[tokio::test]
async fn names_and_ids_that_cannot_be_are_refused_and_log_nobody_out() {
    let (_server, _, user) = start().await;
    let taken = user.api_keys().create("service").await.unwrap();
    let twice = user.api_keys().create("service").await.unwrap_err();
    assert_eq!(twice.code(), Some("APIKeyAlreadyExists"));
    let named = user.api_keys().create("a b").await.unwrap_err();
    assert_eq!(named.code(), Some("InvalidParameter"));
    let unknown: ApiKeyId = "0123456789abcdef01234567".parse().unwrap();
    for outcome in [
        user.api_keys().enable(unknown).await,
        user.api_keys().disable(unknown).await,
        user.api_keys().delete(unknown).await,
    ] {
        assert_eq!(outcome.unwrap_err().code(), Some("APIKeyNotFound"));
    }
    assert!(user.is_logged_in() && !taken.expose().is_empty());
}
