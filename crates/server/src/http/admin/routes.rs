//! The route table of `/api/admin/v3.0` (protocol §7).

use super::items::{
    self, AccessList, AuthProviders, Endpoints, EnvironmentValues, Functions, IncomingWebhooks,
    LogForwarders, Rules, Schemas, Services, Triggers, Values,
};
use super::{
    api_keys, apps, debug, deployments, logs, pending_users, secrets, services, session, settings, users,
};
use crate::http::describe::{Token, about};
use crate::http::route::{Route, at};

/// A path below that of an application.
macro_rules! app {
    ($path:literal) => {
        concat!("/api/admin/v3.0/groups/{group_id}/apps/{app_id}", $path)
    };
}

/// See the module.
pub(in crate::http) fn routes() -> Vec<Route> {
    let tables = [people(), applications(), configuration(), security(), kept(), kept_beside_services()];
    tables.into_iter().flatten().collect()
}

fn people() -> Vec<Route> {
    vec![
        at("/api/admin/v3.0/auth/providers").get(session::list_providers, "List the ways to log in"),
        at("/api/admin/v3.0/auth/providers/local-userpass/login")
            .post(session::log_in, about("Log an administrator in").errors(&[401, 429])),
        at("/api/admin/v3.0/auth/providers/mongodb-cloud/login")
            .post(session::log_in_by_key, about("Log a program in by its key pair").errors(&[401, 429])),
        at("/api/admin/v3.0/auth/session")
            .post(session::refresh, about("Renew an access token").token(Token::AdminRefresh))
            .delete(session::end, about("Log out").token(Token::AdminRefresh)),
        at("/api/admin/v3.0/auth/profile").get(session::profile, "Get the administrator who is logged in"),
        at(app!("/users"))
            .get(users::list, "List users")
            .post(users::create, about("Create a user with an email address").errors(&[403, 409])),
        at(app!("/users/verify_token"))
            .post(users::verify_token, about("Verify a user's access token").errors(&[401])),
        at(app!("/users/{user_id}")).get(users::get, "Get a user").delete(users::delete, "Delete a user"),
        at(app!("/users/{user_id}/enable")).put(users::enable, "Enable a user"),
        at(app!("/users/{user_id}/disable")).put(users::disable, "Disable a user, and end their sessions"),
        at(app!("/users/{user_id}/logout")).put(users::log_out, "End all sessions of a user"),
        at(app!("/users/{user_id}/reset_email"))
            .patch(users::reset_email, about("Change the email address of a user").errors(&[403, 409])),
        at(app!("/users/{user_id}/devices")).get(users::devices, "List no devices"),
        at(app!("/user_registrations/pending_users"))
            .get(pending_users::list, about("List registrations that are not confirmed").errors(&[403])),
        at(app!("/user_registrations/by_email/{email}"))
            .delete(pending_users::delete, about("Delete a registration").errors(&[403])),
        at(app!("/user_registrations/by_email/{email}/send_confirm")).post(
            pending_users::send_confirmation,
            about("Send the confirmation mail again").errors(&[400, 403, 429]),
        ),
        at(app!("/user_registrations/by_email/{email}/confirm"))
            .post(pending_users::confirm, about("Confirm a registration").errors(&[400, 403, 429])),
        at(app!("/user_registrations/by_email/{email}/run_confirm")).post(
            pending_users::run_confirmation,
            about("Call the confirmation function again").errors(&[400, 403, 429]),
        ),
        at(app!("/api_keys"))
            .get(api_keys::list, "List the server API keys")
            .post(api_keys::create, about("Create a server API key").errors(&[403, 409])),
        at(app!("/api_keys/{key_id}"))
            .get(api_keys::get, "Get a server API key")
            .delete(api_keys::delete, "Delete a server API key"),
        at(app!("/api_keys/{key_id}/enable"))
            .put(api_keys::enable, about("Enable a server API key").errors(&[403])),
        at(app!("/api_keys/{key_id}/disable"))
            .put(api_keys::disable, about("Disable a server API key").errors(&[403])),
    ]
}

