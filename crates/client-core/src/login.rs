//! How a session begins: what is sent, and what becomes of the answer.

use crate::client::Client;
use crate::error::Error;
use crate::operation::{Bearer, Call, encoded};
use crate::platform::{Changed, Json, Method, Platform};
use crate::stored::{self, StoredUser};
use crate::token::Token;
use crate::user::{User, UserData};
use std::sync::Arc;

/// What somebody logs in with (protocol §1.3).
#[derive(Clone)]
pub struct Credentials<J> {
    /// The name of the provider, as in the login route.
    pub provider_name: String,
    /// The provider's type; for the built-in providers the same word.
    pub provider_type: String,
    /// Whether somebody who is logged in with this type of provider already is good enough.
    pub reuse: bool,
    /// What the provider asks for. Holds secrets: cannot be printed.
    pub payload: J,
}

impl<J> std::fmt::Debug for Credentials<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[credentials]")
    }
}

impl<P: Platform> Client<P> {
    pub(crate) fn reusable(&self, credentials: &Credentials<P::Json>) -> Option<User<P>> {
        self.find(|user| {
            credentials.reuse
                && user.is_logged_in()
                && user.known().provider_type == credentials.provider_type
        })
    }

    pub(crate) fn login_call(&self, credentials: &Credentials<P::Json>, link: bool) -> Call<P::Json> {
        let mut device = self.platform().device();
        if let Some(id) = stored::device_id(self.platform(), self.app_id()) {
            device = device.with("deviceId", P::Json::object(&[("$oid", P::Json::text(&id))]));
        }
        let body = credentials.payload.with("options", P::Json::object(&[("device", device)]));
        let (query, bearer) = if link { ("?link=true", Bearer::Access) } else { ("", Bearer::None) };
        let path = ["auth/providers/", &encoded(&credentials.provider_name), "/login", query];
        Call::app(Method::Post, self.app_id(), &path, bearer, body)
    }

    /// Takes the session that a login has opened: of somebody new, or of somebody who is known already.
    pub(crate) fn take_login(&self, provider_type: &str, answer: &P::Json) -> Result<User<P>, Error> {
        let user_id = member(answer, "user_id")?;
        let access_token = member(answer, "access_token")?.into();
        let refresh_token = member(answer, "refresh_token")?.into();
        let user = self.known_or_new(&user_id);
        user.open_session(provider_type, access_token, refresh_token)?;
        if let Some(change) =
            stored::set_device_id(self.app_id(), &member(answer, "device_id").unwrap_or_default())
        {
            self.platform().save(&[change]).map_err(|reason| Error::storage(&reason))?;
        }
        self.keep_user_list()?;
        self.platform().changed(Changed::Users);
        Ok(user)
    }

    fn known_or_new(&self, user_id: &str) -> User<P> {
        let mut users = self.user_list();
        let known = users.iter().find(|data| data.id == user_id).cloned();
        let data = known.unwrap_or_else(|| {
            let data = Arc::new(UserData::stored(user_id.to_owned(), StoredUser::default()));
            users.insert(0, Arc::clone(&data));
            data
        });
        User::new(self.clone(), data)
    }
}

impl<P: Platform> User<P> {
    /// Takes the answer to a link that the session of `refresh_token` asked for.
    pub(crate) fn take_link(&self, refresh_token: Option<&Token>, answer: &P::Json) -> Result<(), Error> {
        let user_id = member(answer, "user_id")?;
        if user_id != self.id() {
            return Err(Error::unexpected(&[
                "Link response meant for another user (got user id ",
                &user_id,
                " expected ",
                self.id(),
                ")",
            ]));
        }
        self.take_access_token(refresh_token, answer)
    }
}

/// A member of an answer that must be text.
pub(crate) fn member<J: Json>(answer: &J, name: &str) -> Result<String, Error> {
    answer
        .get(name)
        .as_text()
        .ok_or_else(|| Error::unexpected(&["Expected '", name, "' in the response to be text"]))
}
