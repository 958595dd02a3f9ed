//! What an application is configured with, protocol §7.3, §7.7 to §7.9.

use super::Administrator;
use crate::support::TestServer;
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_patch_changes_the_named_fields_of_a_providers_configuration_only() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("patched").await;
    let config = json!({"autoConfirm": true, "resetPasswordUrl": "http://localhost/reset"});
    let created = app.create("/auth_providers", json!({"type": "local-userpass", "config": config})).await;
    assert_eq!((&created.body["name"], &created.body["disabled"]), (&json!("local-userpass"), &json!(false)));
    let path = format!("/auth_providers/{}", created.body["_id"].as_str().unwrap());
    app.change(Method::PATCH, &path, json!({"config": {"resetPasswordSubject": "Reset"}})).await;
    let shown = app.get(&path).await;
    let expected = json!({"autoConfirm": true, "resetPasswordUrl": "http://localhost/reset", "resetPasswordSubject": "Reset"});
    assert_eq!(shown.body["config"], expected);
    app.send(Method::PUT, &format!("{path}/disable"), Some(json!({}))).await.expect(StatusCode::NO_CONTENT);
    app.send(Method::PUT, &format!("{path}/disable"), None).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(app.get(&path).await.body["disabled"], true);
    let account = json!({"email": "a@example.com", "password": "password"});
    let off = app.client("/auth/providers/local-userpass/register", account).await;
    off.expect(StatusCode::UNAUTHORIZED);
    app.send(Method::DELETE, &path, None).await.expect(StatusCode::NO_CONTENT);
    app.send(Method::GET, &path, None).await.expect_error(
        404,
        "AuthProviderNotFound",
        "authentication provider not found",
    );
}

#[tokio::test]
async fn a_provider_is_there_once_and_of_a_known_type() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("once").await;
    for provider_type in ["anon-user", "api-key"] {
        if provider_type == "anon-user" {
            app.create("/auth_providers", json!({"type": provider_type})).await;
        }
        let again = app.send(Method::POST, "/auth_providers", Some(json!({"type": provider_type}))).await;
        again.expect(StatusCode::CONFLICT);
        assert_eq!(again.body["error_code"], "AuthProviderAlreadyExists");
    }
    let unknown = app.send(Method::POST, "/auth_providers", Some(json!({"type": "anonymous"}))).await;
    unknown.expect(StatusCode::BAD_REQUEST);
    assert!(unknown.body["error"].as_str().unwrap().contains("anon-user"), "{unknown:?}");
}

