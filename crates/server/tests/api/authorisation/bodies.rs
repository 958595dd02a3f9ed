//! What is sent to each route: the least that is not refused for another reason than the caller.

use super::world::{World, custom_jwt};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A name that nothing else has.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The body for this row.
pub fn of(method: &Method, path: &str, world: &World<'_>) -> Option<Value> {
    if method == Method::GET || method == Method::DELETE {
        return None;
    }
    let path = path.split('?').next().unwrap_or_default();
    Some(
        path.strip_prefix("/api/client/v2.0")
            .map_or_else(|| for_admin(path, world), |path| for_client(path, world)),
    )
}

fn for_client(path: &str, world: &World<'_>) -> Value {
    let path = path.strip_prefix("/app/{client_app_id}").unwrap_or(path);
    match path {
        "/auth/providers/{provider}/login" => {
            json!({"token": custom_jwt(&world.client_app_id, &unique("new-"))})
        }
        "/auth/providers/local-userpass/register" => {
            json!({"email": format!("{}@example.com", unique("new-")), "password": "password"})
        }
        "/functions/call" => json!({"name": "answer", "arguments": []}),
        "/auth/api_keys" => json!({"name": unique("key-")}),
        _ => json!({}),
    }
}

fn for_admin(path: &str, world: &World<'_>) -> Value {
    let path = path.rsplit_once("{app_id}").map_or(path, |(_, path)| path);
    match path {
        "/users" => json!({"email": format!("{}@example.com", unique("made-")), "password": "password"}),
        "/users/{user_id}/reset_email" => json!({"email": format!("{}@example.com", unique("reset-"))}),
        "/users/verify_token" => json!({"token": world.caller("user").unwrap().access}),
        "/environment" => json!({"environment": "testing"}),
        "/auth_providers" => json!({"type": "custom-function", "config": {"authFunctionName": "answer"}}),
        "/functions" => json!({"name": unique("function"), "source": "exports = () => 1;"}),
        "/functions/{item_id}" => json!({"source": "exports = () => 2;"}),
        "/values" | "/secrets" => json!({"name": unique("value"), "value": "v"}),
        "/values/{item_id}" | "/secrets/{secret_id}" => json!({"value": "w"}),
        "/environment_values" => json!({"name": unique("value"), "values": {}}),
        "/environment_values/{item_id}" => json!({"values": {}}),
        "/debug/execute_function" => json!({"name": "answer"}),
        "/debug/execute_function_source" => json!({"source": "exports = () => 3;"}),
        "/security/allowed_request_origins" => json!(["https://example.com"]),
        "/security/refresh_token_expiration" => json!({"expiration_time_seconds": 3600}),
        "/security/access_list" => json!({"address": "127.0.0.1"}),
        "/services" => json!({"name": unique("service"), "type": "http"}),
        "/api/admin/v3.0/auth/providers/local-userpass/login" => {
            json!({"username": "nobody@example.com", "password": "wrong"})
        }
        "/api/admin/v3.0/auth/providers/mongodb-cloud/login" => {
            json!({"username": "nobody", "apiKey": "wrong"})
        }
        _ if path.contains('{') && path.ends_with("_id}") => json!({}),
        _ => json!({"name": unique("item")}),
    }
}
