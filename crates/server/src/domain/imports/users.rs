//! Users from another system, with their original ids. Passwords come as hashes and are never hashed
//! here; an account without one is claimed by a mailed link.

use super::lines;
use super::{BATCH, MAX_LINES, Origin, Report, created_at};
use crate::app_config::App;
use crate::app_config::email_password::{MailConfig, PasswordReset};
use crate::clock::Timestamp;
use crate::domain::admins::Administrator;
use crate::domain::email_password::check_email;
use crate::domain::foreign_passwords::{self, NO_PASSWORD};
use crate::domain::mailing::{self, Occasion};
use crate::domain::{audit, imports::lines::Line};
use crate::error::Error;
use crate::state::ServerState;
use crate::store::audit::Action;
use crate::store::imports::{ImportUserOutcome, ImportedAccount, ImportedUser};
use crate::store::users::IdentityRecord;
use keystead_protocol::id::{ObjectId, UserId};
use keystead_protocol::provider::ProviderType;
use keystead_protocol::user::UserType;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;

const MAX_IDENTITY_LENGTH: usize = 512;
/// An imported account that is not confirmed waits for as long as it takes: it has a user.
const WAITS: Timestamp = Timestamp::from_unix_seconds(253_402_300_799);

/// What is asked for besides.
#[derive(Debug, Clone, Copy, Default)]
pub struct UserImportOptions {
    /// Only to say what would happen.
    pub dry_run: bool,
    /// Whether accounts without a password get a mail with which they are claimed.
    pub claim_mail: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserDocument {
    #[serde(rename = "_id")]
    id: UserId,
    email: Option<String>,
    password_hash: Option<String>,
    confirmed: Option<bool>,
    #[serde(default)]
    identities: Vec<IdentityDocument>,
    #[serde(alias = "metadata")]
    data: Option<Map<String, Value>>,
    disabled: Option<bool>,
    #[serde(rename = "type")]
    user_type: Option<UserType>,
    #[serde(alias = "creation_date")]
    created_at: Option<i64>,
    last_authentication_date: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityDocument {
    provider_type: ProviderType,
    id: String,
    #[serde(rename = "provider_id")]
    _provider_id: Option<Value>,
    provider_data: Option<Map<String, Value>>,
}

/// What all users of a chunk are prepared with.
struct Preparing<'i> {
    state: &'i ServerState,
    app: &'i App,
    now: Timestamp,
    /// The mail, if there is to be one.
    claim: Option<&'i MailConfig>,
}

/// Imports a chunk.
///
/// # Errors
/// The chunk has too many lines, or accounts cannot be claimed by mail.
pub async fn import(
    state: &Arc<ServerState>,
    app: &Arc<App>,
    body: impl AsRef<[u8]> + Send + 'static,
    options: UserImportOptions,
    by: &Administrator,
) -> Result<Report, Error> {
    if options.claim_mail {
        claim_mail(state, app)?;
    }
    // Reading so much takes longer than the neighbours of this request are to wait.
    let prepared = {
        let (state, app) = (Arc::clone(state), Arc::clone(app));
        tokio::task::spawn_blocking(move || prepare_all(&state, &app, body.as_ref(), options))
    };
    let (mut report, mut users) = prepared.await.map_err(|error| Error::Internal(error.to_string()))??;
    while !users.is_empty() {
        let rest = users.split_off(users.len().min(BATCH));
        let (origins, batch): (Vec<_>, Vec<_>) = users.into_iter().unzip();
        let claims: Vec<bool> = batch.iter().map(is_claimed).collect();
        let audit = audit::by_admin(state, by, Some(app), Action::UsersImported);
        let outcomes = state.store.import_users(app.ids.app_id, batch, options.dry_run, audit).await?;
        for ((origin, claimed), outcome) in origins.into_iter().zip(claims).zip(outcomes) {
            count(&mut report, origin, claimed, outcome);
        }
        users = rest;
    }
    if !options.dry_run && report.claim_mails > Some(0) {
        state.mail_waits.notify_one();
    }
    Ok(report.finished())
}

type Prepared = (Report, Vec<(Origin, ImportedUser)>);

fn prepare_all(
    state: &ServerState,
    app: &App,
    body: &[u8],
    options: UserImportOptions,
) -> Result<Prepared, Error> {
    let mut report = Report { dry_run: options.dry_run, claim_mails: Some(0), ..Report::default() };
    let claim = if options.claim_mail { Some(claim_mail(state, app)?) } else { None };
    let preparing = Preparing { state, app, now: state.clock.now(), claim };
    let lines: Vec<Line<UserDocument>> = lines::read(body, 1, MAX_LINES)?;
    let mut users = Vec::with_capacity(lines.len());
    for line in lines {
        let Some((line, document)) = report.readable(line) else { continue };
        let origin = Origin { line, id: Some(*document.id.object_id()), user_id: None };
        match preparing.user(document)? {
            Ok(user) => users.push((origin, user)),
            Err(reason) => report.invalid(origin, reason),
        }
    }
    Ok((report, users))
}

/// The mail with which accounts are claimed.
fn claim_mail<'a>(state: &ServerState, app: &'a App) -> Result<&'a MailConfig, Error> {
    if !state.mailer.is_configured() {
        return Err(Error::ClaimsImpossible("no mail server is set up: set --smtp-url"));
    }
    match app.config.providers.email_password.as_ref().map(|config| &config.reset) {
        Some(PasswordReset::Mail(mail)) => Ok(mail),
        Some(PasswordReset::Function(_)) => Err(Error::ClaimsImpossible(
            "the application resets passwords by a function: leave claim_mail out, and let that function mail them",
        )),
        Some(PasswordReset::Off) => Err(Error::ClaimsImpossible(
            "the application does not reset passwords by mail: set resetPasswordUrl",
        )),
        None => Err(Error::ClaimsImpossible("the application has no local-userpass provider")),
    }
}

