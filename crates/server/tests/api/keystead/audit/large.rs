//! A trail of more events than are read at once.

use super::{ask, verify};
use crate::support::TestServer;
use keystead_server::clock::Timestamp;
use keystead_server::domain::audit::by_server;
use keystead_server::keep_audit_trail_once;
use keystead_server::store::audit::Action;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Adds so many events from long ago.
async fn add_old_events(server: &TestServer, count: usize) {
    let old = |_| {
        let mut event = by_server(&server.state, Action::UserSessionsRevoked);
        event.at = Timestamp::from_unix_seconds(1_000_000_000);
        event
    };
    let events = (0..count).map(old).collect();
    server.state.store.record_audit_events(events).await.unwrap();
}

#[tokio::test]
async fn it_is_verified_in_batches_while_it_grows_and_is_pruned() {
    let server = TestServer::start_with(|settings| settings.audit_retention = None).await;
    add_old_events(&server, 5_000).await;
    let (whole, ()) = tokio::join!(verify(&server, json!({})), add_old_events(&server, 3_000));
    assert_eq!(whole["intact"], json!(true), "{whole}");
    assert!(whole["events"].as_i64() > Some(5_000));

    let folder = server.stop().await;
    let server = TestServer::start_in(folder, |settings| {
        settings.audit_retention = Some(std::time::Duration::from_hours(24));
    })
    .await;
    add_old_events(&server, 25_000).await;
    let (found, pruned) = tokio::join!(verify(&server, json!({})), keep_audit_trail_once(&server.state));
    assert_eq!(found["intact"], json!(true), "{found} {pruned:?}");
    assert_eq!(verify(&server, json!({})).await["intact"], json!(true));
}

#[tokio::test]
async fn a_search_says_where_to_go_on_until_there_is_nothing_more() {
    let server = TestServer::start_with(|settings| settings.audit_retention = None).await;
    add_old_events(&server, 45_000).await;
    let search = async |query: &str| {
        let (mut found, mut pages, mut before) = (Vec::<Value>::new(), 0, String::new());
        loop {
            let page = ask(&server, Method::GET, &format!("?{query}{before}"), None).await;
            page.expect(StatusCode::OK);
            found.extend(page.body["events"].as_array().unwrap().clone());
            pages += 1;
            let Some(next) = page.body["next_before"].as_i64() else { return (found, pages) };
            before = format!("&before={next}");
        }
    };
    // The first event of all.
    let (found, pages) = search("action=admin.password_set").await;
    assert_eq!((found.len(), pages), (1, 3));
    let (found, pages) = search("limit=500&action=user.sessions_revoked&since=1000000000").await;
    assert_eq!(found.len(), 45_000);
    assert!(pages <= 93, "{pages}");
    // Nothing so new can be further back.
    let (found, pages) = search("action=user.sessions_revoked&since=1500000000").await;
    assert_eq!((found.len(), pages), (0, 1));
}
