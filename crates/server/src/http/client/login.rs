//! `/auth/providers/{provider}/login` (protocol §1.3–§1.5, §1.7).

use crate::domain::providers::Credentials;
use crate::domain::secret_key::KeySecret;
use crate::domain::{link, login};
use crate::error::Error;
use crate::http::extract::{ClientInfo, CurrentApp, RawBody, authenticate, parse};
use crate::state::ServerState;
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use keystead_protocol::credentials::{
    AnonymousCredentials, ApiKeyCredentials, CustomTokenCredentials, EmailPasswordCredentials, LoginOptions,
};
use keystead_protocol::provider::ProviderType;
use keystead_protocol::session::{LoginResponse, TokenType};
use std::sync::Arc;

/// Logs in, or with `?link=true` and an access token links one more identity.
pub(in crate::http) async fn log_in(
    State(state): State<Arc<ServerState>>,
    CurrentApp(app): CurrentApp,
    Path((_, provider)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    client: ClientInfo,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Json<LoginResponse>, Error> {
    let provider: ProviderType = provider.parse().map_err(|_| Error::ProviderUnavailable(provider))?;
    let (credentials, options) = read_credentials(provider, &body)?;
    let result = if asks_to_link(query.as_deref()) {
        let session = authenticate(&headers, &state, TokenType::Access).await?;
        if session.app.ids.app_id != app.ids.app_id {
            return Err(Error::TokenOfAnotherApp);
        }
        link::link(&state, &session, credentials, &client.client()).await
    } else {
        login::log_in(&state, &app, credentials, &options, &client.client()).await
    };
    state.metrics.login_ended(provider, &result);
    result.map(Json)
}

/// The browser redirect of the OAuth providers, none of which is supported yet.
pub(in crate::http) async fn redirect(
    CurrentApp(_): CurrentApp,
    Path((_, provider)): Path<(String, String)>,
) -> Error {
    Error::ProviderUnavailable(provider)
}

fn asks_to_link(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|parameter| parameter == "link=true"))
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
            let body: AnonymousCredentials = parse(body)?;
            (Credentials::CustomFunction, body.options)
        }
        ProviderType::OauthGoogle | ProviderType::OauthFacebook | ProviderType::OauthApple => {
            return Err(Error::ProviderUnavailable(provider.to_string()));
        }
    })
}
