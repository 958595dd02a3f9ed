//! Expired access tokens: refreshed once for all, safe to cancel, and never for ever.

use crate::{EMAIL, PASSWORD, new_user};
use keystead_client::{App, Credentials, Error, User};
use keystead_dev_server::{APP_ID, DevServer, Proxy};
use std::time::Duration;

const REFRESH: &str = "POST /api/client/v2.0/auth/session";
const PROFILE: &str = "GET /api/client/v2.0/auth/profile";

/// A user whose every request goes through a proxy.
async fn start() -> (DevServer, Proxy, User) {
    let server = DevServer::start().await;
    let proxy = Proxy::start(&server.url).await;
    let app = App::builder(APP_ID).base_url(&proxy.url).skip_location_request().build().unwrap();
    let user = new_user(&app, EMAIL).await;
    (server, proxy, user)
}

fn expire_access_tokens(server: &DevServer) {
    server.state.clock.advance(Duration::from_mins(31));
}

#[tokio::test]
async fn an_expired_access_token_is_refreshed_by_the_call_that_meets_it() {
    let (server, proxy, user) = start().await;
    let before = user.access_token().unwrap();
    expire_access_tokens(&server);
    user.refresh_profile().await.unwrap();
    assert_ne!(user.access_token().unwrap(), before);
    assert_eq!((proxy.count(PROFILE), proxy.count(REFRESH)), (2, 1));
}

#[tokio::test]
async fn however_many_calls_meet_an_expired_access_token_one_refresh_is_sent() {
    let (server, proxy, user) = start().await;
    expire_access_tokens(&server);
    // The refresh ends only after all calls have been refused.
    let gate = proxy.hold(REFRESH);
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let user = user.clone();
            tokio::spawn(async move { user.refresh_profile().await })
        })
        .collect();
    proxy.wait_for(PROFILE, 20).await;
    gate.add_permits(1);
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(proxy.count(REFRESH), 1);
    assert_eq!(proxy.count(PROFILE), 40);
}

#[tokio::test]
async fn a_call_that_is_dropped_during_its_refresh_leaves_the_user_usable() {
    let (server, proxy, user) = start().await;
    expire_access_tokens(&server);
    let gate = proxy.hold(REFRESH);
    let dropped = {
        let user = user.clone();
        tokio::spawn(async move { user.refresh_profile().await })
    };
    proxy.wait_for(REFRESH, 1).await;
    let waiting = {
        let user = user.clone();
        tokio::spawn(async move { user.refresh_profile().await })
    };
    proxy.wait_for(PROFILE, 2).await;
    dropped.abort();
    assert!(dropped.await.unwrap_err().is_cancelled());
    gate.add_permits(10);
    waiting.await.unwrap().unwrap();
    user.refresh_profile().await.unwrap();
    assert!(user.is_logged_in());
}

#[tokio::test]
async fn a_login_that_is_dropped_on_its_way_leaves_the_application_usable() {
    let server = DevServer::start().await;
    let proxy = Proxy::start(&server.url).await;
    let app = App::builder(APP_ID).base_url(&proxy.url).build().unwrap();
    // Dropped while it asks where the server is, which all calls wait for.
    let gate = proxy.hold("GET ");
    let login = {
        let app = app.clone();
        tokio::spawn(async move { app.log_in(Credentials::anonymous()).await })
    };
    proxy.wait_for("GET ", 1).await;
    login.abort();
    assert!(login.await.unwrap_err().is_cancelled());
    gate.add_permits(10);
    assert!(app.all_users().is_empty());
    app.log_in(Credentials::anonymous()).await.unwrap();
    assert_eq!(app.all_users().len(), 1);
}

#[tokio::test]
async fn a_refusal_that_no_refresh_helps_ends_after_one_more_try() {
    let (_server, proxy, user) = start().await;
    proxy.answer(PROFILE, 401, r#"{"error":"unauthorized"}"#);
    let error = user.refresh_profile().await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert_eq!((proxy.count(PROFILE), proxy.count(REFRESH)), (2, 1));
    assert!(user.is_logged_in(), "the session was refreshed, so it is not over");
}

#[tokio::test]
async fn a_session_that_the_server_ended_logs_the_user_out() {
    let (_server, proxy, user) = start().await;
    let ended = r#"{"error":"invalid session","error_code":"InvalidSession"}"#;
    proxy.answer(REFRESH, 401, ended);
    assert_eq!(user.refresh_access_token().await.unwrap_err().code(), Some("InvalidSession"));
    assert!(!user.is_logged_in());
    assert_eq!(user.fresh_access_token().await.unwrap_err(), Error::LoggedOut);
}

#[tokio::test]
async fn a_refresh_that_fails_otherwise_logs_nobody_out() {
    let (_server, proxy, user) = start().await;
    for (status, json) in [
        (500, r#"{"error":"internal server error","error_code":"InternalServerError"}"#),
        (401, r#"{"message":"a gateway of yours wants a login"}"#),
        (200, r#"{"unexpected":true}"#),
        (200, r#"{"access_token":"#),
    ] {
        proxy.answer(REFRESH, status, json);
        user.refresh_access_token().await.unwrap_err();
        assert!(user.is_logged_in(), "{status} {json}");
    }
}

#[tokio::test]
async fn a_token_with_time_left_is_handed_out_without_asking() {
    let (_server, proxy, user) = start().await;
    let token = user.fresh_access_token().await.unwrap();
    assert_eq!(Some(token), user.access_token());
    assert_eq!(proxy.count(REFRESH), 0);
}

#[tokio::test]
async fn logging_in_again_opens_a_new_session_of_the_same_user() {
    let (_server, proxy, user) = start().await;
    let app = App::builder(APP_ID).base_url(&proxy.url).skip_location_request().build().unwrap();
    let again = app.log_in(Credentials::email_password(EMAIL, PASSWORD)).await.unwrap();
    assert_eq!(again, user);
    again.log_out().await.unwrap();
    user.refresh_profile().await.unwrap();
}
