//! How a session goes on and how it ends: refresh, log out, remove, delete.

use crate::client::{Client, index_of};
use crate::error::Error;
use crate::operation::{Bearer, Call};
use crate::platform::{Changed, Json, Method, Platform};
use crate::stored;
use crate::token::Token;
use crate::user::User;

impl<P: Platform> User<P> {
    /// Gets a new access token for the session. However many ask at the same time, one request is sent.
    pub async fn refresh_access_token(&self) -> Result<(), Error> {
        self.refresh_unless_done(self.data().refreshing.finished()).await
    }

    /// Refreshes, unless somebody did after `seen` was counted; then the outcome is theirs.
    pub(crate) async fn refresh_unless_done(&self, seen: u64) -> Result<(), Error> {
        self.data().refreshing.run(seen, self.refresh()).await
    }

    async fn refresh(&self) -> Result<(), Error> {
        self.adopt_stored_session();
        let refresh_token = self.refresh_token().ok_or(Error::LoggedOut)?;
        let call = Call::auth(Method::Post, "session", Bearer::Refresh);
        let answer = self.client().send_once(&call, Some(self)).await?;
        let access = answer.and_then(|answer| answer.get("access_token")).and_then(|token| token.as_text());
        let access = access
            .ok_or_else(|| Error::UnexpectedAnswer("Expected an 'access_token' in the response".into()))?;
        self.renew(&refresh_token, &Token::from(access))
    }

    /// Ends the session, at the server and here. Here it ends even if the server cannot be reached: then
    /// the error says that the server does not know yet.
    pub async fn log_out(&self) -> Result<(), Error> {
        let told = match self.refresh_token() {
            Some(_) => {
                let call = Call::auth(Method::Delete, "session", Bearer::Refresh);
                self.client().send_once(&call, Some(self)).await
            }
            None => Ok(None),
        };
        self.forget_tokens();
        match told {
            // The session was over already: what was asked for.
            Err(error) if error.refuses_token() => Ok(()),
            told => told.map(|_| ()),
        }
    }
}

impl<P: Platform> Client<P> {
    /// Logs `user` out and forgets them.
    pub async fn remove_user(&self, user: &User<P>) -> Result<(), Error> {
        index_of(&self.user_list(), user)?;
        let logged_out = user.log_out().await;
        self.forget_user(user)?;
        logged_out
    }

    /// Deletes `user` and everything the server knows of them, for ever, and forgets them here.
    pub async fn delete_user(&self, user: &User<P>) -> Result<(), Error> {
        index_of(&self.user_list(), user)?;
        let call = Call::auth(Method::Delete, "delete", Bearer::Access);
        self.send(&call, Some(user)).await?;
        self.forget_user(user)
    }

    fn forget_user(&self, user: &User<P>) -> Result<(), Error> {
        // Off the list before the tokens go, so that nobody sees a removed user as merely logged out.
        self.user_list().retain(|data| !user.is(data));
        user.forget_tokens();
        let mut ids = stored::user_ids(self.platform(), self.app_id());
        ids.retain(|id| id != user.id());
        let list = stored::set_user_ids::<P::Json>(self.app_id(), &ids);
        let saved = self.platform().save(&[list]).map_err(Error::Storage);
        let forgotten = user.forget();
        self.platform().changed(Changed::Users);
        saved.and(forgotten)
    }
}
