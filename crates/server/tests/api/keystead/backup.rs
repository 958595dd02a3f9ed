//! A backup is a whole and consistent store, and leaves nothing behind.

use crate::support::{Answer, TestServer, hex};
use aws_lc_rs::digest;
use reqwest::{Method, StatusCode};

async fn backup(server: &TestServer) -> reqwest::Response {
    let url = format!("{}/api/keystead/v1/backup", server.url);
    server.request(Method::GET, &url).bearer_auth(server.admin().await).send().await.unwrap()
}

fn files(server: &TestServer) -> Vec<String> {
    let entries = std::fs::read_dir(server.folder.path().join("data")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_is_the_store_as_of_one_moment_with_its_digest() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (key_id, _) = server.new_key(&user, "key").await;
    let before = files(&server);
    let answer = backup(&server).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let (sha256, length) = (header("x-keystead-sha256"), header("content-length"));
    assert_eq!(header("content-type"), "application/octet-stream");
    let bytes = answer.bytes().await.unwrap();
    assert_eq!(bytes.len().to_string(), length);
    let found = digest::digest(&digest::SHA256, &bytes);
    assert_eq!(hex(found), sha256);
    assert_eq!(files(&server), before, "nothing is left behind");

    let copy = server.folder.path().join("copy");
    std::fs::write(&copy, &bytes).unwrap();
    let connection = rusqlite::Connection::open(&copy).unwrap();
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let key: Vec<u8> = connection.query_row("SELECT key_id FROM api_keys", [], |row| row.get(0)).unwrap();
    assert_eq!(hex(key), key_id);
    let pepper = std::fs::read_to_string(server.folder.path().join("data/pepper")).unwrap();
    assert!(!bytes.windows(64).any(|window| window == pepper.trim().as_bytes()), "the pepper is not in it");
    let store = rusqlite::Connection::open(server.folder.path().join("data/keystead.sqlite3")).unwrap();
    let remembered: u32 = store
        .query_row("SELECT count(*) FROM audit_events WHERE action = 'backup.taken'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(remembered, 1);
}

#[tokio::test]
async fn one_backup_is_made_at_a_time_and_the_next_one_after_it() {
    let server = TestServer::start().await;
    let answers = futures_util::future::join_all((0..6).map(|_| backup(&server))).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    assert!(
        statuses.contains(&200) && statuses.iter().all(|status| [200, 503].contains(status)),
        "{statuses:?}"
    );
    for answer in answers.iter().filter(|answer| answer.status() == 503) {
        assert!(answer.headers().contains_key("retry-after"));
    }
    drop(answers);
    assert_eq!(backup(&server).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_a_killed_server_left_of_a_backup_is_removed_at_the_next_start() {
    let folder = TestServer::start().await.stop().await;
    std::fs::write(folder.path().join("data/backup.tmp"), "half a copy").unwrap();
    let server = TestServer::start_in(folder, |_| {}).await;
    assert!(!files(&server).contains(&"backup.tmp".to_owned()));
}

#[tokio::test]
async fn only_administrators_take_backups_and_examine_the_server() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    for path in ["backup", "doctor"] {
        let url = format!("{}/api/keystead/v1/{path}", server.url);
        Answer::of(server.request(Method::GET, &url)).await.expect(StatusCode::UNAUTHORIZED);
        let refused = Answer::of(server.request(Method::GET, &url).bearer_auth(&user.access)).await;
        refused.expect(StatusCode::UNAUTHORIZED);
    }
}
