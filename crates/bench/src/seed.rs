//! Fills a data folder through the server's own store: users with keys, and sessions of some users.

use keystead_protocol::id::{DeviceId, ObjectId, UserId};
use keystead_protocol::provider::ProviderType;
use keystead_server::Server;
use keystead_server::domain::audit;
use keystead_server::domain::secret_key::KeySecret;
use keystead_server::domain::sessions::{self, Authenticated, Grounds};
use keystead_server::settings::Settings;
use keystead_server::state::ServerState;
use keystead_server::store::api_keys::{NewApiKey, SecretRecord};
use keystead_server::store::audit::Action;
use keystead_server::store::users::{IdentityRecord, NewUser};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Users who have this many keys each hold all seeded keys.
const KEYS_PER_USER: usize = 5;
/// Users without keys, whose sessions create some. Each may have 20.
pub(crate) const CREATORS: usize = 40_000;
/// So many writes wait at once, to fill the commits.
const CONCURRENCY: usize = 1_000;
const DATA_FOLDER: &str = "data";
const KEYS_FILE: &str = "keys";
/// The one that is written last.
const LAST_FILE: &str = "creators";

/// A seeded data folder and the records that the load tool sends.
pub(crate) struct Seeded {
    pub(crate) data_dir: PathBuf,
    /// All API keys.
    pub(crate) keys: Records,
    /// Refresh tokens of users with keys.
    pub(crate) sessions: Records,
    /// Refresh tokens of users without keys.
    pub(crate) creators: Records,
}

impl Seeded {
    /// What [`seed`] wrote into `folder` before, if it came to its end: the keys, not the sessions.
    pub(crate) fn find(folder: &Path, keys: usize) -> Option<Self> {
        let none = Records { file: folder.join(LAST_FILE), length: 0, count: 0 };
        let file = folder.join(KEYS_FILE);
        let bytes = usize::try_from(file.metadata().ok()?.len()).ok()?;
        let stored = Records { file, length: bytes.checked_div(keys)?, count: keys };
        none.file.exists().then(|| Self {
            data_dir: folder.join(DATA_FOLDER),
            keys: stored,
            sessions: none.clone(),
            creators: none,
        })
    }
}

/// A file of records of one length, the shorter ones padded.
#[derive(Clone)]
pub(crate) struct Records {
    pub(crate) file: PathBuf,
    pub(crate) length: usize,
    pub(crate) count: usize,
}

impl Records {
    /// The first so many.
    pub(crate) fn first(&self, count: usize) -> Self {
        Self { count: count.min(self.count), ..self.clone() }
    }
}

/// Writes `keys` keys, and `creators` users without any, into `folder`.
pub(crate) async fn seed(folder: &Path, keys: usize, creators: usize) -> Result<Seeded, String> {
    let data_dir = folder.join(DATA_FOLDER);
    let mut settings = Settings::new(data_dir.clone());
    settings.listen = ([127, 0, 0, 1], 0).into();
    let server = Server::start(settings).await.map_err(|error| error.to_string())?;
    let state = &server.state;
    let users = keys.div_ceil(KEYS_PER_USER);
    let owners = insert_users(state, users).await?;
    let keys = insert_keys(state, &owners, keys, folder).await?;
    let sessions = open_sessions(state, &owners[..owners.len().min(1_000)], &folder.join("sessions"))?;
    let creators = insert_users(state, creators).await?;
    let creators = open_sessions(state, &creators, &folder.join(LAST_FILE))?;
    state.store.close();
    Ok(Seeded { data_dir, keys, sessions, creators })
}

