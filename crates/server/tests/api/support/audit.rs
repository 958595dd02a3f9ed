//! The audit trail as it is stored.

use super::TestServer;
use rusqlite::{Connection, OpenFlags};

/// What was remembered, without when and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    pub actor: String,
    pub action: String,
    pub user_id: Option<String>,
    pub subject: Option<String>,
    pub outcome: String,
}

impl TestServer {
    /// What was remembered so far of actions whose names start so, oldest first.
    pub fn remembered(&self, prefix: &str) -> Vec<Remembered> {
        let file = self.folder.path().join("data/keystead.sqlite3");
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let mut statement = connection
            .prepare(
                "SELECT actor, action, lower(hex(user_id)), subject, outcome FROM audit_events
                 WHERE action LIKE ?1 || '%' ORDER BY sequence",
            )
            .unwrap();
        let rows = statement.query_map([prefix], |row| {
            let user_id: String = row.get(2)?;
            Ok(Remembered {
                actor: row.get(0)?,
                action: row.get(1)?,
                user_id: Some(user_id).filter(|id| !id.is_empty()),
                subject: row.get(3)?,
                outcome: row.get(4)?,
            })
        });
        rows.unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    /// Asserts that an administrator did this about this user, with this id as its subject, once and last.
    #[track_caller]
    pub fn assert_remembered(&self, action: &str, user_id: Option<&str>, subject: Option<&str>) {
        let all = self.remembered(action);
        let last = all.last().unwrap_or_else(|| panic!("nothing is remembered of {action}"));
        assert_eq!((last.actor.as_str(), last.outcome.as_str()), ("admin", "done"), "{all:?}");
        assert_eq!(last.user_id.as_deref(), user_id, "{all:?}");
        if subject.is_some() {
            assert_eq!(last.subject.as_deref(), subject, "{all:?}");
        }
    }
}
