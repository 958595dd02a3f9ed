//! A user and what is known of them here: tokens, profile, state. What changes a session over the network
//! is in `task.rs` and `login.rs`.

use crate::client::Client;
use crate::error::Error;
use crate::lock::Lock;
use crate::login::member;
use crate::platform::{Change, Changed, Json, Platform};
use crate::profile;
use crate::single_flight::SingleFlight;
use crate::stored::{self, StoredUser};
use crate::token::Token;
use std::ops::DerefMut;
use std::sync::Arc;

/// Whether a user can act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserState {
    /// Logged in.
    Active,
    /// Known here, but without a session.
    LoggedOut,
    /// No longer known here.
    Removed,
}

impl UserState {
    /// The state's name, as SDKs spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::LoggedOut => "logged-out",
            Self::Removed => "removed",
        }
    }
}

/// A user of one client. Cheap to clone; clones are the same user.
pub struct User<P: Platform> {
    client: Client<P>,
    data: Arc<UserData<P::Json>>,
}

impl<P: Platform> Clone for User<P> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone(), data: Arc::clone(&self.data) }
    }
}

pub(crate) struct UserData<J> {
    pub(crate) id: String,
    pub(crate) refreshing: SingleFlight,
    known: Lock<StoredUser<J>>,
}

impl<J> UserData<J> {
    pub(crate) fn stored(id: String, user: StoredUser<J>) -> Self {
        Self { id, refreshing: SingleFlight::new(), known: Lock::new(user) }
    }

    pub(crate) fn known(&self) -> impl DerefMut<Target = StoredUser<J>> {
        self.known.lock()
    }

    pub(crate) fn is_logged_in(&self) -> bool {
        self.known().refresh_token.is_some()
    }
}

impl<P: Platform> User<P> {
    pub(crate) fn new(client: Client<P>, data: Arc<UserData<P::Json>>) -> Self {
        Self { client, data }
    }

    pub(crate) fn data(&self) -> &UserData<P::Json> {
        &self.data
    }

    pub(crate) fn is(&self, data: &Arc<UserData<P::Json>>) -> bool {
        Arc::ptr_eq(&self.data, data)
    }

    /// The client that this user logged in with.
    pub fn client(&self) -> &Client<P> {
        &self.client
    }

    /// The user's id, in hexadecimal.
    pub fn id(&self) -> &str {
        &self.data.id
    }

    /// The type of the provider that the user logged in with last, such as `api-key`.
    pub fn provider_type(&self) -> String {
        self.data.known().provider_type.clone()
    }

    /// The token for requests on the user's behalf; none when logged out. It may have expired: whoever
    /// sends it elsewhere calls [`User::refresh_access_token`] when it is refused.
    pub fn access_token(&self) -> Option<Token> {
        self.data.known().access_token.clone()
    }

    /// The token that opens new access tokens; none when logged out.
    pub fn refresh_token(&self) -> Option<Token> {
        self.data.known().refresh_token.clone()
    }

    /// Whether the user can act.
    pub fn state(&self) -> UserState {
        if !self.client.user_list().iter().any(|data| self.is(data)) {
            UserState::Removed
        } else if self.data.is_logged_in() {
            UserState::Active
        } else {
            UserState::LoggedOut
        }
    }

    /// Whether the state is [`UserState::Active`].
    pub fn is_logged_in(&self) -> bool {
        self.state() == UserState::Active
    }

    /// The profile as it was fetched last: `{type, identities: [{id, providerType}], data}`.
    pub fn profile(&self) -> Option<P::Json> {
        self.data.known().profile.clone()
    }

    /// The claims of the access token, unverified: for showing, never for deciding.
    pub fn claims(&self) -> Option<P::Json> {
        P::Json::from_base64url(self.access_token()?.payload()?)
    }

    /// The custom user data in the access token: as old as that token.
    pub fn custom_data(&self) -> Option<P::Json> {
        let data = self.claims()?.get("user_data");
        Some(if data.is_null() { P::Json::object(&[]) } else { data })
    }

