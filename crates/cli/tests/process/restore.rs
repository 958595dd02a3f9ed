//! A backup that was taken under load is restored, and every key of it works; what must not be restored is
//! refused.

use crate::support::api::{Api, Tokens};
use crate::support::{Ended, Invocation, hex};
use aws_lc_rs::digest::{SHA256, digest};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

const WORKERS: usize = 4;
const ADMIN_PASSWORD: &str = "admin password for tests";

fn serve(folder: &Path) -> Invocation {
    Invocation::serve(folder).env("KEYSTEAD_ADMIN_PASSWORD", ADMIN_PASSWORD)
}

/// Takes a backup, checks that it arrived whole, and returns it.
async fn backup(api: &Api) -> Vec<u8> {
    let login = format!("{}/api/admin/v3.0/auth/providers/local-userpass/login", api.url);
    let body = json!({"username": "admin@localhost", "password": ADMIN_PASSWORD});
    let admin: Value = api.http.post(login).json(&body).send().await.unwrap().json().await.unwrap();
    let url = format!("{}/api/keystead/v1/backup", api.url);
    let answer = api.http.get(url).bearer_auth(admin["access_token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let sha256 = answer.headers()["x-keystead-sha256"].to_str().unwrap().to_owned();
    let bytes = answer.bytes().await.unwrap();
    assert_eq!(hex(digest(&SHA256, &bytes)), sha256);
    bytes.to_vec()
}

fn restore(folder: &Path, copy: &Path) -> Ended {
    Invocation::new(folder).args(["restore", "--data-dir", "data"]).args([copy]).run()
}

#[track_caller]
fn refused(ended: &Ended, reason: &str) {
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains(reason), "{ended:?}");
}

/// Somebody who makes users and keys, until told to stop, and writes down what was answered.
struct Worker {
    owners: Vec<Tokens>,
    /// The secret, and whether it was answered before the backup began, by the id.
    keys: HashMap<String, (usize, String, bool)>,
}

impl Worker {
    async fn work(
        &mut self,
        api: &Api,
        number: usize,
        made: &AtomicUsize,
        began: &AtomicBool,
        stop: &AtomicBool,
    ) {
        while !stop.load(Ordering::SeqCst) {
            let index = self.owners.len();
            let owner = api.new_user(&format!("{number}-{index}@example.com")).await;
            for name in 0..15 {
                let (id, secret) = api.new_key(&owner, &format!("key-{name}")).await;
                self.keys.insert(id, (index, secret, !began.load(Ordering::SeqCst)));
                made.fetch_add(1, Ordering::SeqCst);
            }
            self.owners.push(owner);
        }
    }

    /// Compares every key with what a restored server knows.
    async fn compare(&self, api: &Api) -> (usize, usize) {
        let (mut restored, mut later) = (0, 0);
        for (_, secret, before) in self.keys.values() {
            let login = api.log_in_by_key(secret).await;
            match login.status {
                StatusCode::OK => restored += 1,
                StatusCode::UNAUTHORIZED if !before => later += 1,
                _ => panic!("a key made before the backup does not log in: {login:?}"),
            }
        }
        for (index, owner) in self.owners.iter().enumerate() {
            let listed = api.call(Method::GET, "/auth/api_keys", Some(&owner.refresh), None).await;
            for key in listed.body.as_array().into_iter().flatten() {
                let (of, secret, _) = &self.keys[key["_id"].as_str().unwrap()];
                assert_eq!(*of, index);
                assert_eq!(api.log_in_by_key(secret).await.tokens().user_id, owner.user_id);
            }
        }
        (restored, later)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_under_load_has_every_key_that_was_answered_before() {
    let folder = TempDir::new().unwrap();
    let server = serve(folder.path()).start_ready();
    let api = Api::new(&server.url);
    let made = Arc::new(AtomicUsize::new(0));
    let (began, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let tasks: Vec<_> = (0..WORKERS)
        .map(|number| {
            let (api, made, began, stop) =
                (api.clone(), Arc::clone(&made), Arc::clone(&began), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut worker = Worker { owners: Vec::new(), keys: HashMap::new() };
                worker.work(&api, number, &made, &began, &stop).await;
                worker
            })
        })
        .collect();
    while made.load(Ordering::SeqCst) < 100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    began.store(true, Ordering::SeqCst);
    let copy = backup(&api).await;
    stop.store(true, Ordering::SeqCst);
    let mut workers = Vec::new();
    for task in tasks {
        workers.push(task.await.unwrap());
    }
    server.stop();

    let elsewhere = TempDir::new().unwrap();
    std::fs::write(elsewhere.path().join("copy"), copy).unwrap();
    std::fs::create_dir(elsewhere.path().join("data")).unwrap();
    std::fs::copy(folder.path().join("data/pepper"), elsewhere.path().join("data/pepper")).unwrap();
    let ended = restore(elsewhere.path(), Path::new("copy"));
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stdout.contains("The server can be started."), "{ended:?}");
    let server = serve(elsewhere.path()).start_ready();
    let api = Api::new(&server.url);
    let mut total = (0, 0);
    for worker in &workers {
        let (restored, later) = worker.compare(&api).await;
        total = (total.0 + restored, total.1 + later);
    }
    println!("{} keys restored, {} made later", total.0, total.1);
    assert!(total.0 >= 100);
    server.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_not_be_restored_is_refused_and_nothing_is_touched() {
    let folder = TempDir::new().unwrap();
    let server = serve(folder.path()).start_ready();
    let copy = backup(&Api::new(&server.url)).await;
    std::fs::write(folder.path().join("copy"), &copy).unwrap();
    refused(&restore(folder.path(), Path::new("copy")), "another Keystead runs on it");
    server.stop();
    let database = folder.path().join("data/keystead.sqlite3");
    let before = std::fs::read(&database).unwrap();
    refused(&restore(folder.path(), Path::new("copy")), "nothing is overwritten");
    assert_eq!(std::fs::read(&database).unwrap(), before);

    let elsewhere = TempDir::new().unwrap();
    let try_bytes = |bytes: &[u8]| {
        std::fs::write(elsewhere.path().join("copy"), bytes).unwrap();
        let ended = restore(elsewhere.path(), Path::new("copy"));
        let left: Vec<_> = std::fs::read_dir(elsewhere.path().join("data")).unwrap().collect();
        (ended, left.len())
    };
    let mut damaged = copy.clone();
    let end = damaged.len() - 100;
    damaged[8_000..end].fill(0xff);
    let mut of_another = copy.clone();
    of_another[68..72].copy_from_slice(b"Othr");
    let mut newer = copy.clone();
    newer[60..64].copy_from_slice(&1_000_u32.to_be_bytes());
    let cut = &copy[..copy.len() / 2];
    for (bytes, reason) in [
        (&damaged[..], "it is damaged"),
        (&of_another, "the database of another program"),
        (&newer, "schema version 1000"),
        (cut, "it is damaged"),
        (b"too short", "cannot be read"),
        (&[b'x'; 200], "it is no database"),
        (&before, "the file of a running server"),
    ] {
        let (ended, left) = try_bytes(bytes);
        refused(&ended, reason);
        assert_eq!(left, 1, "only the lock is left");
    }
    refused(&restore(elsewhere.path(), Path::new("absent")), "cannot be restored");

    std::fs::write(elsewhere.path().join("data/pepper"), "ab".repeat(32)).unwrap();
    refused(&try_bytes(&copy).0, "is not the one that belongs to it");
    std::fs::remove_file(elsewhere.path().join("data/pepper")).unwrap();
    let (ended, left) = try_bytes(&copy);
    assert_eq!((ended.status.code(), left), (Some(0), 2), "{ended:?}");
    assert!(ended.stdout.contains("data/pepper") && ended.stdout.contains("KEYSTEAD_PEPPER"), "{ended:?}");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &elsewhere.path().join("data/keystead.sqlite3").metadata().unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    let without_pepper = serve(elsewhere.path()).run();
    assert_eq!(without_pepper.status.code(), Some(1), "{without_pepper:?}");
}
