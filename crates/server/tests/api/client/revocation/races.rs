//! The contract while others are at it: what starts after the answer is refused, whatever was under
//! way before.

use super::{NEW_PASSWORD, assert_dead, reset_password};
use crate::support::raw::HeldBack;
use crate::support::{Answer, NO_MAIL_SERVER, PASSWORD, TestServer, Tokens};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;

const ROUNDS: usize = 8;
const HOLDERS: usize = 4;
const RACERS: usize = 4;

/// What the one who switches the key tells the ones who use it. The phase counts three steps a
/// round: the key may log in; the answer to "disable" is here; "enable" is on its way.
#[derive(Default)]
struct Stage {
    phase: AtomicUsize,
    done: AtomicBool,
    holding: AtomicUsize,
    refused_sessions: AtomicUsize,
    refused_logins: AtomicUsize,
    violations: Mutex<Vec<String>>,
}

impl Stage {
    fn phase(&self) -> usize {
        self.phase.load(SeqCst)
    }

    fn violated(&self, what: String) {
        self.violations.lock().unwrap().push(what);
    }

    fn is_violated(&self) -> bool {
        !self.violations.lock().unwrap().is_empty()
    }

    /// Waits until `reached`; not any longer once the contract is broken or one of `tasks` panicked.
    async fn wait_until(&self, tasks: &mut JoinSet<()>, reached: impl Fn() -> bool) {
        while !reached() && !self.is_violated() {
            if let Some(ended) = tasks.try_join_next() {
                ended.unwrap();
            }
            tokio::task::yield_now().await;
        }
    }

    async fn wait_until_all_hold(&self, tasks: &mut JoinSet<()>) {
        self.wait_until(tasks, || self.holding.load(SeqCst) == HOLDERS).await;
    }

    /// Every session was refused, and so were logins that started after the answer.
    async fn wait_until_all_are_refused(&self, tasks: &mut JoinSet<()>) {
        let goal = self.refused_logins.load(SeqCst) + 2 * (HOLDERS + RACERS);
        self.wait_until(tasks, || self.refused_logins.load(SeqCst) >= goal && self.holding.load(SeqCst) == 0)
            .await;
    }
}

fn is_disabled(phase: usize) -> bool {
    phase % 3 == 1
}

/// The first phase in which a session is over whose login was answered in `phase`.
fn dead_from(phase: usize) -> usize {
    phase + [1, 0, 2][phase % 3]
}

/// Logs in; the session comes with the phase from which on it is over.
async fn log_in(server: &TestServer, stage: &Stage, key: &str) -> Option<(Tokens, usize)> {
    let before = stage.phase();
    let answer = server.log_in_by_key(key).await;
    let after = stage.phase();
    if answer.status == StatusCode::OK {
        if is_disabled(before) && after == before {
            stage.violated(format!("a disabled key logged in, in phase {after}"));
        }
        return Some((answer.tokens(), dead_from(after)));
    }
    answer.expect_error(401, "AuthError", "unauthorized");
    stage.refused_logins.fetch_add(1, SeqCst);
    None
}

/// Uses both tokens once; `false` when one was refused.
async fn is_served(server: &TestServer, stage: &Stage, session: &Tokens, dead_from: usize) -> bool {
    let mut accepted = true;
    for (method, path, token) in
        [(Method::POST, "/auth/session", &session.refresh), (Method::GET, "/auth/profile", &session.access)]
    {
        let phase = stage.phase();
        let answer = server.call(method, path, Some(token), None).await;
        if answer.status.is_success() && phase >= dead_from {
            stage.violated(format!("{path} served a session in phase {phase} that ended in {dead_from}"));
        }
        accepted &= answer.status.is_success();
    }
    accepted
}

/// Opens a session, uses it until it is refused, and starts again.
async fn hold(server: Arc<TestServer>, stage: Arc<Stage>, key: String) {
    while !stage.done.load(SeqCst) && !stage.is_violated() {
        let Some((session, dead_from)) = log_in(&server, &stage, &key).await else { continue };
        stage.holding.fetch_add(1, SeqCst);
        while is_served(&server, &stage, &session, dead_from).await {
            if stage.done.load(SeqCst) {
                return;
            }
        }
        stage.holding.fetch_sub(1, SeqCst);
        stage.refused_sessions.fetch_add(1, SeqCst);
        // Once refused, refused for ever: also in the rounds to come.
        if is_served(&server, &stage, &session, 0).await {
            stage.violated("a session came back".into());
        }
    }
}

