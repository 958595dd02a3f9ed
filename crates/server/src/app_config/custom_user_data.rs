//! Custom user data (protocol §6.5): of it, only the function that is called when a user is made can
//! mean something here, as there is no access to data.

use super::functions::FunctionNames;
use super::layout::Documents;
use super::object::Object;
use super::report::Report;

/// The name of the function that is called when a user is made.
pub(super) fn read(
    documents: &mut Documents,
    functions: &FunctionNames,
    report: &mut Report,
) -> Option<String> {
    let document = documents.custom_user_data.take()?;
    let mut object = Object::of(&document, report);
    if object.flag("enabled", report) {
        let message = "tokens carry no custom user data: Keystead gives no access to data";
        object.notice("enabled", message, report);
    }
    for field in
        ["mongo_service_name", "mongo_service_id", "database_name", "collection_name", "user_id_field"]
    {
        object.text(field, report);
    }
    // In this file an empty name means none, so the function need not be there until it is named.
    let fields = ("on_user_creation_function_name", "on_user_creation_function_id");
    let is_named = fields_are_set(&mut object);
    let function = functions.referred(&mut object, fields, is_named, report);
    object.finish(report);
    function
}

fn fields_are_set(object: &mut Object<'_>) -> bool {
    ["on_user_creation_function_name", "on_user_creation_function_id"].into_iter().any(|field| {
        object.get(field).and_then(|value| value.as_str()).is_some_and(|id| !id.bytes().all(|b| b == b'0'))
    })
}
