//! How a session begins: credentials become a user, or another identity of a user.

use crate::client::Client;
use crate::error::Error;
use crate::operation::{Bearer, Call};
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

/// What a login that went through a browser redirect brought back.
#[derive(Debug)]
#[expect(missing_docs, reason = "named after what the login answer calls them")]
pub struct RedirectLogin {
    pub user_id: String,
    pub access_token: Token,
    pub refresh_token: Token,
    pub device_id: String,
}

impl<P: Platform> Client<P> {
    /// Logs in, and makes whoever that is the current user. With `fetch_profile`, also fetches their
    /// profile; if only that fails, the answer is its error and the user is logged in all the same.
    pub async fn log_in(
        &self,
        credentials: Credentials<P::Json>,
        fetch_profile: bool,
    ) -> Result<User<P>, Error> {
        let user = match self.reusable(&credentials) {
            Some(user) => user,
            None => self.authenticate(&credentials).await?,
        };
        self.switch_user(&user)?;
        if fetch_profile {
            user.refresh_profile().await?;
        }
        Ok(user)
    }

    fn reusable(&self, credentials: &Credentials<P::Json>) -> Option<User<P>> {
        let reusable =
            |user: &User<P>| user.is_logged_in() && user.provider_type() == credentials.provider_type;
        self.users().into_iter().find(|user| credentials.reuse && reusable(user))
    }

    async fn authenticate(&self, credentials: &Credentials<P::Json>) -> Result<User<P>, Error> {
        let answer = self.send(&self.login_call(credentials, false), None).await?;
        let text = |name| member::<P::Json>(answer.as_ref(), name);
        self.adopt_login(
            &credentials.provider_type,
            &RedirectLogin {
                user_id: text("user_id")?,
                access_token: text("access_token")?.into(),
                refresh_token: text("refresh_token")?.into(),
                device_id: text("device_id").unwrap_or_default(),
            },
        )
    }

    /// Takes the session of a login: somebody new, or somebody who is known already.
    pub fn adopt_login(&self, provider_type: &str, login: &RedirectLogin) -> Result<User<P>, Error> {
        let user = self.known_or_new(&login.user_id);
        user.open_session(provider_type, &login.access_token, &login.refresh_token)?;
        if let Some(change) = stored::set_device_id(self.app_id(), &login.device_id) {
            self.platform().save(&[change]).map_err(Error::Storage)?;
        }
        self.keep_user_list()?;
        self.platform().changed(Changed::Users);
        Ok(user)
    }

    fn known_or_new(&self, user_id: &str) -> User<P> {
        let mut users = self.user_list();
        let known = users.iter().find(|data| data.id == user_id).cloned();
        let data = known.unwrap_or_else(|| {
            let nothing = StoredUser {
                provider_type: String::new(),
                access_token: None,
                refresh_token: None,
                profile: None,
            };
            let data = Arc::new(UserData::stored(user_id.to_owned(), nothing));
            users.insert(0, Arc::clone(&data));
            data
        });
        User::new(self.clone(), data)
    }

    fn login_call(&self, credentials: &Credentials<P::Json>, link: bool) -> Call<P::Json> {
        let mut device = self.platform().device();
        if let Some(id) = stored::device_id(self.platform(), self.app_id()) {
            device = device.with("deviceId", P::Json::object(&[("$oid", P::Json::text(&id))]));
        }
        let options = P::Json::object(&[("device", device)]);
        let body = credentials.payload.with("options", options);
        let name = crate::operation::encoded(&credentials.provider_name);
        let path = ["auth/providers/", &name, "/login", if link { "?link=true" } else { "" }];
        let bearer = if link { Bearer::Access } else { Bearer::None };
        Call::app(Method::Post, self.app_id(), &path, bearer, Some(body))
    }
}

impl<P: Platform> User<P> {
    /// Adds an identity to the user: from then on they can log in with these credentials too.
    pub async fn link_credentials(&self, credentials: &Credentials<P::Json>) -> Result<(), Error> {
        let refresh_token = self.refresh_token().ok_or(Error::LoggedOut)?;
        let call = self.client().login_call(credentials, true);
        let answer = self.client().send(&call, Some(self)).await?;
        let user_id = member::<P::Json>(answer.as_ref(), "user_id")?;
        if user_id != self.id() {
            let whose = ["got user id ", &user_id, " expected ", self.id()].concat();
            return Err(Error::UnexpectedAnswer(
                ["Link response meant for another user (", &whose, ")"].concat(),
            ));
        }
        self.renew(&refresh_token, &member::<P::Json>(answer.as_ref(), "access_token")?.into())?;
        self.client().platform().changed(Changed::Users);
        self.refresh_profile().await
    }
}

fn member<J: Json>(answer: Option<&J>, name: &str) -> Result<String, Error> {
    answer.and_then(|answer| answer.get(name)).and_then(|value| value.as_text()).ok_or_else(|| {
        Error::UnexpectedAnswer(["Expected '", name, "' in the response of the login to be text"].concat())
    })
}
