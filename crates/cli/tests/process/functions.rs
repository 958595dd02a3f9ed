//! Functions in the worker processes of the real program. What JavaScript can do is tested where the engine
//! is, in `crates/functions`; what SDKs see of it, in `conformance/`.

use crate::support::api::{APP, Answer, Api, PASSWORD, Tokens};
use crate::support::{Invocation, Process};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

const CALL: &str = "/app/quickstart-abcde/functions/call";

/// A server with an application of these functions, each with the members of its manifest.
struct Served {
    folder: TempDir,
    process: Process,
    api: Api,
}

impl Served {
    async fn new(functions: &[(&str, Value, &str)], more: &[(&str, &str)]) -> (Self, Tokens) {
        let folder = TempDir::new().unwrap();
        write_app(&folder.path().join("app"), functions);
        let invocation = Invocation::serve(folder.path()).env("KEYSTEAD_APP", "app");
        let invocation =
            more.iter().fold(invocation, |invocation, (name, value)| invocation.env(name, *value));
        let process = invocation.start_ready();
        let api = Api::new(&process.url);
        let user = api.log_in("anon-user", json!({})).await.tokens();
        (Self { folder, process, api }, user)
    }

    async fn call(&self, user: &Tokens, name: &str, arguments: Value) -> Answer {
        let body = json!({ "name": name, "arguments": arguments });
        self.api.call(Method::POST, CALL, Some(&user.access), Some(body)).await
    }

    async fn value(&self, user: &Tokens, name: &str, arguments: Value) -> Value {
        let answer = self.call(user, name, arguments).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.headers["content-type"], "application/json");
        answer.body
    }
}

