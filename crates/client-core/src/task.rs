//! What a client can be asked to do. Each task is one call to the server, something that is done with
//! its answer, and sometimes a second call; the async methods that programs use are names for tasks.

use crate::client::{Client, index_of};
use crate::error::Error;
use crate::login::Credentials;
use crate::operation::{Bearer, Call, Operation};
use crate::platform::{Changed, Json, Method, Platform};
use crate::token::Token;
use crate::user::User;

/// Something to do.
#[derive(Debug, Clone)]
pub enum Task<J> {
    /// One question; the answer is handed on.
    Execute(Operation<J>),
    /// Logs in, and makes whoever that is the current user.
    LogIn {
        /// With what.
        credentials: Credentials<J>,
        /// Whether to fetch the profile too. If only that fails, the user is logged in all the same.
        fetch_profile: bool,
    },
    /// Takes the answer of a login that went another way, such as through a browser's redirect, as if it
    /// had been this client's.
    Adopt {
        /// The provider's type.
        provider_type: String,
        /// `{user_id, access_token, refresh_token, device_id}`.
        answer: J,
        /// Whether to fetch the profile too.
        fetch_profile: bool,
    },
    /// Adds an identity to the user.
    Link(Credentials<J>),
    /// Fetches the user's profile anew.
    RefreshProfile,
    /// Ends the user's session.
    LogOut,
    /// Ends the user's session and forgets them here.
    Remove,
    /// Deletes the user, at the server and here.
    Delete,
}

/// What a call is for: what happens with its answer.
#[derive(Clone, Copy)]
enum Purpose {
    Answer,
    LogIn,
    Link,
    Profile,
    LogOut,
    Delete,
}

/// A task on its way.
struct Flow<P: Platform> {
    /// What is to be called next, and what for; nothing when the task is done.
    next: Option<(Call<P::Json>, Purpose)>,
    user: Option<User<P>>,
    /// Whether the user is forgotten, or the profile fetched, at the end.
    and_then: bool,
    /// The session in which the task began.
    refresh_token: Option<Token>,
    provider_type: String,
    /// What is handed on.
    answer: P::Json,
}

/// What a task brought: the server's answer, null where there is none to hand on, and whom it was about.
pub type Performed<P> = (<P as Platform>::Json, Option<User<P>>);

impl<P: Platform> Client<P> {
    /// Does `task`, as `user` if one is given.
    pub async fn perform(&self, task: &Task<P::Json>, user: Option<&User<P>>) -> Result<Performed<P>, Error> {
        let mut flow = Flow {
            next: None,
            user: user.cloned(),
            and_then: false,
            refresh_token: user.and_then(User::refresh_token),
            provider_type: String::new(),
            answer: P::Json::null(),
        };
        self.start(&mut flow, task)?;
        while let Some((call, purpose)) = flow.next.take() {
            let answer = self.call(&call, flow.user.as_ref()).await;
            self.go_on(&mut flow, purpose, answer)?;
        }
        Ok((flow.answer, flow.user))
    }

    fn start(&self, flow: &mut Flow<P>, task: &Task<P::Json>) -> Result<(), Error> {
        flow.next = Some(match task {
            Task::Execute(operation) => (operation.call(self.app_id()), Purpose::Answer),
            Task::LogIn { credentials, fetch_profile } => {
                flow.and_then = *fetch_profile;
                if let Some(known) = self.reusable(credentials) {
                    return self.logged_in(flow, known);
                }
                flow.provider_type.clone_from(&credentials.provider_type);
                (self.login_call(credentials, false), Purpose::LogIn)
            }
            Task::Adopt { provider_type, answer, fetch_profile } => {
                flow.and_then = *fetch_profile;
                return self.logged_in(flow, self.take_login(provider_type, answer)?);
            }
            Task::Link(credentials) => (self.login_call(credentials, true), Purpose::Link),
            Task::RefreshProfile => profile_call(),
            Task::LogOut | Task::Remove => {
                flow.and_then = matches!(task, Task::Remove);
                if flow.and_then {
                    self.expect_known(flow)?;
                }
                if flow.refresh_token.is_none() {
                    // There is no session of which to tell the server that it is over.
                    return self.end(flow, Ok(P::Json::null()));
                }
                (Call::auth(Method::Delete, "session", Bearer::Refresh), Purpose::LogOut)
            }
            Task::Delete => {
                self.expect_known(flow)?;
                (Call::auth(Method::Delete, "delete", Bearer::Access), Purpose::Delete)
            }
        });
        Ok(())
    }

