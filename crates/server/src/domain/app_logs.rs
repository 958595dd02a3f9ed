//! The logs of applications, as their administrators read them (protocol §7.8): what failed, and what was
//! changed. Kept in memory, the newest of each application, so that no request writes for them; a restart
//! forgets them. What lasts is in the audit trail.

use crate::clock::Timestamp;
use keystead_protocol::error::ErrorCode;
use keystead_protocol::id::{AppId, RequestId, UserId};
use keystead_protocol::provider::ProviderType;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many entries of an application are kept.
const MAX_ENTRIES: usize = 2_000;
/// So many bytes of all applications together.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// What an entry takes besides its texts, about.
const ENTRY_BYTES: usize = 512;

/// What an entry is about, by App Services' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogType {
    /// Logins, accounts and sessions.
    Auth,
    /// API keys.
    ApiKey,
    /// Functions.
    Function,
    /// Push registrations.
    Push,
    /// Everything else: what administrators do, for one.
    Api,
}

impl LogType {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "AUTH",
            Self::ApiKey => "API_KEY",
            Self::Function => "FUNCTION",
            Self::Push => "PUSH",
            Self::Api => "API",
        }
    }
}

/// A request and how it ended. Never a secret: no body, no query, no header but the user agent.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of a request")]
pub struct LogEntry {
    pub co_id: RequestId,
    pub log_type: LogType,
    pub method: String,
    /// The path; a part of it that is no id or known name is replaced by what it stands for.
    pub url: String,
    pub started: Timestamp,
    pub completed: Timestamp,
    pub status: u16,
    pub error: Option<String>,
    pub error_code: Option<ErrorCode>,
    pub user_id: Option<UserId>,
    pub provider: Option<ProviderType>,
    pub function: Option<String>,
    pub arguments: Option<String>,
    pub messages: Vec<String>,
    pub address: IpAddr,
    pub user_agent: Option<String>,
}

impl LogEntry {
    fn bytes(&self) -> usize {
        let texts = [&self.error, &self.function, &self.arguments, &self.user_agent].into_iter().flatten();
        let texts = texts.chain([&self.url]).chain(&self.messages);
        ENTRY_BYTES + texts.map(|text| text.capacity() + size_of::<String>()).sum::<usize>()
    }
}

/// Which entries are asked for.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// Of this request.
    pub co_id: Option<RequestId>,
    /// Of those that failed.
    pub errors_only: bool,
    /// Of this user.
    pub user_id: Option<UserId>,
    /// Completed not before.
    pub start: Option<Timestamp>,
    /// Completed not after.
    pub end: Option<Timestamp>,
    /// Of these types; empty for all.
    pub types: Vec<String>,
    /// Without the newest so many of them.
    pub skip: usize,
    /// At most so many.
    pub limit: usize,
}

impl LogFilter {
    fn wants(&self, entry: &LogEntry) -> bool {
        self.co_id.is_none_or(|co_id| co_id == entry.co_id)
            && (!self.errors_only || entry.error.is_some())
            && self.user_id.is_none_or(|user_id| entry.user_id == Some(user_id))
            && self.start.is_none_or(|start| entry.completed >= start)
            && self.end.is_none_or(|end| entry.completed <= end)
            && (self.types.is_empty() || self.types.iter().any(|name| name == entry.log_type.as_str()))
    }
}

/// Some of the entries that were asked for, newest first.
#[derive(Debug, Clone)]
pub struct LogPage {
    /// The entries.
    pub entries: Vec<Arc<LogEntry>>,
    /// With which end and which skip to ask for more, if there are more.
    pub next: Option<(Timestamp, usize)>,
}

/// See the module.
#[derive(Default)]
pub struct AppLogs(Mutex<Rings>);

#[derive(Default)]
struct Rings {
    by_app: HashMap<AppId, Ring>,
    bytes: usize,
}

#[derive(Default)]
struct Ring {
    /// Oldest first.
    entries: VecDeque<Arc<LogEntry>>,
    bytes: usize,
}

impl AppLogs {
    /// Keeps an entry, and lets go of the oldest where there is no room.
    pub fn add(&self, app_id: AppId, entry: LogEntry) {
        let mut rings = self.lock();
        let bytes = entry.bytes();
        rings.bytes += bytes;
        let ring = rings.by_app.entry(app_id).or_default();
        ring.bytes += bytes;
        ring.entries.push_back(Arc::new(entry));
        if ring.entries.len() > MAX_ENTRIES {
            rings.forget_oldest(app_id);
        }
        while rings.bytes > MAX_BYTES {
            // Whoever logs most loses most.
            let Some((largest, _)) = rings.by_app.iter().max_by_key(|(_, ring)| ring.bytes) else { break };
            let largest = *largest;
            rings.forget_oldest(largest);
        }
    }

