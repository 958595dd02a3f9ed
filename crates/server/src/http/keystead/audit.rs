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
use serde::Deserialize;
use serde_json::{Map, Value, json};

const DEFAULT_PAGE: u32 = 100;

#[derive(Deserialize)]
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
) -> Result<Json<Value>, Error> {
    by.check_sees(query.app_id)?;
    let ListQuery { app_id, user_id, action, since, until, before, limit } = query;
    let filter = AuditFilter { app_id, user_id, action, since, until, before };
    let page = trail::list(&state, filter, limit.unwrap_or(DEFAULT_PAGE)).await?;
    let mut answer = json!({"events": page.rows.iter().map(shown).collect::<Vec<_>>()});
    if let Some(before) = page.next_before {
        answer["next_before"] = before.into();
    }
    Ok(Json(answer))
}

#[derive(Deserialize)]
pub(in crate::http) struct VerifyBody {
    expect_head: Option<String>,
    expect_sequence: Option<i64>,
}

pub(in crate::http) async fn verify(
    State(state): State<ThreadState>,
    _: ServerAdministrator,
    JsonBody(body): JsonBody<VerifyBody>,
) -> Result<Json<Value>, Error> {
    let mac = body.expect_head.map(|text| {
        parse_mac(&text).ok_or_else(|| Error::InvalidBody("expect_head is 64 hexadecimal digits".into()))
    });
    let expectation = Expectation { sequence: body.expect_sequence, mac: mac.transpose()? };
    let Verification { events, head, broken } = audit::verify(&state, expectation).await?;
    Ok(Json(match broken {
        None => json!({
            "intact": true,
            "events": events,
            "head": hex(&head.mac),
            "head_sequence": head.sequence,
        }),
        Some(broken) => json!({
            "intact": false,
            "events": events,
            "broken_at": broken.at(),
            "reason": reason(broken),
        }),
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

/// What is not known is left out.
fn shown(row: &AuditRow) -> Value {
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    let mut event = Map::from_iter([
        ("sequence".to_owned(), Value::from(row.sequence)),
        ("at".to_owned(), Value::from(row.at)),
    ]);
    let members = [
        ("app_id", row.app_id.as_deref().map(hex)),
        ("actor", row.actor.as_ref().map(text)),
        ("actor_id", row.actor_id.as_deref().map(hex)),
        ("action", row.action.as_ref().map(text)),
        ("user_id", row.user_id.as_deref().map(hex)),
        ("subject", row.subject.as_ref().map(text)),
        ("address", row.address.as_ref().map(text)),
        ("request_id", row.request_id.as_deref().map(hex)),
        ("outcome", row.outcome.as_ref().map(text)),
    ];
    for (name, value) in members {
        event.extend(value.map(|value| (name.to_owned(), Value::String(value))));
    }
    Value::Object(event)
}
