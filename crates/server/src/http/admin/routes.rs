//! The route table of `/api/admin/v3.0` (protocol §7).

use super::items::{
    self, AccessList, AuthProviders, Endpoints, EnvironmentValues, Functions, IncomingWebhooks,
    LogForwarders, Rules, Schemas, Services, Triggers, Values,
};
use super::{
    api_keys, apps, debug, deployments, logs, pending_users, secrets, services, session, settings, users,
};
use crate::http::route::{Route, at};

/// See the module.
pub(in crate::http) fn routes() -> Vec<Route> {
    [people(), applications(), configuration(), kept()].into_iter().flatten().collect()
}

fn people() -> Vec<Route> {
    vec![
        at("/api/admin/v3.0/auth/providers").get(session::list_providers),
        at("/api/admin/v3.0/auth/providers/local-userpass/login").post(session::log_in),
        at("/api/admin/v3.0/auth/providers/mongodb-cloud/login").post(session::log_in_by_key),
        at("/api/admin/v3.0/auth/session").post(session::refresh).delete(session::end),
        at("/api/admin/v3.0/auth/profile").get(session::profile),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users").get(users::list).post(users::create),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/verify_token").post(users::verify_token),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}")
            .get(users::get)
            .delete(users::delete),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/enable").put(users::enable),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/disable").put(users::disable),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/logout").put(users::log_out),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/reset_email")
            .patch(users::reset_email),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/users/{user_id}/devices").get(users::devices),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/user_registrations/pending_users")
            .get(pending_users::list),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/user_registrations/by_email/{email}")
            .delete(pending_users::delete),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/user_registrations/by_email/{email}/send_confirm")
            .post(pending_users::send_confirmation),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/user_registrations/by_email/{email}/confirm")
            .post(pending_users::confirm),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/user_registrations/by_email/{email}/run_confirm")
            .post(pending_users::run_confirmation),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/api_keys")
            .get(api_keys::list)
            .post(api_keys::create),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/api_keys/{key_id}")
            .get(api_keys::get)
            .delete(api_keys::delete),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/api_keys/{key_id}/enable").put(api_keys::enable),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/api_keys/{key_id}/disable")
            .put(api_keys::disable),
    ]
}

fn applications() -> Vec<Route> {
    vec![
        at("/api/admin/v3.0/groups/{group_id}/apps").get(apps::list).post(apps::create),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}").get(apps::get).delete(apps::delete),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/logs").get(logs::list),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/environment").put(apps::set_environment),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/drafts")
            .get(deployments::list_drafts)
            .post(deployments::create_draft),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/drafts/{draft_id}")
            .delete(deployments::delete_draft),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/drafts/{draft_id}/diff").get(deployments::diff),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/drafts/{draft_id}/deployment")
            .post(deployments::deploy),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/deployments").get(deployments::list),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/deployments/{deployment_id}")
            .get(deployments::get),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/deployments/{deployment_id}/redeploy")
            .post(deployments::redeploy),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/deploy/config")
            .get(settings::get_deploy)
            .patch(settings::patch_deploy),
    ]
}

