//! Values of the engine from and to EJSON. The types that JavaScript has not are in `prelude/bson.js`.

mod read;
mod write;

pub(super) use read::parse;
pub(super) use write::{text, write};

/// Values may be nested this deep, as in BSON. Messages to the parent nest them a few levels deeper.
const MAX_DEPTH: usize = 100;
