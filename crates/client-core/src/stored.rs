//! What is kept between two runs of a program, under the names `realm-web` gave it: whoever is logged
//! in with that SDK stays logged in with this one.
//!
//! `app(<app id>):userIds` is an array of ids; `app(<app id>):deviceId` the device;
//! `app(<app id>):user(<user id>):` comes before `accessToken`, `refreshToken`, `profile` and `providerType`.

use crate::platform::{Change, Json, Platform};
use crate::token::Token;

pub(crate) const ACCESS_TOKEN: &str = "accessToken";
pub(crate) const REFRESH_TOKEN: &str = "refreshToken";
pub(crate) const PROFILE: &str = "profile";
pub(crate) const PROVIDER_TYPE: &str = "providerType";

/// "No device": what a server says that has none to name.
const NO_DEVICE: &str = "000000000000000000000000";

/// What is known of one user, here and where it is kept.
pub(crate) struct StoredUser<J> {
    pub(crate) provider_type: String,
    pub(crate) access_token: Option<Token>,
    pub(crate) refresh_token: Option<Token>,
    pub(crate) profile: Option<J>,
}

fn app_key(app_id: &str, name: &str) -> String {
    ["app(", app_id, "):", name].concat()
}

fn user_key(app_id: &str, user_id: &str, name: &str) -> String {
    ["app(", app_id, "):user(", user_id, "):", name].concat()
}

/// The ids of the users that are kept, the current one first. What cannot be read counts as nobody.
pub(crate) fn user_ids<P: Platform>(platform: &P, app_id: &str) -> Vec<String> {
    let stored = platform.load(&app_key(app_id, "userIds")).and_then(|text| P::Json::parse(&text));
    let mut ids: Vec<String> = Vec::new();
    for id in stored.and_then(|list| list.items()).unwrap_or_default().iter().filter_map(Json::as_text) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

pub(crate) fn set_user_ids<J: Json>(app_id: &str, ids: &[String]) -> Change {
    let list = J::list(ids.iter().map(|id| J::text(id)).collect());
    Change { key: app_key(app_id, "userIds"), value: Some(list.to_text()) }
}

/// What is kept of a user, or nothing if that is not enough to be one.
pub(crate) fn user<P: Platform>(platform: &P, app_id: &str, user_id: &str) -> Option<StoredUser<P::Json>> {
    let load = |name| platform.load(&user_key(app_id, user_id, name)).filter(|value| !value.is_empty());
    Some(StoredUser {
        provider_type: load(PROVIDER_TYPE)?,
        access_token: load(ACCESS_TOKEN).map(Token::from),
        refresh_token: load(REFRESH_TOKEN).map(Token::from),
        profile: load(PROFILE).and_then(|text| P::Json::parse(&text)),
    })
}

pub(crate) fn set_user(app_id: &str, user_id: &str, name: &str, value: Option<&str>) -> Change {
    Change { key: user_key(app_id, user_id, name), value: value.map(Into::into) }
}

pub(crate) fn device_id<P: Platform>(platform: &P, app_id: &str) -> Option<String> {
    platform.load(&app_key(app_id, "deviceId")).filter(|id| !id.is_empty() && id != NO_DEVICE)
}

impl<J> Default for StoredUser<J> {
    fn default() -> Self {
        Self { provider_type: String::new(), access_token: None, refresh_token: None, profile: None }
    }
}

/// Nothing if the server names no device.
pub(crate) fn set_device_id(app_id: &str, device_id: &str) -> Option<Change> {
    let named = !device_id.is_empty() && device_id != NO_DEVICE;
    named.then(|| Change { key: app_key(app_id, "deviceId"), value: Some(device_id.into()) })
}