fn configuration() -> Vec<Route> {
    vec![
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/auth_providers")
            .get(items::list::<AuthProviders>)
            .post(items::create::<AuthProviders>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/auth_providers/{item_id}")
            .get(items::get::<AuthProviders>)
            .patch(items::patch::<AuthProviders>)
            .delete(items::delete::<AuthProviders>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/auth_providers/{item_id}/enable")
            .put(items::enable::<AuthProviders>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/auth_providers/{item_id}/disable")
            .put(items::disable::<AuthProviders>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/functions")
            .get(items::list::<Functions>)
            .post(items::create::<Functions>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/functions/{item_id}")
            .get(items::get::<Functions>)
            .put(items::put::<Functions>)
            .delete(items::delete::<Functions>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/values")
            .get(items::list::<Values>)
            .post(items::create::<Values>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/values/{item_id}")
            .get(items::get::<Values>)
            .put(items::put::<Values>)
            .delete(items::delete::<Values>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/environment_values")
            .get(items::list::<EnvironmentValues>)
            .post(items::create::<EnvironmentValues>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/environment_values/{item_id}")
            .get(items::get::<EnvironmentValues>)
            .put(items::put::<EnvironmentValues>)
            .delete(items::delete::<EnvironmentValues>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/secrets")
            .get(secrets::list)
            .post(secrets::create),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/secrets/{secret_id}")
            .put(secrets::update)
            .delete(secrets::delete),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/debug/execute_function")
            .post(debug::execute_function),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/debug/execute_function_source")
            .post(debug::execute_source),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/security/allowed_request_origins")
            .get(settings::get_origins)
            .post(settings::set_origins),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/security/refresh_token_expiration")
            .get(settings::get_lifetime)
            .put(settings::set_lifetime),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/security/access_list")
            .get(items::list::<AccessList>)
            .post(items::create::<AccessList>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/security/access_list/{item_id}")
            .get(items::get::<AccessList>)
            .patch(items::patch::<AccessList>)
            .delete(items::delete::<AccessList>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/custom_user_data")
            .get(settings::get_custom_user_data)
            .patch(settings::patch_custom_user_data),
    ]
}

/// What is kept for tools that expect it, and does nothing here (protocol §7.9).
fn kept() -> Vec<Route> {
    vec![
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/services").get(items::list::<Services>).post(items::create::<Services>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/services/{service_id}")
            .get(items::get::<Services>)
            .patch(items::patch::<Services>)
            .delete(items::delete::<Services>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/services/{service_id}/config").get(services::get_config).patch(services::patch_config),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/services/{service_id}/default_rule").get(services::get_default_rule).post(services::create_default_rule).put(services::put_default_rule).delete(services::delete_default_rule),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/services/{service_id}/rules").get(items::list::<Rules>).post(items::create::<Rules>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/services/{service_id}/rules/{item_id}")
            .get(items::get::<Rules>)
            .put(items::put::<Rules>)
            .delete(items::delete::<Rules>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/services/{service_id}/incoming_webhooks").get(items::list::<IncomingWebhooks>).post(items::create::<IncomingWebhooks>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/services/{service_id}/incoming_webhooks/{item_id}")
            .get(items::get::<IncomingWebhooks>)
            .put(items::put::<IncomingWebhooks>)
            .delete(items::delete::<IncomingWebhooks>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/schemas").get(items::list::<Schemas>).post(items::create::<Schemas>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/schemas/{item_id}")
            .get(items::get::<Schemas>)
            .put(items::put::<Schemas>)
            .delete(items::delete::<Schemas>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/triggers").get(items::list::<Triggers>).post(items::create::<Triggers>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/triggers/{item_id}")
            .get(items::get::<Triggers>)
            .put(items::put::<Triggers>)
            .delete(items::delete::<Triggers>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/triggers/{item_id}/enable").put(items::enable::<Triggers>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/triggers/{item_id}/disable").put(items::disable::<Triggers>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/endpoints").get(items::list::<Endpoints>).post(items::create::<Endpoints>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/endpoints/{item_id}")
            .get(items::get::<Endpoints>)
            .put(items::put::<Endpoints>)
            .delete(items::delete::<Endpoints>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/log_forwarders").get(items::list::<LogForwarders>).post(items::create::<LogForwarders>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/log_forwarders/{item_id}")
            .get(items::get::<LogForwarders>)
            .patch(items::patch::<LogForwarders>)
            .delete(items::delete::<LogForwarders>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/log_forwarders/{item_id}/enable").put(items::enable::<LogForwarders>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/log_forwarders/{item_id}/disable").put(items::disable::<LogForwarders>),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/sync/config").get(settings::get_sync).put(settings::set_sync),
        at("/api/admin/v3.0/groups/{group_id}/apps/{app_id}/sync/progress").get(settings::sync_progress),
    ]
}