/// Logs in over and over, so that some logins are under way while the key is switched.
async fn race(server: Arc<TestServer>, stage: Arc<Stage>, key: String) {
    while !stage.done.load(SeqCst) && !stage.is_violated() {
        if let Some((session, dead_from)) = log_in(&server, &stage, &key).await {
            is_served(&server, &stage, &session, dead_from).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_that_starts_after_the_answer_to_disable_is_served() {
    let server = Arc::new(TestServer::start().await);
    let user = server.new_user("a@example.com").await;
    let (id, key) = server.new_key(&user, "one").await;
    let stage = Arc::new(Stage::default());
    let mut tasks = JoinSet::new();
    for _ in 0..HOLDERS {
        tasks.spawn(hold(Arc::clone(&server), Arc::clone(&stage), key.clone()));
    }
    for _ in 0..RACERS {
        tasks.spawn(race(Arc::clone(&server), Arc::clone(&stage), key.clone()));
    }
    stage.wait_until_all_hold(&mut tasks).await;
    for round in 0..ROUNDS {
        let path = format!("/auth/api_keys/{id}/disable");
        server.put(&path, &user.refresh).await.expect(StatusCode::NO_CONTENT);
        stage.phase.store(3 * round + 1, SeqCst);
        stage.wait_until_all_are_refused(&mut tasks).await;
        stage.phase.store(3 * round + 2, SeqCst);
        let path = format!("/auth/api_keys/{id}/enable");
        server.put(&path, &user.refresh).await.expect(StatusCode::NO_CONTENT);
        stage.phase.store(3 * round + 3, SeqCst);
        stage.wait_until_all_hold(&mut tasks).await;
    }
    stage.done.store(true, SeqCst);
    tasks.join_all().await;
    assert_eq!(*stage.violations.lock().unwrap(), [""; 0]);
    assert!(stage.refused_sessions.load(SeqCst) >= ROUNDS * HOLDERS);
}

/// Logs in with the old password until it is refused, and returns the sessions.
async fn log_in_until_refused(server: Arc<TestServer>, running: Arc<AtomicUsize>) -> Vec<Tokens> {
    let mut sessions = Vec::new();
    loop {
        let body = json!({"username": "a@example.com", "password": PASSWORD});
        let answer = server.log_in("local-userpass", body).await;
        if answer.status != StatusCode::OK {
            answer.expect_error(401, "InvalidPassword", "unauthorized");
            return sessions;
        }
        sessions.push(answer.tokens());
        running.fetch_add(1, SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_login_with_the_old_password_outlives_a_reset_that_overtakes_it() {
    let server =
        TestServer::start_with(|settings| settings.smtp_url = Some(NO_MAIL_SERVER.to_owned().into())).await;
    let server = Arc::new(server);
    server.new_user("a@example.com").await;
    for _ in 0..4 {
        server.email("reset/send", json!({"email": "a@example.com"})).await;
        let running = Arc::new(AtomicUsize::new(0));
        let mut logins = JoinSet::new();
        for _ in 0..6 {
            logins.spawn(log_in_until_refused(Arc::clone(&server), Arc::clone(&running)));
        }
        while running.load(SeqCst) < 6 {
            tokio::task::yield_now().await;
        }
        reset_password(&server, NEW_PASSWORD).await;
        for session in logins.join_all().await.concat() {
            assert_dead(&server, &session).await;
        }
        server.email("reset/send", json!({"email": "a@example.com"})).await;
        reset_password(&server, PASSWORD).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_log_one_session_out_at_once_all_are_answered_and_it_is_over() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let mut requests = JoinSet::new();
    for _ in 0..8 {
        let request = server.request(Method::DELETE, &server.client_url("/auth/session"));
        requests.spawn(Answer::of(request.bearer_auth(&user.refresh)));
    }
    let answers = requests.join_all().await;
    assert!(answers.iter().any(|answer| answer.status == StatusCode::NO_CONTENT));
    let known = [StatusCode::NO_CONTENT, StatusCode::UNAUTHORIZED];
    assert!(answers.iter().all(|answer| known.contains(&answer.status)));
    assert_dead(&server, &user).await;
}

/// A request whose head came before the revocation and whose body comes after it.
#[tokio::test]
async fn a_body_that_was_held_back_makes_no_key_after_the_session_ended() {
    let server = TestServer::start().await;
    let user = server.new_user("a@example.com").await;
    let (id, key) = server.new_key(&user, "leaked").await;
    let thief = server.log_in_by_key(&key).await.tokens();
    let path = "/api/client/v2.0/auth/api_keys";
    let held = HeldBack::begin(&server, "POST", path, &thief.refresh, r#"{"name":"hidden"}"#).await;
    server.delete(&format!("/auth/api_keys/{id}"), &user.refresh).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(held.finish().await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.get("/auth/api_keys", &user.refresh).await.body, json!([]));
}

/// Those who are let in just before a key is disabled wait behind that, and must not undo it.
#[tokio::test]
async fn a_key_that_is_being_disabled_does_not_enable_itself() {
    let server = Arc::new(TestServer::start().await);
    let user = server.new_user("a@example.com").await;
    for round in 0..ROUNDS {
        let (id, key) = server.new_key(&user, &format!("leaked-{round}")).await;
        let thief = server.log_in_by_key(&key).await.tokens();
        let enable = format!("/auth/api_keys/{id}/enable");
        let mut thieves = JoinSet::new();
        for _ in 0..8 * RACERS {
            let (server, enable, token) = (Arc::clone(&server), enable.clone(), thief.refresh.clone());
            thieves.spawn(async move { server.put(&enable, &token).await });
        }
        let disabled = server.put(&format!("/auth/api_keys/{id}/disable"), &user.refresh).await;
        disabled.expect(StatusCode::NO_CONTENT);
        while let Some(answer) = thieves.join_next().await {
            assert!(matches!(answer.unwrap().status.as_u16(), 204 | 401));
        }
        server.log_in_by_key(&key).await.expect(StatusCode::UNAUTHORIZED);
    }
}
