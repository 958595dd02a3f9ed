//! A trail of more events than are read at once.

use super::{ask, verify};
use crate::support::TestServer;
use keystead_server::clock::Timestamp;
use keystead_server::domain::audit::{self, Expectation, by_server};
use keystead_server::store::audit::Action;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

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
async fn it_is_verified_in_batches_while_it_grows() {
    let server = TestServer::start_with(|settings| settings.audit_retention = None).await;
    add_old_events(&server, 5_000).await;
    let (whole, ()) = tokio::join!(verify(&server, json!({})), add_old_events(&server, 3_000));
    assert_eq!(whole["intact"], json!(true), "{whole}");
    assert!(whole["events"].as_i64() > Some(5_000));
}

#[tokio::test]
async fn rows_that_are_pruned_before_they_are_reached_are_not_missing() {
    // The server itself prunes nothing, so that it does not come in between.
    let server = TestServer::start_with(|settings| settings.audit_retention = None).await;
    add_old_events(&server, 25_000).await;
    let mut verification = pin!(audit::verify(&server.state, Expectation::default()));
    // Up to where it lets others have their turn.
    let waits = poll_fn(|context| Poll::Ready(verification.as_mut().poll(context).is_pending())).await;
    assert!(waits);
    let later = server.state.clock.now().plus(Duration::from_hours(1));
    let pruning = by_server(&server.state, Action::AuditPruned);
    let pruned = server.state.store.prune_audit_events(later, 20_000, pruning).await.unwrap();
    assert_eq!(pruned, 20_000);
    let found = verification.await.unwrap();
    assert_eq!(found.broken, None);
    assert!((5_000..7_000).contains(&found.events), "{}", found.events);
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
