//! Functions that take part in something else: authenticating, confirming a registration, resetting a
//! password, making a user (protocol §5, §6.3, §6.5). They run as the system.

use super::{document, run_as_system};
use crate::app_config::App;
use crate::error::Error;
use crate::state::{Client, ServerState};
use crate::store::users::NewUser;
use keystead_protocol::user::{Identity, UserType};
use serde_json::{Map, Value, json};

/// A longer identity is a mistake.
const MAX_IDENTITY_LENGTH: usize = 1024;

/// Whom an authentication function has recognised.
#[derive(Debug)]
pub struct Recognised {
    /// What the application calls them.
    pub identity_id: String,
    /// What is known of them: a name, perhaps.
    pub data: Map<String, Value>,
}

/// What a confirmation or reset function decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Success,
    /// The user does it later, with the token that the function was given.
    Pending,
    /// It is refused.
    Fail,
}

/// Asks the authentication function who it is that presents `payload`.
///
/// # Errors
/// [`Error::AuthFunctionRefused`] with what it threw, or with what is wrong with its answer.
pub async fn authenticate(
    state: &ServerState,
    app: &App,
    function: &str,
    payload: Value,
    client: &Client<'_>,
) -> Result<Recognised, Error> {
    let answer = run_as_system(state, app, function, vec![payload], client).await.map_err(refused)?;
    recognised(&answer).ok_or_else(|| {
        let message =
            "the authentication function must return an id, or an object with an id, that is a string";
        Error::AuthFunctionRefused(message.into())
    })
}

fn recognised(answer: &Value) -> Option<Recognised> {
    let (id, name) = match answer {
        Value::String(id) => (id.as_str(), None),
        Value::Object(members) => {
            let id = members.get("id")?;
            (id.as_str().or_else(|| id.get("$oid").and_then(Value::as_str))?, members.get("name"))
        }
        _ => return None,
    };
    let name = name.and_then(Value::as_str).map(|name| ("name".to_owned(), Value::from(name)));
    let usable = !id.is_empty() && id.len() <= MAX_IDENTITY_LENGTH;
    usable.then(|| Recognised { identity_id: id.to_owned(), data: name.into_iter().collect() })
}

/// What somebody who waits for a confirmation or a new password is asked about.
#[derive(Debug)]
pub struct Question<'q> {
    /// The email address.
    pub username: &'q str,
    /// The secret half of a token with which the user can do it later.
    pub token: &'q str,
    /// Its public half.
    pub token_id: &'q str,
}

/// Asks the confirmation function whether a registration stands.
///
/// # Errors
/// It could not be asked now.
pub async fn confirm(
    state: &ServerState,
    app: &App,
    function: &str,
    question: &Question<'_>,
    client: &Client<'_>,
) -> Result<Verdict, Error> {
    let Question { username, token, token_id } = question;
    let argument = json!({ "token": token, "tokenId": token_id, "username": username });
    verdict(app, function, run_as_system(state, app, function, vec![argument], client).await)
}

/// Asks the reset function whether a password may be replaced. `arguments` are what the client adds.
///
/// # Errors
/// It could not be asked now.
pub async fn reset(
    state: &ServerState,
    app: &App,
    function: &str,
    question: &Question<'_>,
    more: ResetDetails<'_>,
    client: &Client<'_>,
) -> Result<Verdict, Error> {
    let Question { username, token, token_id } = question;
    let mut arguments = vec![json!({
        "token": token,
        "tokenId": token_id,
        "username": username,
        "password": more.password,
        "currentPasswordValid": more.current_password_valid,
    })];
    arguments.extend(more.arguments);
    verdict(app, function, run_as_system(state, app, function, arguments, client).await)
}

/// What a reset function is told besides the [`Question`].
#[derive(Debug)]
pub struct ResetDetails<'d> {
    /// The new password.
    pub password: &'d str,
    /// Whether the new password is the one that is set already.
    pub current_password_valid: bool,
    /// What the client adds.
    pub arguments: Vec<Value>,
}

/// Whatever is no clear yes is a no; but a function that could not be asked has not refused.
fn verdict(app: &App, function: &str, answer: Result<Value, Error>) -> Result<Verdict, Error> {
    let why = match answer {
        Ok(answer) => match answer["status"].as_str() {
            Some("success") => return Ok(Verdict::Success),
            Some("pending") => return Ok(Verdict::Pending),
            Some("fail") => return Ok(Verdict::Fail),
            _ => "it answered no status: success, pending or fail".to_owned(),
        },
        Err(Error::FunctionFailed(message)) => message,
        Err(error @ (Error::FunctionTimeLimit | Error::FunctionNotFound(_))) => error.to_string(),
        Err(other) => return Err(other),
    };
    tracing::warn!(app.id = app.config.client_app_id, function, why, "the function decided nothing: refused");
    Ok(Verdict::Fail)
}

/// Tells the application's function of a user who is about to be made; what it throws prevents that.
///
/// # Errors
/// [`Error::AuthFunctionRefused`] with what it threw.
pub async fn before_user_creation(
    state: &ServerState,
    app: &App,
    user: &NewUser,
    client: &Client<'_>,
) -> Result<(), Error> {
    let Some(function) = &app.config.on_user_creation_function else { return Ok(()) };
    let identity = Identity {
        id: user.identity.identity_id.clone(),
        provider_type: user.identity.provider_type,
        provider_id: app.provider_id(user.identity.provider_type),
        provider_data: user.identity.data.clone(),
    };
    let user_id = user.user_id.to_string();
    let argument = document(&user_id, UserType::Normal.as_str(), &user.identity.data, &[identity]);
    run_as_system(state, app, function, vec![argument], client).await.map(|_| ()).map_err(refused)
}

fn refused(error: Error) -> Error {
    match error {
        Error::FunctionFailed(message) => Error::AuthFunctionRefused(message),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authentication_function_answers_an_id_and_perhaps_a_name() {
        for (answer, expected) in [
            (json!("ada"), Some(("ada", json!({})))),
            (json!({ "id": "ada" }), Some(("ada", json!({})))),
            (json!({ "id": "ada", "name": "Ada" }), Some(("ada", json!({ "name": "Ada" })))),
            (json!({ "id": { "$oid": "5f00" }, "name": 7 }), Some(("5f00", json!({})))),
            (json!(""), None),
            (json!(0), None),
            (json!({ "$numberInt": "0" }), None),
            (json!({ "name": "Ada" }), None),
            (json!({ "id": 7 }), None),
            (json!(null), None),
            (json!("x".repeat(MAX_IDENTITY_LENGTH + 1)), None),
        ] {
            let found = recognised(&answer).map(|who| (who.identity_id, Value::Object(who.data)));
            let expected = expected.map(|(id, data)| (id.to_owned(), data));
            assert_eq!(found, expected, "{answer}");
        }
    }
}
