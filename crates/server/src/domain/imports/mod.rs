//! Taking over users and API keys from another system, in chunks. Each line of a chunk stands for itself:
//! one that cannot be imported is reported, and the others are imported. Importing a chunk again changes
//! nothing.

pub mod api_keys;
mod lines;
pub mod users;

use crate::clock::Timestamp;
use keystead_protocol::id::ObjectId;
use lines::{Line, Unreadable};
use serde::Serialize;
use std::time::Duration;

/// So many lines a chunk may have.
pub const MAX_LINES: usize = 2_000;
/// So many bytes a chunk may have.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// So many of them are written in one transaction: other writes come in between.
const BATCH: usize = 500;
/// Clocks differ; what was made later than this from now was not made yet.
const CLOCK_TOLERANCE: Duration = Duration::from_hours(24);

/// What became of a chunk.
#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
pub struct Report {
    /// Whether it was only tried.
    pub dry_run: bool,
    /// Lines, but for empty ones.
    pub received: usize,
    /// What was stored, or would be.
    pub imported: usize,
    /// What was there already.
    pub unchanged: usize,
    /// What cannot be stored anywhere.
    pub invalid: usize,
    /// What cannot be stored beside what is there.
    pub conflicts: usize,
    /// Mails with which accounts are claimed; only where users are imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_mails: Option<usize>,
    /// Why lines were not imported, in their order.
    pub problems: Vec<Problem>,
}

/// Why a line was not imported.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The id in it, if it can be read.
    #[serde(rename = "_id", skip_serializing_if = "Option::is_none")]
    pub id: Option<ObjectId>,
    /// The owner in it, if it is of a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<ObjectId>,
    /// What is in the way: the line itself, or what is stored.
    pub kind: ProblemKind,
    /// A sentence.
    pub reason: String,
}

/// See [`Problem::kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The line itself.
    Invalid,
    /// What is stored.
    Conflict,
}

/// Where a thing to be imported comes from.
#[derive(Debug, Clone, Copy)]
struct Origin {
    line: usize,
    id: Option<ObjectId>,
    user_id: Option<ObjectId>,
}

impl Report {
    /// Takes what can be read of a line, and reports what cannot.
    fn readable<T>(&mut self, line: Line<T>) -> Option<(usize, T)> {
        let number = line.number;
        let unreadable = |Unreadable { reason, ids }| {
            self.invalid(Origin { line: number, id: ids.id, user_id: ids.user_id }, reason);
        };
        line.document.map(|document| (number, document)).map_err(unreadable).ok()
    }

    fn invalid(&mut self, origin: Origin, reason: impl Into<String>) {
        self.invalid += 1;
        self.add_problem(origin, ProblemKind::Invalid, reason.into());
    }

    fn conflict(&mut self, origin: Origin, reason: impl Into<String>) {
        self.conflicts += 1;
        self.add_problem(origin, ProblemKind::Conflict, reason.into());
    }

    fn add_problem(&mut self, origin: Origin, kind: ProblemKind, reason: String) {
        let Origin { line, id, user_id } = origin;
        self.problems.push(Problem { line, id, user_id, kind, reason });
    }

    /// The whole of it, in order.
    fn finished(mut self) -> Self {
        self.received = self.imported + self.unchanged + self.invalid + self.conflicts;
        self.problems.sort_by_key(|problem| problem.line);
        self
    }
}

/// The moment that a line gives, or the one in its id, or now.
fn created_at(given: Option<i64>, id: Option<ObjectId>, now: Timestamp) -> Result<Timestamp, String> {
    if let Some(seconds) = given {
        let moment = Timestamp::from_unix_seconds(seconds);
        let possible = seconds >= 0 && moment <= now.plus(CLOCK_TOLERANCE);
        return if possible {
            Ok(moment)
        } else {
            Err("a time is in seconds since 1970, and not in the future".into())
        };
    }
    let in_id = id.map(|id| Timestamp::from_unix_seconds(id.seconds().into()));
    Ok(in_id.filter(|moment| *moment <= now).unwrap_or(now))
}