fn is_claimed(user: &ImportedUser) -> bool {
    user.account.as_ref().is_some_and(|account| account.claim.is_some())
}

fn count(report: &mut Report, origin: Origin, claimed: bool, outcome: ImportUserOutcome) {
    match outcome {
        ImportUserOutcome::Imported => {
            report.imported += 1;
            report.claim_mails = report.claim_mails.map(|mails| mails + usize::from(claimed));
        }
        ImportUserOutcome::Unchanged => report.unchanged += 1,
        ImportUserOutcome::OfAnotherApp => {
            report.conflict(origin, "a user of another application has this id");
        }
        ImportUserOutcome::OtherEmail => {
            report.conflict(origin, "a user with this id exists, and has not this email address");
        }
        ImportUserOutcome::LacksIdentity(provider) => report
            .conflict(origin, format!("a user with this id exists, and has not this {provider} identity")),
        ImportUserOutcome::EmailTaken => {
            report.conflict(origin, "the email address belongs to another account");
        }
        ImportUserOutcome::IdentityTaken(provider) => {
            report.conflict(origin, format!("the {provider} identity belongs to another user"));
        }
    }
}

impl Preparing<'_> {
    /// The inner error is a sentence about the line.
    fn user(&self, document: UserDocument) -> Result<Result<ImportedUser, String>, Error> {
        let parts = match self.parts(document) {
            Ok(parts) => parts,
            Err(reason) => return Ok(Err(reason)),
        };
        let (mut user, without_password) = parts;
        if let (Some(mail), true, false) = (self.claim, without_password, user.disabled)
            && let Some(account) = &mut user.account
        {
            match mailing::write(self.state, self.app, &account.email, Occasion::Claim, mail) {
                Ok(claim) => account.claim = Some(claim),
                Err(Error::EmailInvalid) => {
                    return Ok(Err("no mail can be sent to the email address".to_owned()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Ok(user))
    }

    /// The user, and whether their account has no password.
    fn parts(&self, mut document: UserDocument) -> Result<(ImportedUser, bool), String> {
        if document.user_type.is_some_and(|user_type| user_type != UserType::Normal) {
            return Err("only users of type normal can be imported".into());
        }
        let created_at = created_at(document.created_at, Some(*document.id.object_id()), self.now)?;
        let last_seen_at = match document.last_authentication_date {
            Some(seconds) => super::created_at(Some(seconds), None, self.now)?,
            None => created_at,
        };
        let mut data = document.data.take().unwrap_or_default();
        let mut identities = Vec::new();
        let mut email_identity = None;
        for identity in std::mem::take(&mut document.identities) {
            match identity.provider_type {
                ProviderType::LocalUserpass if email_identity.is_some() => {
                    return Err("a user has at most one local-userpass identity".into());
                }
                ProviderType::LocalUserpass => email_identity = Some(identity),
                ProviderType::CustomToken | ProviderType::CustomFunction => {
                    identities.push(external_identity(identity, created_at)?);
                }
                // As App Services lists them. The keys themselves are imported by another route.
                ProviderType::ApiKey => {}
                other => return Err(format!("identities of {other} cannot be imported: leave them out")),
            }
        }
        let account = self.account(&document, email_identity, &mut data)?;
        let without_password = document.password_hash.is_none();
        if !data.is_empty() {
            let first = identities.first_mut();
            let first = first.ok_or("data needs an email address or an identity that it is kept with")?;
            for (name, value) in data {
                first.data.entry(name).or_insert(value);
            }
        }
        let disabled = document.disabled.unwrap_or(false);
        let user_id = document.id;
        Ok((
            ImportedUser { user_id, account, identities, disabled, created_at, last_seen_at },
            without_password,
        ))
    }

    /// The email account, which takes `data` if there is one.
    fn account(
        &self,
        document: &UserDocument,
        identity: Option<IdentityDocument>,
        data: &mut Map<String, Value>,
    ) -> Result<Option<ImportedAccount>, String> {
        let said = |data: &Map<String, Value>| data.get("email").and_then(Value::as_str).map(str::to_owned);
        let identity_data = identity.as_ref().and_then(|identity| identity.provider_data.as_ref());
        let email = document.email.clone().or_else(|| identity_data.and_then(said));
        let email = email.or_else(|| identity.as_ref().and_then(|_| said(data)));
        let Some(email) = email else {
            return match (identity, &document.password_hash) {
                (Some(_), _) => Err("the local-userpass identity has no email address".into()),
                (_, Some(_)) => Err("password_hash needs an email address".into()),
                (None, None) => Ok(None),
            };
        };
        if check_email(&email).is_err() {
            return Err("the email address is empty, too long, or has control characters in it".into());
        }
        let identity_id = match &identity {
            Some(identity) => {
                let id = identity.id.parse();
                id.map_err(|_| "the id of a local-userpass identity is 24 hexadecimal digits".to_owned())?
            }
            None => self.state.ids.next::<ObjectId>(self.now),
        };
        if let Some(hash) = &document.password_hash {
            foreign_passwords::check(hash)?;
        }
        let mut data = std::mem::take(data);
        data.extend(identity.and_then(|identity| identity.provider_data).unwrap_or_default());
        data.insert("email".into(), Value::String(email.clone()));
        Ok(Some(ImportedAccount {
            email,
            identity_id,
            password_hash: document.password_hash.clone().unwrap_or_else(|| NO_PASSWORD.into()),
            pending_until: (!document.confirmed.unwrap_or(true)).then_some(WAITS),
            data,
            claim: None,
        }))
    }
}

fn external_identity(identity: IdentityDocument, created_at: Timestamp) -> Result<IdentityRecord, String> {
    if identity.id.is_empty() || identity.id.len() > MAX_IDENTITY_LENGTH {
        return Err(format!("the id of an identity has 1 to {MAX_IDENTITY_LENGTH} bytes"));
    }
    Ok(IdentityRecord {
        provider_type: identity.provider_type,
        identity_id: identity.id,
        data: identity.provider_data.unwrap_or_default(),
        generation: 0,
        created_at,
    })
}
