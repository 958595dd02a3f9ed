//! What a function writes to its `console`, until the call is over. How values look as text is in
//! `prelude/console.js`.

use crate::{LogLevel, LogLine};
use std::cell::{Cell, RefCell};

/// More than this, in bytes, one call does not get into the log.
const MAX_BYTES: usize = 64 << 10;
const MAX_LINES: usize = 500;

#[derive(Default)]
pub(super) struct Logs {
    lines: RefCell<Vec<LogLine>>,
    bytes: Cell<usize>,
}

impl Logs {
    pub(super) fn write(&self, level: LogLevel, text: String) {
        let mut lines = self.lines.borrow_mut();
        let bytes = self.bytes.get().saturating_add(text.len());
        if lines.len() > MAX_LINES || self.bytes.get() > MAX_BYTES {
            return;
        }
        self.bytes.set(bytes);
        if lines.len() == MAX_LINES || bytes > MAX_BYTES {
            self.bytes.set(MAX_BYTES + 1);
            lines.push(LogLine { level: LogLevel::Warn, text: "further lines were dropped".into() });
        } else {
            lines.push(LogLine { level, text });
        }
    }

    pub(super) fn take(&self) -> Vec<LogLine> {
        self.lines.take()
    }
}
