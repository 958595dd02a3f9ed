//! The client of one application: where its server is, how a request is sent, and who is logged in.

use crate::error::Error;
use crate::operation::{Bearer, Call, Operation};
use crate::platform::{Body, Changed, Json, Method, Platform, Request};
use crate::single_flight::SingleFlight;
use crate::stored;
use crate::user::{User, UserData};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    location: Mutex<Option<String>>,
    locating: SingleFlight<Result<String, Error>>,
    /// The current user is the first of them who is logged in.
    users: Mutex<Vec<Arc<UserData<P::Json>>>>,
}

impl<P: Platform> Client<P> {
    /// A client with the users that the platform has kept. Sends nothing.
    pub fn new(configuration: Configuration, platform: P) -> Self {
        let Configuration { app_id, base_url, skip_location_request } = configuration;
        let base_url = base_url.trim_end_matches('/').to_owned();
        let users = stored::user_ids(&platform, &app_id)
            .into_iter()
            .filter_map(|id| {
                stored::user(&platform, &app_id, &id).map(|user| Arc::new(UserData::stored(id, user)))
            })
            .collect();
        Self(Arc::new(Shared {
            location: Mutex::new(skip_location_request.then(|| base_url.clone())),
            locating: SingleFlight::new(),
            users: Mutex::new(users),
            app_id,
            base_url,
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

    pub(crate) fn user_list(&self) -> MutexGuard<'_, Vec<Arc<UserData<P::Json>>>> {
        self.0.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everybody who has logged in here and was not removed, the most recent first.
    pub fn users(&self) -> Vec<User<P>> {
        self.user_list().iter().map(|data| User::new(self.clone(), Arc::clone(data))).collect()
    }

    /// The most recent user who is logged in.
    pub fn current_user(&self) -> Option<User<P>> {
        self.users().into_iter().find(User::is_logged_in)
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
        let mut ids: Vec<String> = self.user_list().iter().map(|data| data.id.clone()).collect();
        for id in stored::user_ids(self.platform(), self.app_id()) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let change = stored::set_user_ids::<P::Json>(self.app_id(), &ids);
        self.platform().save(&[change]).map_err(Error::Storage)
    }

    /// Does what `operation` says, as `user` if one is given, and answers what the server answered.
    pub async fn execute(
        &self,
        operation: Operation<P::Json>,
        user: Option<&User<P>>,
    ) -> Result<Option<P::Json>, Error> {
        let call = operation.call(self.app_id());
        self.send(&call, user).await
    }

    /// Sends a call. If the server refuses the access token, the session is refreshed and the call sent
    /// once more, never more often.
    pub(crate) async fn send(
        &self,
        call: &Call<P::Json>,
        user: Option<&User<P>>,
    ) -> Result<Option<P::Json>, Error> {
        let seen = user.map(|user| user.data().refreshing.finished());
        match (self.send_once(call, user).await, user, seen) {
            (Err(error), Some(user), Some(seen))
                if call.bearer == Bearer::Access && error.refuses_token() =>
            {
                user.refresh_unless_done(seen).await?;
                self.send_once(call, Some(user)).await
            }
            (outcome, ..) => outcome,
        }
    }

    pub(crate) async fn send_once(
        &self,
        call: &Call<P::Json>,
        user: Option<&User<P>>,
    ) -> Result<Option<P::Json>, Error> {
        let url = [&self.location().await?, &call.path[..]].concat();
        let token = match (call.bearer, user) {
            (Bearer::None, _) | (_, None) => None,
            (Bearer::Access, Some(user)) => Some(user.access_token().ok_or(Error::LoggedOut)?),
            (Bearer::Refresh, Some(user)) => Some(user.refresh_token().ok_or(Error::LoggedOut)?),
        };
        let request =
            Request { method: call.method, url: &url, bearer: token.as_ref(), body: call.body.as_ref() };
        let outcome = self.exchange(request).await;
        if let (Err(error), Bearer::Refresh, Some(user), Some(token)) = (&outcome, call.bearer, user, &token)
            && error.refuses_token()
        {
            user.end_session(token);
        }
        outcome
    }

    /// One request, one answer.
    async fn exchange(&self, request: Request<'_, P::Json>) -> Result<Option<P::Json>, Error> {
        let (method, url) = (request.method, request.url);
        let answer = match self.platform().send(request).await {
            Ok(answer) => answer,
            Err(reason) => return Err(Error::Unreachable { method, url: url.into(), reason }),
        };
        if !(200..300).contains(&answer.status) {
            return Err(Error::from_answer(method, url, answer));
        }
        match answer.body {
            Body::Json(value) => Ok(Some(value)),
            Body::Empty => Ok(None),
            Body::Other { content_type } => Err(Error::UnexpectedAnswer(
                ["Expected JSON response, got \"", &content_type, "\" from ", url].concat(),
            )),
            Body::Malformed => Err(Error::UnexpectedAnswer(
                ["The JSON that ", url, " answered is cut off or malformed"].concat(),
            )),
        }
    }

    /// Where requests go: what the server says (protocol §1.1), asked once. A failure is not remembered.
    pub async fn location(&self) -> Result<String, Error> {
        let known = || self.0.location.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(location) = known().clone() {
            return Ok(location);
        }
        let ask = async {
            let location = self.ask_location().await?;
            *known() = Some(location.clone());
            Ok(location)
        };
        self.0.locating.run(self.0.locating.finished(), ask).await
    }

    async fn ask_location(&self) -> Result<String, Error> {
        let call: Call<P::Json> = Call::app(Method::Get, self.app_id(), &["location"], Bearer::None, None);
        let url = [&self.0.base_url, &call.path[..]].concat();
        let answer =
            self.exchange(Request { method: Method::Get, url: &url, bearer: None, body: None }).await?;
        let hostname = answer.and_then(|body| body.get("hostname")).and_then(|name| name.as_text());
        hostname
            .filter(|name| name.starts_with("http://") || name.starts_with("https://"))
            .map(|name| name.trim_end_matches('/').to_owned())
            .ok_or_else(|| {
                Error::UnexpectedAnswer(
                    [&url[..], " answered no 'hostname' that is a URL: is this the server of the app?"]
                        .concat(),
                )
            })
    }
}

/// Where `user` is among `users`.
pub(crate) fn index_of<P: Platform>(
    users: &[Arc<UserData<P::Json>>],
    user: &User<P>,
) -> Result<usize, Error> {
    let place = users.iter().position(|data| user.is(data));
    place.ok_or(Error::Usage("The user was never logged into this app"))
}
