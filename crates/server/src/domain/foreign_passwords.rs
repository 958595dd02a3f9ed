//! Password hashes that other systems made: which of them are taken over, and how they are verified. They
//! are replaced by ours at the first login. Their costs are bounded, because whoever logs in makes this
//! server pay them.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier as _};
use bcrypt::HashParts;
use pbkdf2::Pbkdf2;
use scrypt::Scrypt;

/// Stored where there is no password: no password matches it, and a mailed link sets one.
pub const NO_PASSWORD: &str = "!";

/// What hashes in PHC form are never longer than.
const MAX_LENGTH: usize = 512;
const MAX_BCRYPT_COST: u32 = 14;
/// 256 MiB, as much as libsodium calls moderate.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// Argon2: memory times passes; about a second.
const MAX_ARGON2_WORK: u64 = 1024 * 1024;
const MAX_ARGON2_LANES: u32 = 16;
/// scrypt: N times r times p; about two seconds.
const MAX_SCRYPT_WORK: u64 = 1 << 22;
const MAX_PBKDF2_ROUNDS: u32 = 2_000_000;

/// Whether a hash can be taken over.
///
/// # Errors
/// A sentence that says why not.
pub fn check(hash: &str) -> Result<(), String> {
    if hash.len() > MAX_LENGTH || !hash.is_ascii() {
        return Err("password_hash is no hash in PHC form".into());
    }
    if hash.starts_with("$2") {
        return check_bcrypt(hash);
    }
    let parsed = PasswordHash::new(hash).map_err(|_| "password_hash is no hash in PHC form".to_owned())?;
    if parsed.salt.is_none() || parsed.hash.is_none() {
        return Err("password_hash has no salt or no hash in it".into());
    }
    match parsed.algorithm.as_str() {
        "argon2id" | "argon2i" => check_argon2(&parsed),
        "scrypt" => check_scrypt(&parsed),
        "pbkdf2-sha256" | "pbkdf2-sha512" => check_pbkdf2(&parsed),
        _ => Err("password_hash is of an algorithm that is not known here: it may be argon2id, argon2i, \
                  bcrypt, scrypt, pbkdf2-sha256 or pbkdf2-sha512"
            .into()),
    }
}

fn check_bcrypt(hash: &str) -> Result<(), String> {
    if !["$2a$", "$2b$", "$2y$"].iter().any(|version| hash.starts_with(version)) {
        return Err(
            "password_hash is of a version of bcrypt that is not known here: it may be $2a$, $2b$ or $2y$"
                .into(),
        );
    }
    let parts: HashParts = hash.parse().map_err(|_| "password_hash is no bcrypt hash".to_owned())?;
    at_most("the cost of bcrypt", parts.get_cost().into(), MAX_BCRYPT_COST.into())
}

fn check_argon2(hash: &PasswordHash) -> Result<(), String> {
    let params = argon2::Params::try_from(hash)
        .map_err(|_| "password_hash has parameters that Argon2 does not have".to_owned())?;
    if !params.keyid().is_empty() || !params.data().is_empty() {
        return Err("password_hash has a key id or data, which are not supported".into());
    }
    at_most("the memory of Argon2, in KiB", params.m_cost().into(), MAX_MEMORY_KIB.into())?;
    let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
    at_most("the memory of Argon2 times its passes", work, MAX_ARGON2_WORK)?;
    at_most("the lanes of Argon2", params.p_cost().into(), MAX_ARGON2_LANES.into())
}

fn check_scrypt(hash: &PasswordHash) -> Result<(), String> {
    let malformed = || "password_hash has parameters that scrypt does not have".to_owned();
    scrypt::Params::try_from(hash).map_err(|_| malformed())?;
    let number = |name| hash.params.get_decimal(name).ok_or_else(malformed);
    let (log_n, r, p) = (number("ln")?, number("r")?, number("p")?);
    at_most("ln of scrypt", log_n.into(), 20)?;
    let blocks = (1_u64 << log_n).saturating_mul(r.into());
    at_most("the memory of scrypt, in KiB", blocks / 8, MAX_MEMORY_KIB.into())?;
    at_most("N times r times p of scrypt", blocks.saturating_mul(p.into()), MAX_SCRYPT_WORK)
}

fn check_pbkdf2(hash: &PasswordHash) -> Result<(), String> {
    let params = pbkdf2::Params::try_from(hash).map_err(|_| {
        "password_hash has parameters that PBKDF2 does not have, or less than 1000 rounds".to_owned()
    })?;
    at_most("the rounds of PBKDF2", params.rounds().into(), MAX_PBKDF2_ROUNDS.into())
}

fn at_most(what: &str, found: u64, limit: u64) -> Result<(), String> {
    if found <= limit {
        return Ok(());
    }
    Err(format!(
        "password_hash costs too much to verify: {what} is {found}, and may be {limit}; import this user without it, \
         and let them reset their password"
    ))
}

/// Whether `password` is the one that `stored` was made of. What cannot be read is nobody's.
pub(super) fn verify(argon2: &Argon2<'_>, password: &[u8], stored: &str) -> bool {
    if stored.starts_with("$2") {
        return bcrypt::verify(password, stored).unwrap_or(false);
    }
    let Ok(parsed) = PasswordHash::new(stored) else { return false };
    match parsed.algorithm.as_str() {
        "scrypt" => Scrypt::new().verify_password(password, &parsed).is_ok(),
        "pbkdf2-sha256" | "pbkdf2-sha512" => Pbkdf2::default().verify_password(password, &parsed).is_ok(),
        _ => argon2.verify_password(password, &parsed).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_that_would_exhaust_the_server_are_refused_with_what_is_allowed() {
        let salt = "c2FsdHNhbHRzYWx0c2FsdA";
        let hash = "nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E";
        for (hash, limit) in [
            (format!("$argon2id$v=19$m=2097152,t=1,p=1${salt}${hash}"), "262144"),
            (format!("$argon2id$v=19$m=262144,t=5,p=1${salt}${hash}"), "1048576"),
            (format!("$argon2id$v=19$m=65536,t=1,p=200${salt}${hash}"), "16"),
            (format!("$scrypt$ln=21,r=1,p=1${salt}${hash}"), "20"),
            (format!("$scrypt$ln=20,r=8,p=1${salt}${hash}"), "262144"),
            (format!("$scrypt$ln=17,r=8,p=9${salt}${hash}"), "4194304"),
            (format!("$pbkdf2-sha256$i=2000001,l=32${salt}${hash}"), "2000000"),
            ("$2b$15$abcdefghijklmnopqrstuuO8Gq2R2wY7Y4mC1f7Q9Y8cQ1h8m5u5C".to_owned(), "14"),
        ] {
            let refusal = check(&hash).unwrap_err();
            assert!(refusal.contains("costs too much") && refusal.contains(limit), "{hash}: {refusal}");
        }
    }

    #[test]
    fn what_is_no_known_hash_is_refused() {
        for hash in [
            "",
            "!",
            "secret",
            "$1$salt$hash",
            "$2x$10$abcdefghijklmnopqrstuu",
            "$2b$10$short",
            "$argon2id$v=19$m=64,t=1,p=1",
        ] {
            assert!(check(hash).is_err(), "{hash}");
        }
    }
}
