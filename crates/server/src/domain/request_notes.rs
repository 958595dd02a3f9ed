//! What becomes known of a request while it is answered, for its entry in the log of its application: which
//! application, who, which function and what it said. Rules note it where they learn it; whoever answers the
//! request, around all of them, reads it in the end. Noting outside of a request does nothing.

use keystead_functions::LogLine;
use keystead_protocol::id::{AppId, UserId};
use keystead_protocol::provider::ProviderType;
use serde_json::Value;
use std::cell::RefCell;

/// So much of what a function says, or is called with, is kept.
const MAX_TEXT: usize = 4 * 1024;
const MAX_MESSAGES: usize = 100;

tokio::task_local! {
    static NOTES: RefCell<RequestNotes>;
}

/// See the module.
#[derive(Debug, Default)]
pub struct RequestNotes {
    /// The application.
    pub app_id: Option<AppId>,
    /// The user whose session or login it is.
    pub user_id: Option<UserId>,
    /// How somebody logs in.
    pub provider: Option<ProviderType>,
    /// The function that is called.
    pub function: Option<String>,
    /// What it is called with, if that may be kept.
    pub arguments: Option<String>,
    /// What functions wrote to their consoles.
    pub messages: Vec<String>,
}

/// Runs a future with room for notes. They are taken out with
/// [`take_value`](tokio::task::futures::TaskLocalFuture::take_value).
pub fn scope<F: Future>(future: F) -> tokio::task::futures::TaskLocalFuture<RefCell<RequestNotes>, F> {
    NOTES.scope(RefCell::default(), future)
}

/// It is about this application.
pub fn app(app_id: AppId) {
    note(|notes| notes.app_id = Some(app_id));
}

/// It is this user's.
pub fn user(user_id: UserId) {
    note(|notes| notes.user_id = Some(user_id));
}

/// Somebody logs in this way.
pub fn provider(provider: ProviderType) {
    note(|notes| notes.provider = Some(provider));
}

/// A function is called; its arguments are told if they may be kept.
pub fn function(name: &str, arguments: Option<&[Value]>) {
    note(|notes| {
        notes.function = Some(cut(name.to_owned()));
        notes.arguments = arguments.map(|arguments| cut(Value::from(arguments).to_string()));
    });
}

/// A function wrote to its console.
pub fn console(lines: &[LogLine]) {
    note(|notes| {
        let room = MAX_MESSAGES.saturating_sub(notes.messages.len());
        notes.messages.extend(lines.iter().take(room).map(|line| cut(line.text.clone())));
    });
}

fn note(change: impl FnOnce(&mut RequestNotes)) {
    // An error is that there is no request.
    let _ = NOTES.try_with(|notes| change(&mut notes.borrow_mut()));
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        text.push('…');
    }
    text
}
