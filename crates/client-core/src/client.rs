//! The client of one application: where its server is, how a request is sent, and who is logged in.

use crate::error::Error;
use crate::lock::Lock;
use crate::operation::{Bearer, Call};
use crate::platform::{Body, Changed, Json, Method, Platform, Request};
use crate::single_flight::{SingleFlight, Turn};
use crate::stored;
use crate::token::Token;
use crate::user::{User, UserData};
use std::ops::DerefMut;
use std::sync::Arc;

/// Where the SDKs look for a server that nobody names.
pub const DEFAULT_BASE_URL: &str = "http://localhost:9090";

/// Which application, and where.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The application's client id, such as `quickstart-abcde`.
    pub app_id: String,
    /// The server's URL, with or without a slash at its end.
    pub base_url: String,
    /// Send every request to `base_url`, without asking the server where it wants them (protocol §1.1).
    pub skip_location_request: bool,
}

/// The client of one application. Cheap to clone; clones share everything.
pub struct Client<P: Platform>(Arc<Shared<P>>);

impl<P: Platform> Clone for Client<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Shared<P: Platform> {
    app_id: String,
    base_url: String,
    platform: P,
    location: Lock<Option<Arc<str>>>,
    locating: SingleFlight,
    /// The current user is the first of them who is logged in.
    users: Lock<UserList<P::Json>>,
}

pub(crate) type UserList<J> = Vec<Arc<UserData<J>>>;

/// What many calls may need at the same time, and one of them gets for all.
enum Common<'a, P: Platform> {
    Location,
    AccessToken(&'a User<P>, Arc<str>),
}

impl<P: Platform> Client<P> {
    /// A client with the users that the platform has kept. Sends nothing.
    pub fn new(configuration: Configuration, platform: P) -> Self {
        let Configuration { app_id, base_url, skip_location_request } = configuration;
        let base_url = without_slash(&base_url);
        let mut users = Vec::new();
        for id in stored::user_ids(&platform, &app_id) {
            if let Some(user) = stored::user(&platform, &app_id, &id) {
                users.push(Arc::new(UserData::stored(id, user)));
            }
        }
        Self(Arc::new(Shared {
            location: Lock::new(skip_location_request.then(|| base_url.into())),
            locating: SingleFlight::new(),
            users: Lock::new(users),
            base_url: base_url.to_owned(),
            app_id,
            platform,
        }))
    }

    /// The application's client id.
    pub fn app_id(&self) -> &str {
        &self.0.app_id
    }

    /// The place where it runs.
    pub fn platform(&self) -> &P {
        &self.0.platform
    }

    pub(crate) fn user_list(&self) -> impl DerefMut<Target = UserList<P::Json>> {
        self.0.users.lock()
    }

    /// The ids of everybody who has logged in here and was not removed, the most recent first.
    pub fn user_ids(&self) -> Vec<String> {
        self.user_list().iter().map(|data| data.id.clone()).collect()
    }

    /// Everybody who has logged in here and was not removed, the most recent first.
    pub fn users(&self) -> Vec<User<P>> {
        self.user_list().iter().map(|data| User::new(self.clone(), Arc::clone(data))).collect()
    }

    /// The first user whom `wanted` accepts.
    pub(crate) fn find(&self, wanted: impl Fn(&UserData<P::Json>) -> bool) -> Option<User<P>> {
        let data = self.user_list().iter().find(|data| wanted(data)).cloned()?;
        Some(User::new(self.clone(), data))
    }

    /// The user with this id, if they have logged in here and were not removed.
    pub fn user(&self, id: &str) -> Option<User<P>> {
        self.find(|user| user.id == id)
    }

    /// The most recent user who is logged in.
    pub fn current_user(&self) -> Option<User<P>> {
        self.find(UserData::is_logged_in)
    }

    /// Makes `user` the current one.
    pub fn switch_user(&self, user: &User<P>) -> Result<(), Error> {
        {
            let mut users = self.user_list();
            let index = index_of(&users, user)?;
            let data = users.remove(index);
            users.insert(0, data);
        }
        self.keep_user_list()?;
        self.platform().changed(Changed::Users);
        Ok(())
    }

    /// Writes down who is here, and keeps those whom another program or tab has added meanwhile.
    pub(crate) fn keep_user_list(&self) -> Result<(), Error> {
        let mut ids = self.user_ids();
        for id in stored::user_ids(self.platform(), self.app_id()) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        self.save_user_ids(&ids)
    }

    pub(crate) fn save_user_ids(&self, ids: &[String]) -> Result<(), Error> {
        let change = stored::set_user_ids::<P::Json>(self.app_id(), ids);
        self.platform().save(&[change]).map_err(|reason| Error::storage(&reason))
    }

    /// Where requests go: what the server says (protocol §1.1), asked once. A failure is not remembered.
    pub async fn location(&self) -> Result<Arc<str>, Error> {
        loop {
            if let Some(location) = self.0.location.lock().as_ref() {
                return Ok(Arc::clone(location));
            }
            self.get(Common::Location, self.0.locating.finished()).await?;
        }
    }

