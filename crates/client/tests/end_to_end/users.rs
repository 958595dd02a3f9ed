//! Several users of one application, and what is known of each.

use crate::{EMAIL, PASSWORD, app_at, new_user, start};
use keystead_client::{Credentials, Error, UserState};

#[tokio::test]
async fn the_current_user_is_the_last_who_logged_in_or_was_switched_to() {
    let (_server, app, first) = start().await;
    let second = new_user(&app, "second@example.com").await;
    assert_eq!(app.current_user(), Some(second.clone()));
    assert_eq!(app.all_users(), [second.clone(), first.clone()]);
    app.switch_user(&first).unwrap();
    assert_eq!(app.current_user(), Some(first.clone()));
    first.log_out().await.unwrap();
    assert_eq!(first.state(), UserState::LoggedOut);
    assert_eq!(app.current_user(), Some(second));
}

#[tokio::test]
async fn a_removed_user_is_forgotten_and_their_session_ends() {
    let (_server, app, user) = start().await;
    app.remove_user(&user).await.unwrap();
    assert_eq!(user.state(), UserState::Removed);
    assert!(app.all_users().is_empty() && user.access_token().is_none());
    assert!(matches!(app.switch_user(&user), Err(Error::Usage(_))));
    assert_eq!(user.refresh_profile().await.unwrap_err(), Error::LoggedOut);
}

#[tokio::test]
async fn a_deleted_user_cannot_come_back() {
    let (_server, app, user) = start().await;
    app.delete_user(&user).await.unwrap();
    assert_eq!(user.state(), UserState::Removed);
    let refused = app.log_in(Credentials::email_password(EMAIL, PASSWORD)).await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidPassword"));
}

#[tokio::test]
async fn the_profile_is_fetched_when_asked_for() {
    let (_server, _, user) = start().await;
    assert!(user.profile().is_none() && user.identities().is_empty());
    let profile = user.refresh_profile().await.unwrap();
    assert_eq!(profile.user_type, "normal");
    assert_eq!(profile.data["email"], EMAIL);
    assert_eq!(profile.identities[0].provider_type, "local-userpass");
    assert_eq!(user.profile(), Some(profile));
}

#[tokio::test]
async fn custom_data_comes_with_the_access_token() {
    let (_server, _, user) = start().await;
    assert_eq!(user.refresh_custom_data().await.unwrap(), serde_json::json!({}));
    user.log_out().await.unwrap();
    assert_eq!(user.custom_data(), None);
}

#[tokio::test]
async fn a_function_that_does_not_exist_is_a_refusal() {
    let (_server, _, user) = start().await;
    let error = user.call_function("sum", &[1.into(), 2.into()]).await.unwrap_err();
    assert_eq!(error.code(), Some("FunctionNotFound"));
}

#[tokio::test]
async fn nothing_prints_a_token() {
    let (server, app, user) = start().await;
    let (access, refresh) = (user.access_token().unwrap(), user.refresh_token().unwrap());
    let printed = format!("{app:?} {user:?} {access:?} {refresh:?}");
    for secret in [access.expose(), refresh.expose()] {
        assert!(!printed.contains(secret));
    }
    assert_eq!(app_at(&server.url).all_users(), []);
}
