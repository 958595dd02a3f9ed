//! What existing tools send from first to last, protocol §7.11 and §7.12, and that the application they made works.

use super::{AdministeredApp, Administrator};
use crate::support::TestServer;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const SECRET: &str = "My_very_confidential_secretttttt";

async fn functions(app: &AdministeredApp<'_>) -> Value {
    let mut ids = serde_json::Map::new();
    for (name, source) in [
        ("sumFunc", "exports = (...args) => args.reduce((a, b) => a + b, 0);"),
        ("confirmFunc", "exports = () => ({ status: 'success' });"),
        ("authFunc", "exports = payload => payload.realmCustomAuthFuncUserId;"),
        ("resetFunc", "exports = () => ({ status: 'fail' });"),
    ] {
        let body = json!({"name": name, "private": false, "can_evaluate": {}, "source": source});
        let created = app.create("/functions", body).await;
        assert_eq!(created.body["name"], name);
        ids.insert(name.to_owned(), created.body["_id"].clone());
    }
    ids.into()
}

fn email_config(functions: &Value) -> Value {
    json!({
        "autoConfirm": false,
        "confirmEmailSubject": "",
        "emailConfirmationUrl": "http://localhost/confirmEmail",
        "resetPasswordSubject": "",
        "resetPasswordUrl": "http://localhost/resetPassword",
        "confirmationFunctionName": "confirmFunc",
        "confirmationFunctionId": functions["confirmFunc"],
        "runConfirmationFunction": true,
        "resetFunctionName": "resetFunc",
        "resetFunctionId": functions["resetFunc"],
        "runResetFunction": true,
    })
}

fn custom_token() -> Value {
    json!({
        "type": "custom-token",
        "config": {"audience": [], "signingAlgorithm": "HS256", "useJWKURI": false},
        "secret_config": {"signingKeys": ["customTokenKey"]},
        "disabled": false,
        "metadata_fields": [
            {"required": false, "name": "user_data.name", "field_name": "name"},
            {"required": true, "name": "user_data.occupation", "field_name": "occupation"},
            {"required": true, "name": "my_metadata.name", "field_name": "anotherName"},
        ],
    })
}

async fn create_schema(app: &AdministeredApp<'_>) {
    assert_eq!(app.get("/schemas").await.body, json!([]));
    let schema = json!({
        "schema": {"title": "Dog", "properties": {}},
        "metadata": {"database": "d", "collection": "Dog", "data_source": "BackingDB"},
    });
    let id = app.create_id("/schemas", schema.clone()).await;
    let listed = app.get("/schemas").await;
    assert_eq!(listed.body[0]["metadata"]["collection"], "Dog");
    app.change(Method::PUT, &format!("/schemas/{id}"), schema).await;
}

/// What the application that was made must do for clients.
async fn check_clients(server: &TestServer, app: &AdministeredApp<'_>) {
    let login = |provider: &str| format!("/auth/providers/{provider}/login");
    app.client(&login("anon-user"), json!({})).await.expect(StatusCode::OK);
    let account = json!({"email": "a@example.com", "password": "password"});
    let registered = app.client("/auth/providers/local-userpass/register", account).await;
    registered.expect(StatusCode::CREATED);
    let account = json!({"username": "a@example.com", "password": "password"});
    let user = app.client(&login("local-userpass"), account).await.tokens();
    let (_, key) = server.new_key(&user, "a-key").await;
    let service = app.client(&login("api-key"), json!({"key": key})).await.tokens();
    assert_eq!(service.user_id, user.user_id);
    let by_function = app.client(&login("custom-function"), json!({"realmCustomAuthFuncUserId": "u"})).await;
    by_function.expect(StatusCode::OK);
    let path = format!("/app/{}/functions/call", app.client_app_id);
    let call = json!({"name": "sumFunc", "arguments": [1, 2, 3]});
    let sum = server.call(Method::POST, &path, Some(&user.access), Some(call)).await;
    sum.expect(StatusCode::OK);
    assert_eq!(sum.body, json!({"$numberInt": "6"}));
}