    fn go_on(
        &self,
        flow: &mut Flow<P>,
        purpose: Purpose,
        answer: Result<P::Json, Error>,
    ) -> Result<(), Error> {
        if let Purpose::LogOut = purpose {
            return self.end(flow, answer);
        }
        let answer = answer?;
        match (purpose, &flow.user) {
            (Purpose::LogIn, _) => {
                let known = self.take_login(&flow.provider_type, &answer)?;
                self.logged_in(flow, known)?;
            }
            (Purpose::Link, Some(user)) => {
                user.take_link(flow.refresh_token.as_ref(), &answer)?;
                self.platform().changed(Changed::Users);
                flow.next = Some(profile_call());
            }
            (Purpose::Profile, Some(user)) => user.take_profile(&answer)?,
            (Purpose::Delete, Some(user)) => self.forget_user(user)?,
            _ => flow.answer = answer,
        }
        Ok(())
    }

    fn logged_in(&self, flow: &mut Flow<P>, known: User<P>) -> Result<(), Error> {
        self.switch_user(&known)?;
        flow.user = Some(known);
        flow.next = flow.and_then.then(profile_call);
        Ok(())
    }

    /// The session ends here even if the server could not be told; then the error says so.
    fn end(&self, flow: &Flow<P>, told: Result<P::Json, Error>) -> Result<(), Error> {
        let user = flow.user.as_ref().ok_or(Error::LoggedOut)?;
        user.forget_tokens();
        let forgotten = if flow.and_then { self.forget_user(user) } else { Ok(()) };
        match told {
            // The session was over already: what was asked for.
            Err(error) if !error.refuses_token() => Err(error),
            _ => forgotten,
        }
    }

    fn expect_known(&self, flow: &Flow<P>) -> Result<(), Error> {
        let users = self.user_list();
        flow.user.as_ref().ok_or(Error::LoggedOut).and_then(|user| index_of(&users, user)).map(|_| ())
    }
}

fn profile_call<J: Json>() -> (Call<J>, Purpose) {
    (Call::auth(Method::Get, "profile", Bearer::Access), Purpose::Profile)
}

/// The tasks, by the names that programs use.
impl<P: Platform> Client<P> {
    /// Does what `operation` says, as `user` if one is given, and answers what the server answered: null
    /// if that was nothing.
    pub async fn execute(
        &self,
        operation: Operation<P::Json>,
        user: Option<&User<P>>,
    ) -> Result<P::Json, Error> {
        self.perform(&Task::Execute(operation), user).await.map(|(answer, _)| answer)
    }

    /// Logs in, and makes whoever that is the current user. With `fetch_profile`, also fetches their
    /// profile; if only that fails, the answer is its error and the user is logged in all the same.
    pub async fn log_in(
        &self,
        credentials: Credentials<P::Json>,
        fetch_profile: bool,
    ) -> Result<User<P>, Error> {
        let (_, user) = self.perform(&Task::LogIn { credentials, fetch_profile }, None).await?;
        user.ok_or(Error::LoggedOut)
    }

    /// Logs `user` out and forgets them.
    pub async fn remove_user(&self, user: &User<P>) -> Result<(), Error> {
        self.perform(&Task::Remove, Some(user)).await.map(|_| ())
    }

    /// Deletes `user` and everything the server knows of them, for ever, and forgets them here.
    pub async fn delete_user(&self, user: &User<P>) -> Result<(), Error> {
        self.perform(&Task::Delete, Some(user)).await.map(|_| ())
    }
}

impl<P: Platform> User<P> {
    async fn perform(&self, task: &Task<P::Json>) -> Result<(), Error> {
        self.client().perform(task, Some(self)).await.map(|_| ())
    }

    /// Adds an identity to the user: from then on they can log in with these credentials too.
    pub async fn link_credentials(&self, credentials: &Credentials<P::Json>) -> Result<(), Error> {
        self.perform(&Task::Link(credentials.clone())).await
    }

    /// Fetches the profile anew.
    pub async fn refresh_profile(&self) -> Result<(), Error> {
        self.perform(&Task::RefreshProfile).await
    }

    /// Gets a new access token for the session. However many ask at the same time, one request is sent.
    pub async fn refresh_access_token(&self) -> Result<(), Error> {
        self.refresh_access_token_unless(|_| false).await
    }

    /// Gets a new access token for the session if the one at hand is not good enough. However many ask at
    /// the same time, one request is sent.
    pub async fn refresh_access_token_unless(&self, good: impl Fn(&Self) -> bool) -> Result<(), Error> {
        // Counted before looking: a refresh that ends in between is not sent again.
        let seen = self.data().refreshing.finished();
        if good(self) { Ok(()) } else { self.client().refresh(self, seen).await }
    }

    /// Ends the session, at the server and here. Here it ends even if the server cannot be reached: then
    /// the error says that the server does not know yet.
    pub async fn log_out(&self) -> Result<(), Error> {
        self.perform(&Task::LogOut).await
    }
}
