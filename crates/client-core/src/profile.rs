//! The profile as SDKs show it, made from the server's answer (protocol §1.6): other names for some
//! members, and of each identity what a program needs.

use crate::error::Error;
use crate::platform::Json;

/// Members of `data` that SDKs spell differently.
const RENAMED: [(&str, &str); 5] = [
    ("picture", "pictureUrl"),
    ("first_name", "firstName"),
    ("last_name", "lastName"),
    ("min_age", "minAge"),
    ("max_age", "maxAge"),
];

/// `{type, identities: [{id, providerType}], data}`.
pub(crate) fn from_answer<J: Json>(answer: &J) -> Result<J, Error> {
    let expected = |name: &str| Error::unexpected(&["Expected '", name, "' in the response body"]);
    let user_type = answer.get("type").as_text().ok_or_else(|| expected("type"))?;
    let identities = answer.get("identities").items().ok_or_else(|| expected("identities"))?;
    let members = answer.get("data").members().ok_or_else(|| expected("data"))?;

    let mut shown_identities = Vec::new();
    for identity in &identities {
        let members = [("id", identity.get("id")), ("providerType", identity.get("provider_type"))];
        shown_identities.push(J::object(&members));
    }
    let mut data = J::object(&[]);
    for (name, value) in members {
        data = data.with(shown(&name), value);
    }
    Ok(J::object(&[("type", J::text(&user_type)), ("identities", J::list(shown_identities)), ("data", data)]))
}

fn shown(name: &str) -> &str {
    RENAMED.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| to)
}
