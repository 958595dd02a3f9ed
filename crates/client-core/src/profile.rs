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
    let expected =
        |name: &str| Error::UnexpectedAnswer(["Expected '", name, "' in the response body"].concat());
    let user_type =
        answer.get("type").filter(|value| value.as_text().is_some()).ok_or_else(|| expected("type"))?;
    let identities =
        answer.get("identities").and_then(|list| list.items()).ok_or_else(|| expected("identities"))?;
    let data = answer.get("data").and_then(|data| data.members()).ok_or_else(|| expected("data"))?;

    let identities = identities.iter().map(|identity| {
        let text = |name| J::text(&identity.get(name).and_then(|value| value.as_text()).unwrap_or_default());
        J::object(&[("id", text("id")), ("providerType", text("provider_type"))])
    });
    let data: Vec<(&str, J)> = data.iter().map(|(name, value)| (shown(name), value.clone())).collect();
    Ok(J::object(&[
        ("type", user_type),
        ("identities", J::list(identities.collect())),
        ("data", J::object(&data)),
    ]))
}

fn shown(name: &str) -> &str {
    RENAMED.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| to)
}