fn write_app(folder: &Path, functions: &[(&str, Value, &str)]) {
    std::fs::create_dir_all(folder.join("auth")).unwrap();
    std::fs::create_dir_all(folder.join("functions")).unwrap();
    let write = |file: &str, content: &Value| std::fs::write(folder.join(file), content.to_string()).unwrap();
    write("root_config.json", &json!({ "app_id": APP, "name": "quickstart" }));
    let function = |name: &str| functions.iter().any(|(function, ..)| *function == name);
    write(
        "auth/providers.json",
        &json!({
            "anon-user": { "name": "anon-user", "type": "anon-user", "disabled": false },
            "api-key": { "name": "api-key", "type": "api-key", "disabled": false },
            "local-userpass": {
                "name": "local-userpass", "type": "local-userpass", "disabled": false,
                "config": {
                    "autoConfirm": !function("confirm"),
                    "runConfirmationFunction": function("confirm"), "confirmationFunctionName": "confirm",
                    "runResetFunction": function("reset"), "resetFunctionName": "reset",
                },
            },
        }),
    );
    let manifest = functions.iter().map(|(name, members, _)| {
        let mut members = members.clone();
        members["name"] = (*name).into();
        members
    });
    write("functions/config.json", &manifest.collect());
    for (name, _, source) in functions {
        std::fs::write(folder.join(format!("functions/{name}.js")), source).unwrap();
    }
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str, error: &str) {
    assert_eq!((answer.status.as_u16(), &*answer.string("error_code")), (status, code), "{answer:?}");
    assert!(answer.string("error").contains(error), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_never_ends_is_ended_and_others_go_on() {
    let hostile = [
        ("loop", json!({}), "exports = () => { for (;;) {} }"),
        ("native", json!({}), "exports = () => { const a = new Float64Array(1e6); for (;;) a.sort(); }"),
        ("memory", json!({}), "exports = () => { const all = []; for (;;) all.push(new Uint8Array(1e6)); }"),
        ("chain", json!({}), "exports = async () => { for (;;) await null; }"),
        ("never", json!({}), "exports = () => new Promise(() => {})"),
        ("good", json!({}), "exports = (x) => x"),
    ];
    let (served, user) = Served::new(&hostile, &[("KEYSTEAD_FUNCTION_TIMEOUT", "1s")]).await;
    for (name, code) in [
        ("loop", "ExecutionTimeLimitExceeded"),
        ("native", "ExecutionTimeLimitExceeded"),
        ("chain", "ExecutionTimeLimitExceeded"),
        ("memory", "FunctionExecutionError"),
        ("never", "FunctionExecutionError"),
    ] {
        let (bad, good) = tokio::join!(
            served.call(&user, name, json!([])),
            served.value(&user, "good", json!([{ "$numberInt": "7" }])),
        );
        assert_refused(&bad, 400, code, "");
        assert_eq!(good, json!({ "$numberInt": "7" }), "beside {name}");
        assert_eq!(served.value(&user, "good", json!(["after"])).await, "after");
    }
    served.process.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_not_shown_what_proves_its_caller() {
    let source = "exports = () => context.request";
    let (served, user) = Served::new(&[("request", json!({}), source)], &[]).await;
    let request = served.api.request(Method::POST, CALL).bearer_auth(&user.access);
    let request = request.header("cookie", "session=planted").header("x-mine", "yes");
    let answer = Answer::of(request.json(&json!({ "name": "request" }))).await.unwrap();
    assert_eq!(answer.body["requestHeaders"]["X-Mine"], json!(["yes"]));
    assert_eq!(
        (&answer.body["httpMethod"], &answer.body["remoteIPAddress"]),
        (&json!("POST"), &json!("127.0.0.1"))
    );
    assert!(!answer.text.contains(&user.access) && !answer.text.contains("planted"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_logged_in_calls_nothing() {
    let (served, user) = Served::new(&[("f", json!({}), "exports = () => 1")], &[]).await;
    let body = Some(json!({ "name": "f" }));
    for token in [None, Some("garbage"), Some(&*user.refresh)] {
        let answer = served.api.call(Method::POST, CALL, token, body.clone()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    }
    served.api.call(Method::DELETE, "/auth/session", Some(&user.refresh), None).await;
    let answer = served.api.call(Method::POST, CALL, Some(&user.access), body).await;
    assert_eq!((answer.status, &*answer.string("error")), (StatusCode::UNAUTHORIZED, "unauthorized"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_confirmation_and_reset_are_finished_with_the_token_the_function_was_given() {
    let tell = "console.log(JSON.stringify({ token, tokenId })); return { status: 'pending' };";
    let functions = [
        (
            "confirm",
            json!({ "private": true }),
            &*format!("exports = ({{ token, tokenId }}) => {{ {tell} }}"),
        ),
        ("reset", json!({ "private": true }), &*format!("exports = ({{ token, tokenId }}) => {{ {tell} }}")),
    ];
    let (mut served, _) = Served::new(&functions, &[]).await;
    let email = "ada@example.com";
    let pair = |process: &mut Process, function: &str| {
        let line = process.wait_for_line("the token", |line| line["function"] == function);
        serde_json::from_str::<Value>(line["text"].as_str().unwrap()).unwrap()
    };
    let registered = served.api.email("register", json!({ "email": email, "password": PASSWORD })).await;
    assert_eq!(registered.status, StatusCode::CREATED, "{registered:?}");
    assert_refused(&served.api.log_in_by_email(email, PASSWORD).await, 401, "AuthError", "unauthorized");
    let confirmation = pair(&mut served.process, "confirm");
    let confirmed = served.api.email("confirm", confirmation.clone()).await;
    assert_eq!(confirmed.status, StatusCode::NO_CONTENT, "{confirmed:?}");
    served.api.log_in_by_email(email, PASSWORD).await.tokens();
    assert_refused(&served.api.email("confirm", confirmation).await, 400, "BadRequest", "invalid token data");

    let wish = json!({ "email": email, "password": "another horse", "arguments": [] });
    let asked = served.api.email("reset/call", wish).await;
    assert_eq!(asked.status, StatusCode::NO_CONTENT, "{asked:?}");
    served.api.log_in_by_email(email, PASSWORD).await.tokens();
    let mut token = pair(&mut served.process, "reset");
    token["password"] = "another horse".into();
    let reset = served.api.email("reset", token).await;
    assert_eq!(reset.status, StatusCode::NO_CONTENT, "{reset:?}");
    served.api.log_in_by_email(email, "another horse").await.tokens();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_function_is_served_after_the_folder_was_read_again() {
    let (mut served, user) = Served::new(&[("f", json!({}), "exports = () => 'before'")], &[]).await;
    assert_eq!(served.value(&user, "f", json!([])).await, "before");
    std::fs::write(served.folder.path().join("app/functions/f.js"), "exports = () => 'after'").unwrap();
    served.process.signal("HUP");
    served.process.wait_for_log("the application was reloaded");
    assert_eq!(served.value(&user, "f", json!([])).await, "after");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_can_run_as_another_user() {
    let who = "exports = () => context.user.id";
    let (first, user) = Served::new(&[("f", json!({}), who)], &[]).await;
    let api = first.api.clone();
    assert_eq!(first.value(&user, "f", json!([])).await, *user.user_id);
    let other = api.log_in("anon-user", json!({})).await.tokens();
    let functions = [
        ("f", json!({ "run_as_user_id": other.user_id }), who),
        (
            "script",
            json!({ "run_as_user_id_script_source": format!("exports = () => '{}'", other.user_id) }),
            who,
        ),
        ("nobody", json!({ "run_as_user_id": "0123456789abcdef01234567" }), who),
    ];
    write_app(&first.folder.path().join("app"), &functions);
    first.process.signal("HUP");
    let mut process = first.process;
    process.wait_for_log("the application was reloaded");
    let served = Served { process, ..first };
    for name in ["f", "script"] {
        assert_eq!(served.value(&user, name, json!([])).await, *other.user_id, "{name}");
    }
    let nobody = served.call(&user, "nobody", json!([])).await;
    assert_refused(&nobody, 400, "FunctionExecutionError", "who does not exist");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_functions_do_not_reach_this_machine_unless_that_is_allowed() {
    let source = "exports = async (url) => (await context.http.get({ url })).statusCode";
    let functions = [("get", json!({}), source)];
    let (served, user) = Served::new(&functions, &[]).await;
    let here = format!("{}/livez", served.process.url);
    for url in [&*here, "http://169.254.169.254/", "http://[::1]/", "http://localhost/"] {
        let refused = served.call(&user, "get", json!([url])).await;
        assert_refused(&refused, 400, "FunctionExecutionError", "public");
    }
    served.process.stop();
    let (served, user) = Served::new(&functions, &[("KEYSTEAD_OUTBOUND_ALLOW", "127.0.0.1")]).await;
    let here = format!("{}/livez", served.process.url);
    assert_eq!(served.value(&user, "get", json!([here])).await, json!({ "$numberInt": "200" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_streaming_form_says_what_is_wrong() {
    use base64::Engine as _;
    let (served, user) = Served::new(&[("f", json!({}), "exports = () => 1")], &[]).await;
    for (call, status, code) in [
        (json!({ "name": "f" }), 400, "FunctionExecutionError"),
        (json!({ "name": "g" }), 404, "FunctionNotFound"),
        (json!({ "name": "watch", "service": "mongodb-atlas" }), 404, "ServiceNotFound"),
    ] {
        let request = base64::engine::general_purpose::STANDARD.encode(call.to_string());
        let query = [("baas_request", &*request), ("baas_at", &*user.access)];
        let url = format!("{}/api/client/v2.0{CALL}", served.api.url);
        let url = url::Url::parse_with_params(&url, query).unwrap();
        let answer = Answer::of(served.api.http.get(url)).await.unwrap();
        assert_refused(&answer, status, code, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_may_be_larger_than_other_bodies_and_are_bounded() {
    let (served, user) = Served::new(&[("length", json!({}), "exports = (text) => text.length")], &[]).await;
    let long = "x".repeat(500_000);
    assert_eq!(served.value(&user, "length", json!([long])).await, json!({ "$numberInt": "500000" }));
    let refused = served.call(&user, "length", json!(["x".repeat(1024 * 1024)])).await;
    assert_refused(&refused, 413, "ReadSizeLimitExceeded", "larger");
    let wrong = served.call(&user, "length", json!("no list")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_end_with_the_server() {
    let (served, user) = Served::new(&[("f", json!({}), "exports = () => 1")], &[]).await;
    served.value(&user, "f", json!([])).await;
    let workers = served.process.children();
    assert!(!workers.is_empty());
    served.process.kill();
    for worker in workers {
        crate::support::eventually("the end of a worker", || {
            let stat = std::fs::read_to_string(format!("/proc/{worker}/stat")).unwrap_or_default();
            // A zombie has ended; whoever adopted it has not looked yet.
            (stat.is_empty() || stat.contains(") Z ")).then_some(())
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_in_the_log_of_the_application_with_what_the_function_wrote() {
    const ADMIN_PASSWORD: &str = "admin password for tests";
    let functions = [
        (
            "says",
            json!({}),
            "exports = (x) => { console.log('first'); console.error('second', x); return 1 }",
        ),
        ("secret", json!({ "disable_arg_logs": true }), "exports = () => { throw new Error('no') }"),
    ];
    let (served, user) = Served::new(&functions, &[("KEYSTEAD_ADMIN_PASSWORD", ADMIN_PASSWORD)]).await;
    served.value(&user, "says", json!(["an argument"])).await;
    served.call(&user, "secret", json!(["another argument"])).await;
    let url = &served.api.url;
    let request = served.api.http.post(format!("{url}/api/admin/v3.0/auth/providers/local-userpass/login"));
    let credentials = json!({ "username": "admin@localhost", "password": ADMIN_PASSWORD });
    let admin = Answer::of(request.json(&credentials)).await.unwrap().string("access_token");
    let ask = async |path: &str| {
        let request = served.api.http.get(format!("{url}/api/admin/v3.0{path}")).bearer_auth(&admin);
        Answer::of(request).await.unwrap().body
    };
    let group = ask("/auth/profile").await["roles"][0]["group_id"].as_str().unwrap().to_owned();
    let app = ask(&format!("/groups/{group}/apps")).await[0]["_id"].as_str().unwrap().to_owned();
    let found = ask(&format!("/groups/{group}/apps/{app}/logs?type=FUNCTION")).await;
    let logs = found["logs"].as_array().unwrap();
    assert_eq!(logs.len(), 2, "{found}");
    let (failed, good) = (&logs[0], &logs[1]);
    assert_eq!((&good["function_name"], &good["user_id"]), (&json!("says"), &json!(user.user_id)));
    assert_eq!(good["messages"], json!(["first", "second an argument"]));
    assert_eq!((&good["function_arguments"], good.get("error")), (&json!(r#"["an argument"]"#), None));
    assert_eq!(
        (&failed["function_name"], &failed["error_code"]),
        (&json!("secret"), &json!("FunctionExecutionError"))
    );
    assert!(failed["error"].as_str().unwrap().contains("no"), "{failed}");
    assert!(!failed.to_string().contains("another argument"), "{failed}");
    served.process.stop();
}
