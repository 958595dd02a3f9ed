//! The audit trail: read it, and prove that it is as it was written.

use super::hex;
use crate::clock::Timestamp;
use crate::domain::audit::{self, Broken, Expectation, Verification, trail};
use crate::error::Error;
use crate::http::admin::{AdministeredGroup, ServerAdministrator};
use crate::http::extract::{JsonBody, Parameters};
use crate::state::ThreadState;
use crate::store::audit::{AuditFilter, AuditRow, parse_mac};
use axum::Json;
use axum::extract::State;
use keystead_protocol::id::{AppId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const DEFAULT_PAGE: u32 = 100;

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct ListQuery {
    app_id: Option<AppId>,
    user_id: Option<UserId>,
    action: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    before: Option<i64>,
    limit: Option<u32>,
}

pub(in crate::http) async fn list(
    State(state): State<ThreadState>,
    AdministeredGroup(by): AdministeredGroup,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page>, Error> {
    by.check_sees(query.app_id)?;
    let ListQuery { app_id, user_id, action, since, until, before, limit } = query;
    let filter = AuditFilter { app_id, user_id, action, since, until, before };
    let page = trail::list(&state, filter, limit.unwrap_or(DEFAULT_PAGE)).await?;
    Ok(Json(Page { events: page.rows.iter().map(shown).collect(), next_before: page.next_before }))
}

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct VerifyBody {
    expect_head: Option<String>,
    expect_sequence: Option<i64>,
}

pub(in crate::http) async fn verify(
    State(state): State<ThreadState>,
    _: ServerAdministrator,
    JsonBody(body): JsonBody<VerifyBody>,
) -> Result<Json<Verdict>, Error> {
    let mac = body.expect_head.map(|text| {
        parse_mac(&text).ok_or_else(|| Error::InvalidBody("expect_head is 64 hexadecimal digits".into()))
    });
    let expectation = Expectation { sequence: body.expect_sequence, mac: mac.transpose()? };
    let Verification { events, head, broken } = audit::verify(&state, expectation).await?;
    Ok(Json(match broken {
        None => Verdict {
            intact: true,
            events,
            head: Some(hex(&head.mac)),
            head_sequence: Some(head.sequence),
            broken_at: None,
            reason: None,
        },
        Some(broken) => Verdict {
            intact: false,
            events,
            head: None,
            head_sequence: None,
            broken_at: Some(broken.at()),
            reason: Some(reason(broken)),
        },
    }))
}

/// For people, with what it means.
fn reason(broken: Broken) -> String {
    match broken {
        Broken::OtherPepper => {
            "the trail is linked by another pepper than the server has: nothing of it can be verified".into()
        }
        Broken::RowChanged(row) => {
            format!("event {row} was changed, or was written by somebody who does not have the pepper")
        }
        Broken::RowsMissing(first, last) if first == last => format!("event {first} is missing"),
        Broken::RowsMissing(first, last) => format!("events {first} to {last} are missing"),
        Broken::RowBeforeStart(row) => {
            format!("event {row} is from before the start of the trail: somebody put it there")
        }
        Broken::Truncated(last) => {
            format!("the trail ends with event {last}, and what was noted is not in it: its end was cut off")
        }
        Broken::NotAsNoted(row) => {
            format!("event {row} is not the one that was noted: the trail was written anew since")
        }
    }
}

/// Some events.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct Page {
    events: Vec<Event>,
    /// There if there are older ones: what to ask for them with.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<i64>,
}

/// An event. What is not known is left out.
#[derive(Serialize, JsonSchema)]
struct Event {
    sequence: i64,
    /// Unix seconds.
    at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
}

/// Whether the trail is as it was written, and if so, what it ends with; if not, where, and what is wrong.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct Verdict {
    intact: bool,
    events: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head_sequence: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

fn shown(row: &AuditRow) -> Event {
    let text =
        |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let id = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(hex);
    Event {
        sequence: row.sequence,
        at: row.at,
        app_id: id(&row.app_id),
        actor: text(&row.actor),
        actor_id: id(&row.actor_id),
        action: text(&row.action),
        user_id: id(&row.user_id),
        subject: text(&row.subject),
        address: text(&row.address),
        request_id: id(&row.request_id),
        outcome: text(&row.outcome),
    }
}
