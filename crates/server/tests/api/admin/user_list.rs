//! The list of an application's users, protocol §7.4: pages, orders, filters.

use super::{AdministeredApp, Administrator};
use crate::support::TestServer;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

fn ids(users: &Value) -> Vec<String> {
    users.as_array().unwrap().iter().map(|user| user["_id"].as_str().unwrap().to_owned()).collect()
}

/// All pages of a list, each checked to have at most fifty users, all but the last exactly as many.
async fn pages(app: &AdministeredApp<'_>, query: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let last = all.last().map(|user| format!("after={}", user["_id"].as_str().unwrap()));
        let page = app.get(&format!("/users?{query}&{}", last.unwrap_or_default())).await;
        let page = page.body.as_array().unwrap().clone();
        assert!(page.len() <= 50);
        let more = page.len() == 50;
        all.extend(page);
        if !more {
            return all;
        }
    }
}

#[tokio::test]
async fn every_order_pages_through_all_users_once() {
    let server = TestServer::start().await;
    let mut made = Vec::new();
    for number in 0..113 {
        made.push(server.new_anonymous().await);
        // Several in a second, so that times alone do not tell them apart.
        if number % 7 == 0 {
            server.state.clock.advance(Duration::from_secs(1));
        }
    }
    // The first are seen last.
    for user in &made[..60] {
        server.state.clock.advance(Duration::from_secs(1));
        assert!(server.is_alive(user).await);
    }
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    // Who was just seen is written down now and then, and whenever that decides the order.
    keystead_server::flush_once(&server.state).await.unwrap();
    let by_id = pages(&app, "").await;
    assert_eq!(by_id.len(), made.len());
    for sort in ["_id", "creation_date", "last_authentication_date"] {
        let up = pages(&app, &format!("sort={sort}")).await;
        let mut expected = by_id.clone();
        expected.sort_by_key(|user| (user[sort].as_i64(), user["_id"].as_str().unwrap().to_owned()));
        assert_eq!(ids(&json!(up)), ids(&json!(expected)), "{sort}");
        let down = pages(&app, &format!("sort={sort}&desc=true")).await;
        expected.reverse();
        assert_eq!(ids(&json!(down)), ids(&json!(expected)), "{sort}");
    }
}

#[tokio::test]
async fn users_are_filtered_by_status_and_provider() {
    let server = TestServer::start().await;
    let anonymous = server.new_anonymous().await.user_id;
    let unused = server.new_user("unused@example.com").await;
    server.new_key(&unused, "never-used").await;
    let service = server.new_user("service@example.com").await;
    let (_, key) = server.new_key(&service, "used").await;
    server.log_in_by_key(&key).await.expect(StatusCode::OK);
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    app.create("/api_keys", json!({"name": "server"})).await;
    app.change(Method::PUT, &format!("/users/{}/disable", unused.user_id), json!({})).await;
    let all = ids(&app.get("/users").await.body);
    let [_, _, _, of_key] = &all[..] else { panic!("{all:?}") };
    let (unused, service) = (&unused.user_id, &service.user_id);
    for (query, expected) in [
        ("status=enabled", vec![&anonymous, service, of_key]),
        ("status=disabled", vec![unused]),
        ("provider_types=anon-user", vec![&anonymous]),
        ("provider_types=local-userpass", vec![unused, service]),
        ("provider_types=api-key", vec![service, of_key]),
        ("provider_types=anon-user,api-key", vec![&anonymous, service, of_key]),
        ("provider_types=custom-token", vec![]),
        ("provider_types=", all.iter().collect()),
        ("status=enabled&provider_types=local-userpass", vec![service]),
        ("provider_types=local-userpass&desc=true", vec![service, unused]),
        ("provider_types=api-key&sort=creation_date&desc=true", vec![of_key, service]),
    ] {
        let listed = ids(&app.get(&format!("/users?{query}")).await.body);
        assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let after = app.get(&format!("/users?provider_types=local-userpass&after={unused}")).await;
    assert_eq!(ids(&after.body), std::slice::from_ref(service));
}

#[tokio::test]
async fn an_api_key_is_an_identity_as_in_the_users_own_profile() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (id, key) = server.new_key(&user, "used").await;
    server.new_key(&user, "unused").await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let one = format!("/users/{}", user.user_id);
    assert_eq!(app.get(&one).await.body["identities"].as_array().unwrap().len(), 1);
    server.log_in_by_key(&key).await.expect(StatusCode::OK);
    let profile = server.get("/auth/profile", &user.access).await.body;
    let shown = app.get(&one).await.body;
    assert_eq!(shown["identities"], profile["identities"]);
    assert_eq!(shown["data"], profile["data"]);
    assert_eq!(shown["identities"][1]["id"], json!(id));
    assert_eq!(app.get("/users").await.body, json!([shown]));
}

#[tokio::test]
async fn what_cannot_be_listed_is_refused_with_what_can() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.quickstart();
    let gone = server.new_anonymous().await.user_id;
    app.send(Method::DELETE, &format!("/users/{gone}"), None).await.expect(StatusCode::NO_CONTENT);
    let orders = "the query parameter 'sort' can be _id, creation_date or last_authentication_date";
    let types = "the query parameter 'provider_types' can be provider types with commas between, like anon-user,api-key";
    let stale = "the user in 'after' is not there any more: list from the beginning, or sort by _id";
    for (query, sentence) in [
        ("sort=email", orders),
        ("sort=", orders),
        ("sort=_id;DROP", orders),
        ("status=pending", "the query parameter 'status' can be enabled or disabled"),
        ("provider_types=anon-user,nonsense", types),
        ("provider_types=anon-user,", types),
        (&format!("sort=creation_date&after={gone}"), stale),
    ] {
        let answer = app.send(Method::GET, &format!("/users?{query}"), None).await;
        answer.expect_error(400, "InvalidParameter", sentence);
    }
    for query in ["desc=maybe", "after=junk", "sort=_id&sort=_id"] {
        let answer = app.send(Method::GET, &format!("/users?{query}"), None).await;
        answer.expect(StatusCode::BAD_REQUEST);
    }
    // By id, the place of a user who is gone is still known; and tools add parameters of their own.
    app.get(&format!("/users?after={gone}&bypass_service_change=SyncSchemaVersionIncrease")).await;
}
