//! What the root file says of the application as a whole (protocol §8.1 to §8.3).

use super::layout::Documents;
use super::object::{Document, Object};
use super::report::Report;
use super::suggest::did_you_mean;

/// The environments that an application can be in; none of them is `""`.
pub(super) const ENVIRONMENTS: [&str; 4] = ["development", "testing", "qa", "production"];

/// See the module.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) client_app_id: String,
    pub(super) name: String,
    pub(super) deployment_model: String,
    pub(super) location: String,
    pub(super) provider_region: Option<String>,
    pub(super) environment: String,
}

pub(super) fn read(document: &Document, report: &mut Report) -> Option<Root> {
    let mut root = Object::of(document, report);
    root.ignore(&["config_version", "id", "_id", "product", "created_at", "last_modified", "domain_id"]);
    let missing = "add the client app id that your clients use, like \"app_id\": \"myapp-abcde\"";
    let other_name = root.get("client_app_id").is_some();
    let field = if other_name { "client_app_id" } else { "app_id" };
    let client_app_id = root.required(field, missing, report);
    root.ignore(&["app_id"]);
    let valid = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let client_app_id = client_app_id.filter(|id| {
        let is_valid = id.len() <= 64 && id.bytes().all(valid);
        if !is_valid {
            root.problem(field, "a client app id has at most 64 letters, digits, - and _", report);
        }
        is_valid
    });
    let name = root.text("name", report);
    let deployment_model = root.text("deployment_model", report);
    let location = root.text("location", report);
    let provider_region = root.text("provider_region", report);
    let environment = root.text("environment", report).unwrap_or_default();
    if !environment.is_empty() && !ENVIRONMENTS.contains(&environment.as_str()) {
        let message = format!(
            "{environment:?} is no environment: there are \"\", {}{}",
            ENVIRONMENTS.join(", "),
            did_you_mean(&environment, ENVIRONMENTS)
        );
        root.problem("environment", &message, report);
    }
    root.finish(report);
    let client_app_id = client_app_id?;
    report.client_app_id = Some(client_app_id.clone());
    Some(Root {
        name: name.unwrap_or_else(|| client_app_id.clone()),
        client_app_id,
        deployment_model: deployment_model.unwrap_or_else(|| "GLOBAL".into()),
        location: location.unwrap_or_else(|| "US-VA".into()),
        provider_region,
        environment,
    })
}

/// The client app id that a root file has, whether or not it is a good one.
pub(super) fn client_app_id(root: &Document) -> String {
    let named = ["client_app_id", "app_id"].into_iter().find_map(|field| root.value[field].as_str());
    named.unwrap_or_default().to_owned()
}

/// The browser origins that may call; empty: all.
pub(super) fn allowed_request_origins(documents: &mut Documents, report: &mut Report) -> Vec<String> {
    let elements = documents.origins.take().map(|origins| origins.elements(report));
    let mut origins = Vec::new();
    for element in elements.unwrap_or_default() {
        let Some(origin) = element.value.as_str() else {
            report.problem(
                &element.file,
                &element.path,
                "this must be a string like \"https://example.com\"",
            );
            continue;
        };
        let trimmed = origin.trim_end_matches('/');
        let host = trimmed.split_once("://").map(|(_, host)| host);
        if host.is_none_or(|host| host.is_empty() || host.contains('/')) {
            let message =
                "no browser names its origin like this: it is like https://example.com, without a path";
            report.notice(&element.file, &element.path, message);
        }
        origins.push(origin.to_owned());
    }
    origins
}
