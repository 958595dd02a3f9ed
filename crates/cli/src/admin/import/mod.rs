//! Importing: a file is cut, sent piece by piece, and what was not taken is written down.

pub(crate) mod chunks;