fn applications() -> Vec<Route> {
    vec![
        at("/api/admin/v3.0/groups/{group_id}/apps")
            .get(apps::list, "List the applications")
            .post(apps::create, about("Create an application").errors(&[409])),
        at(app!(""))
            .get(apps::get, "Get an application")
            .delete(apps::delete, about("Delete an application with all that is its").errors(&[403])),
        at(app!("/logs")).get(logs::list, "Read the log of an application, newest first"),
        at(app!("/environment"))
            .put(apps::set_environment, about("Choose the environment of an application").errors(&[403])),
        at(app!("/drafts"))
            .get(deployments::list_drafts, "List the drafts, of which there is one at most")
            .post(deployments::create_draft, about("Begin a draft").errors(&[403, 409])),
        at(app!("/drafts/{draft_id}"))
            .delete(deployments::delete_draft, about("Discard a draft").errors(&[403])),
        at(app!("/drafts/{draft_id}/diff")).get(deployments::diff, "Tell what a draft changes"),
        at(app!("/drafts/{draft_id}/deployment"))
            .post(deployments::deploy, about("Deploy a draft").errors(&[400, 403])),
        at(app!("/deployments")).get(deployments::list, "List the latest deployments"),
        at(app!("/deployments/{deployment_id}")).get(deployments::get, "Get a deployment"),
        at(app!("/deployments/{deployment_id}/redeploy"))
            .post(deployments::redeploy, about("Make the application what it was").errors(&[400, 403])),
        at(app!("/deploy/config"))
            .get(settings::get_deploy, "Get the settings of deployments")
            .patch(settings::patch_deploy, about("Change the settings of deployments").errors(&[403])),
    ]
}

fn configuration() -> Vec<Route> {
    vec![
        at(app!("/auth_providers"))
            .get(items::list::<AuthProviders>, about("List the auth providers").errors(&[403]))
            .post(items::create::<AuthProviders>, about("Create an auth provider").errors(&[403, 409])),
        at(app!("/auth_providers/{item_id}"))
            .get(items::get::<AuthProviders>, "Get an auth provider")
            .patch(items::patch::<AuthProviders>, about("Change an auth provider").errors(&[403, 409]))
            .delete(items::delete::<AuthProviders>, about("Delete an auth provider").errors(&[400, 403])),
        at(app!("/auth_providers/{item_id}/enable"))
            .put(items::enable::<AuthProviders>, about("Enable an auth provider").errors(&[400, 403])),
        at(app!("/auth_providers/{item_id}/disable"))
            .put(items::disable::<AuthProviders>, about("Disable an auth provider").errors(&[400, 403])),
        at(app!("/functions"))
            .get(items::list::<Functions>, about("List the functions").errors(&[403]))
            .post(items::create::<Functions>, about("Create a function").errors(&[403, 409])),
        at(app!("/functions/{item_id}"))
            .get(items::get::<Functions>, "Get a function")
            .put(items::put::<Functions>, about("Replace a function").errors(&[403, 409]))
            .delete(items::delete::<Functions>, about("Delete a function").errors(&[400, 403])),
        at(app!("/values"))
            .get(items::list::<Values>, about("List the values").errors(&[403]))
            .post(items::create::<Values>, about("Create a value").errors(&[403, 409])),
        at(app!("/values/{item_id}"))
            .get(items::get::<Values>, "Get a value")
            .put(items::put::<Values>, about("Replace a value").errors(&[403, 409]))
            .delete(items::delete::<Values>, about("Delete a value").errors(&[400, 403])),
        at(app!("/environment_values"))
            .get(items::list::<EnvironmentValues>, about("List the environment values").errors(&[403]))
            .post(
                items::create::<EnvironmentValues>,
                about("Create an environment value").errors(&[403, 409]),
            ),
        at(app!("/environment_values/{item_id}"))
            .get(items::get::<EnvironmentValues>, "Get an environment value")
            .put(items::put::<EnvironmentValues>, about("Replace an environment value").errors(&[403, 409]))
            .delete(
                items::delete::<EnvironmentValues>,
                about("Delete an environment value").errors(&[400, 403]),
            ),
        at(app!("/secrets"))
            .get(secrets::list, "List the secrets, without their values")
            .post(secrets::create, about("Create a secret").errors(&[403, 409])),
        at(app!("/secrets/{secret_id}"))
            .put(secrets::update, about("Change a secret").errors(&[403, 409]))
            .delete(secrets::delete, about("Delete a secret").errors(&[400, 403])),
        at(app!("/debug/execute_function")).post(debug::execute_function, "Try a function"),
        at(app!("/debug/execute_function_source"))
            .post(debug::execute_source, "Try the source of a function"),
    ]
}

