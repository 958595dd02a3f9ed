//! Whatever bytes come, the server neither fails nor stops.

use super::{CLIENT, CLIENT_APP, assert_serves, start};
use crate::support::{Answer, TestServer, Tokens};
use proptest::prelude::*;
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

/// One server for all cases of a property: starting one takes longer than a case.
struct Target {
    runtime: Runtime,
    server: TestServer,
    user: Tokens,
}

impl Target {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let (server, user) = runtime.block_on(start());
        Self { runtime, server, user }
    }

    fn send(&self, method: Method, path: &str, authorization: HeaderValue, body: Vec<u8>) -> Answer {
        let request = self.server.request(method, &format!("{}{path}", self.server.url));
        self.runtime.block_on(Answer::of(request.header("authorization", authorization).body(body)))
    }

    fn bearer(&self) -> HeaderValue {
        format!("Bearer {}", self.user.refresh).parse().unwrap()
    }
}

fn cases() -> ProptestConfig {
    // Failures are printed with their input, which is small; files of old failures help nobody here.
    ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() }
}

/// JSON with the names that the routes know, so that cases get past the parser.
fn any_json() -> impl Strategy<Value = Value> {
    let name =
        prop_oneof!["username|email|password|key|token|tokenId|name|options|device|deviceId", ".{0,8}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "[a-z]{1,5}@[a-z]{1,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        any_json().prop_map(|json| json.to_string().into_bytes()),
        (any_json(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(json, index, byte)| {
            let mut bytes = json.to_string().into_bytes();
            let at = index.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
    ]
}

/// Whatever a header can hold.
fn any_header() -> impl Strategy<Value = HeaderValue> {
    let byte = any::<u8>().prop_filter("no byte of a header", |byte| *byte >= 0x20 && *byte != 0x7f);
    let bytes = prop_oneof![
        prop::collection::vec(byte, 0..100),
        r"(?i:bearer) ?[A-Za-z0-9_\-]{0,40}(\.[A-Za-z0-9_\-=+/]{0,40}){0,4}".prop_map(String::into_bytes),
    ];
    bytes.prop_map(|bytes| HeaderValue::from_bytes(&bytes).unwrap())
}

#[test]
fn no_body_makes_a_route_fail() {
    let target = Target::start();
    let paths = [
        format!("{CLIENT_APP}/auth/providers/local-userpass/login"),
        format!("{CLIENT_APP}/auth/providers/api-key/login"),
        format!("{CLIENT_APP}/auth/providers/local-userpass/register"),
        format!("{CLIENT_APP}/auth/providers/local-userpass/confirm"),
        format!("{CLIENT}/auth/api_keys"),
    ];
    proptest!(cases(), |(body in any_body(), path in prop::sample::select(paths.to_vec()))| {
        let answer = target.send(Method::POST, &path, target.bearer(), body);
        prop_assert!(!answer.status.is_server_error(), "{} {:?}", path, answer);
    });
    target.runtime.block_on(assert_serves(&target.server));
}

#[test]
fn no_authorization_header_is_taken_for_a_session() {
    let target = Target::start();
    let routes = [
        (Method::GET, format!("{CLIENT}/auth/api_keys")),
        (Method::POST, format!("{CLIENT}/auth/session")),
        (Method::GET, format!("{CLIENT}/auth/profile")),
        (Method::GET, format!("{CLIENT_APP}/functions/call")),
        (Method::GET, "/api/admin/v3.0/auth/profile".to_owned()),
    ];
    proptest!(cases(), |(header in any_header(), (method, path) in prop::sample::select(routes.to_vec()))| {
        let answer = target.send(method, &path, header, Vec::new());
        prop_assert_eq!(answer.status.as_u16(), 401, "{} {:?}", path, answer);
    });
    target.runtime.block_on(assert_serves(&target.server));
}
