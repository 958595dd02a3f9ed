//! `docs/authorisation.md`, read: one row for each method of each route, one column for each caller.

use super::Trial;
use super::world::{Token, World};
use crate::support::TestServer;
use reqwest::{Method, StatusCode};
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::path::PathBuf;

/// Who calls, in the order of the columns.
pub const CALLERS: [&str; 9] =
    ["nobody", "anonymous", "user", "key", "other", "disabled", "foreign", "admin", "stranger"];

/// Which token a route looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Nothing,
    Access,
    Refresh,
}

/// A row.
pub struct Row {
    pub method: Method,
    /// With the query, where that matters for who may call.
    pub path: String,
    pub wanted: Wanted,
    cells: BTreeMap<&'static str, StatusCode>,
}

impl Row {
    /// The path without the query.
    pub fn route(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// What this caller must be answered with.
    pub fn expected(&self, caller: &str) -> Option<StatusCode> {
        self.cells.get(caller).copied()
    }

    /// The token that the route wants; where it wants none, it gets one that it must not look at.
    pub fn kind(&self) -> Token {
        if self.wanted == Wanted::Refresh { Token::Refresh } else { Token::Access }
    }

    fn parse(line: &str) -> Option<Self> {
        let cells: Vec<_> =
            line.strip_prefix('|')?.trim_end().strip_suffix('|')?.split('|').map(str::trim).collect();
        let (method, path) = cells.first()?.split_once(' ')?;
        let method = ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|known| *known == method)?;
        let wanted = match *cells.get(1)? {
            "" => Wanted::Nothing,
            "access" => Wanted::Access,
            "refresh" => Wanted::Refresh,
            other => panic!("{line}: the token is 'access', 'refresh' or nothing, not '{other}'"),
        };
        let statuses = cells[2..].iter().map(|cell| cell.parse().ok());
        let cells = CALLERS.into_iter().zip(statuses).filter_map(|(caller, status)| Some((caller, status?)));
        Some(Self { method: method.parse().ok()?, path: path.to_owned(), wanted, cells: cells.collect() })
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/authorisation.md")
}

/// All rows.
pub fn read() -> Vec<Row> {
    std::fs::read_to_string(file()).unwrap().lines().filter_map(Row::parse).collect()
}

/// Fills the cells in with what is answered now; rows are added by hand.
pub async fn write(server: TestServer) {
    let text = std::fs::read_to_string(file()).unwrap();
    let mut written = String::new();
    for line in text.lines() {
        match Row::parse(line) {
            Some(row) => written += &render(&observe(&server, row).await),
            None => written += line,
        }
        written.push('\n');
    }
    std::fs::write(file(), written).unwrap();
}

async fn observe(server: &TestServer, mut row: Row) -> Row {
    let mut cells = BTreeMap::new();
    for caller in CALLERS {
        let world = World::new(server).await;
        let trial = Trial { server, row: &row, smuggles: false };
        cells.insert(caller, trial.send(&world, caller, row.kind()).await.status);
    }
    row.cells = cells;
    row
}

fn render(row: &Row) -> String {
    let wanted = match row.wanted {
        Wanted::Nothing => "",
        Wanted::Access => "access",
        Wanted::Refresh => "refresh",
    };
    let statuses = CALLERS.map(|caller| row.expected(caller).map_or(0, |status| status.as_u16()).to_string());
    format!("| {row} | {wanted} | {} |", statuses.join(" | "))
}