fn security() -> Vec<Route> {
    vec![
        at(app!("/security/allowed_request_origins"))
            .get(settings::get_origins, "Get the origins of pages that may call")
            .post(
                settings::set_origins,
                about("Set the origins of pages that may call").errors(&[403]).body::<Vec<String>>(),
            ),
        at(app!("/security/refresh_token_expiration"))
            .get(settings::get_lifetime, "Get how long sessions last")
            .put(settings::set_lifetime, about("Set how long sessions last").errors(&[403])),
        at(app!("/security/access_list"))
            .get(items::list::<AccessList>, about("List the addresses that may call").errors(&[403]))
            .post(items::create::<AccessList>, about("Create an address that may call").errors(&[403, 409])),
        at(app!("/security/access_list/{item_id}"))
            .get(items::get::<AccessList>, "Get an address that may call")
            .patch(items::patch::<AccessList>, about("Change an address that may call").errors(&[403, 409]))
            .delete(
                items::delete::<AccessList>,
                about("Delete an address that may call").errors(&[400, 403]),
            ),
        at(app!("/custom_user_data"))
            .get(settings::get_custom_user_data, "Get where custom user data is kept")
            .patch(
                settings::patch_custom_user_data,
                about("Change where custom user data is kept").errors(&[403]),
            ),
    ]
}

/// What is kept for tools that expect it, and does nothing here (protocol §7.9).
fn kept() -> Vec<Route> {
    vec![
        at(app!("/services"))
            .get(items::list::<Services>, about("List the services").errors(&[403]))
            .post(items::create::<Services>, about("Create a service").errors(&[403, 409])),
        at(app!("/services/{service_id}"))
            .get(items::get::<Services>, "Get a service")
            .patch(items::patch::<Services>, about("Change a service").errors(&[403, 409]))
            .delete(items::delete::<Services>, about("Delete a service").errors(&[400, 403])),
        at(app!("/services/{service_id}/config"))
            .get(services::get_config, "Get the configuration of a service")
            .patch(services::patch_config, about("Change the configuration of a service").errors(&[403])),
        at(app!("/services/{service_id}/default_rule"))
            .get(services::get_default_rule, "Get the default rule of a service")
            .post(
                services::create_default_rule,
                about("Create the default rule of a service").errors(&[403, 409]),
            )
            .put(services::put_default_rule, about("Replace the default rule of a service").errors(&[403]))
            .delete(
                services::delete_default_rule,
                about("Delete the default rule of a service").errors(&[403]),
            ),
        at(app!("/services/{service_id}/rules"))
            .get(items::list::<Rules>, about("List the rules of a service").errors(&[403]))
            .post(items::create::<Rules>, about("Create a rule of a service").errors(&[403, 409])),
        at(app!("/services/{service_id}/rules/{item_id}"))
            .get(items::get::<Rules>, "Get a rule of a service")
            .put(items::put::<Rules>, about("Replace a rule of a service").errors(&[403, 409]))
            .delete(items::delete::<Rules>, about("Delete a rule of a service").errors(&[400, 403])),
        at(app!("/services/{service_id}/incoming_webhooks"))
            .get(items::list::<IncomingWebhooks>, about("List the incoming webhooks").errors(&[403]))
            .post(items::create::<IncomingWebhooks>, about("Create an incoming webhook").errors(&[403, 409])),
        at(app!("/services/{service_id}/incoming_webhooks/{item_id}"))
            .get(items::get::<IncomingWebhooks>, "Get an incoming webhook")
            .put(items::put::<IncomingWebhooks>, about("Replace an incoming webhook").errors(&[403, 409]))
            .delete(
                items::delete::<IncomingWebhooks>,
                about("Delete an incoming webhook").errors(&[400, 403]),
            ),
    ]
}

