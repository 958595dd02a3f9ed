//! SIGKILL under load: what was answered is there after the restart, with its event in the audit trail; what
//! was not may be either.

use crate::support::api::{Answer, Api, Tokens};
use crate::support::{Invocation, Process};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;

const ADMIN_PASSWORD: &str = "admin password for tests";
const ROUNDS: usize = 5;
const WORKERS: usize = 4;
/// Each round kills only after so many answered changes, however slow the machine is.
const CHANGES_BEFORE_KILL: usize = 60;
/// Below the limit of 20, so that no create is refused, even with one whose answer was lost.
const MAX_KEYS: usize = 16;

/// What the answers say about something. `Unknown`: the answer to its last change did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Enabled,
    Disabled,
    Gone,
    Unknown,
}

#[derive(Debug)]
struct Key {
    id: String,
    secret: String,
    expected: Expected,
}

#[derive(Debug)]
struct Session {
    /// Index of the key that opened it.
    key: usize,
    tokens: Tokens,
    expected: Expected,
}

/// A user who does one thing after the other, and writes down what was answered.
struct Worker {
    owner: Tokens,
    keys: Vec<Key>,
    sessions: Vec<Session>,
    names: usize,
    /// What was done by which request, of those that were answered.
    deeds: BTreeMap<String, &'static str>,
}

/// The server is gone.
struct Killed;

fn random(below: usize) -> usize {
    usize::try_from(RandomState::new().hash_one(0) % u64::try_from(below).unwrap()).unwrap()
}

impl Worker {
    async fn new(api: &Api, number: usize) -> Self {
        let owner = api.new_user(&format!("worker-{number}@example.com")).await;
        Self { owner, keys: Vec::new(), sessions: Vec::new(), names: 0, deeds: BTreeMap::new() }
    }

