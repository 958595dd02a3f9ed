//! Whatever the store is asked to do, the rows that logins read say what the source tables say.

use super::{find, split};
use crate::clock::Timestamp;
use crate::store::api_keys::{
    ApiKeyLogin, ApiKeyStore as _, ApiKeyUse, InsertApiKeyOutcome, NewApiKey, SecretRecord,
};
use crate::store::audit::{Action, Actor, ActorGuard, AuditChain, AuditEvent, Outcome};
use crate::store::sessions::ApiKeyState;
use crate::store::sqlite::{SqliteStore, columns};
use crate::store::sweep::SweepStore as _;
use crate::store::users::{IdentityRecord, NewUser, UserStore as _};
use crate::store::{Store as _, StoreError};
use keystead_protocol::id::{ApiKeyId, AppId, ObjectId, UserId};
use keystead_protocol::provider::ProviderType;
use proptest::prelude::*;
use rusqlite::Connection;

const USERS: u8 = 3;
const KEYS: u8 = 4;
const LIMIT: u32 = 3;

/// What the store is asked. Users and keys are numbers, and may not exist.
#[derive(Debug, Clone)]
enum Step {
    AddUser(u8),
    AddKey(u8, u8),
    SetKeyDisabled(u8, u8, bool),
    DeleteKey(u8, u8),
    SetUserDisabled(AppId, u8, bool),
    Revoke(AppId, u8),
    DeleteUser(AppId, u8),
    Use(u8, u8),
    Sweep,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let user = || 0..USERS;
    let key = || 0..KEYS;
    // Now and then somebody names the wrong application.
    let app = || prop_oneof![9 => Just(app_id(1)), 1 => Just(app_id(2))];
    let step = prop_oneof![
        2 => user().prop_map(Step::AddUser),
        6 => (user(), key()).prop_map(|(user, key)| Step::AddKey(user, key)),
        3 => (user(), key(), any::<bool>()).prop_map(|(u, k, disabled)| Step::SetKeyDisabled(u, k, disabled)),
        2 => (user(), key()).prop_map(|(user, key)| Step::DeleteKey(user, key)),
        3 => (app(), user(), any::<bool>()).prop_map(|(a, u, disabled)| Step::SetUserDisabled(a, u, disabled)),
        2 => (app(), user()).prop_map(|(app, user)| Step::Revoke(app, user)),
        1 => (app(), user()).prop_map(|(app, user)| Step::DeleteUser(app, user)),
        1 => (user(), key()).prop_map(|(user, key)| Step::Use(user, key)),
        1 => Just(Step::Sweep),
    ];
    prop::collection::vec(step, 1..40)
}

async fn take(store: &SqliteStore, step: Step) -> Result<(), StoreError> {
    let now = Timestamp::from_unix_seconds(1_000);
    match step {
        Step::AddUser(user) => or_refused(store.insert_user(new_user(user, now), event()).await),
        Step::AddKey(user, key) => {
            or_refused(store.insert_api_key(new_key(user, key, now), LIMIT, event()).await)
        }
        Step::SetKeyDisabled(user, key, disabled) => {
            store.set_api_key_disabled(user_id(user), key_id(user, key), disabled, event()).await.map(drop)
        }
        Step::DeleteKey(user, key) => {
            store.delete_api_key(user_id(user), key_id(user, key), event()).await.map(drop)
        }
        Step::SetUserDisabled(app, user, disabled) => {
            store.set_user_disabled(app, user_id(user), disabled, event()).await.map(drop)
        }
        Step::Revoke(app, user) => store.revoke_user_sessions(app, user_id(user), event()).await.map(drop),
        Step::DeleteUser(app, user) => store.delete_user(app, user_id(user), event()).await.map(drop),
        Step::Use(user, key) => store.record_usage(vec![used(user, key, now)], vec![], vec![]).await,
        Step::Sweep => store.delete_expired(now, now, 10, event()).await.map(drop),
    }
}

/// Adding what is there already is an error, after which all is as it was.
fn or_refused<T>(result: Result<T, StoreError>) -> Result<(), StoreError> {
    match result {
        Ok(_) | Err(StoreError::Engine(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn rows_and_answers_never_drift_from_users_keys_and_secrets(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("store"), AuditChain::new(|_| [0; 32])).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for step in steps {
                let said = format!("after {step:?}");
                take(&store, step).await.unwrap();
                let sources = store.readers.read(read_sources).unwrap();
                let rows = store.readers.read(read_rows).unwrap();
                prop_assert_eq!(&rows, &sources, "{}", said);
                // Asked twice, so that the answer of the cache is looked at too.
                for digest in all_digests().iter().chain(&all_digests()) {
                    let expected = sources.iter().find(|(other, _)| other == digest).map(|(_, login)| *login);
                    prop_assert_eq!(store.find_api_key_login("", digest).await.unwrap(), expected, "{}", said);
                }
            }
            Ok(())
        })?;
        store.close();
    }
}

