//! Old events are deleted, which is itself one, and what is left can be verified.

use super::{events, events_of, verify};
use crate::support::TestServer;
use keystead_server::keep_audit_trail_once;
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn events_older_than_the_retention_go_and_the_rest_stays_verifiable() {
    let server = TestServer::start_with(|settings| settings.audit_retention = Some(30 * DAY)).await;
    let user = server.new_user("a@example.com").await;
    let noted = verify(&server, json!({})).await;
    assert_eq!(keep_audit_trail_once(&server.state).await.unwrap(), 0);
    for _ in 0..3 {
        server.state.clock.advance(31 * DAY);
        let user = server.log_in_by_email("a@example.com").await;
        server.new_key(&user, &format!("key-{}", server.state.clock.now().unix_seconds())).await;
        assert!(keep_audit_trail_once(&server.state).await.unwrap() > 0);
        assert_eq!(keep_audit_trail_once(&server.state).await.unwrap(), 0);
        let found = verify(&server, json!({})).await;
        assert_eq!(found["intact"], json!(true), "{found}");
        assert!(found["events"].as_i64() < found["head_sequence"].as_i64());
    }
    // Each pruning is gone with what was old at the next one.
    let pruned = events_of(&server, "audit.pruned").await;
    assert_eq!(pruned.len(), 1);
    assert_eq!((&pruned[0]["actor"], &pruned[0]["outcome"]), (&json!("server"), &json!("done")));
    assert_eq!(events_of(&server, "api_key.created").await.len(), 1);
    // What was noted long ago cannot be compared any more, which is no sign of tampering.
    let long_ago = json!({"expect_sequence": noted["head_sequence"], "expect_head": noted["head"]});
    assert_eq!(verify(&server, long_ago).await["intact"], json!(true));
    drop(user);
}

#[tokio::test]
async fn what_is_kept_for_ever_is_not_pruned() {
    let server = TestServer::start_with(|settings| settings.audit_retention = None).await;
    server.new_user("a@example.com").await;
    let before = events(&server, "").await.len();
    server.state.clock.advance(4000 * DAY);
    assert_eq!(keep_audit_trail_once(&server.state).await.unwrap(), 0);
    assert!(events(&server, "").await.len() > before);
}

#[tokio::test]
async fn also_a_trail_of_nothing_but_old_events_keeps_its_chain() {
    let server = TestServer::start_with(|settings| settings.audit_retention = Some(30 * DAY)).await;
    let before = verify(&server, json!({})).await;
    server.state.clock.advance(31 * DAY);
    assert!(keep_audit_trail_once(&server.state).await.unwrap() > 0);
    let after = verify(&server, json!({})).await;
    assert_eq!(after["intact"], json!(true), "{after}");
    assert!(after["head_sequence"].as_i64() > before["head_sequence"].as_i64());
}
