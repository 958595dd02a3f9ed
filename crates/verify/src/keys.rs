//! The application's keys: fetched, kept, and fetched anew when a token names one that is not among
//! them. However many tokens do, one request is under way at a time, and not too often.

use crate::error::VerifyError;
use crate::jwks::{self, KeySet, PublicKey};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{Mutex, OwnedMutexGuard};
use url::Url;

/// The JWK set of an application has a few keys of 150 bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// What the server says in `Cache-Control`: after so long the keys are fetched anew.
const MAX_AGE_SECONDS: i64 = 300;

/// Seconds since 1970.
pub(crate) type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

pub(crate) struct Keys {
    url: Url,
    http: reqwest::Client,
    clock: Clock,
    min_interval_seconds: i64,
    known: RwLock<Arc<KeySet>>,
    /// Whoever holds this fetches.
    last: Arc<Mutex<LastFetch>>,
}

/// How the last fetch ended.
enum LastFetch {
    Never,
    Succeeded { at: i64 },
    Failed { at: i64, reason: String },
}

impl Keys {
    pub(crate) fn new(url: Url, http: reqwest::Client, clock: Clock, min_interval_seconds: i64) -> Self {
        let known = RwLock::default();
        let last = Arc::new(Mutex::new(LastFetch::Never));
        Self { url, http, clock, min_interval_seconds, known, last }
    }

    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    fn known(&self, key_id: &str) -> Option<PublicKey> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(key_id).copied()
    }

    /// The key, or nothing if the application has none of this id.
    pub(crate) async fn find(self: &Arc<Self>, key_id: &str) -> Result<Option<PublicKey>, VerifyError> {
        if let Some(key) = self.known(key_id) {
            self.refresh_if_old();
            return Ok(Some(key));
        }
        let turn = Arc::clone(&self.last).lock_owned().await;
        if let Some(key) = self.known(key_id) {
            // Fetched while this token waited for its turn.
            return Ok(Some(key));
        }
        if turn.is_within(self.min_interval_seconds, self.now()) {
            turn.outcome()?;
        } else {
            self.fetch(turn).await?;
        }
        Ok(self.known(key_id))
    }

    /// Fetches whatever the last fetch brought.
    pub(crate) async fn fetch_now(self: &Arc<Self>) -> Result<(), VerifyError> {
        let turn = Arc::clone(&self.last).lock_owned().await;
        self.fetch(turn).await
    }

    /// Nobody waits for this, and its failure changes nothing: the keys at hand stay good.
    fn refresh_if_old(self: &Arc<Self>) {
        let Ok(turn) = Arc::clone(&self.last).try_lock_owned() else { return };
        let age = match *turn {
            LastFetch::Failed { .. } => self.min_interval_seconds,
            _ => MAX_AGE_SECONDS,
        };
        if !turn.is_within(age, self.now()) {
            drop(tokio::spawn(Arc::clone(self).fetch_in_turn(turn)));
        }
    }

    /// In a task of its own, because callers that hang up must not undo what all wait for: else each of
    /// them could cause one more request.
    async fn fetch(self: &Arc<Self>, turn: OwnedMutexGuard<LastFetch>) -> Result<(), VerifyError> {
        let task = tokio::spawn(Arc::clone(self).fetch_in_turn(turn));
        task.await.unwrap_or_else(|error| Err(VerifyError::KeysUnavailable(error.to_string())))
    }

    async fn fetch_in_turn(self: Arc<Self>, mut turn: OwnedMutexGuard<LastFetch>) -> Result<(), VerifyError> {
        let fetched = self.request().await;
        let at = self.now();
        *turn = match fetched {
            Ok(keys) => {
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
                LastFetch::Succeeded { at }
            }
            Err(reason) => {
                tracing::warn!(url = %self.url, reason, "the keys that verify access tokens cannot be fetched");
                LastFetch::Failed { at, reason }
            }
        };
        turn.outcome()
    }

    /// The error is a sentence for the log.
    async fn request(&self) -> Result<KeySet, String> {
        let said = |error: reqwest::Error| {
            let mut cause: &dyn std::error::Error = &error;
            while let Some(deeper) = cause.source() {
                cause = deeper;
            }
            format!("{} does not answer: {cause}", self.url)
        };
        let request = self.http.get(self.url.clone()).header("accept", "application/json");
        let mut response = request.send().await.map_err(said)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(format!("{} answered {}", self.url, response.status()));
        }
        let mut json = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(said)? {
            if json.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(format!("{} answered more than {MAX_ANSWER_BYTES} bytes", self.url));
            }
            json.extend_from_slice(&chunk);
        }
        jwks::parse(&json).map_err(|error| format!("{} answered no JWK set: {error}", self.url))
    }
}

impl LastFetch {
    /// Whether it was less than `seconds` ago. A clock that was set back does not stop fetching.
    fn is_within(&self, seconds: i64, now: i64) -> bool {
        match self {
            Self::Never => false,
            Self::Succeeded { at } | Self::Failed { at, .. } => {
                (0..seconds).contains(&now.saturating_sub(*at))
            }
        }
    }

    fn outcome(&self) -> Result<(), VerifyError> {
        match self {
            Self::Never | Self::Succeeded { .. } => Ok(()),
            Self::Failed { reason, .. } => Err(VerifyError::KeysUnavailable(reason.clone())),
        }
    }
}
