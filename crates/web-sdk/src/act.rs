//! What JavaScript can ask for, and which of the core's tasks that is.

use crate::host::Web;
use crate::value::Value;
use keystead_client_core::{Client, Credentials, Error, Json, Operation, Task, User};
use wasm_bindgen::prelude::*;

/// Something to do, with what its argument is.
#[wasm_bindgen]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Where requests go. Resolves to a URL.
    Location,
    /// Makes the user the current one.
    Switch,
    /// Credentials; and whether to fetch the profile. Resolves to the user's id.
    LogIn,
    /// The answer of a login, with `providerType`; and whether to fetch the profile. Resolves to the user's id.
    Adopt,
    /// Credentials.
    Link,
    /// Nothing.
    RefreshProfile,
    /// Nothing.
    RefreshAccessToken,
    /// Nothing.
    LogOut,
    /// Nothing.
    Remove,
    /// Nothing.
    Delete,
    /// A name.
    CreateApiKey,
    /// A key's id.
    FetchApiKey,
    /// Nothing.
    FetchApiKeys,
    /// A key's id.
    EnableApiKey,
    /// A key's id.
    DisableApiKey,
    /// A key's id.
    DeleteApiKey,
    /// A path under the provider's; and details.
    EmailPassword,
    /// A function's name; and an array.
    CallFunction,
}

/// Does it. Resolves to the user's id for logins, else to what the server answered, or to null.
pub(crate) async fn perform(
    client: Client<Web>,
    act: Act,
    user: Option<Result<User<Web>, Error>>,
    argument: Value,
    more: Value,
) -> Result<JsValue, Error> {
    let user = user.transpose()?;
    match (act, &user) {
        (Act::Location, _) => return Ok(JsValue::from_str(&client.location().await?)),
        (Act::Switch, Some(user)) => client.switch_user(user)?,
        (Act::RefreshAccessToken, Some(user)) => user.refresh_access_token().await?,
        _ => {
            let (answer, about) = client.perform(&task(act, &argument, more), user.as_ref()).await?;
            return Ok(match (act, about) {
                (Act::LogIn | Act::Adopt, Some(user)) => JsValue::from_str(user.id()),
                _ => answer.0,
            });
        }
    }
    Ok(JsValue::NULL)
}

/// The user that an act names, if it names one.
pub(crate) fn named(client: &Client<Web>, id: &str) -> Option<Result<User<Web>, Error>> {
    let unknown = Error::Usage("The user was never logged into this app");
    (!id.is_empty()).then(|| client.user(id).ok_or(unknown))
}

fn task(act: Act, argument: &Value, more: Value) -> Task<Value> {
    let text = || argument.as_text().unwrap_or_default();
    let fetch_profile = more.0.is_truthy();
    Task::Execute(match act {
        Act::LogIn => return Task::LogIn { credentials: credentials(argument), fetch_profile },
        Act::Adopt => {
            let provider_type = member(argument, "providerType");
            return Task::Adopt { provider_type, answer: argument.clone(), fetch_profile };
        }
        Act::Link => return Task::Link(credentials(argument)),
        Act::LogOut => return Task::LogOut,
        Act::Remove => return Task::Remove,
        Act::Delete => return Task::Delete,
        Act::CreateApiKey => Operation::CreateApiKey { name: text() },
        Act::FetchApiKey => Operation::FetchApiKey { id: text() },
        Act::FetchApiKeys => Operation::FetchApiKeys,
        Act::EnableApiKey => Operation::EnableApiKey { id: text() },
        Act::DisableApiKey => Operation::DisableApiKey { id: text() },
        Act::DeleteApiKey => Operation::DeleteApiKey { id: text() },
        Act::CallFunction => Operation::CallFunction { name: text(), arguments: more },
        Act::EmailPassword => Operation::EmailPassword { act: text(), details: more },
        _ => return Task::RefreshProfile,
    })
}

fn member(object: &Value, name: &str) -> String {
    object.get(name).as_text().unwrap_or_default()
}

fn credentials(object: &Value) -> Credentials<Value> {
    Credentials {
        provider_name: member(object, "providerName"),
        provider_type: member(object, "providerType"),
        reuse: object.get("reuse").0.is_truthy(),
        payload: object.get("payload"),
    }
}