    /// Entries of an application.
    pub fn list(&self, app_id: AppId, filter: &LogFilter) -> LogPage {
        let rings = self.lock();
        let entries = rings.by_app.get(&app_id).into_iter().flat_map(|ring| ring.entries.iter().rev());
        let mut wanted = entries.filter(|entry| filter.wants(entry));
        // Of those that have the same date as the last that was seen, the next page skips as many.
        let mut last: Option<(Timestamp, usize)> = None;
        let mut seen = |entry: &LogEntry| {
            last = match last {
                Some((date, count)) if date == entry.completed => Some((date, count + 1)),
                _ => Some((entry.completed, 1)),
            };
        };
        wanted.by_ref().take(filter.skip).for_each(|entry| seen(entry));
        let page: Vec<_> = wanted.by_ref().take(filter.limit).cloned().collect();
        for entry in &page {
            seen(entry);
        }
        let next = if wanted.next().is_some() { last } else { None };
        LogPage { entries: page, next }
    }

    fn lock(&self) -> MutexGuard<'_, Rings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rings {
    fn forget_oldest(&mut self, app_id: AppId) {
        let Some(ring) = self.by_app.get_mut(&app_id) else { return };
        if let Some(oldest) = ring.entries.pop_front() {
            ring.bytes -= oldest.bytes();
            self.bytes -= oldest.bytes();
        }
        if ring.entries.is_empty() {
            self.by_app.remove(&app_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keystead_protocol::id::ObjectId;

    fn entry(number: u32, text: usize) -> LogEntry {
        let at = Timestamp::from_unix_seconds(i64::from(number / 3));
        LogEntry {
            co_id: ObjectId::from_parts(number, [0; 5], 0).into(),
            log_type: LogType::Auth,
            method: "POST".into(),
            url: "/".into(),
            started: at,
            completed: at,
            status: 200,
            error: None,
            error_code: None,
            user_id: None,
            provider: None,
            function: None,
            arguments: None,
            messages: vec!["x".repeat(text)],
            address: [127, 0, 0, 1].into(),
            user_agent: None,
        }
    }

    fn app(number: u32) -> AppId {
        ObjectId::from_parts(number, [1; 5], 1).into()
    }

    fn all(logs: &AppLogs, app_id: AppId) -> usize {
        logs.list(app_id, &LogFilter { limit: usize::MAX, ..LogFilter::default() }).entries.len()
    }

    #[test]
    fn the_newest_are_kept_and_all_together_take_no_more_than_their_room() {
        let logs = AppLogs::default();
        for number in 0..3_000 {
            logs.add(app(1), entry(number, 1));
        }
        assert_eq!(all(&logs, app(1)), MAX_ENTRIES);
        for number in 0..1_000 {
            logs.add(app(2), entry(number, 100_000));
            assert!(logs.lock().bytes <= MAX_BYTES);
        }
        // The one that logs little keeps what it has.
        assert_eq!(all(&logs, app(1)), MAX_ENTRIES);
        assert!((200..1_000).contains(&all(&logs, app(2))));
        let rings = logs.lock();
        let bytes = |ring: &Ring| ring.entries.iter().map(|entry| entry.bytes()).sum::<usize>();
        assert_eq!(rings.bytes, rings.by_app.values().map(bytes).sum::<usize>());
    }

    #[test]
    fn pages_follow_one_another_also_where_many_entries_have_one_date() {
        let logs = AppLogs::default();
        for number in 0..50 {
            logs.add(app(1), entry(number, 1));
        }
        for limit in 1..10 {
            let mut filter = LogFilter { limit, ..LogFilter::default() };
            let mut found = Vec::new();
            loop {
                let page = logs.list(app(1), &filter);
                found.extend(page.entries.iter().map(|entry| entry.co_id));
                let Some((end, skip)) = page.next else { break };
                (filter.end, filter.skip) = (Some(end), skip);
            }
            let expected: Vec<_> = (0..50).rev().map(|number| entry(number, 1).co_id).collect();
            assert_eq!(found, expected, "{limit}");
        }
    }
}
