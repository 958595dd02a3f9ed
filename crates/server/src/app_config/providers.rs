//! The providers of an application: how its users log in (protocol §8.5). Each that needs more than
//! a line has a file of its own.

use super::custom_token::{self, CustomTokenConfig};
use super::email_password::{self, EmailPasswordConfig};
use super::functions::FunctionNames;
use super::layout::Documents;
use super::object::{Document, Object};
use super::report::Report;
use super::secrets::{AppSecrets, check_name};
use super::suggest::did_you_mean;
use keystead_protocol::provider::ProviderType;
use std::collections::BTreeMap;

/// The enabled providers.
#[derive(Default)]
pub struct Providers {
    /// `anon-user`.
    pub anonymous: bool,
    /// `api-key`.
    pub api_key: bool,
    /// `local-userpass`.
    pub email_password: Option<EmailPasswordConfig>,
    /// `custom-token`.
    pub custom_token: Option<CustomTokenConfig>,
    /// `custom-function`: the name of the function.
    pub custom_function: Option<String>,
}

/// What the configuration of a provider may refer to.
pub(super) struct Context<'c> {
    pub(super) client_app_id: &'c str,
    pub(super) functions: &'c FunctionNames,
    pub(super) secrets: &'c AppSecrets<'c>,
}

pub(super) fn read(documents: &mut Documents, context: &Context<'_>, report: &mut Report) -> Providers {
    let mut providers = Providers::default();
    let Some(found) = documents.providers.take() else {
        report.notice("", "", "nobody can log in: the folder configures no authentication provider");
        return providers;
    };
    let mut names: BTreeMap<ProviderType, String> = BTreeMap::new();
    for (name, document) in found {
        let mut object = Object::of(&document, report);
        let Some(provider_type) = read_type(&name, &mut object, report) else { continue };
        if let Some(other) = names.insert(provider_type, name) {
            object.problem("type", &format!("{other:?} is of this type, too: remove one of them"), report);
        }
        if object.flag("disabled", report) {
            continue;
        }
        read_provider(provider_type, &mut object, &mut providers, context, report);
        if !matches!(
            provider_type,
            ProviderType::OauthGoogle | ProviderType::OauthFacebook | ProviderType::OauthApple
        ) {
            for field in ["redirect_uris", "domain_restrictions"] {
                if !object.texts(field, report).is_empty() {
                    object.notice(field, "this is ignored: only OAuth providers have it", report);
                }
            }
        }
        object.finish(report);
    }
    providers
}

/// The type, and whether the name goes with it.
fn read_type(name: &str, object: &mut Object<'_>, report: &mut Report) -> Option<ProviderType> {
    object.ignore(&["id", "_id"]);
    let text = object.required("type", "add the type of the provider, like \"local-userpass\"", report)?;
    let Ok(provider_type) = text.parse::<ProviderType>() else {
        let all = || ProviderType::ALL.iter().map(|known| known.as_str());
        let hint = did_you_mean(&text, all());
        let hint = if hint.is_empty() {
            format!(": there are {}", all().collect::<Vec<_>>().join(", "))
        } else {
            hint
        };
        object.problem("type", &format!("{text:?} is no type of authentication provider{hint}"), report);
        return None;
    };
    let said = object.text("name", report).unwrap_or_else(|| name.to_owned());
    for other in [name, &said] {
        if other != text {
            let message = format!("this provider is called {other:?}; clients reach it as {text:?}");
            object.notice("", &message, report);
            break;
        }
    }
    Some(provider_type)
}

fn read_provider(
    provider_type: ProviderType,
    object: &mut Object<'_>,
    providers: &mut Providers,
    context: &Context<'_>,
    report: &mut Report,
) {
    match provider_type {
        ProviderType::AnonUser | ProviderType::ApiKey => {
            for field in ["config", "secret_config"] {
                object.object(field, report).finish(report);
            }
            expect_no_metadata(object, report);
            if provider_type == ProviderType::ApiKey {
                providers.api_key = true;
            } else {
                providers.anonymous = true;
            }
        }
        ProviderType::LocalUserpass => {
            expect_no_metadata(object, report);
            object.object("secret_config", report).finish(report);
            let mut config = object.object("config", report);
            providers.email_password = email_password::read(&mut config, context.functions, report);
            config.finish(report);
        }
        ProviderType::CustomToken => {
            providers.custom_token = custom_token::read(object, context, report);
        }
        ProviderType::CustomFunction => {
            providers.custom_function = read_custom_function(object, context.functions, report);
        }
        ProviderType::OauthGoogle | ProviderType::OauthFacebook | ProviderType::OauthApple => {
            read_oauth(provider_type, object, report);
        }
    }
}

fn expect_no_metadata(object: &mut Object<'_>, report: &mut Report) {
    if !object.list("metadata_fields", report).is_empty() {
        object.notice("metadata_fields", "this is ignored: users of this provider have no metadata", report);
    }
}

fn read_custom_function(
    object: &mut Object<'_>,
    functions: &FunctionNames,
    report: &mut Report,
) -> Option<String> {
    object.object("secret_config", report).finish(report);
    expect_no_metadata(object, report);
    let mut config = object.object("config", report);
    let fields = ("authFunctionName", "authFunctionId");
    let function = functions.referred(&mut config, fields, true, report);
    config.finish(report);
    function
}

/// OAuth is read, so that mistakes are found before the day on which it runs.
fn read_oauth(provider_type: ProviderType, object: &mut Object<'_>, report: &mut Report) {
    let mut config = object.object("config", report);
    config.text("clientId", report);
    if provider_type == ProviderType::OauthGoogle {
        config.flag("openId", report);
    }
    config.finish(report);
    let mut secret_config = object.object("secret_config", report);
    if let Some(Err(message)) = secret_config.text("clientSecret", report).map(|name| check_name(&name)) {
        secret_config.problem("clientSecret", message, report);
    }
    secret_config.finish(report);
    object.texts("redirect_uris", report);
    if provider_type == ProviderType::OauthApple {
        object.ignore(&["domain_restrictions"]);
    } else {
        object.texts("domain_restrictions", report);
    }
    for field in object.list("metadata_fields", report) {
        read_metadata_name(&field, report);
    }
    object.notice("", "nobody can log in with it: OAuth providers do not run yet", report);
}

fn read_metadata_name(field: &Document, report: &mut Report) {
    let mut field = Object::of(field, report);
    field.required("name", "name the field", report);
    field.flag("required", report);
    field.ignore(&["field_name"]);
    field.finish(report);
}