#[tokio::test]
async fn the_importer_of_realm_js_makes_an_application_that_works() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let profile = admin.send(Method::GET, "/auth/profile", None).await;
    let groups: Vec<_> =
        profile.body["roles"].as_array().unwrap().iter().map(|role| &role["group_id"]).collect();
    assert_eq!(groups.len(), 1);

    let body = json!({"name": "imported", "sync": {"development_mode_enabled": true}});
    let created = admin.send(Method::POST, &admin.apps, Some(body)).await;
    created.expect(StatusCode::CREATED);
    let app = admin.app(&created.body);
    let origins = json!(["http://localhost:8080"]);
    app.change(Method::POST, "/security/allowed_request_origins", origins).await;
    let secret = |name: &str| json!({"name": name, "value": SECRET});
    tokio::join!(app.create("/secrets", secret("a")), app.create("/secrets", secret("b")));
    let value = |name: &str| json!({"name": name, "value": "v"});
    tokio::join!(app.create("/values", value("a")), app.create("/values", value("b")));
    app.change(Method::PUT, "/sync/config", json!({"development_mode_enabled": true})).await;
    let service =
        json!({"name": "mongodb", "type": "mongodb", "config": {"uri": "mongodb://localhost"}, "version": 1});
    let service = app.create_id("/services", service).await;
    app.create(&format!("/services/{service}/default_rule"), json!({"roles": []})).await;
    app.create(&format!("/services/{service}/rules"), json!({"database": "d", "collection": "c"})).await;
    let functions = functions(&app).await;

    assert_eq!(app.get("/functions").await.body.as_array().unwrap().len(), 4);
    let listed = app.get("/auth_providers").await;
    let [only] = listed.body.as_array().unwrap().as_slice() else { panic!("{listed:?}") };
    assert_eq!((&only["type"], &only["disabled"]), (&json!("api-key"), &json!(true)));
    let id = only["_id"].as_str().unwrap();
    let api_key = json!({"_id": id, "name": "api-key", "type": "api-key", "disabled": false});
    app.change(Method::PATCH, &format!("/auth_providers/{id}"), api_key).await;
    let by_function = json!({"authFunctionName": "authFunc", "authFunctionId": functions["authFunc"]});
    for (provider_type, config) in [
        ("anon-user", json!({})),
        ("local-userpass", email_config(&functions)),
        ("custom-function", by_function),
    ] {
        let body = json!({"name": provider_type, "type": provider_type, "disabled": false, "config": config});
        app.create("/auth_providers", body).await;
    }
    check_clients(&server, &app).await;

    let listed = admin.send(Method::GET, &admin.apps, None).await;
    let found =
        listed.body.as_array().unwrap().iter().find(|found| found["client_app_id"] == app.client_app_id);
    let id = found.unwrap()["_id"].as_str().unwrap();
    admin.send(Method::DELETE, &format!("{}/{id}", admin.apps), None).await.expect(StatusCode::NO_CONTENT);
    let gone = app.client("/auth/providers/anon-user/login", json!({})).await;
    gone.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_test_harness_of_realm_core_makes_an_application_that_works() {
    let server = TestServer::start().await;
    let admin = Administrator::log_in(&server).await;
    let app = admin.create_app("test").await;
    let functions = functions(&app).await;
    app.create("/auth_providers", json!({"type": "anon-user"})).await;
    app.create("/auth_providers", json!({"type": "local-userpass", "config": email_config(&functions)}))
        .await;
    let by_function = json!({"authFunctionName": "authFunc", "authFunctionId": functions["authFunc"]});
    app.create("/auth_providers", json!({"type": "custom-function", "config": by_function})).await;
    let api_key = app.provider_id("api-key").await;
    // It sends an empty string and no JSON.
    app.send(Method::PUT, &format!("/auth_providers/{api_key}/enable"), None)
        .await
        .expect(StatusCode::NO_CONTENT);
    for (name, value) in
        [("BackingDB_uri", "mongodb://localhost:26000"), ("gcm", "gcm"), ("customTokenKey", SECRET)]
    {
        app.create("/secrets", json!({"name": name, "value": value})).await;
    }
    app.create("/auth_providers", custom_token()).await;
    let sync = json!({"database_name": "d", "partition": {"key": "realm_id", "type": "string"}});
    let service =
        json!({"name": "BackingDB", "type": "mongodb", "config": {"uri": "mongodb://x", "sync": sync}});
    let service = app.create_id("/services", service).await;
    app.create(&format!("/services/{service}/default_rule"), json!({"roles": [{"name": "default"}]})).await;

    create_schema(&app).await;

    let config = format!("/services/{service}/config");
    app.change(Method::PATCH, &config, json!({"sync": {"state": "enabled"}})).await;
    let merged = app.get(&config).await;
    assert_eq!(
        (&merged.body["uri"], &merged.body["sync"]["state"]),
        (&json!("mongodb://x"), &json!("enabled"))
    );
    app.change(Method::PUT, "/sync/config", json!({"development_mode_enabled": false})).await;
    let rule = json!({"database": "d", "collection": "UserData", "roles": [{"name": "default"}]});
    app.create(&format!("/services/{service}/rules"), rule).await;
    let user_data = json!({
        "mongo_service_id": service,
        "enabled": true,
        "database_name": "d",
        "collection_name": "UserData",
        "user_id_field": "user_id",
    });
    app.change(Method::PATCH, "/custom_user_data", user_data).await;
    let gcm = json!({
        "name": "gcm", "type": "gcm", "config": {"senderId": "gcm"}, "secret_config": {"apiKey": "gcm"}, "version": 1,
    });
    app.create("/services", gcm).await;
    let progress = app.get("/sync/progress").await;
    let steps = progress.body["progress"].as_object().unwrap();
    assert!(!steps.is_empty() && steps.values().all(|step| step["complete"] == true), "{progress:?}");
    check_clients(&server, &app).await;
}
