//! `/auth/providers/{provider}/login` (protocol §1.3–§1.5, §1.7).

use crate::app_config::App;
use crate::domain::providers::{Credentials, FunctionPayload};
use crate::domain::secret_key::KeySecret;
use crate::domain::sessions::Session;
use crate::domain::{link, login, request_notes};
use crate::error::Error;
use crate::http::describe::{Definitions, Describe, Operation, Token, WrittenJson, refusing};
use crate::http::extract::{ClientInfo, RawBody, authenticate, find_app, parse, path_parameters};
use crate::state::ThreadState;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use keystead_protocol::credentials::{
    AnonymousCredentials, ApiKeyCredentials, CustomTokenCredentials, EmailPasswordCredentials, LoginOptions,
};
use keystead_protocol::provider::ProviderType;
use keystead_protocol::session::{LoginResponse, TokenType};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Logs in, or with `?link=true` and an access token links one more identity.
pub(in crate::http) async fn log_in(
    State(state): State<ThreadState>,
    ProviderRoute { app, provider }: ProviderRoute,
    LinkingUser(linking): LinkingUser,
    client: ClientInfo,
    RawBody(body): RawBody,
) -> Result<WrittenJson<LoginResponse>, Error> {
    let provider = provider?;
    request_notes::provider(provider);
    let result = async {
        let (credentials, options) = read_credentials(provider, &body)?;
        match linking {
            None => login::log_in(&state, &app, credentials, &options, &client.client()).await,
            Some(session) if session.app.ids.app_id != app.ids.app_id => Err(Error::TokenOfAnotherApp),
            // Boxed, so that a login does not carry the room that linking needs.
            Some(session) => Box::pin(link::link(&state, &session, credentials, &client.client())).await,
        }
    };
    let result = result.await;
    state.metrics.login_ended(provider, &result);
    let response: LoginResponse = result?;
    Ok(WrittenJson::new(response.to_json()))
}

/// The application and the provider that the path names.
pub(in crate::http) struct ProviderRoute {
    app: Arc<App>,
    /// The error is for later: that the body cannot be read, for one, is told first.
    provider: Result<ProviderType, Error>,
}

impl FromRequestParts<ThreadState> for ProviderRoute {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &ThreadState) -> Result<Self, Error> {
        let [id, provider] = path_parameters(parts, ["client_app_id", "provider"])?;
        let app = find_app(state, parts, &id)?;
        let provider = provider.parse().map_err(|_| Error::ProviderUnavailable(provider.into_owned()));
        Ok(Self { app, provider })
    }
}

/// The user of the access token, where the query says that an identity is to be linked.
pub(in crate::http) struct LinkingUser(Option<Session>);

impl FromRequestParts<ThreadState> for LinkingUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &ThreadState) -> Result<Self, Error> {
        let asked = parts.uri.query().is_some_and(|query| query.split('&').any(|part| part == "link=true"));
        if !asked {
            return Ok(Self(None));
        }
        authenticate(parts, state, TokenType::Access).await.map(Some).map(Self)
    }
}

refusing! { ProviderRoute => [401, 403, 404] }

impl Describe for LinkingUser {
    fn describe(operation: &mut Operation, _: &mut Definitions) {
        operation.token(Token::Access, false);
        let meaning = "links one more identity to the user of the access token";
        operation.query("link", false, &json!({ "enum": ["true"], "description": meaning }));
    }
}

/// What the body of a login may be, by the provider.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what `read_credentials` reads")]
pub(in crate::http) enum LoginBody {
    ApiKey(ApiKeyCredentials),
    EmailPassword(EmailPasswordCredentials),
    CustomToken(CustomTokenCredentials),
    /// Of anonymous users; and of a function, which is given the other members.
    AnonymousOrFunction(AnonymousCredentials),
}

/// The browser redirect of the OAuth providers, none of which is supported yet.
pub(in crate::http) async fn redirect(ProviderRoute { provider, .. }: ProviderRoute) -> Error {
    provider.map_or_else(|error| error, |provider| Error::ProviderUnavailable(provider.to_string()))
}

fn read_credentials(provider: ProviderType, body: &[u8]) -> Result<(Credentials, LoginOptions), Error> {
    Ok(match provider {
        ProviderType::AnonUser => {
            let body: AnonymousCredentials = parse(body)?;
            (Credentials::Anonymous, body.options)
        }
        ProviderType::LocalUserpass => {
            let body: EmailPasswordCredentials = parse(body)?;
            let credentials = Credentials::EmailPassword { email: body.username, password: body.password };
            (credentials, body.options)
        }
        ProviderType::ApiKey => {
            let body: ApiKeyCredentials = parse(body)?;
            (Credentials::ApiKey(KeySecret::parse(body.key)), body.options)
        }
        ProviderType::CustomToken => {
            let body: CustomTokenCredentials = parse(body)?;
            (Credentials::CustomToken(body.token), body.options)
        }
        ProviderType::CustomFunction => {
            // The body is the function's argument, but for what the SDK adds (protocol §1.3).
            let AnonymousCredentials { options } = parse(body)?;
            let mut payload: Map<String, Value> = parse(body)?;
            payload.remove("options");
            (Credentials::CustomFunction(FunctionPayload(payload.into())), options)
        }
        ProviderType::OauthGoogle | ProviderType::OauthFacebook | ProviderType::OauthApple => {
            return Err(Error::ProviderUnavailable(provider.to_string()));
        }
    })
}