#[tokio::test]
async fn what_would_break_an_application_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("unbroken").await;
    let function = app.create_id("/functions", json!({"name": "f", "source": "exports = () => 'u';"})).await;
    let config = json!({"authFunctionName": "f"});
    app.create("/auth_providers", json!({"type": "custom-function", "config": config})).await;
    let refused = app.send(Method::DELETE, &format!("/functions/{function}"), None).await;
    refused.expect(StatusCode::BAD_REQUEST);
    assert!(refused.body["error"].as_str().unwrap().contains("there is no function \"f\""), "{refused:?}");
    let login = app.client("/auth/providers/custom-function/login", json!({})).await;
    login.expect(StatusCode::OK);
    for (path, body) in [
        ("/auth_providers", json!({"type": "local-userpass", "config": {"autoConfirm": "yes"}})),
        ("/auth_providers", json!({"type": "local-userpass"})),
        ("/functions", json!({"name": "g", "source": "exports = 1", "private": 1})),
        ("/functions", json!({"name": "../g", "source": "exports = 1"})),
        ("/functions", json!({"source": "exports = 1"})),
        ("/values", json!({"name": "no spaces", "value": 1})),
        ("/environment_values", json!({"name": "e", "values": {"moon": 1}})),
    ] {
        let refused = app.send(Method::POST, path, Some(body.clone())).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{path} {body} {refused:?}");
    }
    assert_eq!(app.get("/functions").await.body.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_function_is_called_as_it_is_now() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("called").await;
    app.create("/auth_providers", json!({"type": "anon-user"})).await;
    let user = app.client("/auth/providers/anon-user/login", json!({})).await.tokens();
    let id = app.create_id("/functions", json!({"name": "f", "source": "exports = () => 'first';"})).await;
    let call = || async {
        let path = format!("/app/{}/functions/call", app.client_app_id);
        let body = json!({"name": "f", "arguments": []});
        server.call(Method::POST, &path, Some(&user.access), Some(body)).await
    };
    assert_eq!(call().await.body, "first");
    let path = format!("/functions/{id}");
    app.change(Method::PUT, &path, json!({"name": "f", "source": "exports = () => 'second';"})).await;
    assert_eq!(call().await.body, "second");
    assert_eq!(app.get(&path).await.body["source"], "exports = () => 'second';");
    app.change(Method::PUT, &path, json!({"source": "exports = () => 'third';", "private": true})).await;
    call().await.expect(StatusCode::FORBIDDEN);
    let again =
        app.send(Method::POST, "/functions", Some(json!({"name": "f", "source": "exports = 1"}))).await;
    again.expect(StatusCode::CONFLICT);
    assert_eq!(again.body["error_code"], "FunctionDuplicateName");
    app.send(Method::DELETE, &path, None).await.expect(StatusCode::NO_CONTENT);
    call().await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_administrator_tries_functions_as_the_system_and_as_a_user() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("tried").await;
    app.create("/auth_providers", json!({"type": "anon-user"})).await;
    let user = app.client("/auth/providers/anon-user/login", json!({})).await.tokens();
    let source =
        "exports = (a) => { console.log('seen', a); console.error('bad'); return context.user.id; };";
    app.create("/functions", json!({"name": "who", "source": source, "private": true})).await;
    let run = |query: String, body| {
        let path = format!("/debug/execute_function?{query}");
        let app = &app;
        async move { app.send(Method::POST, &path, Some(body)).await }
    };
    let as_user = run(format!("user_id={}", user.user_id), json!({"name": "who", "arguments": ["x"]})).await;
    as_user.expect(StatusCode::OK);
    assert_eq!(as_user.body["result"], user.user_id);
    assert_eq!((&as_user.body["logs"], &as_user.body["error_logs"]), (&json!(["seen x"]), &json!(["bad"])));
    assert!(as_user.body["stats"]["execution_time"].is_string() && as_user.body.get("error").is_none());
    let failing = json!({"source": "exports = () => { throw new Error('no'); };"});
    let path = "/debug/execute_function_source?run_as_system=true";
    let thrown = app.send(Method::POST, path, Some(failing)).await;
    thrown.expect(StatusCode::OK);
    assert!(thrown.body["error"].as_str().unwrap().contains("no"), "{thrown:?}");
    let evaluated = json!({"source": "exports = (a, b) => a + b;", "eval_source": "exports(1, 2)"});
    let evaluated = app.send(Method::POST, path, Some(evaluated)).await;
    assert_eq!(evaluated.body["result"], json!({"$numberInt": "3"}));
    run(String::new(), json!({"name": "who", "arguments": []})).await.expect(StatusCode::BAD_REQUEST);
    run("run_as_system=true".into(), json!({"name": "nobody"})).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_secret_goes_in_and_never_comes_out() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("sealed").await;
    let planted = "PLANTED-secret-value-of-an-application";
    let created = app.create("/secrets", json!({"name": "s", "value": planted})).await;
    let id = created.body["_id"].as_str().unwrap();
    assert_eq!(created.body, json!({"_id": id, "name": "s"}));
    assert_eq!(app.get("/secrets").await.body, json!([{"_id": id, "name": "s"}]));
    app.create("/values", json!({"name": "v", "value": "s", "from_secret": true})).await;
    assert!(!app.get("/values").await.text.contains(planted));
    let again = app.send(Method::POST, "/secrets", Some(json!({"name": "s", "value": "x"}))).await;
    again.expect(StatusCode::CONFLICT);
    assert!(!again.text.contains(planted));
    app.change(Method::PUT, &format!("/secrets/{id}"), json!({"value": "replaced"})).await;
    let debug = json!({"source": "exports = () => context.values.get('v');"});
    let path = "/debug/execute_function_source?run_as_system=true";
    assert_eq!(app.send(Method::POST, path, Some(debug.clone())).await.body["result"], "replaced");
    app.send(Method::DELETE, &format!("/secrets/{id}"), None).await.expect(StatusCode::NO_CONTENT);
    app.send(Method::DELETE, &format!("/secrets/{id}"), None).await.expect(StatusCode::NOT_FOUND);
    assert_ne!(app.send(Method::POST, path, Some(debug)).await.body["result"], "replaced");
    for (name, value) in
        [("s".to_owned(), "v".repeat(4097)), ("s".into(), String::new()), ("-s".into(), "v".into())]
    {
        let refused = app.send(Method::POST, "/secrets", Some(json!({"name": name, "value": value}))).await;
        refused.expect(StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn an_application_of_the_api_does_not_see_the_servers_secrets() {
    let folder = tempfile::TempDir::new().unwrap();
    let set = |settings: &mut keystead_server::settings::Settings| {
        settings.secrets = crate::support::secrets(&[("shared", "secret of another application")]);
    };
    let server = TestServer::start_in(folder.into(), set).await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("curious").await;
    app.create("/values", json!({"name": "v", "value": "shared", "from_secret": true})).await;
    let debug = json!({"source": "exports = () => String(context.values.get('v'));"});
    let seen = app.send(Method::POST, "/debug/execute_function_source?run_as_system=true", Some(debug)).await;
    seen.expect(StatusCode::OK);
    assert!(!seen.text.contains("secret of another application"), "{seen:?}");
}

#[tokio::test]
async fn environment_values_are_those_of_the_environment() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("environment").await;
    let values = json!({"none": "a", "production": "b"});
    let id = app.create_id("/environment_values", json!({"name": "where", "values": values})).await;
    let debug =
        json!({"source": "exports = () => [context.environment.tag, context.environment.values.where];"});
    let path = "/debug/execute_function_source?run_as_system=true";
    let seen = || app.send(Method::POST, path, Some(debug.clone()));
    assert_eq!(seen().await.body["result"], json!(["", "a"]));
    let set = app.send(Method::PUT, "/environment", Some(json!({"environment": "production"}))).await;
    set.expect(StatusCode::OK);
    assert_eq!(set.body["environment"], "production");
    assert_eq!(seen().await.body["result"], json!(["production", "b"]));
    let unknown = app.send(Method::PUT, "/environment", Some(json!({"environment": "moon"}))).await;
    unknown.expect(StatusCode::BAD_REQUEST);
    assert_eq!(app.get(&format!("/environment_values/{id}")).await.body["values"], values);
}

#[tokio::test]
async fn origins_are_those_that_were_set_last() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("origins").await;
    let path = "/security/allowed_request_origins";
    app.change(Method::POST, path, json!(["https://example.com"])).await;
    assert_eq!(app.get(path).await.body, json!(["https://example.com"]));
    let url = format!("{}/api/client/v2.0/app/{}/location", server.url, app.client_app_id);
    for (origin, status) in [("https://example.com", 200), ("https://evil.example", 403)] {
        let asked = server.request(Method::GET, &url).header("origin", origin).send().await.unwrap();
        assert_eq!(asked.status().as_u16(), status, "{origin}");
    }
    app.send(Method::POST, path, Some(json!({}))).await.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_belongs_to_a_service_goes_with_it() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("services").await;
    let service = app.create_id("/services", json!({"name": "db", "type": "mongodb"})).await;
    let other = app.create_id("/services", json!({"name": "other", "type": "http"})).await;
    let rules = format!("/services/{service}/rules");
    let rule = app.create_id(&rules, json!({"database": "d", "collection": "c"})).await;
    app.send(Method::GET, &format!("/services/{other}/rules/{rule}"), None)
        .await
        .expect(StatusCode::NOT_FOUND);
    let default_rule = format!("/services/{service}/default_rule");
    app.send(Method::GET, &default_rule, None).await.expect(StatusCode::NOT_FOUND);
    app.create(&default_rule, json!({"roles": []})).await;
    app.send(Method::POST, &default_rule, Some(json!({}))).await.expect(StatusCode::CONFLICT);
    app.change(Method::PUT, &default_rule, json!({"roles": [{"name": "r"}]})).await;
    assert_eq!(app.get(&default_rule).await.body["roles"][0]["name"], "r");
    let same = app.send(Method::POST, "/services", Some(json!({"name": "db", "type": "http"}))).await;
    same.expect(StatusCode::CONFLICT);
    app.send(Method::DELETE, &format!("/services/{service}"), None).await.expect(StatusCode::NO_CONTENT);
    app.send(Method::GET, &rules, None).await.expect_error(404, "ServiceNotFound", "service not found");
    assert_eq!(app.get("/services").await.body.as_array().unwrap().len(), 1);
}