    pub(crate) fn take_profile(&self, answer: &P::Json) -> Result<(), Error> {
        let profile = profile::from_answer(answer)?;
        let text = profile.to_text();
        self.data.known().profile = Some(profile);
        self.save(&[(stored::PROFILE, Some(&text))])
    }

    /// Writes down some of what is kept of the user, and tells who listens.
    fn save(&self, values: &[(&str, Option<&str>)]) -> Result<(), Error> {
        let change = |&(name, value): &(&str, Option<&str>)| {
            stored::set_user(self.client.app_id(), self.id(), name, value)
        };
        let changes: Vec<Change> = values.iter().map(change).collect();
        let saved = self.client.platform().save(&changes).map_err(|reason| Error::storage(&reason));
        self.client.platform().changed(Changed::User(self.id()));
        saved
    }

    /// Takes the tokens of a session that was opened, or ended, elsewhere. Without a refresh token the
    /// user is logged out.
    pub fn set_tokens(&self, access: Option<Token>, refresh: Option<Token>) -> Result<(), Error> {
        let saved = self.save(&[
            (stored::ACCESS_TOKEN, access.as_ref().map(Token::expose)),
            (stored::REFRESH_TOKEN, refresh.as_ref().map(Token::expose)),
        ]);
        let mut known = self.data.known();
        known.access_token = access;
        known.refresh_token = refresh;
        saved
    }

    /// Takes the tokens of a new session.
    pub(crate) fn open_session(&self, provider: &str, access: Token, refresh: Token) -> Result<(), Error> {
        provider.clone_into(&mut self.data.known().provider_type);
        let saved = self.save(&[(stored::PROVIDER_TYPE, Some(provider))]);
        saved.and(self.set_tokens(Some(access), Some(refresh)))
    }

    /// Takes the access token that the session of `refresh` was given, unless the session is another by
    /// now: whoever logged out meanwhile stays logged out.
    pub(crate) fn take_access_token(&self, refresh: Option<&Token>, answer: &P::Json) -> Result<(), Error> {
        let access = member(answer, "access_token")?;
        {
            let mut known = self.data.known();
            if refresh.is_none() || known.refresh_token.as_ref() != refresh {
                return Err(Error::LoggedOut);
            }
            known.access_token = Some(Token::from(&access[..]));
        }
        self.save(&[(stored::ACCESS_TOKEN, Some(&access))])
    }

    /// Forgets the session that `refresh` stands for, because the server says it is over. If another
    /// program or tab has logged the same user in anew, that session is taken over instead.
    pub(crate) fn end_session(&self, refresh: &Token) {
        if self.refresh_token().as_ref() != Some(refresh) || self.adopt_stored_session() {
            return;
        }
        self.forget_tokens();
    }

    /// Takes the session that is kept under this user's name, if it is another than the one known here.
    /// Whoever logged out here stays logged out.
    pub(crate) fn adopt_stored_session(&self) -> bool {
        let Some(kept) = stored::user(self.client.platform(), self.client.app_id(), self.id()) else {
            return false;
        };
        let mut known = self.data.known();
        let (Some(here), Some(there)) = (&known.refresh_token, &kept.refresh_token) else { return false };
        if here == there {
            return false;
        }
        known.access_token = kept.access_token;
        known.refresh_token = kept.refresh_token;
        known.provider_type = kept.provider_type;
        true
    }

    /// Forgets both tokens, here and where they are kept. A failure to write is not reported: the tokens
    /// open nothing any more.
    pub(crate) fn forget_tokens(&self) {
        let _ = self.set_tokens(None, None);
        self.client.platform().changed(Changed::Users);
    }
}

impl<P: Platform> Client<P> {
    /// Takes `user` off the list, and everything that is kept of them away.
    pub(crate) fn forget_user(&self, user: &User<P>) -> Result<(), Error> {
        // Off the list before the tokens go, so that nobody sees a removed user as merely logged out.
        self.user_list().retain(|data| !user.is(data));
        user.forget_tokens();
        let mut ids = stored::user_ids(self.platform(), self.app_id());
        ids.retain(|id| id != user.id());
        let saved = self.save_user_ids(&ids);
        saved.and(user.save(&[(stored::PROFILE, None), (stored::PROVIDER_TYPE, None)]))
    }
}
