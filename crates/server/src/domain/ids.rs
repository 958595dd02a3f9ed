//! Makes new ids. They are unique and sort by time; they are not secrets.

use crate::clock::Timestamp;
use keystead_protocol::id::ObjectId;
use std::sync::atomic::{AtomicU32, Ordering};

/// Makes ids: seconds, five bytes that are random per process, and a counter from a random start.
pub struct IdGenerator {
    process: [u8; 5],
    counter: AtomicU32,
}

/// Counters start low enough that ids of one second seldom see theirs wrap, and so sort as made.
const MAX_START: u32 = 0x007f_ffff;

impl IdGenerator {
    /// A generator that no other process shares.
    ///
    /// # Errors
    /// When the operating system has no random bytes to give.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut process = [0; 5];
        getrandom::fill(&mut process)?;
        Ok(Self { process, counter: AtomicU32::new(getrandom::u32()? & MAX_START) })
    }

    /// The next id.
    pub fn next<I: From<ObjectId>>(&self, now: Timestamp) -> I {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        // The field has 32 bits, as in every ObjectId: it wraps in 2106.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "wraps by design")]
        let seconds = now.unix_seconds() as u32;
        ObjectId::from_parts(seconds, self.process, count).into()
    }
}
