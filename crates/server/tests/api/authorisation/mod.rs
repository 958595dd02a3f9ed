//! Who may call what: every route, tried by every kind of caller, against the table in
//! `docs/authorisation.md`. A route that is not in the table fails here. That users' and administrators' tokens are
//! never taken for each other is part of it: each caller is tried with both tokens of their session.

mod bodies;
mod table;
mod world;

use crate::support::{Answer, TestServer};
use futures_util::{StreamExt as _, stream};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use table::{CALLERS, Row, Wanted};
use world::{Caller, Token, World};

/// Where callers try to say that they are somebody else.
const SMUGGLED: [&str; 6] = ["user_id", "userId", "owner", "owner_id", "sub", "app_id"];

/// A row with what it is tried in.
struct Trial<'t> {
    server: &'t TestServer,
    row: &'t Row,
    /// Whether the request says that it comes from the victim.
    smuggles: bool,
}

impl Trial<'_> {
    /// Sends the row's request as this caller, with a token of this kind.
    async fn send(&self, world: &World<'_>, caller: &str, kind: Token) -> Answer {
        let Row { method, path, .. } = self.row;
        let caller = world.caller(caller);
        let token = caller.map(|caller| caller.token(kind));
        let mut url = format!("{}{}", self.server.url, world.fill(method, path).await);
        if let (true, Some(token)) = (path.ends_with("={token}"), token) {
            url = url.replace("{token}", token);
        }
        if self.smuggles {
            url.push(if url.contains('?') { '&' } else { '?' });
            url += &SMUGGLED.map(|name| format!("{name}={}", world.said(name))).join("&");
        }
        let mut request = self.server.request(method.clone(), &url);
        if let Some(token) = token.filter(|_| !path.ends_with("={token}")) {
            request = request.bearer_auth(token);
        }
        let mut body = bodies::of(method, path, world);
        if self.smuggles {
            for name in SMUGGLED {
                request = request.header(format!("x-{}", name.replace('_', "-")), world.said(name));
                if let Some(Value::Object(body)) = &mut body {
                    body.insert(name.into(), world.said(name).into());
                }
            }
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request).await
    }

    /// Tries the row as this caller. Whoever may do it does it in a world of their own, so that nobody else
    /// misses what it destroys.
    async fn try_as(&self, shared: &World<'_>, caller: &str) -> Vec<String> {
        let expected = self.row.expected(caller);
        let kind = self.row.kind();
        let changes = self.row.method != Method::GET && self.row.wanted != Wanted::Nothing;
        let allowed = expected.is_none_or(|status| status.is_success());
        let own = if changes && allowed { Some(World::new(self.server).await) } else { None };
        let world = own.as_ref().unwrap_or(shared);
        let mut wrong = Vec::new();
        if caller != "nobody" {
            let other = self.send(world, caller, kind.other()).await;
            let right = match self.row.wanted {
                Wanted::Nothing => expected,
                Wanted::Access | Wanted::Refresh => Some(StatusCode::UNAUTHORIZED),
            };
            if right.is_some_and(|right| right != other.status) {
                wrong.push(format!("{} as {caller} with the wrong token: {}", self.row, told(&other)));
            }
        }
        let before = if is_entitled(caller) { Value::Null } else { world.victim().await };
        let answer = self.send(world, caller, kind).await;
        if expected != Some(answer.status) {
            wrong.push(format!("{} as {caller}: {}", self.row, told(&answer)));
        }
        if !is_entitled(caller) {
            let victim = &world.caller("user").unwrap().user_id;
            if answer.text.contains(victim.as_str()) {
                wrong.push(format!("{} tells {caller} of the user: {}", self.row, answer.text));
            }
            if world.victim().await != before {
                wrong.push(format!("{} as {caller} changed something of the user", self.row));
            }
        }
        wrong
    }
}

/// Whether this caller may see and change what is the user's.
fn is_entitled(caller: &str) -> bool {
    ["user", "key", "admin"].contains(&caller)
}

fn told(answer: &Answer) -> String {
    format!("{} {}", answer.status.as_u16(), answer.text.chars().take(200).collect::<String>())
}

/// Tries these rows as every caller, some at a time.
async fn try_all(rows: &[Row], smuggles: bool) -> Vec<String> {
    let server = World::server().await;
    // What others are refused is tried on one user, who must be as before.
    let shared = World::new(&server).await;
    let before = shared.victim().await;
    let trials: Vec<_> = rows
        .iter()
        .flat_map(|row| CALLERS.map(|caller| (Trial { server: &server, row, smuggles }, caller)))
        .collect();
    let wrong =
        stream::iter(&trials).map(|(trial, caller)| trial.try_as(&shared, caller)).buffered(4).concat().await;
    assert_eq!(shared.victim().await, before);
    wrong
}

/// The rows, and what is missing or superfluous in the table.
fn rows_and_gaps() -> (Vec<Row>, Vec<String>) {
    let rows = table::read();
    let routes: BTreeSet<(String, String)> = keystead_server::routes()
        .into_iter()
        .flat_map(|(path, methods)| methods.into_iter().map(move |method| (path.into(), method.to_string())))
        .collect();
    let described: BTreeSet<_> =
        rows.iter().map(|row| (row.route().to_owned(), row.method.to_string())).collect();
    let mut gaps = Vec::new();
    for (path, method) in routes.difference(&described) {
        gaps.push(format!(
            "docs/authorisation.md needs a row `| {method} {path} | token | … |`: who may call it?"
        ));
    }
    for (path, method) in described.difference(&routes) {
        gaps.push(format!("docs/authorisation.md has a row for {method} {path}, which is no route"));
    }
    (rows, gaps)
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_do_exactly_what_the_table_says() {
    let (rows, gaps) = rows_and_gaps();
    if std::env::var_os("KEYSTEAD_WRITE_EXPECTED").is_some() {
        return table::write(World::server().await).await;
    }
    assert!(gaps.is_empty(), "{gaps:#?}");
    let wrong = try_all(&rows, false).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_calls_is_said_by_the_token_and_nothing_else() {
    let (rows, _) = rows_and_gaps();
    let rows: Vec<_> = rows.into_iter().filter(|row| row.path.starts_with("/api/client/")).collect();
    let wrong = try_all(&rows, true).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_key_is_its_callers_whoever_the_request_names() {
    let server = World::server().await;
    let world = World::new(&server).await;
    let (user, other) = (world.caller("user").unwrap(), world.caller("other").unwrap());
    let keys =
        async |of: &Caller| server.get("/auth/api_keys", &of.refresh).await.body.as_array().unwrap().len();
    let (before, before_other) = (keys(user).await, keys(other).await);
    let mut body = json!({"name": "mine"});
    for name in SMUGGLED {
        body[name] = user.user_id.as_str().into();
    }
    let url = server.client_url(&format!("/auth/api_keys?user_id={}&owner={}", user.user_id, user.user_id));
    let request = server.request(Method::POST, &url).bearer_auth(&other.refresh).json(&body);
    Answer::of(request.header("x-user-id", &user.user_id)).await.expect(StatusCode::CREATED);
    assert_eq!((keys(user).await, keys(other).await), (before, before_other + 1));
}