    /// Works until the server is gone.
    async fn work(&mut self, api: &Api, answered: &AtomicUsize) {
        while self.change(api).await.is_ok() {
            answered.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn change(&mut self, api: &Api) -> Result<(), Killed> {
        let alive = self.keys.iter().filter(|key| key.expected != Expected::Gone).count();
        let choice = random(10);
        if alive < 4 || (choice < 4 && alive < MAX_KEYS) {
            return self.create(api).await;
        }
        match choice {
            0..=4 => self.change_key(api, Expected::Enabled, Expected::Disabled).await,
            5 => self.change_key(api, Expected::Disabled, Expected::Enabled).await,
            6 => self.change_key(api, Expected::Enabled, Expected::Gone).await,
            7 => self.change_key(api, Expected::Disabled, Expected::Gone).await,
            8 => self.log_in(api).await,
            _ => self.log_out(api).await,
        }
    }

    async fn create(&mut self, api: &Api) -> Result<(), Killed> {
        self.names += 1;
        let body = json!({"name": format!("key-{}", self.names)});
        let token = Some(&*self.owner.refresh);
        let answer = arrived(api.try_call(Method::POST, "/auth/api_keys", token, Some(body)).await)?;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        self.deeds.insert(request_id(&answer), "api_key.created");
        let (id, secret) = (answer.string("_id"), answer.string("key"));
        self.keys.push(Key { id, secret, expected: Expected::Enabled });
        Ok(())
    }

    /// Changes some key that is in state `from`, if there is one.
    async fn change_key(&mut self, api: &Api, from: Expected, to: Expected) -> Result<(), Killed> {
        let candidates: Vec<_> =
            (0..self.keys.len()).filter(|&key| self.keys[key].expected == from).collect();
        if candidates.is_empty() {
            return Ok(());
        }
        let index = candidates[random(candidates.len())];
        let path = format!("/auth/api_keys/{}", self.keys[index].id);
        let (method, path, action) = match to {
            Expected::Enabled => (Method::PUT, format!("{path}/enable"), "api_key.enabled"),
            Expected::Disabled => (Method::PUT, format!("{path}/disable"), "api_key.disabled"),
            Expected::Gone | Expected::Unknown => (Method::DELETE, path, "api_key.deleted"),
        };
        self.set(index, Expected::Unknown);
        let answer = arrived(api.try_call(method, &path, Some(&self.owner.refresh), None).await)?;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
        self.deeds.insert(request_id(&answer), action);
        self.set(index, to);
        Ok(())
    }

    /// A key that stops to log in takes its sessions with it; they do not come back with it.
    fn set(&mut self, index: usize, expected: Expected) {
        let before = std::mem::replace(&mut self.keys[index].expected, expected);
        let sessions = match expected {
            Expected::Enabled => return,
            Expected::Unknown if before == Expected::Disabled => return,
            Expected::Disabled | Expected::Gone => Expected::Gone,
            Expected::Unknown => Expected::Unknown,
        };
        for session in self.sessions.iter_mut().filter(|session| session.key == index) {
            if session.expected != Expected::Gone {
                session.expected = sessions;
            }
        }
    }

    async fn log_in(&mut self, api: &Api) -> Result<(), Killed> {
        let Some(key) = self.keys.iter().rposition(|key| key.expected == Expected::Enabled) else {
            return Ok(());
        };
        let body = json!({"key": self.keys[key].secret});
        let path = format!("/app/{}/auth/providers/api-key/login", crate::support::api::APP);
        let answer = arrived(api.try_call(Method::POST, &path, None, Some(body)).await)?;
        self.sessions.push(Session { key, tokens: answer.tokens(), expected: Expected::Enabled });
        Ok(())
    }

    async fn log_out(&mut self, api: &Api) -> Result<(), Killed> {
        let Some(session) = self.sessions.iter_mut().find(|session| session.expected == Expected::Enabled)
        else {
            return Ok(());
        };
        session.expected = Expected::Unknown;
        let token = Some(&*session.tokens.refresh);
        let answer = arrived(api.try_call(Method::DELETE, "/auth/session", token, None).await)?;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
        session.expected = Expected::Gone;
        self.deeds.insert(request_id(&answer), "session.revoked");
        Ok(())
    }
}

/// After a restart.
impl Worker {
    /// Checks everything that was answered, and learns what became of the rest.
    async fn check(&mut self, api: &Api) {
        assert_eq!(api.refresh(&self.owner.refresh).await.status, StatusCode::CREATED, "the owner's session");
        let mut listed = self.list(api).await;
        for index in 0..self.keys.len() {
            let key = &mut self.keys[index];
            let found = match listed.remove(&key.id) {
                None => Expected::Gone,
                Some(true) => Expected::Disabled,
                Some(false) => Expected::Enabled,
            };
            if key.expected == Expected::Unknown {
                key.expected = found;
            }
            assert_eq!(found, key.expected, "the list about key {}", key.id);
            let login = api.log_in_by_key(&key.secret).await;
            if found == Expected::Enabled {
                assert_eq!(login.tokens().user_id, self.owner.user_id);
            } else {
                assert_eq!(login.status, StatusCode::UNAUTHORIZED, "a {found:?} key logs in: {login:?}");
            }
        }
        self.check_sessions(api).await;
        self.check_events(api).await;
        // What is left was created without an answer: at most one, and nobody knows its secret.
        assert!(listed.len() <= 1, "{listed:?}");
        for id in listed.keys() {
            let path = format!("/auth/api_keys/{id}");
            let deleted = api.call(Method::DELETE, &path, Some(&self.owner.refresh), None).await;
            assert_eq!(deleted.status, StatusCode::NO_CONTENT);
            self.deeds.insert(request_id(&deleted), "api_key.deleted");
        }
    }

    async fn check_sessions(&mut self, api: &Api) {
        for session in &mut self.sessions {
            let refresh = api.refresh(&session.tokens.refresh).await.status;
            let access =
                api.call(Method::GET, "/auth/profile", Some(&session.tokens.access), None).await.status;
            let found = match (refresh, access) {
                (StatusCode::CREATED, StatusCode::OK) => Expected::Enabled,
                (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED) => Expected::Gone,
                _ => panic!("the tokens of a session disagree: refresh {refresh}, access {access}"),
            };
            if session.expected == Expected::Unknown {
                session.expected = found;
            }
            assert_eq!(found, session.expected, "the session of key {}", self.keys[session.key].id);
        }
    }

    /// Every answered change has one event. What was not answered has one if it was done, which is so for the
    /// last change before a kill at most.
    async fn check_events(&mut self, api: &Api) {
        let admin = admin(api).await;
        let mut told = BTreeMap::new();
        let mut before = String::new();
        loop {
            let url =
                format!("{}/api/keystead/v1/audit?limit=500&user_id={}{before}", api.url, self.owner.user_id);
            let page = Answer::of(api.http.get(url).bearer_auth(&admin)).await.unwrap();
            for event in page.body["events"].as_array().unwrap() {
                let action = event["action"].as_str().unwrap();
                if action.starts_with("api_key.") && !action.contains("first_used")
                    || action == "session.revoked"
                {
                    let id = event["request_id"].as_str().unwrap().to_owned();
                    assert_eq!(told.insert(id, action.to_owned()), None, "told twice: {event}");
                }
            }
            let Some(next) = page.body["next_before"].as_i64() else { break };
            before = format!("&before={next}");
        }
        for (id, action) in &self.deeds {
            assert_eq!(told.remove(id).as_deref(), Some(*action), "the event of request {id}");
        }
        assert!(told.len() <= ROUNDS, "not answered: {told:?}");
    }

    /// The ids of the keys, and whether each is disabled.
    async fn list(&self, api: &Api) -> HashMap<String, bool> {
        let answer = api.call(Method::GET, "/auth/api_keys", Some(&self.owner.refresh), None).await;
        let key = |key: &Value| (key["_id"].as_str().unwrap().to_owned(), key["disabled"].as_bool().unwrap());
        answer.body.as_array().unwrap().iter().map(key).collect()
    }
}

fn request_id(answer: &Answer) -> String {
    answer.headers["x-appservices-request-id"].to_str().unwrap().to_owned()
}

/// The access token of the administrator.
async fn admin(api: &Api) -> String {
    let url = format!("{}/api/admin/v3.0/auth/providers/local-userpass/login", api.url);
    let body = json!({"username": "admin@localhost", "password": ADMIN_PASSWORD});
    Answer::of(api.http.post(url).json(&body)).await.unwrap().string("access_token")
}

async fn verify_audit_trail(api: &Api, noted: &mut Value) {
    let url = format!("{}/api/keystead/v1/audit/verify", api.url);
    let request = api.http.post(url).bearer_auth(admin(api).await).json(noted);
    let found = Answer::of(request).await.unwrap();
    assert_eq!(found.body["intact"], json!(true), "{found:?}");
    // What was answered before one kill is still there after the next.
    *noted = json!({"expect_head": found.body["head"], "expect_sequence": found.body["head_sequence"]});
}

fn serve(folder: &Path) -> Process {
    Invocation::serve(folder).env("KEYSTEAD_ADMIN_PASSWORD", ADMIN_PASSWORD).start_ready()
}

fn arrived(answer: reqwest::Result<Answer>) -> Result<Answer, Killed> {
    answer.map_err(|_| Killed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answered_change_survives_sigkill() {
    let folder = TempDir::new().unwrap();
    let mut workers = Vec::new();
    let mut noted = json!({});
    for round in 0..ROUNDS {
        let server = serve(folder.path());
        let api = Api::new(&server.url);
        for number in workers.len()..WORKERS {
            workers.push(Worker::new(&api, number).await);
        }
        let answered = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = workers
            .into_iter()
            .map(|mut worker: Worker| {
                let (api, answered) = (Api::new(&api.url), Arc::clone(&answered));
                tokio::spawn(async move {
                    worker.work(&api, &answered).await;
                    worker
                })
            })
            .collect();
        while answered.load(Ordering::Relaxed) < CHANGES_BEFORE_KILL
            && !tasks.iter().any(JoinHandle::is_finished)
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(u64::try_from(random(700)).unwrap())).await;
        let ended = server.kill();
        assert_eq!(ended.status.code(), None, "killed by a signal: {ended:?}");
        workers = Vec::new();
        for task in tasks {
            workers.push(task.await.unwrap());
        }

        let server = serve(folder.path());
        let api = Api::new(&server.url);
        for worker in &mut workers {
            worker.check(&api).await;
        }
        verify_audit_trail(&api, &mut noted).await;
        let (keys, sessions) =
            (sum(&workers, |worker| worker.keys.len()), sum(&workers, |w| w.sessions.len()));
        println!(
            "round {round}: {} answers, {keys} keys and {sessions} sessions so far",
            answered.load(Ordering::Relaxed)
        );
        server.stop();
    }
}

fn sum(workers: &[Worker], of: impl Fn(&Worker) -> usize) -> usize {
    workers.iter().map(of).sum()
}