async fn insert_users(state: &Arc<ServerState>, count: usize) -> Result<Vec<UserId>, String> {
    let mut users = Vec::with_capacity(count);
    let mut waiting = JoinSet::new();
    for _ in 0..count {
        let now = state.clock.now();
        let user_id: UserId = state.ids.next(now);
        let identity = IdentityRecord {
            provider_type: ProviderType::CustomToken,
            identity_id: user_id.to_string(),
            data: serde_json::Map::new(),
            generation: 0,
            created_at: now,
        };
        let app_id = app(state)?.ids.app_id;
        let user = NewUser { user_id, app_id, identity, created_at: now };
        users.push(user_id);
        let state = Arc::clone(state);
        let audit = audit::by_server(&state, Action::UserCreated).about_user(user_id);
        waiting.spawn(async move {
            state.store.insert_user(user, audit).await.map_err(|error| error.to_string())
        });
        settle(&mut waiting, CONCURRENCY).await?;
    }
    settle(&mut waiting, 0).await?;
    Ok(users)
}

async fn insert_keys(
    state: &Arc<ServerState>,
    owners: &[UserId],
    count: usize,
    folder: &Path,
) -> Result<Records, String> {
    let file = folder.join(KEYS_FILE);
    let mut output = BufWriter::new(File::create(&file).map_err(|error| error.to_string())?);
    let mut length = 0;
    let mut waiting = JoinSet::new();
    let app_id = app(state)?.ids.app_id;
    for index in 0..count {
        let now = state.clock.now();
        let user_id = owners[index % owners.len()];
        let secret = KeySecret::generate(&state.settings.key_prefix, user_id).map_err(|e| e.to_string())?;
        length = secret.expose().len() + 1;
        writeln!(output, "{}", secret.expose()).map_err(|error| error.to_string())?;
        let key = NewApiKey {
            key_id: state.ids.next(now),
            user_id,
            app_id,
            name: format!("key-{index}"),
            secret: SecretRecord {
                digest: state.pepper.digest_api_key(secret.expose()),
                prefix: state.settings.key_prefix.as_str().into(),
                display_start: secret.display_start().into(),
                display_end: secret.display_end().into(),
            },
            created_at: now,
        };
        let audit = audit::by_server(state, Action::ApiKeyCreated).about_user(user_id).about(&key.key_id);
        let state = Arc::clone(state);
        waiting.spawn(async move {
            state
                .store
                .insert_api_key(key, u32::MAX, audit)
                .await
                .map(drop)
                .map_err(|error| error.to_string())
        });
        settle(&mut waiting, CONCURRENCY).await?;
    }
    settle(&mut waiting, 0).await?;
    output.flush().map_err(|error| error.to_string())?;
    Ok(Records { file, length, count })
}

/// Sessions need no writing: their tokens are all there is.
fn open_sessions(state: &Arc<ServerState>, users: &[UserId], file: &Path) -> Result<Records, String> {
    let mut output = BufWriter::new(File::create(file).map_err(|error| error.to_string())?);
    let mut length = 0;
    for user_id in users {
        let who = Authenticated {
            user_id: *user_id,
            identity_id: ObjectId::default().to_string(),
            grounds: Grounds {
                provider_type: ProviderType::CustomToken,
                api_key: None,
                user_generation: 0,
                credential_generation: 0,
            },
        };
        let app = app(state)?;
        let tokens = sessions::open(state, &app, &who, DeviceId::NONE).map_err(|e| e.to_string())?;
        length = tokens.refresh_token.len() + 1;
        writeln!(output, "{}", tokens.refresh_token).map_err(|error| error.to_string())?;
    }
    output.flush().map_err(|error| error.to_string())?;
    Ok(Records { file: file.to_owned(), length, count: users.len() })
}

fn app(state: &ServerState) -> Result<Arc<keystead_server::app_config::App>, String> {
    state.apps().by_client_app_id("quickstart-abcde").ok_or_else(|| "there is no quickstart".into())
}

async fn settle(waiting: &mut JoinSet<Result<(), String>>, at_most: usize) -> Result<(), String> {
    while waiting.len() > at_most {
        if let Some(done) = waiting.join_next().await {
            done.map_err(|error| error.to_string())??;
        }
    }
    Ok(())
}