    /// Gets a new access token, unless somebody did after `seen` was counted; then the outcome is theirs.
    pub(crate) async fn refresh(&self, user: &User<P>, seen: u32) -> Result<(), Error> {
        let location = self.location().await?;
        self.get(Common::AccessToken(user, location), seen).await
    }

    /// Sends a call. If the server refuses the access token, the session is refreshed and the call sent
    /// once more, never more often.
    pub(crate) async fn call(&self, call: &Call<P::Json>, user: Option<&User<P>>) -> Result<P::Json, Error> {
        let url = [&self.location().await?, &call.path[..]].concat();
        let mut may_refresh = call.bearer == Bearer::Access;
        loop {
            let seen = user.map_or(0, |user| user.data().refreshing.finished());
            match (self.exchange(call, &url, user).await, user) {
                (Err(error), Some(user))
                    if may_refresh && (error.refuses_token() || user.access_token().is_none()) =>
                {
                    may_refresh = false;
                    self.refresh(user, seen).await?;
                }
                (outcome, _) => return outcome,
            }
        }
    }

    async fn get(&self, common: Common<'_, P>, seen: u32) -> Result<(), Error> {
        let flight = match &common {
            Common::Location => &self.0.locating,
            Common::AccessToken(user, _) => &user.data().refreshing,
        };
        let worker = match flight.turn(seen).await {
            Turn::Done(outcome) => return outcome,
            Turn::Mine(worker) => worker,
        };
        let outcome = match common {
            Common::Location => {
                let call =
                    Call::app(Method::Get, self.app_id(), &["location"], Bearer::None, P::Json::null());
                let url = [&self.0.base_url[..], &call.path].concat();
                let answer = self.exchange(&call, &url, None).await;
                answer.and_then(|answer| self.take_location(&url, &answer))
            }
            Common::AccessToken(user, location) => {
                user.adopt_stored_session();
                let refresh_token = user.refresh_token();
                let call = Call::auth(Method::Post, "session", Bearer::Refresh);
                let url = [&location, &call.path[..]].concat();
                let answer = self.exchange(&call, &url, Some(user)).await;
                answer.and_then(|answer| user.take_access_token(refresh_token.as_ref(), &answer))
            }
        };
        worker.finish(outcome.clone());
        outcome
    }

    fn take_location(&self, url: &str, answer: &P::Json) -> Result<(), Error> {
        match answer.get("hostname").as_text().as_deref() {
            Some(name) if name.starts_with("http://") || name.starts_with("https://") => {
                *self.0.location.lock() = Some(without_slash(name).into());
                Ok(())
            }
            _ => Err(Error::unexpected(&[
                url,
                " answered no 'hostname' that is a URL: is this the server of the app?",
            ])),
        }
    }

    /// One request, one answer.
    async fn exchange(
        &self,
        call: &Call<P::Json>,
        url: &str,
        user: Option<&User<P>>,
    ) -> Result<P::Json, Error> {
        let token = match (call.bearer, user) {
            (Bearer::None, _) | (_, None) => None,
            (Bearer::Access, Some(user)) => Some(user.access_token().ok_or(Error::LoggedOut)?),
            (Bearer::Refresh, Some(user)) => Some(user.refresh_token().ok_or(Error::LoggedOut)?),
        };
        let request = Request {
            method: call.method,
            url,
            bearer: token.as_ref(),
            body: Some(&call.body).filter(|body| !body.is_null()),
        };
        let answer = self
            .platform()
            .send(request)
            .await
            .map_err(|reason| Error::unreachable(call.method, url, &reason))?;
        if !(200..300).contains(&answer.status) {
            let error = Error::from_answer(call.method, url, answer);
            if call.bearer == Bearer::Refresh && error.refuses_token() {
                end_session(user, token.as_ref());
            }
            return Err(error);
        }
        match answer.body {
            Body::Json(value) => Ok(value),
            Body::Empty => Ok(P::Json::null()),
            Body::Other { content_type } => {
                Err(Error::unexpected(&["Expected JSON response, got \"", &content_type, "\" from ", url]))
            }
            Body::Malformed => {
                Err(Error::unexpected(&["The JSON that ", url, " answered is cut off or malformed"]))
            }
        }
    }
}

fn end_session<P: Platform>(user: Option<&User<P>>, token: Option<&Token>) {
    if let (Some(user), Some(token)) = (user, token) {
        user.end_session(token);
    }
}

fn without_slash(url: &str) -> &str {
    url.strip_suffix('/').unwrap_or(url)
}

/// Where `user` is among `users`.
pub(crate) fn index_of<P: Platform>(
    users: &[Arc<UserData<P::Json>>],
    user: &User<P>,
) -> Result<usize, Error> {
    let place = users.iter().position(|data| user.is(data));
    place.ok_or(Error::Usage("The user was never logged into this app"))
}