#[tokio::test]
async fn a_digest_that_shares_only_its_slot_is_nobodys_and_makes_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("store"), AuditChain::new(|_| [0; 32])).unwrap();
    let now = Timestamp::from_unix_seconds(1_000);
    store.insert_user(new_user(0, now), event()).await.unwrap();
    let first = store.insert_api_key(new_key(0, 0, now), LIMIT, event()).await.unwrap();
    assert_eq!(first, InsertApiKeyOutcome::Inserted);
    let mut second = new_key(0, 1, now);
    second.secret.digest[..8].copy_from_slice(&digest(0, 0)[..8]);
    let second_digest = second.secret.digest;
    assert_eq!(store.find_api_key_login("", &second_digest).await.unwrap(), None);
    store.insert_api_key(second, LIMIT, event()).await.unwrap_err();
    assert_eq!(store.find_api_key_login("", &second_digest).await.unwrap(), None);
    assert_eq!(store.list_api_keys(user_id(0)).await.unwrap().len(), 1);
    store.close();
}

/// What logins are to be told, by digest, from the tables that count.
pub(in crate::store::sqlite) fn read_sources(
    connection: &Connection,
) -> rusqlite::Result<Vec<([u8; 32], ApiKeyLogin)>> {
    let mut statement = connection.prepare(
        "SELECT s.digest, u.app_id, u.user_id, u.disabled, u.generation, k.key_id, k.disabled, k.generation
         FROM api_key_secrets s
         JOIN api_keys k ON k.user_id = s.user_id AND k.key_id = s.key_id
         JOIN users u ON u.user_id = s.user_id
         ORDER BY s.digest",
    )?;
    let logins = statement.query_map([], |row| {
        let login = ApiKeyLogin {
            app_id: columns::id(row, 1)?,
            user_id: columns::id(row, 2)?,
            user_disabled: row.get(3)?,
            user_generation: row.get(4)?,
            key_id: columns::id(row, 5)?,
            key: ApiKeyState { disabled: row.get(6)?, generation: row.get(7)? },
        };
        Ok((row.get(0)?, login))
    })?;
    logins.collect()
}

/// What logins are told, by digest: every row there is.
pub(in crate::store::sqlite) fn read_rows(
    connection: &Connection,
) -> rusqlite::Result<Vec<([u8; 32], ApiKeyLogin)>> {
    let mut statement = connection.prepare("SELECT slot, digest_rest FROM api_key_logins")?;
    let digests = statement.query_map([], |row| {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&row.get::<_, i64>(0)?.to_be_bytes());
        digest[8..].copy_from_slice(&row.get::<_, [u8; 24]>(1)?);
        assert_eq!(split(&digest).0, row.get::<_, i64>(0)?);
        Ok(digest)
    })?;
    let mut digests: Vec<[u8; 32]> = digests.collect::<rusqlite::Result<_>>()?;
    digests.sort_unstable();
    digests
        .into_iter()
        .map(|digest| Ok((digest, find(connection, &digest)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?)))
        .collect()
}

fn event() -> AuditEvent {
    AuditEvent {
        at: Timestamp::from_unix_seconds(1_000),
        app_id: None,
        actor: Actor::Server,
        action: Action::ApiKeyCreated,
        user_id: None,
        subject: None,
        address: None,
        request_id: None,
        outcome: Outcome::Done,
        guard: ActorGuard::None,
    }
}

fn new_user(user: u8, now: Timestamp) -> NewUser {
    let identity = IdentityRecord {
        provider_type: ProviderType::CustomToken,
        identity_id: user.to_string(),
        data: serde_json::Map::new(),
        generation: 0,
        created_at: now,
    };
    NewUser { user_id: user_id(user), app_id: app_id(1), identity, created_at: now }
}

fn new_key(user: u8, key: u8, now: Timestamp) -> NewApiKey {
    NewApiKey {
        key_id: key_id(user, key),
        user_id: user_id(user),
        app_id: app_id(1),
        name: key.to_string(),
        secret: SecretRecord {
            digest: digest(user, key),
            prefix: String::new(),
            display_start: String::new(),
            display_end: String::new(),
        },
        created_at: now,
    }
}

fn used(user: u8, key: u8, at: Timestamp) -> ApiKeyUse {
    let (user_id, key_id) = (user_id(user), key_id(user, key));
    ApiKeyUse { user_id, key_id, at, from: "::1".into(), agent: None, sightings: Vec::new() }
}

fn all_digests() -> Vec<[u8; 32]> {
    (0..USERS).flat_map(|user| (0..KEYS).map(move |key| digest(user, key))).collect()
}

/// Digests begin with all sorts of bytes, those that make a slot negative too.
fn digest(user: u8, key: u8) -> [u8; 32] {
    std::array::from_fn(|index| {
        (user * KEYS + key).wrapping_mul(23).wrapping_add(u8::try_from(index).unwrap())
    })
}

fn app_id(number: u8) -> AppId {
    ObjectId::from_bytes([number; 12]).into()
}

fn user_id(user: u8) -> UserId {
    ObjectId::from_bytes([user; 12]).into()
}

fn key_id(user: u8, key: u8) -> ApiKeyId {
    let mut bytes = [user; 12];
    bytes[11] = 100 + key;
    ObjectId::from_bytes(bytes).into()
}