/// The same, of what is no service.
fn kept_beside_services() -> Vec<Route> {
    vec![
        at(app!("/schemas"))
            .get(items::list::<Schemas>, about("List the schemas").errors(&[403]))
            .post(items::create::<Schemas>, about("Create a schema").errors(&[403, 409])),
        at(app!("/schemas/{item_id}"))
            .get(items::get::<Schemas>, "Get a schema")
            .put(items::put::<Schemas>, about("Replace a schema").errors(&[403, 409]))
            .delete(items::delete::<Schemas>, about("Delete a schema").errors(&[400, 403])),
        at(app!("/triggers"))
            .get(items::list::<Triggers>, about("List the triggers").errors(&[403]))
            .post(items::create::<Triggers>, about("Create a trigger").errors(&[403, 409])),
        at(app!("/triggers/{item_id}"))
            .get(items::get::<Triggers>, "Get a trigger")
            .put(items::put::<Triggers>, about("Replace a trigger").errors(&[403, 409]))
            .delete(items::delete::<Triggers>, about("Delete a trigger").errors(&[400, 403])),
        at(app!("/triggers/{item_id}/enable"))
            .put(items::enable::<Triggers>, about("Enable a trigger").errors(&[400, 403])),
        at(app!("/triggers/{item_id}/disable"))
            .put(items::disable::<Triggers>, about("Disable a trigger").errors(&[400, 403])),
        at(app!("/endpoints"))
            .get(items::list::<Endpoints>, about("List the endpoints").errors(&[403]))
            .post(items::create::<Endpoints>, about("Create an endpoint").errors(&[403, 409])),
        at(app!("/endpoints/{item_id}"))
            .get(items::get::<Endpoints>, "Get an endpoint")
            .put(items::put::<Endpoints>, about("Replace an endpoint").errors(&[403, 409]))
            .delete(items::delete::<Endpoints>, about("Delete an endpoint").errors(&[400, 403])),
        at(app!("/log_forwarders"))
            .get(items::list::<LogForwarders>, about("List the log forwarders").errors(&[403]))
            .post(items::create::<LogForwarders>, about("Create a log forwarder").errors(&[403, 409])),
        at(app!("/log_forwarders/{item_id}"))
            .get(items::get::<LogForwarders>, "Get a log forwarder")
            .patch(items::patch::<LogForwarders>, about("Change a log forwarder").errors(&[403, 409]))
            .delete(items::delete::<LogForwarders>, about("Delete a log forwarder").errors(&[400, 403])),
        at(app!("/log_forwarders/{item_id}/enable"))
            .put(items::enable::<LogForwarders>, about("Enable a log forwarder").errors(&[400, 403])),
        at(app!("/log_forwarders/{item_id}/disable"))
            .put(items::disable::<LogForwarders>, about("Disable a log forwarder").errors(&[400, 403])),
        at(app!("/sync/config"))
            .get(settings::get_sync, "Get the configuration of sync")
            .put(settings::set_sync, about("Replace the configuration of sync").errors(&[403])),
        at(app!("/sync/progress")).get(settings::sync_progress, "Tell that sync is not at work"),
    ]
}
