//! What an operator should know before users do: each check says how things are, and what to do if they
//! are not well. Nothing is changed and no mail is sent.

mod machine;
mod settings;

use crate::app_config;
use crate::state::ServerState;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Check {
    /// What was looked at; stable, for programs.
    pub name: String,
    /// How it is.
    pub status: Status,
    /// A sentence.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Well.
    Ok,
    /// It works, and may be meant so.
    Warning,
    /// It is broken or dangerous, or soon will be.
    Problem,
}

impl Check {
    fn ok(name: &str, message: impl Into<String>) -> Self {
        Self { name: name.into(), status: Status::Ok, message: message.into(), fix: None }
    }

    fn warning(name: &str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name: name.into(), status: Status::Warning, message: message.into(), fix: Some(fix.into()) }
    }

    fn problem(name: &str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name: name.into(), status: Status::Problem, message: message.into(), fix: Some(fix.into()) }
    }
}

/// No mail server needs longer to say hello.
const MAIL_TIME_LIMIT: Duration = Duration::from_secs(5);

/// Looks at everything.
pub async fn examine(state: &Arc<ServerState>) -> Vec<Check> {
    let worker = Arc::clone(state);
    let blocking = tokio::task::spawn_blocking(move || {
        let mut checks = machine::store(&worker);
        checks.push(machine::disk_space(&worker.settings.data_dir));
        checks.push(machine::file_clock(&worker));
        checks.push(machine::pepper(&worker.settings));
        checks.push(machine::certificate(&worker));
        checks.extend(applications(&worker));
        checks
    });
    let (blocking, mail, admin) = tokio::join!(blocking, mail(state), settings::admin(state));
    let mut checks = settings::all(state);
    checks.extend([admin, mail, machine::drift(&state.clock)]);
    checks.extend(blocking.unwrap_or_else(|error| {
        vec![Check::problem("machine", format!("the checks failed: {error}"), "report this, with the log")]
    }));
    checks
}

async fn mail(state: &ServerState) -> Check {
    use crate::mail::Mailer;
    let name = "mail";
    let wanted = state.apps().iter().any(|app| app.config.sends_mails());
    match &state.mailer {
        Mailer::Off if wanted => Check::problem(
            name,
            "applications send mails, and there is no mail server",
            "set --smtp-url, and --mail-from",
        ),
        Mailer::Off => Check::ok(name, "there is no mail server, and no application sends mails"),
        Mailer::Log => {
            Check::ok(name, "mails are written to the log, as only this machine reaches the server")
        }
        Mailer::Smtp { .. } => {
            let connected = tokio::time::timeout(MAIL_TIME_LIMIT, state.mailer.try_connection()).await;
            let failure = match connected {
                Ok(Ok(())) => return Check::ok(name, "the mail server answers"),
                Ok(Err(error)) => error,
                Err(_) => format!("it did not answer within {} seconds", MAIL_TIME_LIMIT.as_secs()),
            };
            Check::problem(
                name,
                format!("the mail server cannot be used: {failure}"),
                "check host, port, TLS and password in --smtp-url; mails wait meanwhile",
            )
        }
    }
}

/// What their folders say now, which is not served before they are reloaded.
fn applications(state: &ServerState) -> Vec<Check> {
    let apps = state.apps();
    let examine = |app: &Arc<app_config::App>| {
        let name = format!("application {}", app.ids.client_app_id);
        let Some(source) = &app.source else { return Check::ok(&name, "it was made by the admin API") };
        let app_config::Source::Folder(folder) = source else {
            return Check::ok(&name, "it is the bundled quickstart application");
        };
        let fix = format!("run keystead check {}", folder.display());
        let (config, report) = app_config::read(source, &state.settings.secrets);
        if config.is_none() {
            let problems = report.problems.len();
            let first = report.problems.first().map(ToString::to_string).unwrap_or_default();
            return Check::problem(
                &name,
                format!(
                    "its folder has {problems} problems, so it is served as it was before; first: {first}"
                ),
                fix,
            );
        }
        match report.notices.split_first() {
            None => Check::ok(&name, "its folder is in order"),
            Some((first, more)) => Check::warning(
                &name,
                format!("{} things in its folder are ignored; first: {first}", more.len() + 1),
                fix,
            ),
        }
    };
    apps.iter().map(examine).collect()
}
