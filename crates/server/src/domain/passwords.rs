//! Password hashing: Argon2id with OWASP's parameters, on few threads at a time, so that a flood of
//! logins can take neither all memory nor all processors from those who log in with keys.

use crate::domain::foreign_passwords::{self, NO_PASSWORD};
use crate::domain::throttle::{Attempt, RetryAfter};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use keystead_protocol::secret::SecretText;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// So many may wait for their turn; one more is turned away at once rather than after a time-out.
const MAX_WAITING: usize = 1024;

/// Hashes and verifies passwords.
pub struct Passwords {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// A hash of nobody's password, verified when there is no account, so that it takes as long.
    nobody: String,
}

/// What verifying found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// Not the password.
    Wrong,
    /// The password; with a new hash to store if the old one's parameters are not today's.
    Right {
        /// See [`Verification::Right`].
        better_hash: Option<String>,
    },
}

/// Why no answer could be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many wait already.
    #[error("too many passwords wait to be verified")]
    Busy,
    /// Too many attempts failed.
    #[error("too many attempts failed")]
    Throttled(RetryAfter),
    /// The library refused.
    #[error("a password could not be hashed")]
    Failed,
}

impl From<RetryAfter> for PasswordError {
    fn from(wait: RetryAfter) -> Self {
        Self::Throttled(wait)
    }
}

impl Passwords {
    /// A hasher for this machine: half of its processors, at least one.
    ///
    /// # Errors
    /// When the library refuses to work.
    pub fn new() -> Result<Self, PasswordError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::Failed)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon2, &SecretText::from(String::from("nobody's password")))?;
        let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
        Ok(Self {
            argon2,
            turns: Arc::new(Semaphore::new(threads)),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
            nobody,
        })
    }

    /// The PHC string to store for a password.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when too many wait.
    pub async fn hash(&self, password: SecretText) -> Result<String, PasswordError> {
        let argon2 = self.argon2.clone();
        self.take_turn(move || hash(&argon2, &password)).await
    }

    /// Whether `password` is the one that `stored` was made of; `None` stands for an account that
    /// does not exist, and is as slow as a wrong password.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when too many wait, [`PasswordError::Throttled`] when too many failed.
    pub async fn verify(
        &self,
        password: SecretText,
        stored: Option<String>,
        attempt: Attempt,
    ) -> Result<Verification, PasswordError> {
        let (argon2, nobody) = (self.argon2.clone(), self.nobody.clone());
        let stored = stored.filter(|stored| stored != NO_PASSWORD);
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.clone());
        self.take_turn(move || {
            // Both looked at and counted while it is this attempt's turn: many at once do not slip
            // through, and who hangs up has guessed all the same.
            attempt.check()?;
            let right = foreign_passwords::verify(&argon2, password.expose().as_bytes(), &stored);
            let current = is_current(&stored);
            if !(right && exists) {
                if !current {
                    // A hash of another system's may be quick to verify: with this, no wrong password is
                    // answered faster than one for an account that does not exist.
                    let _ = foreign_passwords::verify(&argon2, password.expose().as_bytes(), &nobody);
                }
                attempt.failed();
                return Ok(Verification::Wrong);
            }
            attempt.succeeded();
            let better_hash = if current { None } else { Some(hash(&argon2, &password)?) };
            Ok(Verification::Right { better_hash })
        })
        .await
    }

    async fn take_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _waiting = self.waiting.try_acquire().map_err(|_| PasswordError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| PasswordError::Failed)?;
        let work = move || {
            let result = work();
            // Held by the work itself: a caller who goes away does not make room for more.
            drop(turn);
            result
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| PasswordError::Failed)?
    }
}

/// Whether a hash is made as [`hash`] makes them today.
fn is_current(stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|parsed| {
        parsed.algorithm.as_str() == Algorithm::Argon2id.as_str()
            && Params::try_from(&parsed).is_ok_and(|params| {
                (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES)
            })
    })
}

fn hash(argon2: &Argon2<'static>, password: &SecretText) -> Result<String, PasswordError> {
    let hash = argon2.hash_password(password.expose().as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> SecretText {
        text.to_owned().into()
    }

    #[tokio::test]
    async fn only_the_password_itself_is_right_and_nobody_has_none() {
        let passwords = Passwords::new().unwrap();
        let stored = passwords.hash(password("correct horse")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let verify = async |text: &str, stored: Option<&String>| {
            passwords.verify(password(text), stored.cloned(), Attempt::UNCOUNTED).await.unwrap()
        };
        assert_eq!(verify("correct horse", Some(&stored)).await, Verification::Right { better_hash: None });
        assert_eq!(verify("Correct horse", Some(&stored)).await, Verification::Wrong);
        assert_eq!(verify("nobody's password", None).await, Verification::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_replaced() {
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let stored = hash(&weak, &password("pw")).unwrap();
        let passwords = Passwords::new().unwrap();
        let Verification::Right { better_hash: Some(better) } =
            passwords.verify(password("pw"), Some(stored), Attempt::UNCOUNTED).await.unwrap()
        else {
            panic!("the hash was not upgraded");
        };
        assert!(better.contains("m=19456,t=2,p=1"));
    }
}
