//! API keys from another system, known by a hash: who has the key logs in as before. How one logs in is in
//! `foreign_keys.rs`.

use super::lines::{self, Line};
use super::{BATCH, MAX_LINES, Origin, Report, created_at};
use crate::app_config::App;
use crate::clock::Timestamp;
use crate::domain::admins::Administrator;
use crate::domain::api_keys::MAX_KEYS_PER_USER;
use crate::domain::audit;
use crate::domain::foreign_keys::{self, HashAlgorithm, MAX_SHAPES, Shape};
use crate::error::Error;
use crate::state::ServerState;
use crate::store::audit::Action;
use crate::store::foreign_keys::{ForeignHmacKey, ImportKeyLimits, ImportKeyOutcome, ImportedKey};
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use keystead_protocol::api_key::valid_name;
use keystead_protocol::id::{ApiKeyId, UserId};
use keystead_protocol::secret::SecretText;
use serde::Deserialize;
use std::sync::Arc;
use zeroize::Zeroizing;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);
const HMAC_KEY_LENGTHS: std::ops::RangeInclusive<usize> = 16..=256;
const LIMITS: ImportKeyLimits = ImportKeyLimits { keys_per_user: MAX_KEYS_PER_USER, shapes: MAX_SHAPES };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HmacKeyDocument {
    hmac_key_base64: SecretText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyDocument {
    user_id: UserId,
    name: String,
    #[serde(rename = "_id")]
    id: Option<ApiKeyId>,
    hash: String,
    algorithm: String,
    encoding: Encoding,
    disabled: Option<bool>,
    created_at: Option<i64>,
    prefix: Option<String>,
    length: u32,
    alphabet: String,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Hex,
    Base64,
    Base64url,
}

/// The hash of another system, as it wrote it down.
struct ForeignHash {
    algorithm: HashAlgorithm,
    bytes: Vec<u8>,
}

/// The key of an HMAC, as the store will have it.
type HmacKey = Option<ForeignHmacKey>;

/// Imports a chunk. The key of an HMAC is given beside it, in base64, or by its first line.
///
/// # Errors
/// The application has no API keys, the chunk has too many lines, or the key of the HMAC is unusable.
pub async fn import(
    state: &Arc<ServerState>,
    app: &Arc<App>,
    body: impl AsRef<[u8]> + Send + 'static,
    hmac_key: Option<SecretText>,
    dry_run: bool,
    by: &Administrator,
) -> Result<Report, Error> {
    if !app.config.providers.api_key {
        return Err(Error::ApiKeysOff);
    }
    // Reading so much takes longer than the neighbours of this request are to wait.
    let prepared = {
        let state = Arc::clone(state);
        tokio::task::spawn_blocking(move || prepare_all(&state, body.as_ref(), hmac_key, dry_run))
    };
    let (mut report, mut keys, hmac_key) =
        prepared.await.map_err(|error| Error::Internal(error.to_string()))??;
    while !keys.is_empty() {
        let rest = keys.split_off(keys.len().min(BATCH));
        let (origins, batch): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
        let audit = audit::by_admin(state, by, Some(app), Action::ApiKeysImported);
        let (app_id, hmac_key) = (app.ids.app_id, hmac_key.clone());
        let outcomes = state.store.import_api_keys(app_id, batch, hmac_key, LIMITS, dry_run, audit).await?;
        for (origin, outcome) in origins.into_iter().zip(outcomes) {
            count(&mut report, origin, outcome);
        }
        keys = rest;
    }
    if !dry_run && report.imported > 0 {
        foreign_keys::reload(state).await?;
    }
    Ok(report.finished())
}

type Prepared = (Report, Vec<(Origin, ImportedKey)>, HmacKey);

fn prepare_all(
    state: &ServerState,
    body: &[u8],
    beside: Option<SecretText>,
    dry_run: bool,
) -> Result<Prepared, Error> {
    let mut report = Report { dry_run, ..Report::default() };
    let first = lines::split(body).next();
    let first = first.and_then(|(number, line)| Some((number, serde_json::from_slice(line).ok()?)));
    let (first_key, hmac_key) = match (first, beside) {
        (Some(_), Some(_)) => return Err(Error::HmacKeyInvalid),
        (Some((number, HmacKeyDocument { hmac_key_base64 })), None) => (number + 1, Some(hmac_key_base64)),
        (None, beside) => (1, beside),
    };
    let hmac_key = hmac_key.map(|text| seal_hmac_key(state, &text)).transpose()?;
    let lines: Vec<Line<KeyDocument>> = lines::read(body, first_key, MAX_LINES)?;
    let mut keys = Vec::with_capacity(lines.len());
    let now = state.clock.now();
    for line in lines {
        let Some((line, document)) = report.readable(line) else { continue };
        let id = document.id.map(|id| *id.object_id());
        let origin = Origin { line, id, user_id: Some(*document.user_id.object_id()) };
        match prepare(state, document, hmac_key.as_ref(), now) {
            Ok(key) => keys.push((origin, key)),
            Err(reason) => report.invalid(origin, reason),
        }
    }
    Ok((report, keys, hmac_key))
}

fn seal_hmac_key(state: &ServerState, text: &SecretText) -> Result<ForeignHmacKey, Error> {
    let key = BASE64.decode(text.expose().trim()).map(Zeroizing::new).map_err(|_| Error::HmacKeyInvalid)?;
    if !HMAC_KEY_LENGTHS.contains(&key.len()) {
        return Err(Error::HmacKeyInvalid);
    }
    foreign_keys::seal_hmac_key(&state.pepper, &key)
}

fn prepare(
    state: &ServerState,
    document: KeyDocument,
    hmac_key: Option<&ForeignHmacKey>,
    now: Timestamp,
) -> Result<ImportedKey, String> {
    if !valid_name(&document.name) {
        return Err("name is 1 to 64 ASCII letters, digits, underscores and hyphens".into());
    }
    let hash = read_hash(&document)?;
    let hmac_key = match hash.algorithm {
        HashAlgorithm::HmacSha256 => {
            Some(hmac_key.ok_or("hmac-sha256 needs the key of the HMAC: give it once, beside the lines")?)
        }
        HashAlgorithm::Sha256 | HashAlgorithm::Sha512 => None,
    };
    let prefix = document.prefix.unwrap_or_default();
    Shape::new(&prefix, document.length, &document.alphabet)?;
    let fingerprint = hmac_key.map(|key| key.fingerprint);
    let shape =
        foreign_keys::stored_shape(prefix, document.length, document.alphabet, hash.algorithm, fingerprint);
    Ok(ImportedKey {
        user_id: document.user_id,
        key_id: document.id.unwrap_or_else(|| state.ids.next(now)),
        id_given: document.id.is_some(),
        name: document.name,
        disabled: document.disabled.unwrap_or(false),
        created_at: created_at(document.created_at, document.id.map(|id| *id.object_id()), now)?,
        digest: state.pepper.digest_foreign_hash(hash.algorithm.as_str(), &hash.bytes),
        shape,
    })
}

fn read_hash(document: &KeyDocument) -> Result<ForeignHash, String> {
    let algorithm: HashAlgorithm = document.algorithm.parse()?;
    let hash = document.hash.trim();
    let bytes = match document.encoding {
        Encoding::Hex => from_hex(hash),
        Encoding::Base64 => BASE64.decode(hash).ok(),
        Encoding::Base64url => BASE64_URL.decode(hash).ok(),
    };
    let bytes = bytes.filter(|bytes| bytes.len() == algorithm.output_length());
    let bytes = bytes.ok_or_else(|| {
        format!("hash is not {} bytes in the encoding that is given", algorithm.output_length())
    })?;
    Ok(ForeignHash { algorithm, bytes })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

fn count(report: &mut Report, origin: Origin, outcome: ImportKeyOutcome) {
    let reason = match outcome {
        ImportKeyOutcome::Imported => {
            report.imported += 1;
            return;
        }
        ImportKeyOutcome::Unchanged => {
            report.unchanged += 1;
            return;
        }
        ImportKeyOutcome::NoSuchUser => "the application has no such user: import users first".to_owned(),
        ImportKeyOutcome::AnonymousOwner => "anonymous users cannot have API keys".to_owned(),
        ImportKeyOutcome::NameTaken => "the user has another API key of this name".to_owned(),
        ImportKeyOutcome::IdTaken => "the user has another API key of this id".to_owned(),
        ImportKeyOutcome::HashTaken => "this hash was imported for another API key".to_owned(),
        ImportKeyOutcome::LimitReached => {
            format!("a user can have at most {MAX_KEYS_PER_USER} API keys")
        }
        ImportKeyOutcome::TooManyShapes => {
            format!("an application can have imported API keys of at most {MAX_SHAPES} shapes")
        }
    };
    report.conflict(origin, reason);
}
